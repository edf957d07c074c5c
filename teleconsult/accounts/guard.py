"""Who is asking, and whether they may: loaded once for each request, checked by a decorator on each handler."""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler

from teleconsult.accounts.models import Account
from teleconsult.accounts.roles import Role
from teleconsult.accounts.sessions import COOKIE, account_of
from teleconsult.clock import utcnow
from teleconsult.errors import Forbidden, Unauthenticated
from teleconsult.web.keys import ACCOUNT
from teleconsult.web.problems import wants_json

PageHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def load_account(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find the account of the session cookie, if there is one."""
    token = request.cookies.get(COOKIE)
    if token and not request.path.startswith("/static/"):
        request[ACCOUNT] = await account_of(token, utcnow())
    return await handler(request)


def current_account(request: web.Request) -> Account | None:
    """Return who is signed in, None for nobody."""
    return request.get(ACCOUNT)


def signed_in(request: web.Request) -> Account:
    """Return who is signed in. Raises Unauthenticated for nobody."""
    account = current_account(request)
    if account is None:
        raise Unauthenticated
    return account


def requires(*roles: Role) -> Callable[[PageHandler], PageHandler]:
    """Let a handler run only for an account with one of the roles.

    Others get 403; nobody is led to the sign-in page, or gets 401 when the caller reads JSON.
    """

    def decorate(handler: PageHandler) -> PageHandler:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            account = current_account(request)
            if account is None and not wants_json(request) and request.method == "GET":
                raise web.HTTPSeeOther(f"/sign-in?next={quote(request.path_qs, safe='')}")
            if not set(roles) & set(signed_in(request).roles):
                raise Forbidden
            return await handler(request)

        return guarded

    return decorate
