"""The administrator's page of messages: what is queued, sent, late and failed, and sending one again."""

import asyncio
import csv
import time
from io import StringIO
from typing import Any

from aiohttp import web

from booking.errors import AppointmentUnknown
from booking.keys import MAILER, SMS_SENDER
from booking.labels import euros, month_name
from booking.notifications.delivery import DELIVERY
from booking.notifications.kinds import EMAIL, SMS, NoticeState
from booking.notifications.plain_words import reason_text
from booking.office import messages as read
from booking.office.forms import ID
from booking.office.messages import MESSAGES_ERROR_TEXTS, RECEIPT_LABELS, STATE_LABELS, Asked
from booking.ports import Checked, TemporaryFailure
from booking.wording.slots import CHANNEL_LABELS
from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.web.i18n import N_, gettext_for, language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.kit import KIT
from teleconsult.web.problems import sentence
from teleconsult.web.render import render

HOME = "/admin/messages"
ONE = f"{HOME}/{{notice:{ID}}}"
CHECK_SECONDS = 5.0
# Pages are looked at by several people at once: servers are not asked by each.
FRESH_SECONDS = 20.0
SHOWN_STATES = (
    NoticeState.PENDING, NoticeState.SENT, NoticeState.FAILED, NoticeState.DROPPED, NoticeState.VOID,
    NoticeState.BY_HAND,
)  # fmt: skip
FILTERS = {
    "late": N_("En retard"),
    **{str(state): label for state, label in STATE_LABELS.items()},
    "undelivered": N_("SMS non remis"),
}
HEADINGS = (
    N_("Référence"), N_("Message"), N_("Destinataire"), N_("Moyen d’envoi"), N_("État"), N_("Prévu à"), N_("Envoyé à"),
    N_("Essais"), N_("Dernière erreur"), N_("Accusé"), N_("Parties"),
)  # fmt: skip


class Servers:
    """Whether the mail server and the SMS gateway answer, asked every so often."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._asked_at: float | None = None
        self._asking = asyncio.Lock()

    async def answers(self, app: web.Application) -> dict[str, str]:
        """Return a channel's trouble by its name: empty if it answers."""
        async with self._asking:
            if self._asked_at is None or time.monotonic() - self._asked_at > FRESH_SECONDS:
                asked: dict[str, Any] = {EMAIL: app.get(MAILER), SMS: app.get(SMS_SENDER)}
                found = await asyncio.gather(*(_trouble(sender) for sender in asked.values()))
                self._known = dict(zip(asked, found, strict=True))
                self._asked_at = time.monotonic()
        return self._known


async def _trouble(sender: object) -> str:
    if sender is None:
        return "no_channel"
    if not isinstance(sender, Checked):
        return ""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await sender.check()
    except TemporaryFailure as failed:
        return failed.reason
    except TimeoutError:
        return "no_answer_in_time"
    return ""


SERVERS: web.AppKey[Servers] = web.AppKey("servers", Servers)


def _asked(request: web.Request) -> Asked:
    query = request.query
    return Asked(reference=query.get("reference", ""), state=query.get("state", ""), channel=query.get("channel", ""))


@requires(Role.ADMINISTRATOR)
async def show_messages(request: web.Request) -> web.StreamResponse:
    """GET /admin/messages?reference=&state=&channel=."""
    return render(request, "booking/office/messages.html", await _context(request))


@requires(Role.ADMINISTRATOR)
async def show_board(request: web.Request) -> web.StreamResponse:
    """GET /admin/messages/board: the part of the page that changes by itself."""
    return render(request, "booking/office/messages_board.html", await _context(request))


async def _context(request: web.Request) -> dict[str, Any]:
    now, asked, app = utcnow(), _asked(request), request.app
    try:
        found, unknown = await read.lines(asked, now), ""
    except AppointmentUnknown as refused:
        found, unknown = [], sentence(request, refused.code, refused.params)
    price = app[SETTINGS].sms_price
    return {
        "section": "messages",
        "asked": asked,
        "asks": bool(asked.reference or asked.state or asked.channel),
        "unknown": unknown,
        "lines": found,
        "most": read.LISTED,
        "board": await read.board(now),
        "months": await read.months(now, price=price),
        "price": price,
        "servers": await app[SERVERS].answers(app),
        "reason": lambda reason: reason_text(reason, gettext_for(app, language(request))),
        "now": now,
        "filters": FILTERS,
        "month_name": month_name,
        "euros": euros,
        "channels": CHANNEL_LABELS,
        "states": [(state, STATE_LABELS[state]) for state in SHOWN_STATES],
        "board_url": str(request.rel_url.with_path(f"{HOME}/board")),
        "csv_url": str(request.rel_url.with_path(f"{HOME}.csv")),
    }


@requires(Role.ADMINISTRATOR)
async def show_message(request: web.Request) -> web.StreamResponse:
    """GET /admin/messages/{notice}: one message's life."""
    context = {
        "section": "messages",
        "life": await read.life(request.match_info["notice"], utcnow()),
        "reason": lambda reason: reason_text(reason, gettext_for(request.app, language(request))),
        "done": request.query.get("done", ""),
        "ask": request.query.get("ask", ""),
        "receipts": RECEIPT_LABELS,
    }
    return render(request, "booking/office/message.html", context)


@requires(Role.ADMINISTRATOR)
async def submit_again(request: web.Request) -> web.StreamResponse:
    """POST /admin/messages/{notice}/again."""
    await read.send_again(request.match_info["notice"], now=utcnow())
    request.app[DELIVERY].wake()
    raise web.HTTPSeeOther(f"{HOME}/{request.match_info['notice']}?done=again")


@requires(Role.ADMINISTRATOR)
async def export(request: web.Request) -> web.StreamResponse:
    """GET /admin/messages.csv: the list as French spreadsheets open it (UTF-8 with a byte order mark, semicolons)."""
    translate = gettext_for(request.app, language(request))
    found = await read.lines(_asked(request), utcnow(), limit=read.EXPORTED)
    out = StringIO("\ufeff")
    out.seek(0, 2)
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([translate(heading) for heading in HEADINGS])
    writer.writerows([[translate(cell) if cell else "" for cell in row] for row in read.as_rows(found)])
    headers = {"Content-Disposition": 'attachment; filename="messages.csv"'}
    return web.Response(body=out.getvalue().encode(), content_type="text/csv", charset="utf-8", headers=headers)


def setup(app: web.Application) -> None:
    """Add the pages."""
    app[KIT].error_texts.update(MESSAGES_ERROR_TEXTS)
    app[SERVERS] = Servers()
    app.router.add_get(HOME, show_messages)
    app.router.add_get(f"{HOME}/board", show_board)
    app.router.add_get(f"{HOME}.csv", export)
    app.router.add_get(ONE, show_message)
    app.router.add_post(f"{ONE}/again", submit_again)
