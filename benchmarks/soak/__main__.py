"""`python -m benchmarks.soak`: rooms in which people come and go at random. Exit status 1 when anything is left.

The server is a process of its own, and so is the crowd: real sockets, real encrypted media (20 packets a second from
each microphone and camera). People leave, hang up for all, lose their sockets and come back, or do not.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import uvloop
from aiohttp import ClientError, ClientSession

from signaling.rooms.room import RESUME_WINDOW
from tests.signaling.callers import Caller
from tests.support.ports import free_port
from tests.support.server import ROOT

RESULT = Path("build/bench-soak.json")
ROLES = {"citizen": "", "agent": "&admit=1", "adviser": ""}
# more than this, between the second and the last third of the time, is no longer called flat
GROWTH = 0.05
SAMPLE_SECONDS = 2.0
CLOSING_SECONDS = 30.0
# what a process opens once and keeps: a spare connection to the database, a listening socket
SPARE = {"task": 2, "file": 4, "timer": 0}


class Crowd:
    """People at random, and what became of their visits."""

    def __init__(self, http: ClientSession, url: str, until: float) -> None:
        self._http = http
        self._url = url
        self._until = until
        self._chance = random.Random(7)
        self.visits: Counter[str] = Counter()
        self.packets = 0

    async def life(self, room: str, who: str) -> None:
        """One person's visits to one room, with a new page for each."""
        await asyncio.sleep(self._chance.uniform(0, 5))
        while time.monotonic() < self._until:
            caller = Caller(self._http, self._url, room, who, ROLES[who])
            try:
                self.visits[await self._visit(caller)] += 1
            except (ClientError, TimeoutError) as error:
                self.visits[type(error).__name__] += 1
            finally:
                self.packets += caller.packets
                await caller.close()
            await asyncio.sleep(self._chance.uniform(1, 6))

    async def _visit(self, caller: Caller) -> str:
        """Come, stay, go; return how."""
        await caller.join()
        for _ in range(self._chance.randrange(1, 8)):
            await asyncio.sleep(self._chance.uniform(0.5, 2))
            await caller.type("Bonjour")
        way = self._chance.choices(["leave", "end", "cut", "resume"], [4, 1, 2, 3])[0]
        if way == "resume":
            caller.cut()
            await asyncio.sleep(self._chance.uniform(0, 3))
            await caller.resume()
            await asyncio.sleep(self._chance.uniform(0.5, 3))
            await caller.say("leave")
        elif way == "cut":
            caller.cut()
        else:
            await caller.say(way)
            await asyncio.sleep(0.2)
        return way


@asynccontextmanager
async def _server() -> AsyncIterator[tuple[psutil.Process, str]]:
    with tempfile.TemporaryDirectory(prefix="teleconsult-soak-") as folder:
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.soak.server", str(port), folder, cwd=ROOT, stdout=subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            if await process.stdout.readline() != b"serving\n":
                raise SystemExit("the server did not start")
            yield psutil.Process(process.pid), f"http://localhost:{port}"
        finally:
            process.kill()
            await process.wait()


async def soak(rooms: int, seconds: float) -> dict[str, Any]:
    """Let people come and go for so long and return what was seen, and what is left."""
    async with _server() as (process, url), ClientSession() as http:
        warm = Crowd(http, url, time.monotonic() + 5)
        await asyncio.gather(*(warm.life("warm", who) for who in ROLES))
        before = await _emptied(http, url)
        began = time.monotonic()
        crowd = Crowd(http, url, began + seconds)
        people = asyncio.gather(*(crowd.life(f"room{room}", who) for room in range(rooms) for who in ROLES))
        memory: list[int] = []
        cpu = process.cpu_times()
        while not people.done():
            memory.append(process.memory_info().rss)
            await asyncio.wait([people], timeout=SAMPLE_SECONDS)
        await people
        took = time.monotonic() - began
        used = process.cpu_times()
        after = await _emptied(http, url)
        memory.append(process.memory_info().rss)
    third = len(memory) // 3
    middle, end = statistics.median(memory[third : 2 * third]), statistics.median(memory[2 * third :])
    over = {kind: f"{before.get(kind, 0)} -> {count}" for kind, count in after.items() if _left(kind, before, count)}
    return {
        "minutes": round(took / 60, 1), "rooms": rooms, "people": rooms * len(ROLES), "visits": dict(crowd.visits),
        "packets heard": crowd.packets, "CPU %": round(100 * (used.user + used.system - cpu.user - cpu.system) / took),
        "MB in the second third": round(middle / 2**20, 1), "MB in the last third": round(end / 2**20, 1),
        "MB at the end": round(memory[-1] / 2**20, 1), "flat": end <= middle * (1 + GROWTH), "left over": over,
    }  # fmt: skip


def _left(kind: str, before: dict[str, int], count: int) -> bool:
    return kind != "timer" and count > before.get(kind, 0) + SPARE.get(kind, 0)


async def _emptied(http: ClientSession, url: str) -> dict[str, int]:
    """Wait until those who were cut off have been given up, and return what the server holds then."""
    deadline = time.monotonic() + RESUME_WINDOW.total_seconds() + CLOSING_SECONDS
    while True:
        async with http.get(f"{url}/held") as answer:
            counts = dict(await answer.json())
        if counts["room"] == 0 or time.monotonic() > deadline:
            break
        await asyncio.sleep(1)
    # what closes a connection takes a moment longer than the room
    await asyncio.sleep(3)
    async with http.get(f"{url}/held") as answer:
        return dict(await answer.json())


def main() -> int:
    """Run it; return 1 when memory grew or anything is left over."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15, help="for how long (a minute is a quick look)")
    parser.add_argument("--rooms", type=int, default=20, help="three people in each")
    args = parser.parse_args()
    began, load = datetime.now(UTC), os.getloadavg()
    found = uvloop.run(soak(args.rooms, 60 * args.minutes))
    found |= {"at": began.isoformat(timespec="seconds"), "load": [round(load[0], 1), round(os.getloadavg()[0], 1)]}
    print(json.dumps(found, indent=2))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2))
    return 0 if found["flat"] and not found["left over"] else 1


if __name__ == "__main__":
    sys.exit(main())
