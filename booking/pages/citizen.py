"""The citizen's own page, by the signed link from the invitation: see, move, cancel, print, put in a calendar."""

from datetime import date
from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field, model_validator

from booking.agenda import AppointmentView, Related, appointment_view
from booking.change import cancel, reschedule
from booking.engine.offer import HOME
from booking.engine.search import Alternative, alternatives, slots
from booking.errors import CheckInRefused, SlotTaken
from booking.lifecycle import CHECK_IN_AFTER, CHECK_IN_BEFORE, Actor, ActorKind, Status
from booking.notifications.invitations import Links, event_calendar
from booking.notifications.meeting import read_meeting
from booking.notifications.notices import Recipient
from booking.pages.slot_choice import DAYS_SEARCHED, SlotChoice, asked_day, slot_choice
from booking.passes import (
    GUEST_COOKIE,
    issue_calendar,
    issue_guest,
    issue_manage,
    issue_pass,
    read_calendar,
    read_manage,
)
from booking.progress import check_in
from booking.schemas import Identifier, Instant
from teleconsult.clock import utcnow
from teleconsult.errors import Conflict, DomainError, Invalid, NotFound
from teleconsult.web.events import publish
from teleconsult.web.forms import read_form
from teleconsult.web.i18n import gettext_for, language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.problems import sentence, status_of
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle
from teleconsult.web.tokens import SIGNER

CITIZEN = Actor(ActorKind.CITIZEN)
DONE = frozenset({"booked", "cancelled", "moved"})
# Each change sends mails: nobody needs more than this.
CHANGES, CHANGES_SECONDS = 60, 600


class CancelForm(BaseModel):
    """A cancellation; the reason is for the agent and may be left out."""

    reason: str = Field(default="", max_length=300)


class MoveForm(BaseModel):
    """Another start; at another house when one was offered (written `start@site`)."""

    start: Instant
    site: Identifier | None = None

    @model_validator(mode="before")
    @classmethod
    def _split(cls, data: Any) -> Any:
        start, at, site = str(data.get("start", "")).partition("@")
        return {**data, "start": start, "site": site} if at else data


async def _held(request: web.Request) -> AppointmentView:
    """Return the appointment that the link opens. Raises TokenInvalid, TokenExpired."""
    appointment_id = read_manage(request.app[SIGNER], request.match_info["token"], utcnow())
    return await appointment_view(appointment_id, language(request))


async def show_appointment(request: web.Request) -> web.StreamResponse:
    """GET /rdv/{token}."""
    return _page(request, await _held(request))


async def submit_cancel(request: web.Request) -> web.StreamResponse:
    """POST /rdv/{token}/cancel."""
    item = await _held(request)
    throttle(request, "manage", CHANGES, CHANGES_SECONDS, who=item.id)
    form = await read_form(request, CancelForm)
    if form.value is None:
        return _page(request, item, status=422, ask="cancel", cancel_form=form)
    try:
        done = await cancel(now=utcnow(), appointment_id=item.id, actor=CITIZEN, reason=form.value.reason)
    except Conflict as refused:
        item = await appointment_view(item.id, language(request))
        return _page(request, item, status=409, problem=sentence(request, refused.code, refused.params))
    await publish(request.app, done.events)
    raise web.HTTPSeeOther(f"{_base(request)}?done=cancelled")


async def show_move(request: web.Request) -> web.StreamResponse:
    """GET /rdv/{token}/move?from=YYYY-MM-DD: the free slots of the same house."""
    item = await _held(request)
    if not _changeable(item):
        raise web.HTTPSeeOther(_base(request))
    return await _move_page(request, item)


async def submit_move(request: web.Request) -> web.StreamResponse:
    """POST /rdv/{token}/move: the place held now is given up only when the new one is taken."""
    item = await _held(request)
    throttle(request, "manage", CHANGES, CHANGES_SECONDS, who=item.id)
    form = await read_form(request, MoveForm)
    if form.value is None:
        return await _move_page(request, item, status=422, problem=next(iter(form.errors.values())))
    wanted = form.value
    try:
        done = await reschedule(
            now=utcnow(), appointment_id=item.id, start=wanted.start, site_id=wanted.site, actor=CITIZEN
        )
    except (Conflict, Invalid, NotFound) as refused:
        return await _move_refused(request, item, refused)
    await publish(request.app, done.events)
    raise web.HTTPSeeOther(f"{_base(request)}?done=moved")


async def show_pass(request: web.Request) -> web.StreamResponse:
    """GET /rdv/{token}/pass: a page to print or to show at the kiosk."""
    item = await _held(request)
    if not _alive(item) or item.mode == HOME:
        raise web.HTTPSeeOther(_base(request))
    context = {"item": item, "base": _base(request), "pass_code": _pass_code(request, item)}
    return render(request, "booking/citizen_pass.html", context)


async def show_calendar(request: web.Request) -> web.StreamResponse:
    """GET /calendar/{token}.ics: the appointment as a single event (RFC 5545), cancelled ones included."""
    now = utcnow()
    signer, settings = request.app[SIGNER], request.app[SETTINGS]
    meeting = await read_meeting(read_calendar(signer, request.match_info["token"], now))
    manage = issue_manage(signer, appointment_id=meeting.appointment_id, ends_at=meeting.ends_at)
    body = event_calendar(
        meeting,
        organizer=settings.mail_sender,
        links=Links(page=f"{settings.origin}/rdv/{manage}"),
        now=now,
        _=gettext_for(request.app, meeting.language_of(Recipient.CITIZEN)),
    )
    headers = {"Content-Disposition": 'inline; filename="rendez-vous.ics"'}
    return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)


