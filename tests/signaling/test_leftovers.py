"""After people came, went, were cut off and came back, nothing of them is left."""

import asyncio
import contextlib
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

from aiohttp import ClientSession
from pytest_aiohttp import AiohttpServer

from signaling.keys import HUB
from signaling.rooms.room import RESUME_WINDOW
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.signaling.callers import Caller
from tests.signaling.media import until
from tests.support.leftovers import KINDS, held

ROOMS = 4
VISITS = 5
ROLES = {"citizen": "", "agent": "&admit=1", "adviser": ""}


async def visit(caller: Caller, chance: random.Random) -> None:
    """Come, stay for a moment, and go in one of the ways in which people go."""
    await caller.join()
    await asyncio.sleep(chance.uniform(0.1, 0.6))
    await caller.type("Bonjour")
    way = chance.choice(["leave", "end", "cut", "resume", "again"])
    if way == "resume":
        caller.cut()
        await asyncio.sleep(chance.uniform(0, 0.2))
        await caller.resume()
        await asyncio.sleep(0.2)
    elif way == "again":
        await caller.join()
    elif way == "cut":
        caller.cut()
    if way in ("leave", "end"):
        await caller.say(way)


async def life(http: ClientSession, url: str, room: str, who: str, chance: random.Random) -> None:
    """One person's visits to one room, each with a page of its own."""
    for _ in range(VISITS):
        caller = Caller(http, url, room, who, ROLES[who])
        try:
            await visit(caller, chance)
        finally:
            await caller.close()


async def test_nothing_is_left_of_those_who_are_gone(
    aiohttp_server: AiohttpServer, sqlite_url: str, tmp_path: Path
) -> None:
    app = make_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data", media_loopback=True))
    late = timedelta()
    app[HUB].clock = lambda: utcnow() + late
    server = await aiohttp_server(app)
    url = f"http://localhost:{server.port}"
    chance = random.Random(5)
    async with ClientSession() as http:
        await life(http, url, "warm", "agent", chance)
        late = RESUME_WINDOW + timedelta(seconds=1)
        await until(lambda: not app[HUB].rooms())
        late = timedelta()
    await asyncio.sleep(0.2)
    before = held()
    async with ClientSession() as http:
        rooms = [f"room{number}" for number in range(ROOMS)]
        await asyncio.gather(*(life(http, url, room, who, chance) for room in rooms for who in ROLES))
        late = RESUME_WINDOW + timedelta(seconds=1)
        await until(lambda: not app[HUB].rooms())
    with contextlib.suppress(TimeoutError):
        await until(lambda: not held() - before - Counter(timer=100), 30)
    left = held()
    assert not {kind.__name__: left[kind.__name__] for kind in KINDS if left[kind.__name__] > before[kind.__name__]}
    assert left["task"] <= before["task"]
    assert left["file"] <= before["file"]
    assert left["timer"] <= before["timer"] + 2, "the sweep's own, and the scheduler's"
