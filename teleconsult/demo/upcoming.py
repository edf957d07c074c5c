"""The demonstration agent's appointments of the days ahead, so that the agenda has something to show."""

from datetime import date, datetime, time, timedelta
from random import Random
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from booking.engine.occupancies import Range, claim
from booking.engine.offer import agent_resource, kiosk_resource
from booking.lifecycle import Actor, ActorKind, Status
from booking.models import Appointment
from booking.passes import new_reference
from booking.record import write_down
from teleconsult.database import transaction
from teleconsult.demo.offer import BUFFER_AFTER_MINUTES
from teleconsult.demo.past import FAMILY_NAMES, GIVEN_NAMES
from teleconsult.demo.people import AGENT_EMAIL
from teleconsult.demo.places import Booth, Desk, Place, offered_places, working_desks

DAYS_AHEAD = 7
STARTS = (9 * 60 + 30, 11 * 60, 14 * 60, 15 * 60 + 30, 16 * 60 + 30)
# The time around `now` is left to the appointment that is kept ready.
LEAD = timedelta(minutes=90)
CHANNEL = "staff"


async def plan_days_ahead(now: datetime) -> None:
    """Book the demonstration's agent for the seven days from `now`, where nobody has booked yet; once each."""
    desk = next((desk for desk in await working_desks() if desk.email == AGENT_EMAIL), None)
    places = await offered_places()
    if desk is None or not desk.services:
        return
    for ahead in range(DAYS_AHEAD):
        day = now.astimezone(ZoneInfo(desk.timezone)).date() + timedelta(days=ahead)
        for index, minute in enumerate(STARTS):
            await _plan(now, desk, places, day, minute, index)


async def _plan(now: datetime, desk: Desk, places: list[Place], day: date, minute: int, index: int) -> None:
    starts_at = datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(desk.timezone))
    booths = [place.booths[0] for place in places if place.booths and place.is_open(day, minute)]
    identity = uuid5(NAMESPACE_URL, f"demo/{day}/{minute}").hex
    if starts_at < now + LEAD or minute not in desk.slots_on(day, 30) or not booths:
        return
    if not await Appointment.filter(id=identity).exists():
        await _book(identity, now, desk, booths[index % len(booths)], starts_at)


async def _book(identity: str, now: datetime, desk: Desk, booth: Booth, starts_at: datetime) -> None:
    chance = Random(identity)  # noqa: S311 - names of nobody
    service = desk.services[0] if chance.random() < 0.7 else desk.services[-1]
    ends_at = starts_at + timedelta(minutes=service.minutes)
    appointment = Appointment(
        id=identity,
        reference=new_reference(),
        service_id=service.id,
        site_id=booth.site_id,
        kiosk_id=booth.kiosk_id,
        agent_id=desk.agent_id,
        status=Status.BOOKED,
        starts_at=starts_at,
        ends_at=ends_at,
        channel=CHANNEL,
        given_name=chance.choice(GIVEN_NAMES),
        family_name=chance.choice(FAMILY_NAMES),
        booked_at=now,
        first_slot_at=starts_at,
    )
    taken = Range(starts_at, ends_at + timedelta(minutes=BUFFER_AFTER_MINUTES))
    try:
        async with transaction():
            await appointment.save(force_create=True)
            for resource in (agent_resource(desk.agent_id), kiosk_resource(booth.kiosk_id)):
                if not await claim(resource, taken, appointment.id):
                    raise Taken
            await write_down(appointment, before=None, actor=Actor(ActorKind.SYSTEM, "demo"), now=now)
    except Taken:
        return  # somebody has booked this time: it stays theirs


class Taken(Exception):
    """Part of the time is somebody else's; ends the transaction."""
