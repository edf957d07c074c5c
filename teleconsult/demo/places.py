"""What appointments of the demonstration are made from: agents with their hours, houses with theirs, and booths."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from booking.models import Agent, AgentHours, Kiosk, Service, Site, SiteOpening
from teleconsult.demo.houses import HOUSES
from teleconsult.demo.people import OFFICERS

Block = tuple[int, int, int]


@dataclass(frozen=True)
class Offered:
    """A service that an agent provides, with its duration in minutes."""

    id: str
    minutes: int


@dataclass(frozen=True)
class Desk:
    """An agent at work: `hours` are (weekday, start, end) in minutes since midnight."""

    agent_id: str
    email: str
    timezone: str
    services: tuple[Offered, ...]
    hours: tuple[Block, ...]

    def slots_on(self, day: date, step: int) -> list[int]:
        """Return the starts of a day, in minutes since midnight, that leave room for one step."""
        blocks = [(start, end) for weekday, start, end in self.hours if weekday == day.weekday()]
        return [minute for start, end in sorted(blocks) for minute in range(start, end - step + 1, step)]


@dataclass(frozen=True)
class Booth:
    """A kiosk of a house."""

    kiosk_id: str
    site_id: str


@dataclass(frozen=True)
class Place:
    """A house: when it is open, and its booths, in order."""

    site_id: str
    external_id: str
    hours: tuple[Block, ...]
    booths: tuple[Booth, ...]

    def is_open(self, day: date, minute: int, span: int = 30) -> bool:
        """Whether it is open from `minute` for `span` minutes."""
        return any(
            weekday == day.weekday() and start <= minute and minute + span <= end for weekday, start, end in self.hours
        )


async def working_desks() -> list[Desk]:
    """Return the demonstration's agents, in the order in which they are listed."""
    hours = await _blocks(AgentHours.all().values_list("agent_id", "weekday", "start_minute", "end_minute"))
    agents = {agent.email: agent for agent in await Agent.all().prefetch_related("services")}
    return [
        Desk(
            agent_id=agent.id,
            email=agent.email,
            timezone=agent.timezone,
            services=tuple(
                Offered(service.id, service.duration_minutes) for service in sorted(agent.services, key=_slug)
            ),
            hours=hours[agent.id],
        )
        for officer in OFFICERS
        if (agent := agents.get(officer.email))
    ]


async def offered_places() -> list[Place]:
    """Return the demonstration's houses, in the order in which they are listed."""
    hours = await _blocks(SiteOpening.all().values_list("site_id", "weekday", "start_minute", "end_minute"))
    booths: dict[str, list[Booth]] = defaultdict(list)
    for kiosk_id, site_id in await Kiosk.filter(in_service=True).order_by("name", "id").values_list("id", "site_id"):
        booths[site_id].append(Booth(kiosk_id, site_id))
    sites = {site.external_id: site.id for site in await Site.all()}
    return [
        Place(site_id, house.external_id, hours[site_id], tuple(booths[site_id]))
        for house in HOUSES
        if (site_id := sites.get(house.external_id))
    ]


def _slug(service: Service) -> str:
    return service.slug


async def _blocks(query: object) -> dict[str, tuple[Block, ...]]:
    found: dict[str, list[Block]] = defaultdict(list)
    for owner, weekday, start, end in await query:  # type: ignore[misc]
        found[owner].append((weekday, start, end))
    return defaultdict(tuple, {owner: tuple(blocks) for owner, blocks in found.items()})
