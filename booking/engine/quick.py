"""The usual search, at kiosks and without shared rooms: agents are asked one after another until there are enough.

What a start can still take is the lesser of the free kiosks and the free agents, and a house has few kiosks: a handful
of agents answers, whatever their number. The others' time is only read when that handful was not enough.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from booking.engine.availability import DAY, Agenda, Interval, Seat, ZoneSpans, full_days, house_starts, places_left
from booking.engine.kept import Kept
from booking.engine.offer import ServiceRules, SitePlace, agent_resource, kiosk_resource
from booking.engine.searching import NEARBY, Search, Taken
from booking.engine.working_time import AgentTime

# So many agents are asked first.
CREW = 12
# So many starts of a house are tried for its first free one before looking further.
TRIES = 4


async def quick_starts(
    search: Search, places: Sequence[SitePlace], low: int, high: int, *, first_only: bool = False
) -> dict[str, list[tuple[int, int]]]:
    """Return (start, remaining) of what can be booked in [low, high) at each house, by its id; one to three queries.

    With `first_only`, only each house's first.
    """
    found = grids(search.rules, places, low, high)
    wanted = {place_id: _within(grid, low, high) for place_id, grid in found.items()}
    asked = [at for grid in wanted.values() if grid for at in (grid[0], grid[-1])]
    if not asked:
        return {place.id: [] for place in places}
    window = min(asked), max(asked) + 1
    for crew in (search.agents[:CREW], search.agents[: 4 * CREW], search.agents):
        taken = await search.taken(places, *window, agents=crew)
        asking = _Asking(search, crew, taken, window)
        starts = {place.id: asking.starts(place, wanted[place.id], first_only=first_only) for place in places}
        if not asking.short or len(crew) == len(search.agents):
            break
    return starts


async def quick_first(search: Search, places: Sequence[SitePlace], low: int, high: int) -> dict[str, tuple[int, int]]:
    """Return the first (start, remaining) in [low, high) of each house that has one."""
    first: dict[str, tuple[int, int]] = {}
    tries = TRIES
    while low < high and len(first) < len(places):
        left = [place for place in places if place.id not in first]
        until = _far_enough(grids(search.rules, left, low, high).values(), tries, low, high)
        for site_id, found in (await quick_starts(search, left, low, until, first_only=True)).items():
            if found:
                first[site_id] = found[0]
        low, tries = until, tries * 4
    return first


class _Asking:
    """Asks some agents about starts, and remembers whether it needed more of them."""

    def __init__(self, search: Search, crew: Sequence[AgentTime], taken: Taken, window: Interval) -> None:
        self._search = search
        self._taken = taken
        self._spans = ZoneSpans(window[0] - NEARBY, window[1] + NEARBY)
        self._agendas: dict[tuple[str, str | None], Agenda] = {}
        self._crew = crew
        self.short = False

    def starts(self, place: SitePlace, grid: Sequence[int], *, first_only: bool) -> list[tuple[int, int]]:
        rules = self._search.rules.slots
        kiosks = [
            Seat(self._taken[kiosk_resource(kiosk.id)], kiosk.outages)
            for kiosk in place.kiosks_with(self._search.equipment)
        ]
        found: list[tuple[int, int]] = []
        for at in grid:
            seats, free = places_left(rules, at, kiosks, self._asked(place.id))
            self.short = self.short or free < seats
            if free:
                found.append((at, free))
                if first_only:
                    break
        return found

    def _asked(self, site_id: str) -> Iterator[Agenda]:
        """Yield one agent's agenda after another; most are never asked for theirs."""
        for agent in self._crew:
            key = agent.id, None if agent.same_everywhere else site_id
            agenda = self._agendas.get(key)
            if agenda is None:
                agenda = self._agendas[key] = self._agenda(agent, site_id)
            yield agenda

    def _agenda(self, agent: AgentTime, site_id: str) -> Agenda:
        busy = self._taken[agent_resource(agent.id)]
        full: Sequence[Interval] = ()
        if agent.daily_maximum is not None:
            full = full_days(self._search.rules.slots, self._spans.of(agent.timezone), busy, agent.daily_maximum)
        return Agenda(worked(self._search, agent, site_id, self._spans), busy, full)


def worked(search: Search, agent: AgentTime, site_id: str | None, spans: ZoneSpans) -> Sequence[Interval]:
    """Return when an agent works and can be reached from a house (None: from any, or from home)."""
    kept, window = search.rules.kept, agent.window
    if kept is None or window is None:
        return agent.working_within(spans, site_id)
    key = ("worked", agent.id, search.rules.id, None if agent.same_everywhere else site_id, window)
    return kept.work_out(key, lambda: agent.working_within(_spans(kept, window), site_id))


def grids(rules: ServiceRules, places: Sequence[SitePlace], low: int, high: int) -> dict[str, Sequence[int]]:
    """Return the starts that each house's opening hours allow in (at least) [low, high), by its id."""
    slots, kept = rules.slots, rules.kept
    found: dict[str, Sequence[int]] = {}
    known: dict[tuple[str, Interval], Sequence[int]] = kept.work_out(("starts", slots), dict) if kept else {}
    for place in places:
        window = place.window
        if window is None or low < window[0] or high + DAY > window[1]:
            open_ = place.open_within(ZoneSpans(low - NEARBY, high + NEARBY))
            found[place.id] = house_starts(slots, place.zone, open_, low, high)
            continue
        grid = known.get((place.id, window))
        if grid is None:
            open_ = place.open_within(_spans(kept, window))
            grid = known[place.id, window] = array("q", house_starts(slots, place.zone, open_, *window))
        found[place.id] = grid
    return found


def _spans(kept: Kept | None, window: Interval) -> ZoneSpans:
    return kept.work_out(("spans", window), lambda: ZoneSpans(*window)) if kept else ZoneSpans(*window)


def _within(grid: Sequence[int], low: int, high: int) -> Sequence[int]:
    return grid[bisect_left(grid, low) : bisect_left(grid, high)]


def _far_enough(grids: Iterable[Sequence[int]], tries: int, low: int, high: int) -> int:
    """Return until when to look so that half of the houses have so many starts to try."""
    ends = []
    for grid in grids:
        last = bisect_left(grid, low) + tries
        ends.append(grid[last] if last < len(grid) else high)
    return min(high, sorted(ends)[len(ends) // 2])
