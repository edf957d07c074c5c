"""Who, which kiosk and which room could take an appointment at a given start, in the order in which to ask them."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zlib import crc32

from booking.engine.availability import (
    Interval,
    ZoneSpans,
    contains,
    covers,
    instant,
    is_free,
    local_days,
    local_midnight,
    moment,
    possible_starts,
    starts_on_step,
)
from booking.engine.free import prepare
from booking.engine.loads import Loads, crews, loads_lately
from booking.engine.occupancies import Range
from booking.engine.offer import (
    HOME,
    KIOSK,
    KioskPlace,
    ServiceRules,
    SitePlace,
    agent_resource,
    kiosk_resource,
    room_resource,
    service_rules,
    site_place,
)
from booking.engine.quick import grids, worked
from booking.engine.search import alternatives
from booking.engine.searching import NEARBY, Search, Taken
from booking.engine.working_time import AgentTime
from booking.errors import (
    AudienceRefused,
    BeyondHorizon,
    ModeNotOffered,
    NeedNotMet,
    NoKioskInService,
    NoticeTooShort,
    ServiceNotOfferedHere,
    ServiceRetired,
    SiteClosed,
    SlotTaken,
    StartInThePast,
    StartNotOffered,
)
from booking.lifecycle import Actor, ActorKind
from booking.needs import equipment_for, unmet_needs

# Whom a service's audiences are about; an agent and the system always may.
_AUDIENCES = {ActorKind.CITIZEN: "citizen", ActorKind.STAFF: "staff", ActorKind.PARTNER: "partner"}


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
    mode: str = KIOSK
    # a hold of one's own, which does not stand in the way either
    holding: str | None = None
    # the notice that the service asks for was given earlier
    noticed: bool = False
    only_kiosk: str | None = None
    # right now, off the service's grid and without notice: who waits there is received by whoever is free
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Daily:
    """At most `maximum` of an agent's time may begin from `starts_at` to `ends_at` (half open, aware UTC)."""

    maximum: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a wish can go: agents, kiosks and rooms that looked free, the one to ask first at the front.

    `rooms` are those of the workplace where each agent is then; None when the appointment takes none.
    """

    wish: Wish
    rules: ServiceRules
    site: SitePlace
    search: Search
    agents: Sequence[str]
    kiosks: Sequence[str]
    rooms: Mapping[str, Sequence[str]] | None = None
    maxima: Mapping[str, Daily] = field(default_factory=dict)
    # what was thought of the agents' day, to be counted on once one of them has it
    hint: Loads | None = None

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


async def place(wish: Wish, *, now: datetime, tie: str, actor: Actor | None = None, hinted: bool = False) -> Placement:
    """Find who can take a wish. `tie` (an id) decides between equals, so that a crowd does not ask the same one first.

    With an actor, the service must be theirs to book. `hinted`: of many agents a dozen is enough (see `Loads`); who is
    outrun then has to ask everybody. Raises ServiceUnknown, SiteUnknown, a NotBookable that says why
    nobody ever could, or SlotTaken when everybody who could is taken.
    """
    rules = await service_rules(wish.service_id)
    at = instant(wish.start)
    site = await site_place(wish.site_id, at - NEARBY, at + NEARBY, kept=rules.kept)
    refuse_strangers(rules, wish, actor)
    refuse_unbookable(rules, site, wish, now)
    search = await prepare(
        rules, at - NEARBY, at + NEARBY, now=now, only=wish.only_agent, mode=wish.mode,
        equipment=equipment_for(wish.needs), holding=wish.holding, moving=wish.moving,
    )  # fmt: skip
    around = ZoneSpans(at - NEARBY, at + NEARBY)
    at_kiosk = wish.mode != HOME
    asked = site.kiosks_with(search.equipment) if at_kiosk else ()
    kiosks = [each for each in asked if wish.only_kiosk in (None, each.id) and _in_order(each, rules, at)]
    if at_kiosk and not kiosks:
        raise NoKioskInService(field="site", needs=list(wish.needs))
    day = _day(wish.start, site)
    hint = await loads_lately(search, day) if hinted else None

    def works(agent: AgentTime) -> bool:
        return _works(agent, search, site, at, around)

    for able in crews(search.agents, works, hint, lot=_lot("", tie), rather=wish.rather_agent):
        if not able:
            raise StartNotOffered(field="start")
        taken = await search.taken([site], min(at, day[0]), max(at, day[1]), agents=able)
        rooms = _rooms(able, search, site, at, around, taken, tie)
        agents = [agent for agent in able if _can(agent, search, site, at, around, taken, rooms)]
        free_kiosks = [kiosk for kiosk in kiosks if _free(taken[kiosk_resource(kiosk.id)], rules, at)]
        if agents or (at_kiosk and not free_kiosks):
            break
    if not agents or (at_kiosk and not free_kiosks):
        raise await slot_taken(wish, now)
    loads = {each.id: sum(day[0] <= low < day[1] for low, _ in taken[agent_resource(each.id)]) for each in agents}
    return Placement(
        wish,
        rules,
        site,
        search,
        _agents_in_order(loads, wish, tie),
        _kiosks_in_order(free_kiosks, wish, tie),
        rooms,
        _maxima(agents, rules, at, around),
        hint,
    )


async def slot_taken(wish: Wish, now: datetime) -> SlotTaken:
    """Return the refusal of a wish with what to offer instead."""
    if wish.at_once:
        return SlotTaken(alternatives=[])
    offered = await alternatives(
        now=now,
        service_id=wish.service_id,
        site_id=wish.site_id,
        start=wish.start,
        needs=wish.needs,
        mode=wish.mode,
        holding=wish.holding,
    )
    return SlotTaken(alternatives=offered)


def refuse_strangers(rules: ServiceRules, wish: Wish, actor: Actor | None) -> None:
    """Raise AudienceRefused, ModeNotOffered or NeedNotMet when a service is not for this actor, place or need."""
    audience = _AUDIENCES.get(actor.kind) if actor is not None else None
    if audience is not None and audience not in rules.audiences:
        raise AudienceRefused(field="service", audiences=sorted(rules.audiences))
    if wish.mode not in rules.modes:
        raise ModeNotOffered(field="mode", mode=wish.mode)
    if unmet := unmet_needs(wish.needs, meets=rules.meets_needs, languages=rules.languages):
        raise NeedNotMet(field="needs", needs=unmet)


def refuse_unbookable(rules: ServiceRules, site: SitePlace, wish: Wish, now: datetime) -> None:
    """Raise the NotBookable that says why nobody could book this start at this house, if there is a reason."""
    start = wish.start
    if rules.retired:
        raise ServiceRetired(field="service")
    if not rules.offered_in(site.department):
        raise ServiceNotOfferedHere(field="site")
    if not site.active:
        raise SiteClosed(field="site")
    if wish.at_once:
        _refuse_closed(rules, site, wish)
        return
    if start <= now:
        raise StartInThePast(field="start")
    if not wish.noticed and start < now + timedelta(seconds=rules.notice):
        raise NoticeTooShort(field="start", minutes=rules.notice // 60)
    if start > now + timedelta(days=rules.horizon_days):
        raise BeyondHorizon(field="start", days=rules.horizon_days)
    at = instant(start)
    if start == moment(at) and wish.mode != HOME and site.kiosks and _on_grid(rules, site, at):
        return
    if start != moment(at) or not starts_on_step(site.zone, rules.slots.step, at, at + 1):
        raise StartNotOffered(field="start")
    _refuse_closed(rules, site, wish)


def _on_grid(rules: ServiceRules, site: SitePlace, at: int) -> bool:
    """Tell whether the starts that are kept of a house have this one: on the service's step, and the house is open."""
    grid = grids(rules, [site], at, at + 1)[site.id]
    found = bisect_left(grid, at)
    return found < len(grid) and grid[found] == at