async def show_join(request: web.Request) -> web.StreamResponse:
    """GET /rdv/{token}/join: the page with the button; a mail program that tries links must not announce anybody."""
    await _held(request)
    raise web.HTTPSeeOther(f"{_base(request)}#join")


async def submit_join(request: web.Request) -> web.StreamResponse:
    """POST /rdv/{token}/join: the citizen is there, at home; this browser may enter the call."""
    item = await _held(request)
    throttle(request, "manage", CHANGES, CHANGES_SECONDS, who=item.id)
    if item.mode != HOME or item.status not in (Status.CHECKED_IN, Status.IN_CALL):
        try:
            done = await check_in(now=utcnow(), appointment_id=item.id, kiosk_id=None, actor=CITIZEN)
        except CheckInRefused as refused:
            return _page(request, item, status=409, problem=sentence(request, refused.code, refused.params))
        await publish(request.app, done.events)
    response = web.Response(status=303, headers={"Location": f"/call/{item.id}?as=guest"})
    token = issue_guest(request.app[SIGNER], appointment_id=item.id, ends_at=item.ends_at)
    secure = request.app[SETTINGS].secure
    response.set_cookie(GUEST_COOKIE, token, path="/call", httponly=True, samesite="Lax", secure=secure)
    return response


def _base(request: web.Request) -> str:
    return f"/rdv/{request.match_info['token']}"


def _alive(item: AppointmentView) -> bool:
    return item.status in (Status.BOOKED, Status.CHECKED_IN, Status.IN_CALL)


def _changeable(item: AppointmentView) -> bool:
    return item.status is Status.BOOKED and utcnow() < item.starts_at


def _join(item: AppointmentView) -> str:
    """Return whether somebody at home may join: `open`, `later`, or nothing."""
    if item.mode != HOME or not _alive(item):
        return ""
    if item.status is not Status.BOOKED:
        return "open"
    now = utcnow()
    if now > item.starts_at + CHECK_IN_AFTER:
        return ""
    return "open" if now >= item.starts_at - CHECK_IN_BEFORE else "later"


def _pass_code(request: web.Request, item: AppointmentView) -> str:
    return issue_pass(request.app[SIGNER], appointment_id=item.id, ends_at=item.ends_at)


def _manage_url(request: web.Request, other: Related) -> str:
    """Return the link of another appointment of the same citizen's series."""
    return f"/rdv/{issue_manage(request.app[SIGNER], appointment_id=other.id, ends_at=other.starts_at)}"


def _page(request: web.Request, item: AppointmentView, *, status: int = 200, **more: Any) -> web.Response:
    calendar = issue_calendar(request.app[SIGNER], appointment_id=item.id, ends_at=item.ends_at)
    context = {
        "item": item,
        "base": _base(request),
        "calendar_url": f"/calendar/{calendar}.ics",
        "pass_code": _pass_code(request, item),
        "series_urls": {each.id: _manage_url(request, each) for each in item.series},
        "changeable": _changeable(item),
        "join": _join(item),
        "join_opens_at": item.starts_at - CHECK_IN_BEFORE,
        "done": request.query.get("done") if status == 200 and request.query.get("done") in DONE else "",
        "problem": "",
        "ask": request.query.get("ask", ""),
        "cancel_form": None,
    }
    return render(request, "booking/citizen_appointment.html", context | more, status=status)


async def _move_refused(request: web.Request, item: AppointmentView, error: DomainError) -> web.Response:
    """Show why, and what is free instead; the appointment itself when it can no longer be moved."""
    said = sentence(request, error.code, error.params)
    item = await appointment_view(item.id, language(request))
    if not _changeable(item):
        return _page(request, item, status=status_of(error), problem=said)
    offered = error.params["alternatives"] if isinstance(error, SlotTaken) else []
    return await _move_page(request, item, status=status_of(error), problem=said, alternatives=offered)


async def _move_page(request: web.Request, item: AppointmentView, *, status: int = 200, **more: Any) -> web.Response:
    from_day = asked_day(request.query.get("from", ""), utcnow())
    if item.displaced and "alternatives" not in more:
        more["alternatives"] = await _nearest(item)
    context = {
        "item": item,
        "base": _base(request),
        "choice": await _choice(item, from_day),
        "from_day": from_day,
        "problem": "",
        "alternatives": [],
    }
    return render(request, "booking/citizen_move.html", context | more, status=status)


async def _nearest(item: AppointmentView) -> list[Alternative]:
    """Return what is free around the time of an appointment that cannot be held, here and at the nearest houses."""
    return await alternatives(
        now=utcnow(),
        service_id=item.service_id,
        site_id=item.site_id,
        start=item.starts_at,
        needs=item.needs,
        mode=item.mode,
    )


async def _choice(item: AppointmentView, from_day: date | None) -> SlotChoice:
    try:
        found = await slots(
            now=utcnow(), service_id=item.service_id, site_id=item.site_id, needs=item.needs, first_day=from_day,
            days=DAYS_SEARCHED, mode=item.mode,
        )  # fmt: skip
    except Invalid:  # the service is no longer offered
        return SlotChoice((), None)
    return slot_choice([slot for slot in found if slot.start != item.starts_at])
