"""What happens on the day: arrival, call, outcome."""

from datetime import datetime, timedelta
from typing import Any

from booking.engine.occupancies import Range, claim
from booking.engine.offer import HOME, agent_resource, kiosk_resource, room_resource
from booking.errors import (
    ActorRefused,
    AlreadyCheckedIn,
    AppointmentWasCancelled,
    CheckInRefused,
    KioskNeeded,
    KioskUnknown,
    OutcomeRefused,
    TooEarly,
    TooLate,
    TransitionRefused,
    WrongKiosk,
    WrongSite,
)
from booking.events import AppointmentCheckedIn, AppointmentClosed, CallStarted
from booking.lifecycle import (
    CHECK_IN_AFTER,
    CHECK_IN_BEFORE,
    CLOSED,
    CORRECTION_PERIOD,
    Actor,
    ActorKind,
    Outcome,
    Status,
    may_bring_about,
    status_after,
)
from booking.models import Appointment, Kiosk, Occupancy, Service, Site
from booking.notifications.notices import plan_satisfaction
from booking.record import Done, event, locked, move, require_hold
from teleconsult.database import transaction

# Someone who has not come this long after the end did not come; until then the agent may still note what happened.
MISSED_AFTER_END = timedelta(hours=2)
MISSED_AT_ONCE = 200


async def check_in(*, now: datetime, appointment_id: str, kiosk_id: str | None, actor: Actor) -> Done:
    """Note that the citizen is in front of a kiosk, from 30 minutes before the start until 15 after it.

    At the front desk (an adviser) until the end. Another kiosk of the same house will do if it is free. Without a kiosk
    the citizen joins from home, if that is what was booked. Who was given up as a no-show is let in if nobody else has
    the time by now (else TooLate).
    Raises AppointmentUnknown, KioskUnknown, NotYours, or in this order AppointmentWasCancelled, AlreadyCheckedIn,
    KioskNeeded, WrongSite, TooEarly, TooLate, WrongKiosk.
    """
    async with transaction():
        appointment = await locked(appointment_id)
        await require_hold(appointment, actor)
        kiosk = await Kiosk.get_or_none(id=kiosk_id) if kiosk_id is not None else None
        if kiosk is None and kiosk_id is not None:
            raise KioskUnknown
        site = await Site.get(id=appointment.site_id)
        _require_arrival(appointment, site, kiosk, actor, now)
        if appointment.status == Status.NO_SHOW:
            await _take_again(appointment, site, kiosk, now)
        elif kiosk is not None and kiosk.id != appointment.kiosk_id:
            await _change_kiosk(appointment, kiosk, now)
        changes: dict[str, Any] = {"checked_in_at": now, "kiosk_id": kiosk_id, "outcome": "", "closed_at": None}
        await move(appointment, Status.CHECKED_IN, actor=actor, now=now, **changes)
    return Done(appointment, (event(AppointmentCheckedIn, appointment),))


async def start_call(*, now: datetime, appointment_id: str, actor: Actor) -> Done:
    """Note that agent and citizen are connected; again (they reconnected): nothing more happens.

    Raises AppointmentUnknown, NotYours, ActorRefused, TransitionRefused (nobody has checked in, or it is over).
    """
    async with transaction():
        appointment = await locked(appointment_id)
        await require_hold(appointment, actor)
        if appointment.status == Status.IN_CALL:
            return Done(appointment)
        await move(appointment, Status.IN_CALL, actor=actor, now=now, call_started_at=now)
    return Done(appointment, (event(CallStarted, appointment),))


async def record_outcome(*, now: datetime, appointment_id: str, outcome: Outcome, actor: Actor, note: str = "") -> Done:
    """Note what came of an appointment, or correct it within 7 days.

    Raises AppointmentUnknown, NotYours, ActorRefused, TransitionRefused (it was cancelled), and OutcomeRefused when the
    outcome contradicts what happened (see `lifecycle.status_after`), the appointment has not begun, or the time for
    a correction is over.
    """
    async with transaction():
        appointment = await locked(appointment_id)
        await require_hold(appointment, actor)
        after = _require_outcome(appointment, Outcome(outcome), actor, now)
        changes: dict[str, Any] = {"outcome": Outcome(outcome), "outcome_note": note}
        if appointment.closed_at is None:
            changes["closed_at"] = now
        if after is Status(appointment.status):
            appointment.update_from_dict(changes)
            await appointment.save(update_fields=list(changes))
        else:
            await move(appointment, after, actor=actor, now=now, reason=outcome, **changes)
            await _give_back_rest(appointment, now)
        if after is Status.COMPLETED:
            await plan_satisfaction(appointment=appointment, now=now)
    return Done(appointment, (event(AppointmentClosed, appointment, outcome=Outcome(outcome)),))


async def mark_no_show(*, now: datetime, appointment_id: str, actor: Actor) -> Done:
    """Note that nobody came. Raises as `record_outcome` does."""
    return await record_outcome(now=now, appointment_id=appointment_id, outcome=Outcome.NO_SHOW, actor=actor)


async def close_missed(*, now: datetime) -> list[Done]:
    """Note as no-shows the appointments that ended two hours ago and for which nobody came or noted anything else."""
    missed = Appointment.filter(status=Status.BOOKED, ends_at__lt=now - MISSED_AFTER_END).order_by("ends_at")
    done = []
    for appointment_id in await missed.limit(MISSED_AT_ONCE).values_list("id", flat=True):
        try:
            done.append(
                await mark_no_show(now=now, appointment_id=str(appointment_id), actor=Actor(ActorKind.SYSTEM, "missed"))
            )
        except (OutcomeRefused, TransitionRefused):
            continue  # somebody was faster
    return done


