"""The demonstration's mailbox: what the service would have sent, with the invitation in words."""

import asyncio
from pathlib import Path

from aiohttp import web

from teleconsult.mail.letterbox import Mail, MailUnknown, list_mails, open_mail
from teleconsult.web.i18n import N_
from teleconsult.web.keys import SETTINGS
from teleconsult.web.render import render

METHODS = {
    "REQUEST": N_("Invitation ou mise à jour (REQUEST)"),
    "CANCEL": N_("Annulation (CANCEL)"),
    "PUBLISH": N_("Publication (PUBLISH)"),
}
# Mails have inline styles, which our own pages may not have; and whatever is in one, it can run nothing.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-top-navigation-by-user-activation"
)


def folder(app: web.Application) -> Path:
    """Return the maildir of an application."""
    return app[SETTINGS].data_dir / "mail"


async def _open(request: web.Request) -> Mail:
    return await asyncio.to_thread(open_mail, folder(request.app), request.match_info["key"])


async def show_list(request: web.Request) -> web.Response:
    """GET /demo/mailbox"""
    lines = await asyncio.to_thread(list_mails, folder(request.app))
    return render(request, "mail/list.html", {"section": "mailbox", "lines": lines, "methods": METHODS})


async def show_mail(request: web.Request) -> web.Response:
    """GET /demo/mailbox/{key}"""
    mail = await _open(request)
    return render(request, "mail/mail.html", {"section": "mailbox", "mail": mail, "methods": METHODS})


async def show_html(request: web.Request) -> web.Response:
    """GET /demo/mailbox/{key}/html: the mail's HTML alone, for a sandboxed frame."""
    mail = await _open(request)
    return web.Response(text=mail.html, content_type="text/html", headers={"Content-Security-Policy": FRAME_POLICY})


async def download_calendar(request: web.Request) -> web.Response:
    """GET /demo/mailbox/{key}/invite.ics"""
    mail = await _open(request)
    if mail.calendar is None:
        raise MailUnknown
    return _download(mail.calendar, "text/calendar", "invite.ics")


async def download_source(request: web.Request) -> web.Response:
    """GET /demo/mailbox/{key}/message.eml: the mail as it would have been sent."""
    mail = await _open(request)
    return _download(mail.source, "message/rfc822", "message.eml")


def _download(content: bytes, kind: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type=kind, headers=headers)
