"""Cancel and move."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from booking.engine.occupancies import release
from booking.engine.placement import Placement, Wish, place, slot_taken
from booking.engine.seating import SEAT_FIELDS, Outrun, seat
from booking.errors import NotCancellable, NotReschedulable
from booking.events import AppointmentCancelled, AppointmentRescheduled
from booking.holds import own_hold
from booking.lifecycle import Actor, ActorKind, Status, may_follow
from booking.models import Appointment
from booking.notifications.notices import Kind, plan_notices
from booking.record import Done, again_after_deadlock, event, locked, move, require_access, require_hold, write_down
from teleconsult.database import transaction

# They change what is ahead of them; what has begun is the agent's and the house's to sort out.
BEFORE_START_ONLY = frozenset({ActorKind.CITIZEN, ActorKind.PARTNER})

MOVED = (*SEAT_FIELDS, "site_id", "starts_at", "ends_at")
# What calendars answered was about the old time.
UNANSWERED: Mapping[str, Any] = MappingProxyType(
    {"agent_answer": "", "agent_answered_at": None, "citizen_answer": "", "citizen_answered_at": None}
)


async def cancel(*, now: datetime, appointment_id: str, actor: Actor, reason: str = "") -> Done:
    """Cancel an appointment and free its slot; again: nothing more happens.

    Raises AppointmentUnknown, NotYours, NotCancellable (with `appointment_status`) once it has begun or is over.
    """
    async with transaction():
        appointment = await locked(appointment_id)
        await require_hold(appointment, actor)
        before = Status(appointment.status)
        if before is Status.CANCELLED:
            return Done(appointment)
        begun = actor.kind in BEFORE_START_ONLY and appointment.starts_at <= now
        if begun or not may_follow(before, Status.CANCELLED):
            raise NotCancellable(appointment_status=before)
        changes = {"sequence": appointment.sequence + 1, "cancel_reason": reason, "closed_at": now}
        await move(appointment, Status.CANCELLED, actor=actor, now=now, reason=reason, **changes)
        await release(appointment.id)
        await plan_notices(appointment=appointment, kind=Kind.CANCELLATION, now=now, asked=_asked(actor))
    return Done(appointment, (event(AppointmentCancelled, appointment),))


async def reschedule(
    *,
    now: datetime,
    appointment_id: str,
    start: datetime,
    actor: Actor,
    site_id: str | None = None,
    hold_id: str | None = None,
    hold_owner: str | None = None,
) -> Done:
    """Move an appointment to another start (aware), perhaps at another house, with the same agent if free.

    The old slot is given up in the transaction that takes the new one, and not otherwise. To where it already is:
    nothing happens. `hold_id`, if it is `hold_owner`'s: a slot kept for the move, given up to it.
    Raises AppointmentUnknown, NotYours, NotReschedulable (with `appointment_status`), and all that `book` raises.
    """
    appointment = await require_access(appointment_id, actor)
    _require_movable(appointment, actor, now)
    site = site_id or appointment.site_id
    if (start, site) == (appointment.starts_at, appointment.site_id):
        return Done(appointment)
    wish = Wish(
        appointment.service_id,
        site,
        start,
        tuple(appointment.needs),
        rather_agent=appointment.agent_id,
        rather_kiosk=appointment.kiosk_id,
        moving=appointment.id,
        mode=appointment.mode,
        holding=hold_id if hold_owner is not None else None,
    )
    placement = await place(wish, now=now, tie=appointment.id)
    try:
        return await again_after_deadlock(lambda: _move(placement, actor, now, hold_owner))
    except Outrun:
        raise await slot_taken(wish, now) from None


def _asked(actor: Actor) -> bool:
    """Whether the citizen did it, so that nobody need go and tell them."""
    return actor.kind is ActorKind.CITIZEN


def _require_movable(appointment: Appointment, actor: Actor, now: datetime) -> None:
    begun = actor.kind in BEFORE_START_ONLY and appointment.starts_at <= now
    if begun or appointment.status != Status.BOOKED:
        raise NotReschedulable(appointment_status=Status(appointment.status))


async def _move(placement: Placement, actor: Actor, now: datetime, hold_owner: str | None) -> Done:
    async with transaction():
        appointment = await locked(str(placement.wish.moving))
        _require_movable(appointment, actor, now)
        left = {
            "previous_agent_id": appointment.agent_id,
            "previous_site_id": appointment.site_id,
            "previous_kiosk_id": appointment.kiosk_id or "",
        }
        if (held := await own_hold(placement.wish.holding, hold_owner)) is not None:
            await held.delete()
        await release(appointment.id)
        await seat(appointment, placement, now)
        appointment.site_id = placement.site.id
        appointment.starts_at, appointment.ends_at = placement.starts_at, placement.ends_at
        appointment.sequence += 1
        # a new time settles what was in the way of the old one
        appointment.displaced, appointment.late_minutes = "", 0
        appointment.update_from_dict({**UNANSWERED})
        await appointment.save(update_fields=[*MOVED, "sequence", "displaced", "late_minutes", *UNANSWERED])
        await write_down(appointment, before=Status.BOOKED, actor=actor, now=now, reason="rescheduled")
        await plan_notices(appointment=appointment, kind=Kind.CHANGE, now=now, asked=_asked(actor))
    return Done(appointment, (event(AppointmentRescheduled, appointment, **left),))
