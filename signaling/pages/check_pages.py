"""The test before the call: its page, and the ticket of its room."""

import hmac

from aiohttp import web

from signaling.keys import GATEKEEPER, TICKETS
from signaling.pages.check_texts import CHECK_TEXTS
from signaling.rooms.check_rooms import check_entry, new_check_room
from teleconsult.clock import utcnow
from teleconsult.web.i18n import gettext_for, language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle

CHECKS, CHECKS_SECONDS = 30, 600.0
BEARER = "Bearer "


async def issue_check_ticket(request: web.Request) -> web.Response:
    """POST /check/ticket: a room of one's own to test in, and the ticket that opens it.

    For kiosks and people who signed in, and for monitoring with the key of TELECONSULT_PROBE_KEY.
    """
    throttle(request, "check", CHECKS, CHECKS_SECONDS)
    if not _is_probe(request):
        await request.app[GATEKEEPER].may_check(request)
    room = new_check_room()
    ticket = request.app[TICKETS].issue(room, check_entry(language(request)), utcnow())
    return web.json_response({"room": room, "ticket": ticket})


async def show_check(
    request: web.Request, *, surface: str, back_url: str, report_url: str | None = None
) -> web.Response:
    """Return the page that tests devices and network; `surface` is kiosk or desktop, `back_url` where one goes next.

    The result is sent to `report_url`, if there is one, as JSON: see static/signaling/check.js.
    """
    translate = gettext_for(request.app, language(request))
    values = {
        "ticketUrl": "/check/ticket",
        "socketUrl": "/signaling/rooms/",
        "reportUrl": report_url,
        "backUrl": back_url,
        "automatic": "run" in request.query,
        "texts": {key: translate(text) for key, text in CHECK_TEXTS.items()},
    }
    context = {"data": values, "back_url": back_url, "surface": surface}
    return render(request, "signaling/check.html", context)


def _is_probe(request: web.Request) -> bool:
    key = request.app[SETTINGS].probe_key
    given = request.headers.get("Authorization", "")
    return bool(key) and hmac.compare_digest(given.encode(), f"{BEARER}{key}".encode())
