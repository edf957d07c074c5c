"""Book: one agent and one kiosk at once, or nothing."""

from collections.abc import Iterable
from datetime import datetime

from tortoise.exceptions import IntegrityError

from booking.errors import NotBookable, SlotTaken
from booking.events import AppointmentBooked
from booking.idempotency import Once, answered, remember
from booking.lifecycle import Actor, Status
from booking.models import Appointment
from booking.notices import Kind, plan_notices
from booking.passes import new_reference
from booking.placement import Outrun, Placement, Wish, claim_placement, place, slot_taken
from booking.record import ATTEMPTS, Done, again_after_deadlock, event, require_access, write_down
from booking.schemas import Citizen
from booking.search import first_start
from teleconsult.database import new_id, transaction


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
) -> Done:
    """Book a start (aware) of a service at a house: the least-loaded agent who is free and a free kiosk.

    `channel`: kiosk, staff, agent, partner or web. With `agent_id` only that agent will do; a follow-up
    (`follow_up_of`: an appointment's id) goes to the same agent if free. With `once`, a repeated request gets the
    first one's appointment and no events.

    Raises SlotTaken with alternatives, a NotBookable that says why, ServiceUnknown, SiteUnknown, AppointmentUnknown or
    NotYours (about `follow_up_of`), IdempotencyKeyReused.
    """
    if (before := await answered(once)) is not None:
        return Done(before)
    appointment = Appointment(
        id=new_id(), reference="", service_id=service_id, site_id=site_id, status=Status.BOOKED, channel=channel,
        given_name=citizen.given_name, family_name=citizen.family_name, email=citizen.email or "",
        phone=citizen.phone or "", language=citizen.language, needs=list(needs), booked_at=now,
        follow_up_of_id=follow_up_of,
    )  # fmt: skip
    wish = Wish(
        service_id,
        site_id,
        start,
        tuple(needs),
        only_agent=agent_id,
        rather_agent=await _agent_before(follow_up_of, actor),
    )
    try:
        placement = await place(wish, now=now, tie=appointment.id)
        appointment.first_slot_at = await _first_slot(placement, now)
        await _write(appointment, placement, actor, now, once)
    except (SlotTaken, NotBookable, Outrun, IntegrityError) as refused:
        # a retry that overtook the first request finds its own appointment in its way
        if (before := await answered(once)) is not None:
            return Done(before)
        if isinstance(refused, Outrun):
            raise await slot_taken(wish, now) from None
        raise
    return Done(appointment, (event(AppointmentBooked, appointment),))


async def _agent_before(follow_up_of: str | None, actor: Actor) -> str | None:
    """Return the agent of the appointment that is followed up, if the actor has anything to do with it."""
    if follow_up_of is None:
        return None
    return (await require_access(follow_up_of, actor)).agent_id


async def _first_slot(placement: Placement, now: datetime) -> datetime:
    """Return the earliest start that was free at this house, so that the delay people are offered can be counted."""
    first = await first_start(
        rules=placement.rules, site=placement.site, agents=placement.everyone, now=now, until=placement.starts_at
    )
    return first or placement.starts_at


async def _write(
    appointment: Appointment, placement: Placement, actor: Actor, now: datetime, once: Once | None
) -> None:
    """Write a booking, with another reference if the one drawn is taken."""
    for attempt in range(ATTEMPTS):
        appointment.reference = new_reference()
        try:
            await again_after_deadlock(lambda: _write_once(appointment, placement, actor, now, once))
        except IntegrityError:
            taken = await Appointment.filter(reference=appointment.reference).exists()
            if not taken or attempt == ATTEMPTS - 1:
                raise
        else:
            return


async def _write_once(
    appointment: Appointment, placement: Placement, actor: Actor, now: datetime, once: Once | None
) -> None:
    appointment.starts_at, appointment.ends_at = placement.starts_at, placement.ends_at
    appointment.agent_id, appointment.kiosk_id = placement.agents[0], placement.kiosks[0]
    async with transaction():
        await appointment.save(force_create=True)
        await remember(once, appointment, now)
        pair = await claim_placement(placement, appointment.id)
        await _assign(appointment, *pair)
        await write_down(appointment, before=None, actor=actor, now=now)
        await plan_notices(appointment=appointment, kind=Kind.INVITATION, now=now)


async def _assign(appointment: Appointment, agent_id: str, kiosk_id: str) -> None:
    if (appointment.agent_id, appointment.kiosk_id) != (agent_id, kiosk_id):
        appointment.agent_id, appointment.kiosk_id = agent_id, kiosk_id
        await appointment.save(update_fields=["agent_id", "kiosk_id"])
