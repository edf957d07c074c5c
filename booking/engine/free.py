"""Which starts are free: the offer and what is taken, brought together, by a few queries for any number of houses."""

from collections.abc import Sequence
from datetime import datetime

from booking.engine.availability import DAY, Seat, ZoneSpans, instant, slot_starts
from booking.engine.offer import (
    HOME,
    KIOSK,
    ServiceRules,
    SitePlace,
    agents_of,
    kiosk_resource,
    room_resource,
    rooms_of,
)
from booking.engine.quick import quick_first, quick_starts
from booking.engine.searching import NEARBY, Search, Taken

# Most first slots are near: look this far first, then further and further.
FIRST_WINDOW = 4 * DAY


async def prepare(
    rules: ServiceRules, low: int, high: int, *, now: datetime, only: str | None = None, mode: str = KIOSK,
    equipment: frozenset[str] = frozenset(), holding: str | None = None, moving: str | None = None,
) -> Search:  # fmt: skip
    """Return a search of a service in [low, high), with its agents (or `only` one of them) and rooms."""
    agents = await agents_of(rules, low, high + DAY, only=only)
    rooms = await rooms_of(rules) if rules.requires_room else None
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
    """Return (start, remaining) of what can be booked in [low, high) at each house, by its id. One or two queries."""
    if search.rooms is None and search.mode != HOME:
        return await quick_starts(search, places, low, high)
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
    if search.rooms is None and search.mode != HOME:
        return await quick_first(search, places, low, high)
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
