"""Arriving: from a reference or a pass to the waiting screen, at this kiosk and no other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from booking.errors import AlreadyCheckedIn, AppointmentUnknown
from booking.events import AppointmentEvent
from booking.lifecycle import WAITED_FOR, Actor, ActorKind, Status
from booking.models import Appointment, Kiosk
from booking.passes import PASS_PREFIX, find_by_reference, read_pass
from booking.progress import check_in
from kiosks.errors import KioskBusy, ReferenceUnknown
from kiosks.events import CitizenSeated, KioskChanged
from kiosks.models import Terminal, Visit
from kiosks.terminals import TerminalView
from teleconsult.database import transaction
from teleconsult.errors import DomainError
from teleconsult.web.tokens import Signer, TokenExpired, TokenInvalid


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A citizen is checked in; `events` are to be published."""

    appointment_id: str
    events: Sequence[AppointmentEvent | KioskChanged | CitizenSeated]


async def arrive(*, now: datetime, terminal: TerminalView, code: str, signer: Signer) -> Arrived:
    """Check someone in at a kiosk with what they typed or showed.

    Whoever is already checked in at this very screen is let in again. Raises ReferenceUnknown, TokenExpired, and what
    `booking.progress.check_in` refuses.
    """
    appointment_id = await _appointment_of(code, signer, now)
    events: Sequence[AppointmentEvent] = ()
    async with transaction():
        visit = await Visit.get_or_none(terminal_id=terminal.id)
        mine = visit is not None and visit.stage == "arrived" and visit.appointment_id == appointment_id
        try:
            actor = Actor(ActorKind.CITIZEN, terminal.id)
            done = await check_in(now=now, appointment_id=appointment_id, kiosk_id=terminal.kiosk_id, actor=actor)
            events = done.events
        except AlreadyCheckedIn as used:
            if not mine or used.params["appointment_status"] == Status.COMPLETED:
                raise
        if not mine:
            await _seat(terminal.id, terminal.site_id, appointment_id, now)
    changed = KioskChanged(site_id=terminal.site_id, kiosk_id=terminal.kiosk_id)
    return Arrived(appointment_id=appointment_id, events=[*events, changed])


async def _appointment_of(code: str, signer: Signer, now: datetime) -> str:
    try:
        if code.upper().startswith(PASS_PREFIX):
            return read_pass(signer, code, now)
        return (await find_by_reference(code)).id
    except (AppointmentUnknown, TokenInvalid):
        raise ReferenceUnknown from None


async def _seat(terminal_id: str, site_id: str, appointment_id: str, now: datetime) -> None:
    """Make an appointment what a screen is about, in place of whatever was there.

    Who waited there without one is looked for by `kiosks.queue.end_left_behind`.
    """
    await Visit.filter(terminal_id=terminal_id).delete()
    await Visit.create(
        terminal_id=terminal_id, site_id=site_id, appointment_id=appointment_id, stage="arrived", touched_at=now
    )


async def seat(*, now: datetime, appointment_id: str, kiosk_id: str, account_id: str) -> Arrived:
    """An adviser checks someone in at a kiosk; its screen, if there is one, goes to the waiting screen.

    Raises KioskBusy while somebody is at it, and what `booking.progress.check_in` refuses.
    """
    async with transaction():
        screen = await free_screen(kiosk_id, appointment_id)
        actor = Actor(ActorKind.STAFF, account_id)
        done = await check_in(now=now, appointment_id=appointment_id, kiosk_id=kiosk_id, actor=actor)
        site_id: str = (await Kiosk.get(id=kiosk_id)).site_id  # type: ignore[attr-defined]
        if screen:
            await _seat(screen, site_id, appointment_id, now)
    seated = CitizenSeated(site_id=site_id, kiosk_id=kiosk_id, terminal_id=screen, appointment_id=appointment_id)
    return Arrived(appointment_id=appointment_id, events=[*done.events, seated])


async def kiosk_at_hand(booked: str, kiosks: Sequence[str]) -> str:
    """Return at which kiosk to propose an arrival: the booked one, unless it has no screen and another one has."""
    there = Terminal.filter(kiosk_id__in=list(kiosks), revoked_at=None, online=True)
    with_screen = {str(each) for each in await there.values_list("kiosk_id", flat=True)}
    if booked in with_screen:
        return booked
    return next((each for each in kiosks if each in with_screen), booked)


async def free_screen(kiosk_id: str, appointment_id: str = "") -> str:
    """Return the id of a kiosk's free screen, nothing if it has no screen. Raises KioskBusy if none of them is free."""
    screens = await Terminal.filter(kiosk_id=kiosk_id, revoked_at=None).order_by("-online", "-last_seen_at")
    for screen in screens:
        visit = await Visit.get_or_none(terminal_id=screen.id).select_related("appointment")
        if visit is None or not _in_use(visit) or visit.appointment_id == appointment_id:
            return screen.id
    if screens:
        raise KioskBusy
    return ""


def _in_use(visit: Visit) -> bool:
    if visit.stage == "waiting":
        return True
    if visit.stage == "arrived":
        return visit.appointment is not None and visit.appointment.status in WAITED_FOR
    return bool(visit.service_id or visit.details or visit.appointment_id)


async def is_over(appointment_id: str) -> bool:
    """Tell whether an appointment is closed, so that its kiosk is free again."""
    return not await Appointment.exists(id=appointment_id, status__in=[str(status) for status in WAITED_FOR])


def told(refusal: DomainError) -> dict[str, Any]:
    """Return a refusal as it is kept until its screen is shown: its code, and its parameters as JSON."""
    params = {
        name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in refusal.params.items()
    }
    expired = isinstance(refusal, TokenExpired)
    return {"code": "too_late" if expired else refusal.code, "params": params}
