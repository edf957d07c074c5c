"""Five hundred people want twenty slots at once, through four server processes on one PostgreSQL."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from booking.models import Appointment, Notice, Occupancy, Transition
from teleconsult.database import connect
from tests.booking.offers import make_offer
from tests.support.server import Server

SERVERS, CLIENTS = 4, 500
STARTS, PAIRS = 10, 2
NO_LIMIT = {"api_reads_per_minute": "100000", "api_bookings_per_hour": "100000", "secret_key": "k" * 32}


@pytest.fixture
def servers(postgres_url: str, tmp_path: Path) -> Iterator[list[Server]]:
    """Four processes that serve one database."""
    started = [
        Server(tmp_path / str(number), command="serve", database_url=postgres_url, log_level="warning", **NO_LIMIT)
        for number in range(SERVERS)
    ]
    try:
        for server in started:
            server.start()
        yield started
    finally:
        for server in started:
            server.kill()


async def test_exactly_as_many_succeed_as_there_are_slots(servers: list[Server], postgres_url: str) -> None:
    database = await connect(postgres_url)
    offer = await make_offer(kiosks=PAIRS, agents=PAIRS, buffer_after_minutes=0)
    where = {"service": offer.service.id, "site": offer.site.id}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        async with session.get(f"{servers[0].url}/api/v1/slots", params=where | {"days": "14"}) as answer:
            slots = (await answer.json())["items"]
        starts = [slot["start"] for slot in slots if slot["remaining"] == PAIRS][-STARTS:]
        assert len(starts) == STARTS

        async def want(number: int) -> tuple[int, Any]:
            citizen = {"given_name": "Jeanne", "family_name": "Martin", "email": f"p{number}@mail.example"}
            body = where | {"start": starts[number % STARTS], "citizen": citizen}
            url = f"{servers[number % SERVERS].url}/api/v1/appointments"
            async with session.post(url, json=body) as answer:
                return answer.status, await answer.json()

        answers = await asyncio.gather(*(want(number) for number in range(CLIENTS)))
    assert Counter(status for status, _ in answers) == {201: STARTS * PAIRS, 409: CLIENTS - STARTS * PAIRS}
    assert {body["code"] for status, body in answers if status == 409} == {"slot_taken"}
    kept = await Appointment.all()
    assert {each.id for each in kept} == {body["id"] for status, body in answers if status == 201}
    for start in {each.starts_at for each in kept}:
        at_once = [each for each in kept if each.starts_at == start]
        assert (
            len(at_once)
            == len({each.agent_id for each in at_once})
            == len({each.kiosk_id for each in at_once})
            == PAIRS
        )
    assert await Occupancy.all().count() == 2 * len(kept)
    assert await Transition.all().count() == len(kept)
    assert await Notice.filter(appointment_id__in=[each.id for each in kept]).count() == await Notice.all().count()
    await database.close()
