"""Without an appointment: somebody at a kiosk is received by the first agent who is free for a service.

One agent is rung after the other, for half a minute each, first come first served. Accepting writes an appointment that
begins at once, under the same constraint as every other. Everything is a row changed under a condition: `ring_all` may
run again at any time and in several processes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tortoise.exceptions import IntegrityError

from booking.engine.availability import instant
from booking.engine.offer import kiosk_resource, service_rules
from booking.engine.placement import Placement, Wish, place, refuse_strangers
from booking.engine.seating import SEAT_FIELDS, Outrun, seat
from booking.engine.taken import busy_intervals
from booking.errors import (
    KioskInUse,
    NoKioskInService,
    NotBookable,
    NoWalkIn,
    ServiceRetired,
    ServiceUnknown,
    SiteClosed,
    SiteUnknown,
    SlotTaken,
    WalkInImpossible,
    WalkInOver,
    WalkInUnknown,
)
from booking.events import (
    AppointmentBooked,
    AppointmentCheckedIn,
    AppointmentEvent,
    WalkInEnded,
    WalkInEvent,
    WalkInJoined,
    WalkInPassed,
    WalkInRung,
    WalkInServed,
)
from booking.lifecycle import Actor, ActorKind, Status
from booking.line import NowState, now_at, ready_agents
from booking.models import Appointment, WalkIn, WalkInPause
from booking.notifications.notices import Kind, plan_notices
from booking.passes import new_reference
from booking.record import ATTEMPTS, again_after_deadlock, event, move, write_down
from booking.schemas import Citizen
from teleconsult.database import new_id, transaction

WAITING, RINGING, SERVED, LEFT, LAPSED = "waiting", "ringing", "served", "left", "lapsed"
IN_LINE = (WAITING, RINGING)
RING_FOR = timedelta(seconds=30)
# When everybody was rung in vain, the first ones are rung again after this long.
AGAIN_AFTER = timedelta(minutes=2)
AT_ONCE = 200
CHANNEL = "walk_in"
# Who it was is forgotten as soon as the wait is over: only the appointment keeps it, if there is one.
_FORGOTTEN: dict[str, Any] = {
    "open_kiosk": None, "open_agent": None, "given_name": "", "family_name": "", "email": "", "phone": "", "needs": [],
}  # fmt: skip


class Over(StrEnum):
    """Why somebody waits no longer without having been received."""

    LEFT = "left"
    REMOVED = "removed"  # by an adviser
    CLOSED = "closed"  # the house closes
    KIOSK = "kiosk"  # the kiosk is booked, or does not work any more
    AWAY = "away"  # the kiosk was left


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody waits: their id, and what to publish."""

    id: str
    events: tuple[WalkInEvent, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """Somebody is received: their appointment, and what to publish."""

    appointment_id: str
    events: tuple[WalkInEvent | AppointmentEvent, ...]


async def join(
    *, now: datetime, service_id: str, kiosk_id: str, citizen: Citizen, actor: Actor, needs: Sequence[str] = ()
) -> Joined:
    """Wait at a kiosk for the first agent who is free for a service.

    Raises NoWalkIn (with why), KioskInUse, and what `refuse_strangers` does.
    """
    offered = await now_at(now=now, service_id=service_id, kiosk_id=kiosk_id, needs=needs)
    if offered is None or offered.state is not NowState.OPEN:
        raise NoWalkIn(why=str(offered.state) if offered else NowState.NOBODY.value)
    wish = Wish(service_id, "", now, tuple(needs), only_kiosk=kiosk_id, at_once=True)
    refuse_strangers(await service_rules(service_id), wish, actor)
    try:
        async with transaction():
            entry = await WalkIn.create(
                service_id=service_id, kiosk_id=kiosk_id, open_kiosk=kiosk_id, joined_at=now,
                given_name=citizen.given_name, family_name=citizen.family_name, email=citizen.email or "",
                phone=citizen.phone or "", language=citizen.language, needs=list(needs),
            )  # fmt: skip
    except IntegrityError:
        raise KioskInUse from None
    entry = await WalkIn.get(id=entry.id).select_related("kiosk")
    return Joined(entry.id, (_event(WalkInJoined, entry),))


async def end(*, walk_in_id: str, why: Over) -> Sequence[WalkInEvent]:
    """Take somebody off the queue, and forget who it was; again, or once they are received: nothing more happens.

    Raises WalkInUnknown.
    """
    entry = await _entry(walk_in_id)
    after = {"state": LEFT if why is Over.LEFT else LAPSED, "reason": why.value} | _FORGOTTEN
    if not await WalkIn.filter(id=walk_in_id, state__in=IN_LINE).update(**after):
        return []
    return [_event(WalkInEnded, entry)]


async def decline(*, walk_in_id: str, agent_id: str) -> Sequence[WalkInEvent]:
    """Let the next agent be rung. Raises WalkInUnknown."""
    return await _stop_ringing(await _entry(walk_in_id), agent_id)


async def accept(*, now: datetime, walk_in_id: str, agent_id: str) -> Served:
    """Receive somebody: an appointment that begins now, with its citizen checked in. Again, by the same: the same one.

    Whoever was rung may still accept as long as nobody else has. Raises WalkInUnknown (it never rang at this agent's),
    WalkInOver, WalkInImpossible.
    """
    entry = await _entry(walk_in_id)
    if entry.state == SERVED and entry.agent_id == agent_id and entry.appointment_id:
        return Served(entry.appointment_id, ())
    if agent_id != entry.open_agent and agent_id not in entry.passed:
        raise WalkInUnknown
    if entry.state not in IN_LINE:
        raise WalkInOver
    if agent_id not in await ready_agents([agent_id], now=now):
        raise WalkInImpossible
    try:
        placement = await _placement(entry, now, only_agent=agent_id)
        appointment = await _write(entry, placement, now)
    except (SlotTaken, NotBookable, ServiceUnknown, SiteUnknown, Outrun):
        if not await WalkIn.exists(id=walk_in_id, state__in=IN_LINE):
            raise WalkInOver from None  # it is a colleague who has the kiosk now
        raise WalkInImpossible from None
    served = _event(WalkInServed, entry, agent_id=agent_id, appointment_id=appointment.id)
    rest = [event(AppointmentBooked, appointment), event(AppointmentCheckedIn, appointment), served]
    if entry.open_agent and entry.open_agent != agent_id:
        rest.append(_event(WalkInPassed, entry))
    return Served(appointment.id, tuple(rest))


async def ring_all(*, now: datetime) -> list[WalkInEvent]:
    """Ring the first free agent for whoever waits, first come first served; return what to publish.

    Who did not answer in time is passed over, who cannot be received there any more waits no longer.
    """
    events: list[WalkInEvent] = []
    waiting = WalkIn.filter(open_kiosk__not_isnull=True).order_by("joined_at", "id").limit(AT_ONCE)
    for entry in await waiting.select_related("kiosk"):
        if entry.state == RINGING and entry.rung_at is not None and entry.rung_at > now - RING_FOR:
            continue
        if entry.state == RINGING:
            events += await _stop_ringing(entry, str(entry.open_agent))
        events += await _ring(entry, now)
    return events


async def pause(*, now: datetime, agent_id: str) -> Sequence[WalkInEvent]:
    """Ring this agent no more, until they say otherwise; who rings now goes to the next."""
    try:
        async with transaction():
            await WalkInPause.create(agent_id=agent_id, since=now)
    except IntegrityError:
        return []  # said before
    rings = await WalkIn.filter(open_agent=agent_id).select_related("kiosk")
    return [each for entry in rings for each in await _stop_ringing(entry, agent_id)]


async def resume(*, agent_id: str) -> None:
    """Ring this agent again."""
    await WalkInPause.filter(agent_id=agent_id).delete()


async def _entry(walk_in_id: str) -> WalkIn:
    entry = await WalkIn.get_or_none(id=walk_in_id).select_related("kiosk")
    if entry is None:
        raise WalkInUnknown
    return entry


def _event(kind: type[WalkInEvent], entry: WalkIn, **more: Any) -> Any:
    site_id: str = entry.kiosk.site_id  # type: ignore[attr-defined]
    return kind(**{
        "walk_in_id": entry.id, "site_id": site_id, "kiosk_id": entry.kiosk_id, "agent_id": entry.open_agent or "",
    } | more)  # fmt: skip


async def _placement(entry: WalkIn, now: datetime, *, only_agent: str | None = None) -> Placement:
    """Find who is free for somebody now, at their kiosk. Raises what `place` does."""
    wish = Wish(
        entry.service_id,
        entry.kiosk.site_id,  # type: ignore[attr-defined]
        now.replace(microsecond=0),
        tuple(entry.needs),
        only_agent=only_agent,
        only_kiosk=entry.kiosk_id,
        at_once=True,
    )
    return await place(wish, now=now, tie=entry.id)


async def _stop_ringing(entry: WalkIn, agent_id: str) -> list[WalkInEvent]:
    """Ring at an agent's no more, if it still does; `entry` follows."""
    passed = [*entry.passed, agent_id]
    rings = WalkIn.filter(id=entry.id, state=RINGING, open_agent=agent_id)
    if not await rings.update(state=WAITING, open_agent=None, agent_id=None, passed=passed):
        return []
    over = _event(WalkInPassed, entry, agent_id=agent_id)
    entry.update_from_dict({"state": WAITING, "open_agent": None, "agent_id": None, "passed": passed})
    return [over]


async def _ring(entry: WalkIn, now: datetime) -> list[WalkInEvent]:
    """Ring the first agent who is free for somebody who waits, or take them off a queue that nobody can serve."""
    try:
        found = await _placement(entry, now)
    except (SiteClosed, ServiceRetired):
        return list(await end(walk_in_id=entry.id, why=Over.CLOSED))
    except NoKioskInService:
        return list(await end(walk_in_id=entry.id, why=Over.KIOSK))
    except SlotTaken:
        return list(await end(walk_in_id=entry.id, why=Over.KIOSK)) if await _booked_soon(entry, now) else []
    except NotBookable:
        return []  # nobody is on duty at the moment
    ready = await ready_agents(found.agents, now=now)
    free = [agent for agent in found.agents if agent in ready]
    fresh = [agent for agent in free if agent not in entry.passed]
    if not fresh and entry.rung_at is not None and entry.rung_at <= now - AGAIN_AFTER:
        fresh = free
    for agent in fresh:
        if await _begin_ringing(entry, agent, now):
            return [_event(WalkInRung, entry, agent_id=agent)]
    return []


async def _begin_ringing(entry: WalkIn, agent_id: str, now: datetime) -> bool:
    passed = [each for each in entry.passed if each != agent_id]
    try:
        async with transaction():
            waits = WalkIn.filter(id=entry.id, state=WAITING)
            rung = await waits.update(state=RINGING, agent_id=agent_id, open_agent=agent_id, rung_at=now, passed=passed)
    except IntegrityError:
        return False  # it rings there for somebody else
    return bool(rung)


async def _booked_soon(entry: WalkIn, now: datetime) -> bool:
    """Whether the kiosk is booked before an appointment that begins now would be over."""
    rules = (await service_rules(entry.service_id)).slots
    at = instant(now)
    until = at + rules.duration + rules.buffer_after
    resource = kiosk_resource(entry.kiosk_id)
    taken = await busy_intervals([resource], at, until, now=now)
    return any(at < low < until for low, _ in taken[resource])


async def _write(entry: WalkIn, placement: Placement, now: datetime) -> Appointment:
    """Write the appointment, with another reference if the one drawn is taken. Raises Outrun, WalkInOver."""
    for attempt in range(ATTEMPTS):
        appointment = Appointment(
            id=new_id(), reference=new_reference(), service_id=entry.service_id, site_id=placement.site.id,
            status=Status.BOOKED, channel=CHANNEL, given_name=entry.given_name, family_name=entry.family_name,
            email=entry.email, phone=entry.phone, language=entry.language, needs=list(entry.needs), booked_at=now,
            starts_at=placement.starts_at, ends_at=placement.ends_at,
            agent_id=placement.agents[0], kiosk_id=placement.kiosks[0],
        )  # fmt: skip
        try:
            await again_after_deadlock(lambda: _serve(entry, appointment, placement, now))  # noqa: B023 - awaited here
        except IntegrityError:
            taken = await Appointment.filter(reference=appointment.reference).exists()
            if not taken or attempt == ATTEMPTS - 1:
                raise
        else:
            break
    return appointment


async def _serve(entry: WalkIn, appointment: Appointment, placement: Placement, now: datetime) -> None:
    appointment.status = Status.BOOKED
    async with transaction():
        await appointment.save(force_create=True)
        after = _FORGOTTEN | {"state": SERVED, "appointment_id": appointment.id, "agent_id": appointment.agent_id}
        if not await WalkIn.filter(id=entry.id, state__in=IN_LINE).update(**after):
            raise WalkInOver
        await seat(appointment, placement, now)
        await appointment.save(update_fields=list(SEAT_FIELDS))
        agent = Actor(ActorKind.AGENT, appointment.agent_id)
        await write_down(appointment, before=None, actor=agent, now=now)
        await plan_notices(appointment=appointment, kind=Kind.INVITATION, now=now)
        await move(appointment, Status.CHECKED_IN, actor=Actor(ActorKind.SYSTEM, CHANNEL), now=now, checked_in_at=now)
