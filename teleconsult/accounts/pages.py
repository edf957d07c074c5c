"""The sign-in page."""

import re

from aiohttp import web
from pydantic import BaseModel, Field

from teleconsult.accounts.guard import current_account
from teleconsult.accounts.models import Account
from teleconsult.accounts.roles import HOME, Role
from teleconsult.accounts.sessions import COOKIE, SESSION_HOURS, WrongCredentials, sign_in, sign_out
from teleconsult.clock import utcnow
from teleconsult.web.forms import Form, read_form
from teleconsult.web.i18n import gettext_for, language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.problems import sentence
from teleconsult.web.render import render
from teleconsult.web.throttle import client_network, throttle

# For one address from one network; and from a network as a whole, which may be an office where everyone signs in at 9.
ATTEMPTS, ATTEMPTS_FROM_A_NETWORK = 10, 300
ATTEMPTS_SECONDS = 300
MAX_EMAIL = 254
# A path of ours. A tab or a line break is left out by whoever reads an address: `/<tab>/host` is another site's.
OWN_ADDRESS = re.compile(r"/(?![/\\])[!-~]*")

DEMO_LOGINS: web.AppKey[list[tuple[str, str, str]]] = web.AppKey("demo_logins", list)
"""In the demonstration: (French label of the role, e-mail, password) to show beside the form."""


class Credentials(BaseModel):
    """What the form asks for."""

    email: str = Field(max_length=MAX_EMAIL)
    password: str = Field(max_length=200)


def _after(request: web.Request, account: Account) -> str:
    wanted = request.query.get("next", "")
    if OWN_ADDRESS.fullmatch(wanted):
        return wanted
    return next((HOME[role] for role in Role if role in account.roles), "/")


def _page(request: web.Request, form: Form[Credentials], error: str, status: int) -> web.Response:
    translate = gettext_for(request.app, language(request))
    logins = [(translate(label), email, word) for label, email, word in request.app.get(DEMO_LOGINS, [])]
    context = {"form": form, "next": request.query.get("next", ""), "error": error, "demo_logins": logins}
    return render(request, "teleconsult/sign_in.html", context, status=status)


async def show_sign_in(request: web.Request) -> web.StreamResponse:
    """GET /sign-in: the form; who is signed in already goes on."""
    account = current_account(request)
    if account is not None and "next" not in request.query:
        raise web.HTTPSeeOther(_after(request, account))
    return _page(request, Form(), "", 200)


async def submit_sign_in(request: web.Request) -> web.StreamResponse:
    """POST /sign-in: opens a session, or says what is wrong with the address still filled in."""
    throttle(request, "sign-in-network", ATTEMPTS_FROM_A_NETWORK, ATTEMPTS_SECONDS)
    form = await read_form(request, Credentials)
    wanted = form.raw.get("email", "").strip().lower()[:MAX_EMAIL]
    throttle(request, "sign-in", ATTEMPTS, ATTEMPTS_SECONDS, who=f"{client_network(request)} {wanted}")
    if form.value is None:
        return _page(request, form, "", 422)
    try:
        account, token = await sign_in(form.value.email, form.value.password, utcnow())
    except WrongCredentials as refused:
        return _page(request, form, sentence(request, refused.code, {}), 401)
    former = request.cookies.get(COOKIE)
    if former:
        await sign_out(former)
    response = web.HTTPSeeOther(_after(request, account))
    response.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_HOURS * 3600,
        httponly=True,
        samesite="Lax",
        secure=request.app[SETTINGS].secure,
    )
    raise response


async def submit_sign_out(request: web.Request) -> web.StreamResponse:
    """POST /sign-out: ends the session."""
    token = request.cookies.get(COOKIE)
    if token:
        await sign_out(token)
    response = web.HTTPSeeOther("/sign-in")
    response.del_cookie(COOKIE)
    raise response
