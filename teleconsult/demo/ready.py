"""One appointment that can be checked in and called right now, at any hour of any day, for whoever tries the service.

It goes through the same tables and constraints as every other, though outside opening hours. While nobody uses it, it
moves along with the clock and keeps its reference; once it is used it is an appointment like the others, and the next
one is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from booking.engine.occupancies import Range, claim, release
from booking.engine.offer import agent_resource, kiosk_resource
from booking.lifecycle import CHECK_IN_AFTER, CHECK_IN_BEFORE, Actor, ActorKind, Outcome, Status
from booking.models import Appointment, Kiosk, Occupancy
from booking.passes import new_reference, shown_reference
from booking.record import locked, move, write_down
from teleconsult.clock import utcnow
from teleconsult.database import new_id, transaction
from teleconsult.demo.counter import keep_open
from teleconsult.demo.houses import DEMO_HOUSE
from teleconsult.demo.people import AGENT_EMAIL
from teleconsult.demo.places import Booth, Desk, offered_places, working_desks
from teleconsult.web.live import LIVE

KEEP_SECONDS = 30.0
CHANNEL = "demo"
LENGTH = timedelta(minutes=15)
GRID = timedelta(minutes=5)
# It moves on while a citizen who has just read its reference still has this long to check in.
MARGIN = timedelta(minutes=5)
# What nobody closed after this long was left behind by somebody who tried the service and went away.
LEFT_BEHIND = timedelta(hours=3)
SYSTEM = Actor(ActorKind.SYSTEM, "demo")
GIVEN_NAME, FAMILY_NAME = "Claude", "Martin"


@dataclass(frozen=True)
class Kept:
    """The appointment that is ready, and whether it has just been made or moved."""

    appointment: Appointment
    changed: bool


class NoRoom(Exception):
    """The agent's or the kiosk's time is taken; ends the transaction."""


async def keep_one_ready(app: web.Application) -> None:
    """Do it now and tell the boards (a tick)."""
    await keep_open(utcnow())
    kept = await keep_ready(utcnow())
    if kept is None or not kept.changed:
        return
    data = {"appointment": kept.appointment.id, "status": str(kept.appointment.status)}
    for topic in (f"agent:{kept.appointment.agent_id}", f"site:{kept.appointment.site_id}"):
        app[LIVE].publish(topic, "agenda", data)


async def keep_ready(now: datetime) -> Kept | None:
    """Make sure that an appointment of the demonstration's agent at its kiosk can be checked in at `now`.

    Returns it, or None when the agent and the kiosk are taken all around `now` (by appointments that can be checked in
    themselves) or the demonstration's agent or house is no longer there.
    """
    await _close_left_behind(now)
    await _free_what_is_over(now)
    desk = next((desk for desk in await working_desks() if desk.email == AGENT_EMAIL), None)
    place = next((place for place in await offered_places() if place.external_id == DEMO_HOUSE), None)
    if desk is None or not desk.services or place is None or not place.booths:
        return None
    waiting = await Appointment.filter(channel=CHANNEL, status=Status.BOOKED).order_by("-starts_at").first()
    if waiting is not None and _fits(waiting, now):
        return Kept(waiting, changed=False)
    for start in candidate_starts(now):
        try:
            return Kept(await _place(waiting, desk, place.booths[0], start, now), changed=True)
        except NoRoom:
            continue
    return None


async def ready_reference(site_id: str) -> str | None:
    """Return the reference (ABC-DEF) of what can be checked in at a house right now, None if that is nothing."""
    now = utcnow()
    booked = Appointment.filter(channel=CHANNEL, status=Status.BOOKED, site_id=site_id)
    found = await booked.order_by("-starts_at").first()
    return shown_reference(found.reference) if found is not None and can_check_in(found.starts_at, now) else None


async def ready_kiosk() -> str | None:
    """Return the id of the kiosk at which to try the demonstration, None before an appointment is ready in its house.

    It is the house's last one: the appointment that is ready comes along to it, and nothing else is booked there, so
    that somebody can be received without an appointment as well.
    """
    found = await Appointment.filter(channel=CHANNEL).order_by("-starts_at").first()
    if found is None:
        return None
    kiosk = await Kiosk.filter(site_id=found.site_id, in_service=True).order_by("-name", "-id").first()
    return kiosk.id if kiosk is not None else None


def can_check_in(starts_at: datetime, now: datetime) -> bool:
    """Whether an appointment that begins at `starts_at` can be checked in at `now`."""
    return starts_at - CHECK_IN_BEFORE <= now <= starts_at + CHECK_IN_AFTER


def candidate_starts(now: datetime) -> Iterator[datetime]:
    """Yield the starts that can be checked in at `now` and for a while after it: the next one on the grid first."""
    first = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0) + GRID
    ahead = 0
    while (start := first + ahead * GRID) <= now + CHECK_IN_BEFORE:
        yield start
        ahead += 1
    yield first - GRID


def _fits(appointment: Appointment, now: datetime) -> bool:
    return can_check_in(appointment.starts_at, now) and now <= appointment.starts_at + CHECK_IN_AFTER - MARGIN


async def _place(waiting: Appointment | None, desk: Desk, booth: Booth, start: datetime, now: datetime) -> Appointment:
    """Write the appointment at `start`, in one transaction. Raises NoRoom."""
    async with transaction():
        current = await _movable(waiting)
        appointment = current or _new(desk, booth, now)
        appointment.starts_at, appointment.ends_at, appointment.booked_at = start, start + LENGTH, now
        await appointment.save(force_create=current is None)
        await release(appointment.id)
        for resource in (agent_resource(appointment.agent_id), kiosk_resource(str(appointment.kiosk_id))):
            if not await claim(resource, Range(start, start + LENGTH), appointment.id):
                raise NoRoom
        if current is None:
            await write_down(appointment, before=None, actor=SYSTEM, now=now)
    return appointment


async def _movable(waiting: Appointment | None) -> Appointment | None:
    """Return the appointment to move, locked, unless somebody has just begun to use it."""
    if waiting is None:
        return None
    current = await locked(waiting.id)
    return current if current.status == Status.BOOKED else None


def _new(desk: Desk, booth: Booth, now: datetime) -> Appointment:
    return Appointment(
        id=new_id(),
        reference=new_reference(),
        service_id=desk.services[-1].id,
        site_id=booth.site_id,
        kiosk_id=booth.kiosk_id,
        agent_id=desk.agent_id,
        status=Status.BOOKED,
        channel=CHANNEL,
        given_name=GIVEN_NAME,
        family_name=FAMILY_NAME,
        booked_at=now,
    )


async def _close_left_behind(now: datetime) -> None:
    """Close what was checked in or called hours ago and never closed."""
    stale = Appointment.filter(
        channel=CHANNEL, status__in=[Status.CHECKED_IN, Status.IN_CALL], ends_at__lt=now - LEFT_BEHIND
    )
    for identity in await stale.values_list("id", flat=True):
        async with transaction():
            appointment = await locked(str(identity))
            if appointment.status in (Status.CHECKED_IN, Status.IN_CALL):
                changes = {"outcome": Outcome.TECHNICAL_FAILURE, "closed_at": now}
                await move(appointment, Status.COMPLETED, actor=SYSTEM, now=now, reason="left behind", **changes)


async def _free_what_is_over(now: datetime) -> None:
    """Give back what is left of the time of appointments that were closed early: the next can be tried at once."""
    closed = Appointment.filter(
        channel=CHANNEL, status__in=[Status.COMPLETED, Status.NO_SHOW], ends_at__gt=now - LEFT_BEHIND
    )
    left = Occupancy.filter(appointment_id__in=await closed.values_list("id", flat=True), ends_at__gt=now)
    await left.filter(starts_at__gte=now).delete()
    await left.filter(starts_at__lt=now).update(ends_at=now)