def _refuse_closed(rules: ServiceRules, site: SitePlace, wish: Wish) -> None:
    at = instant(wish.start)
    if wish.mode == HOME:
        return
    if not contains(possible_starts(rules.slots, site.open_within(ZoneSpans(at - NEARBY, at + NEARBY)), ()), at):
        raise SiteClosed(field="start")
    if not site.kiosks:
        raise NoKioskInService(field="site", needs=[])


def _day(start: datetime, site: SitePlace) -> tuple[int, int]:
    day = start.astimezone(site.zone).date()
    return local_midnight(day, site.zone), local_midnight(day + timedelta(days=1), site.zone)


def _workplace(
    agent: AgentTime, search: Search, site: SitePlace, at: int, around: ZoneSpans
) -> tuple[bool, str | None]:
    """Return whether an agent works throughout an appointment at `at`, and where."""
    reached_from = None if search.mode == HOME else site.id
    if search.rooms is None:
        return covers(worked(search, agent, reached_from, around), at, at + search.rules.slots.duration), None
    stays = agent.stays_within(around, reached_from)
    for workplace, there in stays.items():
        if workplace in search.rooms and contains(possible_starts(search.rules.slots, there, ()), at):
            return True, workplace
    return False, None


def _works(agent: AgentTime, search: Search, site: SitePlace, at: int, around: ZoneSpans) -> bool:
    return _workplace(agent, search, site, at, around)[0]


