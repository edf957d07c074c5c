"""The administrator's pages of accounts, and the one on which whoever was invited chooses a password."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, Field, StringConstraints

from booking.keys import MAILER
from booking.notifications.delivery import make_composer
from booking.notifications.messages import AddressInvalid
from booking.ports import DeliveryFailure
from booking.schemas import Email, Name
from teleconsult.accounts.guard import requires, signed_in
from teleconsult.accounts.register import PASSWORD_MINIMUM
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.errors import Conflict, Invalid
from teleconsult.people import keeping
from teleconsult.people.keeping import AccountChanged
from teleconsult.people.letters import compose_invitation
from teleconsult.web.events import publish
from teleconsult.web.forms import Form, read_form
from teleconsult.web.i18n import N_, gettext_for, language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.problems import sentence, status_of
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle
from teleconsult.web.tokens import SIGNER

PATH = "/admin/accounts"
OWN = "/account/{token}"
ROLES = {
    Role.AGENT: N_("Agent de l’État"),
    Role.STAFF: N_("Conseiller France services"),
    Role.ADMINISTRATOR: N_("Administrateur"),
}
TRIES, TRIES_SECONDS = 20, 300


class AccountForm(BaseModel):
    """Who may do what."""

    name: Name
    roles: list[Role] = Field(min_length=1)
    language: Literal["fr", "en"] = "fr"


class NewAccountForm(AccountForm):
    """A new account, and how its invitation gets there."""

    email: Email
    tell: Literal["mail", "show"] = "mail"


class TellForm(BaseModel):
    """How an invitation gets there."""

    tell: Literal["mail", "show"] = "mail"


class PasswordForm(BaseModel):
    """A password that is chosen."""

    password: Annotated[str, StringConstraints(min_length=1, max_length=200)]


@requires(Role.ADMINISTRATOR)
async def list_accounts(request: web.Request) -> web.StreamResponse:
    """GET /admin/accounts."""
    context = {"section": "accounts", "accounts": await keeping.all_accounts(), "role_names": ROLES}
    return render(request, "people/accounts.html", context)


@requires(Role.ADMINISTRATOR)
async def show_new(request: web.Request) -> web.StreamResponse:
    """GET /admin/accounts/new."""
    return _new_page(request, None, ["agent"])


@requires(Role.ADMINISTRATOR)
async def submit_new(request: web.Request) -> web.StreamResponse:
    """POST /admin/accounts/new: opened, and invited by mail or by a link that is shown once."""
    form = await read_form(request, NewAccountForm)
    ticked = [str(each) for each in (await request.post()).getall("roles", [])]
    if form.value is None:
        return _new_page(request, form, ticked, status=422)
    wanted = form.value
    try:
        opened = await keeping.open_account(
            name=wanted.name, email=wanted.email, roles=wanted.roles, language=wanted.language, by=signed_in(request).id
        )
    except Conflict as refused:
        return _new_page(request, form, ticked, status_of(refused), sentence(request, refused.code, refused.params))
    await publish(request.app, [opened])
    return await _invite(request, opened.account_id, wanted.tell)


@requires(Role.ADMINISTRATOR)
async def show_account(request: web.Request) -> web.StreamResponse:
    """GET /admin/accounts/{account}."""
    return await _account_page(request, request.match_info["account"])


@requires(Role.ADMINISTRATOR)
async def submit_account(request: web.Request) -> web.StreamResponse:
    """POST /admin/accounts/{account}: name, roles, language."""
    account_id = request.match_info["account"]
    form = await read_form(request, AccountForm)
    if form.value is None:
        await keeping.account_view(account_id)
        return await _account_page(request, account_id, form=form, status=422)
    try:
        changed = await keeping.change_account(
            account_id=account_id, name=form.value.name, roles=form.value.roles, language=form.value.language,
            by=signed_in(request).id,
        )  # fmt: skip
    except (Conflict, Invalid) as refused:
        problem = sentence(request, refused.code, refused.params)
        return await _account_page(request, account_id, form=form, problem=problem, status=status_of(refused))
    return await _go_on(request, account_id, [changed])


@requires(Role.ADMINISTRATOR)
async def submit_close(request: web.Request) -> web.StreamResponse:
    """POST /admin/accounts/{account}/close."""
    account_id = request.match_info["account"]
    try:
        closed = await keeping.close_account(account_id=account_id, by=signed_in(request).id)
    except Conflict as refused:
        problem = sentence(request, refused.code, refused.params)
        return await _account_page(request, account_id, problem=problem, status=status_of(refused))
    return await _go_on(request, account_id, closed)


@requires(Role.ADMINISTRATOR)
async def submit_reopen(request: web.Request) -> web.StreamResponse:
    """POST /admin/accounts/{account}/reopen."""
    account_id = request.match_info["account"]
    reopened = await keeping.reopen_account(account_id=account_id, by=signed_in(request).id)
    return await _go_on(request, account_id, reopened)


@requires(Role.ADMINISTRATOR)
async def submit_invite(request: web.Request) -> web.StreamResponse:
    """POST /admin/accounts/{account}/invite: a link to choose a (new) password."""
    form = await read_form(request, TellForm)
    return await _invite(request, request.match_info["account"], form.value.tell if form.value else "mail")


async def show_password(request: web.Request) -> web.StreamResponse:
    """GET /account/{token}: choose a password."""
    return await _password_page(request, None)


async def submit_password(request: web.Request) -> web.StreamResponse:
    """POST /account/{token}: the password is chosen; now sign in with it."""
    throttle(request, "invitation", TRIES, TRIES_SECONDS)
    form = await read_form(request, PasswordForm)
    if form.value is None:
        return await _password_page(request, form, status=422)
    try:
        chosen = await keeping.choose_password(
            signer=request.app[SIGNER], token=request.match_info["token"], password=form.value.password, now=utcnow()
        )
    except Invalid as refused:
        form.errors["password"] = sentence(request, refused.code, refused.params)
        return await _password_page(request, form, status=status_of(refused))
    await publish(request.app, [chosen])
    raise web.HTTPSeeOther("/sign-in")


async def _invite(request: web.Request, account_id: str, tell: str) -> web.Response:
    """Send the link, or show it this once: when it was asked for, or when the mail did not go out."""
    now = utcnow()
    account = await keeping.account_view(account_id)
    token = await keeping.invite(signer=request.app[SIGNER], account_id=account_id, now=now)
    link = f"{request.app[SETTINGS].origin}{OWN.format(token=token)}"
    await publish(
        request.app, [AccountChanged(account_id=account_id, action="invited", actor_id=signed_in(request).id)]
    )
    if tell == "show":
        return await _account_page(request, account_id, link=link)
    message = compose_invitation(make_composer(request.app), account, link=link, now=now)
    try:
        await request.app[MAILER].send(message, recipient=account.email)
    except (DeliveryFailure, AddressInvalid):
        return await _account_page(request, account_id, link=link, unsent=True)
    raise web.HTTPSeeOther(f"{PATH}/{account_id}?done=invited")


async def _go_on(request: web.Request, account_id: str, events: Sequence[AccountChanged]) -> web.Response:
    await publish(request.app, events)
    raise web.HTTPSeeOther(f"{PATH}/{account_id}?done=saved")


def _roles(request: web.Request) -> list[tuple[str, str]]:
    translate = gettext_for(request.app, language(request))
    return [(role.value, translate(text)) for role, text in ROLES.items()]


def _new_page(
    request: web.Request, form: Form[NewAccountForm] | None, ticked: Sequence[str], status: int = 200, problem: str = ""
) -> web.Response:
    context = {"section": "accounts", "form": form, "ticked": ticked, "roles": _roles(request), "problem": problem}
    return render(request, "people/new.html", context, status=status)


async def _account_page(
    request: web.Request, account_id: str, *, form: Form[AccountForm] | None = None, status: int = 200, **more: Any
) -> web.Response:
    account = await keeping.account_view(account_id)
    ticked = [role.value for role in account.roles]
    if form is not None:
        ticked = [str(each) for each in (await request.post()).getall("roles", [])]
    context = {
        "section": "accounts", "shown": account, "form": form, "roles": _roles(request), "ticked": ticked,
        "own": account.id == signed_in(request).id, "done": request.query.get("done", ""),
        "ask": request.query.get("ask", ""), "link": "", "unsent": False, "problem": "",
    }  # fmt: skip
    return render(request, "people/account.html", context | more, status=status)


async def _password_page(request: web.Request, form: Form[PasswordForm] | None, status: int = 200) -> web.Response:
    account = await keeping.invited(signer=request.app[SIGNER], token=request.match_info["token"], now=utcnow())
    context = {"form": form, "invited": account, "minimum": PASSWORD_MINIMUM}
    return render(request, "people/password.html", context, status=status)
