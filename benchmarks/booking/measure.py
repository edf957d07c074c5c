"""The figures of one size: slots, availability and bookings over HTTP, statements, and whether anybody came twice."""

import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from secrets import token_hex
from typing import Any

import asyncpg
import psutil

from benchmarks.booking.load import Measured, Request, connections, drive
from benchmarks.booking.servers import Cpu, Fleet, running_fleet
from benchmarks.booking.world import Size, World, make_world
from tests.support.postgres import PostgresServer

BOOKERS = 32
ONE_CALL = 9
WARM_SECONDS = 3
OVERLAPS = """
    SELECT count(*) FROM occupancy a JOIN occupancy b ON a.resource = b.resource AND a.id < b.id
    AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)
"""
PAIRS = "SELECT count(*) FROM appointment a WHERE (SELECT count(*) FROM occupancy o WHERE o.appointment_id = a.id) <> 2"


async def measure(
    url: str, postgres: PostgresServer, size: Size, processes: int, *, seconds: float, rounds: int
) -> dict[str, Any]:
    """Make a world of this size, warm the servers up, and return the figures of so many rounds."""
    world = await make_world(url, size)
    chance = random.Random(2)
    rows: list[list[dict[str, Any]]] = [[] for _ in FIGURES]
    load = []
    with running_fleet(url, processes, psutil.Process(postgres.pid)) as fleet:
        for make in (slots, availability, bookings):
            await drive(fleet.ports, 4 * processes, _until(make(world, chance), WARM_SECONDS))
        statements = await _statements(fleet, postgres, world, chance)
        for _ in range(rounds):
            load.append(round(os.getloadavg()[0], 1))
            for found, (name, clients, make) in zip(rows, FIGURES, strict=True):
                found.append(await _row(name, fleet, clients, make(world, chance), seconds))
        connection = await asyncpg.connect(url)
        checks = {
            "appointments before": world.appointments,
            "appointments after": await connection.fetchval("SELECT count(*) FROM appointment"),
            "booked twice": await connection.fetchval(OVERLAPS),
            "appointments without agent and kiosk": await connection.fetchval(PAIRS),
        }
        await connection.close()
    made = {"agents": size.agents, "houses": size.sites, "kiosks": size.kiosks, "services": len(world.services)}
    return {"rows": [summary(each) for each in rows], "made": made, "statements": statements, "load": load, **checks}


async def _row(name: str, fleet: Fleet, clients: int, requests: Iterator[Request], seconds: float) -> dict[str, Any]:
    before = fleet.cpu()
    measured = await drive(fleet.ports, clients, _until(requests, seconds))
    return _figures(name, clients, measured, fleet.cpu().since(before))


def _wanted(name: str) -> int:
    """Return the status of the answers that are counted: booked, refused because it is taken, found."""
    return {"book a free start": 201, "book one of ten starts": 409}.get(name, 200)


def _figures(name: str, clients: int, measured: Measured, cpu: Cpu) -> dict[str, Any]:
    calls = len(measured.seconds)
    return {
        "what": name, "clients": clients, "p50 ms": round(measured.percentile(0.5), 1),
        "p95 ms": round(measured.percentile(0.95), 1), "per s": round(measured.rate(_wanted(name))),
        "server CPU ms": round(1000 * cpu.servers / calls, 2),
        "database CPU ms": round(1000 * cpu.database / calls, 2), "statuses": measured.statuses,
    }  # fmt: skip


