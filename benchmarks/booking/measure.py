"""The figures of one size: slots, availability and bookings over HTTP, statements, and whether anybody came twice."""

import random
import time
from collections.abc import Iterator
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
OVERLAPS = """
    SELECT count(*) FROM occupancy a JOIN occupancy b ON a.resource = b.resource AND a.id < b.id
    AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)
"""
PAIRS = "SELECT count(*) FROM appointment a WHERE (SELECT count(*) FROM occupancy o WHERE o.appointment_id = a.id) <> 2"


async def measure(url: str, postgres: PostgresServer, size: Size, processes: int, seconds: float) -> dict[str, Any]:
    """Make a world of this size and return its figures."""
    world = await make_world(url, size)
    chance = random.Random(2)
    rows = []
    with running_fleet(url, processes, psutil.Process(postgres.pid)) as fleet:
        for name, make in (("slots, 7 days at one house", slots), ("availability, 50 houses", availability)):
            await drive(fleet.ports, 4 * processes, islice(make(world, chance), 60))
            for clients in (1, 16):
                rows.append(await _row(name, fleet, clients, make(world, chance), seconds))
        await drive(fleet.ports, BOOKERS, islice(bookings(world, chance), 200))
        statements = await _statements(fleet, postgres, world, chance)
        rows.append(await _row("book a free start", fleet, BOOKERS, bookings(world, chance), seconds))
        rows.append(await _row("book one of ten starts", fleet, BOOKERS, crowd(world, chance), seconds))
        connection = await asyncpg.connect(url)
        checks = {
            "appointments before": world.appointments,
            "appointments after": await connection.fetchval("SELECT count(*) FROM appointment"),
            "booked twice": await connection.fetchval(OVERLAPS),
            "appointments without agent and kiosk": await connection.fetchval(PAIRS),
        }
        await connection.close()
    made = {"agents": size.agents, "houses": size.sites, "kiosks": size.kiosks, "services": len(world.services)}
    return {"rows": rows, "made": made, "statements": statements, **checks}


async def _row(name: str, fleet: Fleet, clients: int, requests: Iterator[Request], seconds: float) -> dict[str, Any]:
    before = fleet.cpu()
    measured = await drive(fleet.ports, clients, _until(requests, seconds))
    return _figures(name, clients, measured, fleet.cpu().since(before))


def _figures(name: str, clients: int, measured: Measured, cpu: Cpu) -> dict[str, Any]:
    calls = len(measured.seconds)
    return {
        "what": name, "clients": clients, "p50 ms": round(measured.percentile(0.5), 1),
        "p95 ms": round(measured.percentile(0.95), 1), "per s": round(calls / measured.wall),
        "server CPU ms": round(1000 * cpu.servers / calls, 2),
        "database CPU ms": round(1000 * cpu.database / calls, 2), "statuses": measured.statuses,
    }  # fmt: skip


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
            await connection.ask(request.raw())
            counts.append(_logged(postgres) - before)
        await administrator.execute("ALTER SYSTEM RESET log_statement")
        await administrator.execute("SELECT pg_reload_conf()")
    await administrator.close()
    return min(counts)


def _logged(postgres: PostgresServer) -> int:
    text = postgres.log.read_text(errors="replace")
    return text.count("LOG:  execute ") + text.count("LOG:  statement: ")
