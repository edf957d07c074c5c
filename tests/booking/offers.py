"""A small, legible world to book in: one organisation, one service, houses with kiosks, agents with hours."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from booking.lifecycle import Actor, ActorKind
from booking.models import Agent, AgentHours, Kiosk, Organisation, Service, Site, SiteOpening
from booking.schemas import Citizen

# A Monday, 08:00 in Paris (CEST is over: UTC+1)
MONDAY_8 = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
CITIZEN = Citizen(given_name="Jeanne", family_name="Martin")
ANYBODY = Actor(ActorKind.CITIZEN)
SYSTEM = Actor(ActorKind.SYSTEM, "test")


def paris_monday(hour: int, minute: int = 0, day: int = 23) -> datetime:
    """Return an instant of that Monday (or another day of November 2026) by the clock of Paris, in UTC."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


@dataclass
class Offer:
    """What was made."""

    service: Service
    site: Site
    kiosks: list[Kiosk]
    agents: list[Agent]


async def make_site(name: str, kiosks: int, *, latitude: float = 47.9, **more: Any) -> tuple[Site, list[Kiosk]]:
    """Make a house that is open on weekdays from 09:00 to 12:00 and from 13:30 to 17:00, with kiosks."""
    site = await Site.create(
        **{"name": name, "commune": name, "department": "45", "latitude": latitude, "longitude": 1.9} | more
    )
    for weekday in range(5):
        for start, end in ((9 * 60, 12 * 60), (13 * 60 + 30, 17 * 60)):
            await SiteOpening.create(site=site, weekday=weekday, start_minute=start, end_minute=end)
    return site, [await Kiosk.create(site=site, name=f"Borne {number + 1}") for number in range(kiosks)]


async def make_agent(organisation: Organisation, service: Service, name: str, **more: Any) -> Agent:
    """Make an agent who works on weekdays from 09:00 to 17:00."""
    agent = await Agent.create(organisation=organisation, name=name, email=f"{name.lower()}@ddt.example", **more)
    await agent.services.add(service)
    for weekday in range(5):
        await AgentHours.create(agent=agent, weekday=weekday, start_minute=9 * 60, end_minute=17 * 60)
    return agent


async def make_offer(*, kiosks: int = 1, agents: int = 1, **service: Any) -> Offer:
    """Make one house with kiosks and one service with agents: half an hour, then five minutes of buffer."""
    organisation = await Organisation.create(slug="ddt-45", name="DDT du Loiret", departments=["45"])
    rules: dict[str, Any] = {"slug": "logement", "name": "Aides au logement", "notice_minutes": 30} | service
    offered = await Service.create(organisation=organisation, **rules)
    site, places = await make_site("Orléans", kiosks)
    people = [await make_agent(organisation, offered, f"Agent{number}") for number in range(agents)]
    return Offer(offered, site, places, people)
