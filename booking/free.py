"""Which starts are free: the offer and what is taken, brought together, by a few queries for any number of houses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from booking.availability import DAY, Clerk, Seat, ZoneSpans, full_days, instant, slot_starts
from booking.offer import (
    HOME,
    KIOSK,
    ServiceRules,
    SitePlace,
    agent_resource,
    agents_of,
    kiosk_resource,
    room_resource,
    rooms_of,
)
from booking.taken import busy_intervals
from booking.working_time import AgentTime

# Most first slots are near: look this far first, then further and further.
FIRST_WINDOW = 4 * DAY
# A local day that an instant is in begins and ends less than this away, even when the clock is set back.
NEARBY = 2 * DAY

Taken = Mapping[str, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for: a service, who provides it and in which rooms (None: it takes none), as of `now`.

    `mode`: at a kiosk with `equipment`, or at home. `moving`, `holding`: an appointment and a hold that do not count.
    """

    rules: ServiceRules
    agents: Sequence[AgentTime]
    rooms: Mapping[str, Sequence[str]] | None
    now: datetime
    equipment: frozenset[str] = frozenset()
    mode: str = KIOSK
    moving: str | None = None
    holding: str | None = None

    async def taken(self, places: Sequence[SitePlace], low: int, high: int) -> Taken:
        """Return what is taken, in and around [low, high), of everything that the search could use at some houses."""
        margin = self.rules.slots.duration + self.rules.slots.buffer_before + self.rules.slots.buffer_after
        if any(agent.daily_maximum is not None for agent in self.agents):
            margin = NEARBY
        names = [agent_resource(agent.id) for agent in self.agents]
        names.extend(room_resource(room) for rooms in (self.rooms or {}).values() for room in rooms)
        if self.mode != HOME:
            names.extend(kiosk_resource(kiosk.id) for place in places for kiosk in place.kiosks_with(self.equipment))
        return await busy_intervals(
            names, low - margin, high + margin, now=self.now, moving=self.moving, holding=self.holding
        )

    def clerk(self, agent: AgentTime, site_id: str, spans: ZoneSpans, taken: Taken) -> Clerk:
        """Return when an agent can take the service's appointments at a house."""
        busy = taken[agent_resource(agent.id)]
        stays = agent.stays_within(spans, None if self.mode == HOME else site_id)
        return Clerk(stays, busy, full_days(self.rules.slots, spans.of(agent.timezone), busy, agent.daily_maximum))


async def prepare(
    rules: ServiceRules, low: int, high: int, *, now: datetime, only: str | None = None, mode: str = KIOSK,
    equipment: frozenset[str] = frozenset(), holding: str | None = None, moving: str | None = None,
) -> Search:  # fmt: skip
    """Return a search of a service in [low, high), with its agents (or `only` one of them) and rooms."""
    agents = await agents_of(rules.id, low, high + DAY, only=only)
    rooms = await rooms_of(rules.organisation_id) if rules.requires_room else None
    return Search(
        rules=rules, agents=agents, rooms=rooms, now=now, equipment=equipment, mode=mode, holding=holding, moving=moving
    )


def bookable_window(rules: ServiceRules, now: datetime, start: int, end: int) -> tuple[int, int]:
    """Return the part of [start, end) that notice and horizon leave, as (low, high); empty when low >= high."""
    at = instant(now)
    return max(start, at + rules.notice), min(end, at + rules.horizon_days * DAY + 1)


async def starts_at_sites(
    search: Search, places: Sequence[SitePlace], low: int, high: int
) -> dict[str, list[tuple[int, int]]]:
    """Return (start, remaining) of what can be booked in [low, high) at each house, by its id. One query."""
    taken = await search.taken(places, low, high)
    around = ZoneSpans(low - NEARBY, high + NEARBY)
    # whom every house reaches alike is worked out once
    shared = {
        agent.id: search.clerk(agent, "", around, taken)
        for agent in search.agents
        if agent.same_everywhere or search.mode == HOME
    }
    rooms = None
    if search.rooms is not None:
        rooms = {
            workplace: [Seat(taken[room_resource(room)]) for room in rooms] for workplace, rooms in search.rooms.items()
        }
    found = {}
    for place in places:
        at_kiosk = search.mode != HOME
        found[place.id] = slot_starts(
            search.rules.slots,
            place.zone,
            site_open=place.open_within(around) if at_kiosk else None,
            kiosks=_seats(search, place, taken) if at_kiosk else None,
            clerks=[shared.get(agent.id) or search.clerk(agent, place.id, around, taken) for agent in search.agents],
            rooms=rooms,
            start=low,
            end=high,
        )
    return found


def _seats(search: Search, place: SitePlace, taken: Taken) -> list[Seat]:
    return [Seat(taken[kiosk_resource(kiosk.id)], kiosk.outages) for kiosk in place.kiosks_with(search.equipment)]


async def first_starts(search: Search, places: Sequence[SitePlace], low: int, high: int) -> dict[str, tuple[int, int]]:
    """Return the first (start, remaining) of each house that has one; look further for those that have none yet."""
    first: dict[str, tuple[int, int]] = {}
    window = FIRST_WINDOW
    while low < high and len(first) < len(places):
        until = min(high, low + window)
        left = [place for place in places if place.id not in first]
        for site_id, found in (await starts_at_sites(search, left, low, until)).items():
            if found:
                first[site_id] = found[0]
        low, window = until, window * 2
    return first
