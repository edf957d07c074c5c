"""Book: one agent, one kiosk and a room where one is needed, all at once or nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tortoise.exceptions import IntegrityError

from booking.at_once import can_write_at_once, write_at_once
from booking.engine.availability import instant, moment
from booking.engine.occupancies import hand_over
from booking.engine.offer import HOME, KIOSK, ServiceRules, service_rules
from booking.engine.placement import Placement, Wish, place, refuse_strangers, slot_taken
from booking.engine.search import first_start_lately
from booking.engine.seating import SEAT_FIELDS, Outrun, seat
from booking.errors import ConsentMissing, NotBookable, SlotTaken
from booking.events import AppointmentBooked
from booking.fairness import require_room_for_one_more
from booking.holds import own_hold
from booking.idempotency import Once, answered, remember
from booking.lifecycle import Actor, Status
from booking.models import Appointment, Hold, Kiosk
from booking.needs import equipment_for
from booking.notifications.notices import Kind, plan_notices
from booking.passes import new_reference
from booking.record import ATTEMPTS, Done, again_after_deadlock, event, require_access, write_down
from booking.schemas import Citizen
from teleconsult.database import new_id, transaction


@dataclass(frozen=True, slots=True)
class _Booking:
    """What one transaction writes: an appointment that was asked for by `actor`, in a slot held for it or not yet."""

    appointment: Appointment
    wish: Wish
    rules: ServiceRules
    actor: Actor
    now: datetime
    once: Once | None
    hold_owner: str | None
    # where it goes when no hold keeps its slot
    placement: Placement | None


class _HoldGone(Exception):
    """The hold was removed, or is for something else. Leaves the transaction."""


async def book(
    *,
    now: datetime,
    service_id: str,
    site_id: str,
    start: datetime,
    citizen: Citizen,
    actor: Actor,
    channel: str,
    needs: Iterable[str] = (),
    agent_id: str | None = None,
    follow_up_of: str | None = None,
    once: Once | None = None,
    mode: str = KIOSK,
    hold_id: str | None = None,
    hold_owner: str | None = None,
    booked_by: str = "",
    consent: bool = False,
    companions: int = 0,
    series: str = "",
    person: str = "",
) -> Done:
    """Book a start (aware) of a service at a house: the least-loaded agent who is free and a free kiosk (none at home).

    `channel`: kiosk, staff, agent, partner or web. With `agent_id` only that agent will do; a follow-up
    (`follow_up_of`: an appointment's id) goes to the same agent if free. With `once`, a repeated request gets the
    first one's appointment and no events. `hold_id` becomes the appointment, if it is `hold_owner`'s and for this; a
    hold that lapsed or is for something else is no obstacle. `booked_by`: somebody else, who has the citizen's
    `consent`. `series`: an id that appointments share. `person`: see `booking.fairness.person_hash`; with it, nobody
    has more of a service's appointments to come than it allows.

    Raises SlotTaken with alternatives, a NotBookable that says why, ServiceUnknown, SiteUnknown, AppointmentUnknown or
    NotYours (about `follow_up_of`), IdempotencyKeyReused, TooManyAppointments.
    """
    if (before := await answered(once)) is not None:
        return Done(before)
    if booked_by and not consent:
        raise ConsentMissing(field="consent")
    appointment = Appointment(
        id=new_id(), reference="", service_id=service_id, site_id=site_id, status=Status.BOOKED, channel=channel,
        given_name=citizen.given_name, family_name=citizen.family_name, email=citizen.email or "",
        phone=citizen.phone or "", language=citizen.language, needs=list(needs), booked_at=now,
        follow_up_of_id=follow_up_of, mode=mode, booked_by=booked_by, consent_at=now if booked_by else None,
        companions=companions, series_id=series, person_hash=person,
    )  # fmt: skip
    wish = Wish(
        service_id,
        site_id,
        start,
        tuple(appointment.needs),
        only_agent=agent_id,
        rather_agent=await _agent_before(follow_up_of, actor),
        mode=mode,
        holding=hold_id if hold_owner is not None else None,
    )
    try:
        timezone = await _book(appointment, wish, actor, now, once, hold_owner)
    except (SlotTaken, NotBookable, Outrun, IntegrityError) as refused:
        # a retry that overtook the first request finds its own appointment in its way
        if (before := await answered(once)) is not None:
            return Done(before)
        if isinstance(refused, Outrun):
            raise await slot_taken(wish, now) from None
        raise
    return Done(appointment, (event(AppointmentBooked, appointment),), timezone)


async def _book(
    appointment: Appointment, wish: Wish, actor: Actor, now: datetime, once: Once | None, hold_owner: str | None
) -> str:
    """Write a booking into the slot that is held for it; if there is none, wherever it can go.

    Return the zone of the house, if it was looked at.
    """
    if wish.holding is not None:
        rules = await service_rules(wish.service_id)
        refuse_strangers(rules, wish, actor)
        appointment.first_slot_at = await _first_slot(rules, wish, now)
        try:
            await _write(_Booking(appointment, wish, rules, actor, now, once, hold_owner, None))
        except _HoldGone:
            pass
        else:
            return ""
    placement = await place(wish, now=now, tie=appointment.id, actor=actor, hinted=True)
    appointment.first_slot_at = await _first_slot(placement.rules, wish, now)
    try:
        await _write(_Booking(appointment, wish, placement.rules, actor, now, once, hold_owner, placement))
    except Outrun:
        if placement.hint is None:
            raise
        # the dozen was taken meanwhile; there are others
        placement = await place(wish, now=now, tie=appointment.id, actor=actor)
        await _write(_Booking(appointment, wish, placement.rules, actor, now, once, hold_owner, placement))
    else:
        if placement.hint is not None:
            placement.hint.add(appointment.agent_id)
    return placement.site.timezone


async def _agent_before(follow_up_of: str | None, actor: Actor) -> str | None:
    """Return the agent of the appointment that is followed up, if the actor has anything to do with it."""
    if follow_up_of is None:
        return None
    return (await require_access(follow_up_of, actor)).agent_id


async def _first_slot(rules: ServiceRules, wish: Wish, now: datetime) -> datetime:
    """Return the earliest start that was free at this house, so that the delay people are offered can be counted."""
    first = await first_start_lately(rules, wish.site_id, now=now, mode=wish.mode, needs=wish.needs)
    start = moment(instant(wish.start))
    return start if first is None else min(first, start)


async def _write(booking: _Booking) -> None:
    """Write a booking, with another reference if the one drawn is taken."""
    for attempt in range(ATTEMPTS):
        booking.appointment.reference = new_reference()
        try:
            await again_after_deadlock(lambda: _write_once(booking))
        except IntegrityError:
            taken = await Appointment.filter(reference=booking.appointment.reference).exists()
            if not taken or attempt == ATTEMPTS - 1:
                raise
        else:
            return


async def _write_once(booking: _Booking) -> None:
    if booking.placement is not None and booking.wish.holding is None and can_write_at_once(booking.placement):
        try:
            await _write_first_choice(booking, booking.placement)
        except Outrun:
            pass
        else:
            return
    appointment, now = booking.appointment, booking.now
    async with transaction():
        await _require_room_for_one_more(booking)
        held = await own_hold(booking.wish.holding, booking.hold_owner)
        if booking.placement is None:
            await _settle_held(booking, held)
        else:
            await _settle_anew(booking, booking.placement, held)
        await remember(booking.once, appointment, now)
        await write_down(appointment, before=None, actor=booking.actor, now=now)
        await plan_notices(appointment=appointment, kind=Kind.INVITATION, now=now)


async def _write_first_choice(booking: _Booking, placement: Placement) -> None:
    """Write a booking with the first agent and kiosk of its placement. Raises Outrun."""
    appointment = booking.appointment
    appointment.starts_at, appointment.ends_at = placement.starts_at, placement.ends_at
    async with transaction():
        await _require_room_for_one_more(booking)
        if not await write_at_once(appointment, placement, booking.actor, booking.now, booking.once):
            raise Outrun


async def _require_room_for_one_more(booking: _Booking) -> None:
    appointment = booking.appointment
    if appointment.person_hash:
        await require_room_for_one_more(
            person=appointment.person_hash,
            service_id=appointment.service_id,
            limit=booking.rules.future_limit,
            now=booking.now,
        )


async def _settle_held(booking: _Booking, held: Hold | None) -> None:
    """Make the hold the appointment. Raises _HoldGone if it is not, or no longer, the one for this wish."""
    appointment = booking.appointment
    if held is None or not await _is_for(held, booking.wish):
        raise _HoldGone
    appointment.starts_at, appointment.ends_at = held.starts_at, held.ends_at
    appointment.agent_id, appointment.kiosk_id, appointment.room_id = held.agent_id, held.kiosk_id, held.room_id
    await appointment.save(force_create=True)
    await hand_over(held.id, appointment.id)
    await held.delete()


async def _settle_anew(booking: _Booking, placement: Placement, held: Hold | None) -> None:
    """Give up the hold that does not fit, and take what looked free. Raises Outrun."""
    appointment = booking.appointment
    if held is not None:
        await held.delete()
    appointment.starts_at, appointment.ends_at = placement.starts_at, placement.ends_at
    guess = (placement.agents[0], placement.kiosks[0] if placement.kiosks else None, None)
    appointment.agent_id, appointment.kiosk_id, appointment.room_id = guess
    await appointment.save(force_create=True)
    await seat(appointment, placement, booking.now)
    if (appointment.agent_id, appointment.kiosk_id, appointment.room_id) != guess:
        await appointment.save(update_fields=list(SEAT_FIELDS))


async def _is_for(held: Hold, wish: Wish) -> bool:
    """Tell whether a hold keeps what is wished for: the slot, an agent who will do, a kiosk that meets the needs."""
    slot = (held.service_id, held.site_id, held.starts_at, held.mode)
    if slot != (wish.service_id, wish.site_id, wish.start, wish.mode) or wish.only_agent not in (None, held.agent_id):
        return False
    equipment = equipment_for(wish.needs)
    if wish.mode == HOME or not equipment:
        return True
    kiosk = await Kiosk.get(id=str(held.kiosk_id))
    return equipment <= frozenset(kiosk.equipment)
