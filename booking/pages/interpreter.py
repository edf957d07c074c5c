"""The interpreter's own page, by the signed link from the invitation: what is asked, and the way into the call."""

from datetime import datetime

from aiohttp import web

from booking.interpreters import COOKIE, interpreter_meeting
from booking.lifecycle import CHECK_IN_BEFORE, CLOSED, Status
from booking.notifications.invitations import interpretation
from booking.notifications.meeting import Meeting
from teleconsult.clock import utcnow
from teleconsult.web.i18n import gettext_for, language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.render import render
from teleconsult.web.tokens import SIGNER


async def show_interpreter(request: web.Request) -> web.StreamResponse:
    """GET /interpret/{token}: when and what; a mail program that tries links must not announce anybody."""
    meeting = await _asked(request)
    context = {
        "meeting": meeting,
        "asked": interpretation(meeting, gettext_for(request.app, language(request)), language(request)),
        "door": door(meeting.status, meeting.starts_at, utcnow()),
        "opens_at": meeting.starts_at - CHECK_IN_BEFORE,
    }
    return render(request, "booking/interpreter.html", context)


async def submit_interpreter(request: web.Request) -> web.StreamResponse:
    """POST /interpret/{token}: this browser may enter the call as the interpreter."""
    meeting = await _asked(request)
    if door(meeting.status, meeting.starts_at, utcnow()) != "open":
        raise web.HTTPSeeOther(request.path)
    response = web.Response(status=303, headers={"Location": f"/call/{meeting.appointment_id}?as=interpreter"})
    token, secure = request.match_info["token"], request.app[SETTINGS].secure
    response.set_cookie(COOKIE, token, path="/call", httponly=True, samesite="Lax", secure=secure)
    return response


def door(status: str, starts_at: datetime, now: datetime) -> str:
    """Return whether the call may be entered: `open`, `later`, `cancelled` or `over`; pure."""
    if status in CLOSED:
        return "cancelled" if status == Status.CANCELLED else "over"
    if status == Status.BOOKED and now < starts_at - CHECK_IN_BEFORE:
        return "later"
    return "open"


async def _asked(request: web.Request) -> Meeting:
    return await interpreter_meeting(request.app[SIGNER], request.match_info["token"], utcnow())


def setup(app: web.Application) -> None:
    """Add the interpreter's page."""
    app.router.add_get("/interpret/{token}", show_interpreter)
    app.router.add_post("/interpret/{token}", submit_interpreter)
