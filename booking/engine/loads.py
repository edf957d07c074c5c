"""Who of many agents is likely to have the least to do on a day, so that a booking need not look at all of them.

A hint, read now and then and counted on with what this process books itself. It only says whom to ask first: what
those have that day is then read, and the least loaded of them who is free is chosen.
"""

from collections.abc import Callable, Iterator, Sequence

from booking.engine.availability import Interval, instant, moment
from booking.engine.offer import AGENT, agent_resource
from booking.engine.queries import run
from booking.engine.searching import Search
from booking.engine.working_time import AgentTime

# So many agents are asked first; who has no more of them is asked as a whole, without a hint.
CREW = 12
# A hint is as good as new for so many seconds.
LATELY = 30

_LOADS = """
    SELECT resource, count(*) AS taken FROM occupancy
    WHERE resource = ANY($1) AND starts_at >= $2 AND starts_at < $3 GROUP BY resource
"""


class Loads:
    """How many appointments each agent had on a day, as far as was known at an instant."""

    def __init__(self, at: int, counts: dict[str, int]) -> None:
        self.at = at
        self._counts = counts

    def of(self, agent: AgentTime) -> int:
        """Return how many an agent had."""
        return self._counts.get(agent.id, 0)

    def add(self, agent_id: str) -> None:
        """Count one more."""
        self._counts[agent_id] = self._counts.get(agent_id, 0) + 1


async def loads_lately(search: Search, day: Interval) -> Loads | None:
    """Return what the agents of a search have on a day, as it was half a minute ago at most; None for a few agents."""
    kept = search.rules.kept
    if len(search.agents) <= CREW or kept is None:
        return None
    key, now = ("loads", search.rules.id, day), instant(search.now)
    known: Loads | None = kept.get(key)
    if known is None or not 0 <= now - known.at < LATELY:
        names = [agent_resource(agent.id) for agent in search.agents]
        rows = await run(_LOADS, names, moment(day[0]), moment(day[1]))
        counts = {resource.removeprefix(AGENT): taken for resource, taken in rows}
        known = kept.put(key, Loads(now, counts))
    return known


def crews(
    agents: Sequence[AgentTime], works: Callable[[AgentTime], bool], hint: Loads | None, *, lot: int, rather: str | None
) -> Iterator[list[AgentTime]]:
    """Yield `rather` (an agent's id) and a dozen who work and are likely to have the least to do; then all who work.

    Without a hint, all at once. `lot` is any number: equals begin with another one each time, so that a crowd does not
    ask the same dozen.
    """
    if hint is not None:
        first = lot % len(agents)
        in_order = sorted([*agents[first:], *agents[:first]], key=hint.of)
        crew = [agent for agent in agents if agent.id == rather and works(agent)]
        for agent in in_order:
            if agent.id != rather and works(agent):
                crew.append(agent)
                if len(crew) >= CREW:
                    yield crew
                    break
    yield [agent for agent in agents if works(agent)]