def _require_arrival(appointment: Appointment, site: Site, kiosk: Kiosk | None, actor: Actor, now: datetime) -> None:
    when = {"start": appointment.starts_at, "timezone": site.timezone}
    status = Status(appointment.status)
    if not may_bring_about(actor.kind, Status.CHECKED_IN):
        raise ActorRefused(kind=actor.kind)
    if status is Status.CANCELLED:
        raise AppointmentWasCancelled(**when)
    if status in (Status.CHECKED_IN, Status.IN_CALL, Status.COMPLETED):
        raise AlreadyCheckedIn(
            kiosk_id=appointment.kiosk_id, at=appointment.checked_in_at, appointment_status=status, **when
        )
    if kiosk is None and appointment.mode != HOME:
        raise KioskNeeded(**when)
    if kiosk is not None and kiosk.site_id != site.id:  # type: ignore[attr-defined]
        raise WrongSite(site_id=site.id, site=site.name, **when)
    if now < appointment.starts_at - CHECK_IN_BEFORE:
        raise TooEarly(opens_at=appointment.starts_at - CHECK_IN_BEFORE, **when)
    closes_at = appointment.ends_at if actor.kind is ActorKind.STAFF else appointment.starts_at + CHECK_IN_AFTER
    if now > closes_at:
        raise TooLate(**when)


async def _change_kiosk(appointment: Appointment, kiosk: Kiosk, now: datetime) -> None:
    """Take another kiosk for the same time and give the first one back. Raises WrongKiosk if that one is taken."""
    if appointment.kiosk_id is None:  # held from home, without a kiosk to give back
        raise CheckInRefused
    booked = kiosk_resource(appointment.kiosk_id)
    row = await Occupancy.get(appointment_id=appointment.id, resource=booked)
    taken = Range(row.starts_at, row.ends_at)
    if not kiosk.in_service or not await claim(kiosk_resource(kiosk.id), taken, appointment.id, now=now):
        right = await Kiosk.get(id=appointment.kiosk_id)
        raise WrongKiosk(kiosk_id=right.id, kiosk=right.name)
    await row.delete()


async def change_kiosk(*, now: datetime, appointment_id: str, kiosk_id: str) -> Done:
    """Let who is at a kiosk that fails go on at another one of the house, waiting or in their call.

    Raises AppointmentUnknown, KioskUnknown, TransitionRefused (nobody is there), WrongKiosk if that one is taken.
    """
    async with transaction():
        appointment = await locked(appointment_id)
        kiosk = await Kiosk.get_or_none(id=kiosk_id, site_id=appointment.site_id)
        if kiosk is None:
            raise KioskUnknown
        status = Status(appointment.status)
        if status not in (Status.CHECKED_IN, Status.IN_CALL) or appointment.kiosk_id is None:
            raise TransitionRefused(appointment_status=status, wanted=status)
        rows = Occupancy.filter(appointment_id=appointment.id, resource=kiosk_resource(appointment.kiosk_id))
        for row in await rows.filter(ends_at__gt=now):
            if not await claim(kiosk_resource(kiosk.id), Range(max(row.starts_at, now), row.ends_at), appointment.id):
                raise WrongKiosk(kiosk_id=kiosk.id, kiosk=kiosk.name)
        await rows.delete()
        appointment.kiosk_id = kiosk.id
        await appointment.save(update_fields=["kiosk_id"])
    return Done(appointment)


async def _give_back_rest(appointment: Appointment, now: datetime) -> None:
    """Give back what is left of the time of an appointment that is over, but for the buffer after it."""
    service = await Service.get(id=appointment.service_id)
    until = now + timedelta(minutes=service.buffer_after_minutes)
    left = Occupancy.filter(appointment_id=appointment.id, ends_at__gt=until)
    await left.filter(starts_at__gte=until).delete()
    await left.update(ends_at=until)


async def _take_again(appointment: Appointment, site: Site, kiosk: Kiosk | None, now: datetime) -> None:
    """Take the rest of the time that was given back when nobody seemed to come. Raises TooLate if somebody has it."""
    service = await Service.get(id=appointment.service_id)
    begin = appointment.starts_at - timedelta(minutes=service.buffer_before_minutes)
    rest = Range(max(begin, now), appointment.ends_at + timedelta(minutes=service.buffer_after_minutes))
    resources = [agent_resource(appointment.agent_id)]
    if appointment.room_id:
        resources.append(room_resource(appointment.room_id))
    if kiosk is not None:
        resources.append(kiosk_resource(kiosk.id))
    await Occupancy.filter(appointment_id=appointment.id).delete()
    for resource in resources:
        if not await claim(resource, rest, appointment.id, now=now):
            raise TooLate(start=appointment.starts_at, timezone=site.timezone)


def _require_outcome(appointment: Appointment, outcome: Outcome, actor: Actor, now: datetime) -> Status:
    """Return the status that an outcome leads to, or raise what `record_outcome` says."""
    status = Status(appointment.status)
    if status is Status.CANCELLED:
        raise TransitionRefused(appointment_status=status, wanted=Status.COMPLETED)
    after = status_after(status, outcome, called=appointment.call_started_at is not None)
    unbegun = status is Status.BOOKED and now < appointment.starts_at
    stale = status in CLOSED and appointment.closed_at is not None and now > appointment.closed_at + CORRECTION_PERIOD
    if after is None or unbegun or stale:
        raise OutcomeRefused(appointment_status=status, outcome=outcome)
    if not may_bring_about(actor.kind, after):
        raise ActorRefused(kind=actor.kind)
    return after
