"""A world to book in: organisations with agents, houses with kiosks, sixty days of which half are booked."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from booking.models import Agent, AgentHours, Kiosk, Organisation, Service, Site, SiteOpening
from booking.passes import ALPHABET, REFERENCE_LENGTH
from teleconsult.database import connect, new_id

PARIS = ZoneInfo("Europe/Paris")
DAYS = 60
SERVICES_EACH = 2
KIOSKS_EACH = 2
APPOINTMENT, STEP, BUFFER = 25, 30, 5
HOUSE_HOURS = ((9 * 60, 12 * 60), (13 * 60 + 30, 17 * 60))
AGENT_HOURS = (9 * 60, 17 * 60)


@dataclass(frozen=True)
class Size:
    """How many agents and houses. A team makes an organisation; each of its agents gives both of its services."""

    agents: int = 200
    team: int = 50
    sites: int = 50

    @property
    def kiosks(self) -> int:
        return self.sites * KIOSKS_EACH


@dataclass
class World:
    """What was made: ids, and every (house, start) that has a free kiosk, in random order."""

    size: Size
    services: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    free: list[tuple[str, datetime]] = field(default_factory=list)
    abilities: list[tuple[str, str]] = field(default_factory=list)
    appointments: int = 0


async def make_world(url: str, size: Size, seed: int = 1) -> World:
    """Fill a migrated database. Every second start of every kiosk is taken, with an agent who was free."""
    chance = random.Random(seed)
    world = World(size)
    database = await connect(url)
    teams = await _offer(world, size)
    kiosks = await _houses(world, size, chance)
    await database.close()
    rows = _bookings(world, teams, kiosks, chance)
    world.appointments = len(rows)
    await _copy(url, world, rows)
    chance.shuffle(world.free)
    return world


async def _offer(world: World, size: Size) -> list[tuple[list[str], list[str]]]:
    """Return (services, agents) of each organisation."""
    teams = []
    hours = []
    for number in range(-(-size.agents // size.team)):
        body = await Organisation.create(slug=f"body-{number}", name=f"Direction {number}")
        services = [
            await Service.create(
                organisation=body, slug=f"service-{number}-{each}", name=f"Service {number}-{each}",
                duration_minutes=APPOINTMENT, step_minutes=STEP, buffer_after_minutes=BUFFER, horizon_days=DAYS,
            )
            for each in range(SERVICES_EACH)
        ]  # fmt: skip
        names = range(number * size.team, min(size.agents, (number + 1) * size.team))
        agents = [
            Agent(organisation_id=body.id, name=f"Agent {each}", email=f"a{each}@agents.example") for each in names
        ]
        await Agent.bulk_create(agents)
        for service in services:
            world.abilities.extend((agent.id, service.id) for agent in agents)
        for agent in agents:
            for weekday in range(5):
                hours.append(
                    AgentHours(
                        agent_id=agent.id, weekday=weekday, start_minute=AGENT_HOURS[0], end_minute=AGENT_HOURS[1]
                    )
                )
        teams.append(([each.id for each in services], [each.id for each in agents]))
        world.services.extend(each.id for each in services)
    await AgentHours.bulk_create(hours, batch_size=1000)
    return teams


async def _houses(world: World, size: Size, chance: random.Random) -> dict[str, list[str]]:
    """Return the kiosks of each house."""
    sites = [
        Site(
            name=f"France services {number}", commune=f"Commune {number}", department="45",
            latitude=47.5 + chance.random(), longitude=1.5 + chance.random(),
        )
        for number in range(size.sites)
    ]  # fmt: skip
    await Site.bulk_create(sites)
    kiosks = [Kiosk(site_id=site.id, name=f"Borne {each}") for site in sites for each in range(KIOSKS_EACH)]
    await Kiosk.bulk_create(kiosks)
    openings = [
        SiteOpening(site_id=site.id, weekday=weekday, start_minute=start, end_minute=end)
        for site in sites
        for weekday in range(5)
        for start, end in HOUSE_HOURS
    ]
    await SiteOpening.bulk_create(openings, batch_size=1000)
    world.sites = [site.id for site in sites]
    found: dict[str, list[str]] = {site.id: [] for site in sites}
    for kiosk in kiosks:
        found[str(kiosk.site_id)].append(kiosk.id)
    return found


def starts_of(day: date) -> list[datetime]:
    """Return the starts of a day at every house, in UTC."""
    if day.weekday() >= 5:
        return []
    midnight = datetime(day.year, day.month, day.day, tzinfo=PARIS)
    return [
        (midnight + timedelta(minutes=minute)).astimezone(UTC)
        for low, high in HOUSE_HOURS
        for minute in range(low, high - APPOINTMENT + 1, STEP)
    ]


@dataclass(frozen=True)
class Booked:
    """An appointment to be."""

    id: str
    service: str
    site: str
    kiosk: str
    agent: str
    start: datetime


def _bookings(
    world: World, teams: list[tuple[list[str], list[str]]], kiosks: dict[str, list[str]], chance: random.Random
) -> list[Booked]:
    rows: list[Booked] = []
    tomorrow = datetime.now(PARIS).date() + timedelta(days=1)
    for start in (each for day in range(DAYS - 1) for each in starts_of(tomorrow + timedelta(days=day))):
        idle = [(team, agent) for team in teams for agent in team[1]]
        chance.shuffle(idle)
        for site, booths in kiosks.items():
            left = 0
            for kiosk in booths:
                if idle and chance.random() < 0.5:
                    (services, _), agent = idle.pop()
                    rows.append(Booked(new_id(), chance.choice(services), site, kiosk, agent, start))
                else:
                    left += 1
            if left:
                world.free.append((site, start))
    return rows


async def _copy(url: str, world: World, rows: list[Booked]) -> None:
    connection = await asyncpg.connect(url)
    await connection.copy_records_to_table("agent_service", records=world.abilities, columns=("agent_id", "service_id"))
    codes = [_reference(number) for number in range(len(rows))]
    long, taken = timedelta(minutes=APPOINTMENT), timedelta(minutes=APPOINTMENT + BUFFER)
    now = datetime.now(UTC)
    appointments = [
        (
            row.id, code, row.service, row.site, row.kiosk, row.agent, "booked", row.start, row.start + long, 0,
            "kiosk", "Jeanne", "Martin", "", "", "fr", "[]", now, "", "", "", "kiosk", "", "", 0, "", 0, "",
        )
        for code, row in zip(codes, rows, strict=True)
    ]  # fmt: skip
    columns = (
        "id", "reference", "service_id", "site_id", "kiosk_id", "agent_id", "status", "starts_at", "ends_at",
        "sequence", "channel", "given_name", "family_name", "email", "phone", "language", "needs", "booked_at",
        "outcome", "outcome_note", "cancel_reason", "mode", "person_hash", "booked_by", "companions", "series_id",
        "late_minutes", "displaced",
    )  # fmt: skip
    await connection.copy_records_to_table("appointment", records=appointments, columns=columns)
    occupancies = [
        (new_id(), resource, row.start, row.start + taken, row.id)
        for row in rows
        for resource in (f"agent:{row.agent}", f"kiosk:{row.kiosk}")
    ]
    columns = ("id", "resource", "starts_at", "ends_at", "appointment_id")
    await connection.copy_records_to_table("occupancy", records=occupancies, columns=columns)
    await connection.execute("ANALYZE")
    await connection.close()


def _reference(number: int) -> str:
    digits = []
    for _ in range(REFERENCE_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(digits)