def _rooms(
    able: Collection[AgentTime], search: Search, site: SitePlace, at: int, around: ZoneSpans, taken: Taken, tie: str
) -> dict[str, Sequence[str]] | None:
    """Return the free rooms for each agent, the same list for those who are at the same workplace."""
    if search.rooms is None:
        return None
    free = {
        workplace: sorted(
            (room for room in rooms if _free(taken[room_resource(room)], search.rules, at)),
            key=lambda room: _lot(room, tie),
        )
        for workplace, rooms in search.rooms.items()
    }
    return {agent.id: free[str(_workplace(agent, search, site, at, around)[1])] for agent in able}


def _can(
    agent: AgentTime, search: Search, site: SitePlace, at: int, around: ZoneSpans, taken: Taken,
    rooms: Mapping[str, Sequence[str]] | None,
) -> bool:  # fmt: skip
    if not _free(taken[agent_resource(agent.id)], search.rules, at) or (rooms is not None and not rooms[agent.id]):
        return False
    if agent.daily_maximum is None:
        return True
    return not contains(search.clerk(agent, site.id, around, taken).full, at)


def _in_order(kiosk: KioskPlace, rules: ServiceRules, at: int) -> bool:
    return all(at + rules.slots.duration <= low or high <= at for low, high in kiosk.outages)


def _free(busy: Sequence[Interval], rules: ServiceRules, at: int) -> bool:
    slots = rules.slots
    return is_free(busy, at - slots.buffer_before, at + slots.duration + slots.buffer_after)


def _maxima(agents: Collection[AgentTime], rules: ServiceRules, at: int, around: ZoneSpans) -> dict[str, Daily]:
    """Return the day on which the start counts for each agent who has a daily maximum."""
    counted = at - rules.slots.buffer_before
    maxima = {}
    for agent in agents:
        if agent.daily_maximum is not None:
            days = local_days(around.of(agent.timezone)).values()
            low, high = next((low, high) for low, high in days if low <= counted < high)
            maxima[agent.id] = Daily(agent.daily_maximum, moment(low), moment(high))
    return maxima


def _agents_in_order(loads: Mapping[str, int], wish: Wish, tie: str) -> list[str]:
    """The wished-for agent first, then the least loaded that day."""
    return sorted(loads, key=lambda agent: (agent != wish.rather_agent, loads[agent], _lot(agent, tie)))


def _kiosks_in_order(kiosks: Collection[KioskPlace], wish: Wish, tie: str) -> list[str]:
    """The wished-for kiosk first, then those with the least equipment that nobody asked for."""
    ordered = sorted(
        kiosks, key=lambda kiosk: (kiosk.id != wish.rather_kiosk, len(kiosk.equipment), _lot(kiosk.id, tie))
    )
    return [kiosk.id for kiosk in ordered]


def _lot(identifier: str, tie: str) -> int:
    return crc32(f"{tie}{identifier}".encode())
