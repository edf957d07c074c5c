"""Who and which kiosk could take an appointment at a given start, in the order in which to ask them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from booking.availability import (
    DAY,
    Interval,
    ZoneSpans,
    contains,
    instant,
    local_midnight,
    moment,
    possible_starts,
    starts_on_step,
)
from booking.errors import (
    BeyondHorizon,
    NoKioskInService,
    NoticeTooShort,
    ServiceNotOfferedHere,
    ServiceRetired,
    SiteClosed,
    SlotTaken,
    StartInThePast,
    StartNotOffered,
)
from booking.needs import equipment_for
from booking.occupancies import Range, claim_first
from booking.offer import (
    AgentTime,
    KioskPlace,
    ServiceRules,
    SitePlace,
    agent_resource,
    agents_of,
    busy_intervals,
    kiosk_resource,
    resources_of,
    service_rules,
    site_place,
)
from booking.search import alternatives


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: a service at a house at a start, perhaps with one agent only, or with one if possible."""

    service_id: str
    site_id: str
    start: datetime
    needs: tuple[str, ...] = ()
    only_agent: str | None = None
    rather_agent: str | None = None
    rather_kiosk: str | None = None
    # the appointment that moves: what it takes now does not stand in its own way
    moving: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a wish can go: agents and kiosks that looked free, the one to ask first at the front."""

    wish: Wish
    rules: ServiceRules
    site: SitePlace
    everyone: Sequence[AgentTime]
    agents: Sequence[str]
    kiosks: Sequence[str]

    @property
    def starts_at(self) -> datetime:
        return moment(instant(self.wish.start))

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(seconds=self.rules.slots.duration)

    @property
    def taken(self) -> Range:
        """The time it takes, with its buffers."""
        return Range(
            self.starts_at - timedelta(seconds=self.rules.slots.buffer_before),
            self.ends_at + timedelta(seconds=self.rules.slots.buffer_after),
        )


async def place(wish: Wish, *, now: datetime, tie: str) -> Placement:
    """Find who can take a wish. `tie` (an id) decides between equals, so that a crowd does not ask the same one first.

    Raises ServiceUnknown, SiteUnknown, a NotBookable that says why nobody ever could, or SlotTaken when everybody who
    could is taken.
    """
    rules = await service_rules(wish.service_id)
    at = instant(wish.start)
    site = await site_place(wish.site_id, at - DAY, at + DAY)
    day_start, day_end = _day(wish.start, site)
    refuse_unbookable(rules, site, wish.start, now)
    everyone = await agents_of(wish.service_id, day_start - DAY, day_end + DAY)
    able = [agent for agent in everyone if wish.only_agent in (None, agent.id) and _works(agent, rules, at)]
    kiosks = site.kiosks_with(equipment_for(wish.needs))
    if not kiosks:
        raise NoKioskInService(field="site", needs=list(wish.needs))
    if not able:
        raise StartNotOffered(field="start")
    busy = await busy_intervals(resources_of(able, [site]), day_start, day_end, but=wish.moving)
    agents = [agent for agent in able if _free(busy[agent_resource(agent.id)], rules, at)]
    free_kiosks = [kiosk for kiosk in kiosks if _free(busy[kiosk_resource(kiosk.id)], rules, at)]
    if not agents or not free_kiosks:
        raise await slot_taken(wish, now)
    return Placement(
        wish, rules, site, everyone, _agents_in_order(agents, busy, wish, tie), _kiosks_in_order(free_kiosks, wish, tie)
    )


async def slot_taken(wish: Wish, now: datetime) -> SlotTaken:
    """Return the refusal of a wish with what to offer instead."""
    offered = await alternatives(
        now=now, service_id=wish.service_id, site_id=wish.site_id, start=wish.start, needs=wish.needs
    )
    return SlotTaken(alternatives=offered)


def refuse_unbookable(rules: ServiceRules, site: SitePlace, start: datetime, now: datetime) -> None:
    """Raise the NotBookable that says why nobody could book this start at this house, if there is a reason."""
    if rules.retired:
        raise ServiceRetired(field="service")
    if not rules.offered_in(site.department):
        raise ServiceNotOfferedHere(field="site")
    if not site.active:
        raise SiteClosed(field="site")
    if start <= now:
        raise StartInThePast(field="start")
    if start < now + timedelta(seconds=rules.notice):
        raise NoticeTooShort(field="start", minutes=rules.notice // 60)
    if start > now + timedelta(days=rules.horizon_days):
        raise BeyondHorizon(field="start", days=rules.horizon_days)
    at = instant(start)
    if start != moment(at) or not starts_on_step(site.zone, rules.slots.step, at, at + 1):
        raise StartNotOffered(field="start")
    if not contains(possible_starts(rules.slots, site.open_within(ZoneSpans(at - DAY, at + DAY)), ()), at):
        raise SiteClosed(field="start")
    if not site.kiosks:
        raise NoKioskInService(field="site", needs=[])


class Outrun(Exception):
    """Everybody who looked free was taken meanwhile. Leaves the transaction, which takes all it wrote with it."""


async def claim_placement(placement: Placement, appointment_id: str) -> tuple[str, str]:
    """Take an agent and a kiosk for an appointment and return their ids. Call in a transaction. Raises Outrun."""
    agents = {agent_resource(each): each for each in placement.agents}
    kiosks = {kiosk_resource(each): each for each in placement.kiosks}
    agent = await claim_first(agents, placement.taken, appointment_id)
    kiosk = await claim_first(kiosks, placement.taken, appointment_id) if agent is not None else None
    if agent is None or kiosk is None:
        raise Outrun
    return agents[agent], kiosks[kiosk]


def _day(start: datetime, site: SitePlace) -> tuple[int, int]:
    day = start.astimezone(site.zone).date()
    return local_midnight(day, site.zone), local_midnight(day + timedelta(days=1), site.zone)


def _works(agent: AgentTime, rules: ServiceRules, at: int) -> bool:
    return contains(possible_starts(rules.slots, agent.working_within(ZoneSpans(at - DAY, at + DAY)), ()), at)


def _free(busy: Sequence[Interval], rules: ServiceRules, at: int) -> bool:
    return contains(possible_starts(rules.slots, [(at, at + rules.slots.duration)], busy), at)


def _agents_in_order(agents: Collection[AgentTime], busy: dict[str, list[Interval]], wish: Wish, tie: str) -> list[str]:
    """The wished-for agent first, then the least loaded that day."""
    ordered = sorted(
        agents,
        key=lambda agent: (agent.id != wish.rather_agent, len(busy[agent_resource(agent.id)]), _lot(agent.id, tie)),
    )
    return [agent.id for agent in ordered]


def _kiosks_in_order(kiosks: Collection[KioskPlace], wish: Wish, tie: str) -> list[str]:
    """The wished-for kiosk first, then those with the least equipment that nobody asked for."""
    ordered = sorted(
        kiosks, key=lambda kiosk: (kiosk.id != wish.rather_kiosk, len(kiosk.equipment), _lot(kiosk.id, tie))
    )
    return [kiosk.id for kiosk in ordered]


def _lot(identifier: str, tie: str) -> int:
    return crc32(f"{tie}{identifier}".encode())
