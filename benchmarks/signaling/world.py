"""A nation of kiosks: each enrolled, each with a citizen who has arrived and waits for an agent."""

import hashlib
import random
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from benchmarks.booking.world import Size, World, copy_into, make_houses, make_offer, make_reference
from booking.lifecycle import Status
from booking.models import Appointment
from kiosks.models import Terminal
from teleconsult.database import connect, new_id


@dataclass(frozen=True)
class Nation:
    """What was made: the cookie of each kiosk, and the room (the appointment) of the citizen who sits there."""

    cookies: list[str]
    rooms: list[str]


async def make_nation(url: str, kiosks: int) -> Nation:
    """Fill a migrated database with so many kiosks, two to a house."""
    size = Size(agents=50, team=50, sites=-(-kiosks // 2))
    database = await connect(url)
    world = World(size)
    ((services, agents),) = await make_offer(world, size)
    booths = [
        (site, kiosk) for site, each in (await make_houses(world, size, random.Random(1))).items() for kiosk in each
    ]
    await database.close()
    now = datetime.now(UTC)
    cookies = [secrets.token_urlsafe(32) for _ in booths]
    rooms = [new_id() for _ in booths]
    connection = await asyncpg.connect(url)
    await copy_into(
        connection,
        Terminal,
        (
            {"kiosk_id": kiosk, "token_hash": hashlib.sha256(cookie.encode()).hexdigest(), "enrolled_at": now,
             "last_seen_at": now}
            for (_, kiosk), cookie in zip(booths, cookies, strict=True)
        ),
    )  # fmt: skip
    await copy_into(
        connection,
        Appointment,
        (
            {"id": room, "reference": make_reference(number), "service_id": services[0], "site_id": site,
             "kiosk_id": kiosk, "agent_id": agents[number % len(agents)], "starts_at": now,
             "ends_at": now + timedelta(hours=3), "given_name": "Jeanne", "family_name": "Martin", "booked_at": now,
             "person_hash": secrets.token_hex(32), "status": Status.CHECKED_IN.value, "checked_in_at": now}
            for number, ((site, kiosk), room) in enumerate(zip(booths, rooms, strict=True))
        ),
    )  # fmt: skip
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return Nation(cookies, rooms)
