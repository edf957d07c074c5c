"""How long somebody waits for an agent without an appointment: who comes before, and who is free when. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from booking.engine.availability import Interval, SlotRules, intersect, merge, possible_starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Somebody in the line: what their appointment takes, who could take it, and where. Instants are seconds.

    `agents`: when each who provides the service works and is reached from there; `house`: when it is open and the
    kiosk works; `kiosk`: when the kiosk is taken, buffers within.
    """

    rules: SlotRules
    agents: Mapping[str, Sequence[Interval]]
    house: Sequence[Interval]
    kiosk: Sequence[Interval] = ()


def turns_begin(now: int, line: Sequence[Turn], busy: Mapping[str, Sequence[Interval]]) -> list[int | None]:
    """Return when each of a line begins if all goes as planned, first come first served; None: nobody can tell.

    `busy`: when each agent is taken, buffers within. Whoever cannot be received keeps nobody waiting.
    """
    taken = {agent: list(intervals) for agent, intervals in busy.items()}
    begins: list[int | None] = []
    for turn in line:
        here = possible_starts(turn.rules, turn.house, turn.kiosk)
        found = [
            (begin, agent)
            for agent, worked in turn.agents.items()
            if (begin := _first(intersect(possible_starts(turn.rules, worked, taken.get(agent, ())), here), now))
            is not None
        ]
        if not found:
            begins.append(None)
            continue
        begin, agent = min(found)
        until = begin + turn.rules.duration + turn.rules.buffer_after
        taken[agent] = merge([*taken.get(agent, ()), (begin - turn.rules.buffer_before, until)])
        begins.append(begin)
    return begins


def _first(starts: Sequence[Interval], now: int) -> int | None:
    return next((max(low, now) for low, high in starts if high > now), None)
