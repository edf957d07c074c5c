"""What is looked for, and what of it is taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from booking.engine.availability import DAY, Clerk, ZoneSpans, full_days
from booking.engine.offer import HOME, KIOSK, ServiceRules, SitePlace, agent_resource, kiosk_resource, room_resource
from booking.engine.taken import busy_intervals
from booking.engine.working_time import AgentTime

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

    async def taken(
        self, places: Sequence[SitePlace], low: int, high: int, *, agents: Sequence[AgentTime] | None = None
    ) -> Taken:
        """Return what is taken, in and around [low, high), of everything that the search could use at some houses.

        `agents`: of these only.
        """
        asked = self.agents if agents is None else agents
        margin = self.rules.slots.duration + self.rules.slots.buffer_before + self.rules.slots.buffer_after
        if any(agent.daily_maximum is not None for agent in asked):
            margin = NEARBY
        names = [agent_resource(agent.id) for agent in asked]
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
