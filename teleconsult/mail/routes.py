"""Which mailer the application has, and where the demonstration's mailbox is found."""

from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from booking.keys import MAILER
from teleconsult.mail import pages
from teleconsult.mail.dkim_signature import DkimKey, read_key
from teleconsult.mail.maildir import MaildirMailer, NoMailer
from teleconsult.mail.smtp import SmtpMailer, read_server
from teleconsult.settings import Settings
from teleconsult.web.i18n import N_
from teleconsult.web.keys import SETTINGS
from teleconsult.web.kit import add_package

ERROR_TEXTS = {"mail_unknown": N_("Ce message n’existe pas ou n’existe plus.")}

log = structlog.get_logger(__name__)


def setup(app: web.Application) -> None:
    """Choose the mailer by the settings; call it before booking's set-up, which delivers through it."""
    add_package(app, "teleconsult.mail", texts=ERROR_TEXTS)
    settings = app[SETTINGS]
    if settings.smtp_url:
        app[MAILER] = mailer = SmtpMailer(
            read_server(settings.smtp_url), sender=settings.mail_sender, key=_dkim_key(settings)
        )

        async def connections(app: web.Application) -> AsyncIterator[None]:
            async with mailer:
                yield

        app.cleanup_ctx.append(connections)
    elif settings.demo:
        app[MAILER] = MaildirMailer(pages.folder(app))
    else:
        log.warning("no_mail_server", hint="set TELECONSULT_SMTP_URL: until then mails wait")
        app[MAILER] = NoMailer()
    if settings.demo:
        _add_mailbox(app)


def _dkim_key(settings: Settings) -> DkimKey | None:
    if settings.dkim_key is None:
        return None
    return read_key(settings.dkim_key, domain=settings.dkim_signer, selector=settings.dkim_selector)


def _add_mailbox(app: web.Application) -> None:
    app.router.add_get("/demo/mailbox", pages.show_list)
    app.router.add_get("/demo/mailbox/{key}", pages.show_mail)
    app.router.add_get("/demo/mailbox/{key}/html", pages.show_html)
    app.router.add_get("/demo/mailbox/{key}/invite.ics", pages.download_calendar)
    app.router.add_get("/demo/mailbox/{key}/message.eml", pages.download_source)