def summary(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of each figure over the rounds, and the best of what can be judged."""
    first = rounds[0]
    numbers = [name for name in first if name not in ("what", "statuses")]
    median = {name: statistics.median(row[name] for row in rounds) for name in numbers}
    statuses: Counter[int] = Counter()
    for row in rounds:
        statuses.update(row["statuses"])
    return (
        first
        | median
        | {
            "best p50 ms": min(row["p50 ms"] for row in rounds),
            "best p95 ms": min(row["p95 ms"] for row in rounds),
            "best per s": max(row["per s"] for row in rounds),
            "statuses": dict(statuses),
        }
    )


def _until(requests: Iterator[Request], seconds: float) -> Iterator[Request]:
    """Make requests as they are asked for, until the time is over."""
    end = time.monotonic() + seconds
    for request in requests:
        if time.monotonic() > end:
            return
        yield request


def slots(world: World, chance: random.Random) -> Iterator[Request]:
    """Any service, any house, any week."""
    while True:
        first = (datetime.now(UTC) + timedelta(days=chance.randrange(1, 50))).date()
        service, site = chance.choice(world.services), chance.choice(world.sites)
        yield Request(f"/api/v1/slots?service={service}&site={site}&from={first}&days=7")


def availability(world: World, chance: random.Random) -> Iterator[Request]:
    """Any service, any place, the fifty nearest houses."""
    while True:
        near = f"{47.5 + chance.random():.4f},{1.5 + chance.random():.4f}"
        yield Request(f"/api/v1/availability?service={chance.choice(world.services)}&near={near}&limit=50")


def bookings(world: World, chance: random.Random) -> Iterator[Request]:
    """Every free start once, in random order: as a nation would, each their own."""
    while world.free:
        site, start = world.free.pop()
        yield _booking(chance.choice(world.services), site, start)


def crowd(world: World, chance: random.Random) -> Iterator[Request]:
    """Everybody wants one of ten starts: most are refused and offered others."""
    wanted = [world.free.pop() for _ in range(10)]
    service = chance.choice(world.services)
    while True:
        yield _booking(service, *chance.choice(wanted))


def _booking(service: str, site: str, start: datetime) -> Request:
    # everybody is somebody else: one person may hold only so many appointments of a service
    citizen = {"given_name": "Jeanne", "family_name": "Martin", "email": f"{token_hex(8)}@example.org"}
    return Request(
        "/api/v1/appointments", {"service": service, "site": site, "start": start.isoformat(), "citizen": citizen}
    )


async def _statements(fleet: Fleet, postgres: PostgresServer, world: World, chance: random.Random) -> dict[str, int]:
    """Return how many statements reach the database for one call of each kind: the fewest of a few, since ticks run."""
    makers = {"slots": slots, "availability": availability, "book": bookings}
    return {name: await _fewest(fleet, postgres, make(world, chance)) for name, make in makers.items()}


async def _fewest(fleet: Fleet, postgres: PostgresServer, requests: Iterator[Request]) -> int:
    administrator = await asyncpg.connect(postgres.url("postgres"))
    async with connections(fleet.ports[:1], 1) as (connection,):
        await connection.ask(next(requests).raw())
        await administrator.execute("ALTER SYSTEM SET log_statement = 'all'")
        await administrator.execute("SELECT pg_reload_conf()")
        await administrator.execute("SELECT pg_sleep(0.5)")
        counts = []
        for request in islice(requests, ONE_CALL):
            before = _logged(postgres)
            status, _ = await connection.ask(request.raw())
            if status < 300:
                counts.append(_logged(postgres) - before)
        await administrator.execute("ALTER SYSTEM RESET log_statement")
        await administrator.execute("SELECT pg_reload_conf()")
    await administrator.close()
    return min(counts)


def _logged(postgres: PostgresServer) -> int:
    text = postgres.log.read_text(errors="replace")
    return text.count("LOG:  execute ") + text.count("LOG:  statement: ")


# what is measured in each round: its name, how many clients, who makes its requests
FIGURES = (
    ("slots, 7 days at one house", 1, slots),
    ("slots, 7 days at one house", 16, slots),
    ("availability, 50 houses", 1, availability),
    ("availability, 50 houses", 16, availability),
    ("book a free start", BOOKERS, bookings),
    ("book one of ten starts", BOOKERS, crowd),
)
