"""A world to book in: organisations with agents, houses with kiosks, sixty days of which half are booked."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from secrets import token_hex
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from booking.models import Agent, AgentHours, Appointment, Kiosk, Occupancy, Organisation, Service, Site, SiteOpening
from booking.passes import ALPHABET, REFERENCE_LENGTH
from teleconsult.database import Record, connect, new_id

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
    teams = await make_offer(world, size)
    kiosks = await make_houses(world, size, chance)
    await database.close()
    rows = _bookings(world, teams, kiosks, chance)
    world.appointments = len(rows)
    await _copy(url, world, rows)
    chance.shuffle(world.free)
    return world


async def make_offer(world: World, size: Size) -> list[tuple[list[str], list[str]]]:
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


async def make_houses(world: World, size: Size, chance: random.Random) -> dict[str, list[str]]:
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
    long, taken = timedelta(minutes=APPOINTMENT), timedelta(minutes=APPOINTMENT + BUFFER)
    now = datetime.now(UTC)
    appointments = (
        {
            "id": row.id, "reference": make_reference(number), "service_id": row.service, "site_id": row.site,
            "kiosk_id": row.kiosk, "agent_id": row.agent, "starts_at": row.start, "ends_at": row.start + long,
            "given_name": "Jeanne", "family_name": "Martin", "booked_at": now, "person_hash": token_hex(32),
        }
        for number, row in enumerate(rows)
    )  # fmt: skip
    occupancies = (
        {"resource": resource, "starts_at": row.start, "ends_at": row.start + taken, "appointment_id": row.id}
        for row in rows
        for resource in (f"agent:{row.agent}", f"kiosk:{row.kiosk}")
    )
    connection = await asyncpg.connect(url)
    await connection.copy_records_to_table("agent_service", records=world.abilities, columns=("agent_id", "service_id"))
    await copy_into(connection, Appointment, appointments)
    await copy_into(connection, Occupancy, occupancies)
    # as autovacuum leaves a database that has been in use
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def copy_into(connection: asyncpg.Connection, model: type[Record], rows: Iterable[dict[str, Any]]) -> None:
    """Write rows (what is not given is as the model has it) by COPY, the fastest way there is."""
    defaults = {name: model._meta.fields_map[name].default for name in model._meta.fields_db_projection}
    json = {list: "[]", dict: "{}"}
    usual = {name: json.get(default) if callable(default) else default for name, default in defaults.items()}
    records = (tuple((usual | {"id": new_id()} | row).values()) for row in rows)
    columns = list(model._meta.fields_db_projection.values())
    await connection.copy_records_to_table(model._meta.db_table, records=records, columns=columns)


def make_reference(number: int) -> str:
    digits = []
    for _ in range(REFERENCE_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(digits)
