"""Where accounts are found, and the line that every change of one leaves in the log."""

import structlog
from aiohttp import web

from teleconsult.people import pages
from teleconsult.people.errors import ERROR_TEXTS
from teleconsult.people.keeping import AccountChanged
from teleconsult.web.events import EVENTS
from teleconsult.web.kit import add_package

log = structlog.get_logger(__name__)


def setup(app: web.Application) -> None:
    """Add the administrator's pages of accounts; call it after mail's set-up, whose mailer invites."""
    add_package(app, "teleconsult.people", texts=ERROR_TEXTS)

    async def write_line(event: AccountChanged) -> None:
        log.info("account_changed", account_id=event.account_id, action=event.action, actor_id=event.actor_id)

    app[EVENTS].subscribe(AccountChanged, write_line)
    one = f"{pages.PATH}/{{account:[0-9a-f]{{32}}}}"
    app.router.add_get(pages.PATH, pages.list_accounts)
    app.router.add_get(f"{pages.PATH}/new", pages.show_new)
    app.router.add_post(f"{pages.PATH}/new", pages.submit_new)
    app.router.add_get(one, pages.show_account)
    app.router.add_post(one, pages.submit_account)
    app.router.add_post(f"{one}/close", pages.submit_close)
    app.router.add_post(f"{one}/reopen", pages.submit_reopen)
    app.router.add_post(f"{one}/invite", pages.submit_invite)
    app.router.add_get(pages.OWN, pages.show_password)
    app.router.add_post(pages.OWN, pages.submit_password)
