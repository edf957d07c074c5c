"""The load, in a process of its own: `python -m benchmarks.signaling.load PORT`, told what to do by lines of JSON."""

import asyncio
import itertools
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import uvloop

from benchmarks.signaling.wire import Line, Participant, PeerClient, Post, Stream
from signaling.ports import Entry, Role
from signaling.tickets import TicketOffice
from teleconsult.clock import utcnow
from teleconsult.web.tokens import Signer

AT_ONCE = 32
TICK = 0.002
DRAIN = 2.0
KIOSK_BEAT, PEER_BEAT = 20.0, 5.0
PAD = "x" * 100


class Load:
    """Connections to one server, opened, kept as their programs keep them, and closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lines: list[Line] = []
        self._beating: list[asyncio.Task[None]] = []
        self._says: list[Callable[[str], None]] = []
        self._delays: list[float] = []  # milliseconds
        self._heard = 0

    async def boards(self, cookies: list[str]) -> dict[str, Any]:
        """Open the stream that every screen of a kiosk listens to."""
        return await self._open(Stream("/kiosk/live", f"terminal={each}") for each in cookies)

    async def beats(self, cookies: list[str]) -> dict[str, Any]:
        """Say every 20 s, as each kiosk does, that it is there, on a connection of its own."""
        posts = [Post("/kiosk/heartbeat", f"terminal={each}") for each in cookies]
        opened = await self._open(posts)
        self._keep([post.beat for post in posts], KIOSK_BEAT)
        return opened

    async def lobbies(self, rooms: list[str], secret: str) -> dict[str, Any]:
        """Let one citizen wait in each room."""
        office = TicketOffice(Signer(secret))
        # a ticket is good for a minute: each is made as its holder comes
        return await self._open(self._participant(office, room, Role.CITIZEN, admitted=False) for room in rooms)

    async def peers(self, first: int, count: int) -> dict[str, Any]:
        """Open the same for PeerJS."""
        clients = [PeerClient(f"peer{number}", self._take) for number in range(first, first + count)]
        opened = await self._open(clients)
        self._keep([client.beat for client in clients], PEER_BEAT)
        return opened

    async def meet(self, rooms: list[str], secret: str) -> dict[str, Any]:
        """Let two people come into the call of each room, who will type to each other."""
        office = TicketOffice(Signer(secret))
        roles = (Role.CITIZEN, Role.AGENT)
        people = [self._participant(office, room, role, admitted=True) for room in rooms for role in roles]
        self._says = [
            lambda stamp, each=each: each.say("text", {"line": 1, "text": stamp, "done": False})  # type: ignore[misc]
            for each in people
        ]
        return await self._open(people)

    async def meet_peers(self, pairs: int) -> dict[str, Any]:
        """Open as many pairs of peers, who will send each other candidates."""
        clients = [PeerClient(f"peer{number}", self._take) for number in range(2 * pairs)]
        self._says = [
            lambda stamp, me=client, to=clients[number ^ 1].name: me.say(to, {"candidate": stamp, "sdpMid": "0"})  # type: ignore[misc]
            for number, client in enumerate(clients)
        ]
        return await self._open(clients)

    async def talk(self, rate: float, seconds: float) -> dict[str, Any]:
        """Let those who met send in turn, so many messages a second in all; return what the others heard, and when."""
        self._delays, self._heard = [], 0
        sent, began = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - began) < seconds:
            while sent < elapsed * rate:
                number = sent % len(self._says)
                self._says[number](f"<{number}>{time.perf_counter_ns()} {PAD}")
                sent += 1
            await asyncio.sleep(TICK)
        await asyncio.sleep(DRAIN)
        return {
            "sent": sent, "heard": self._heard, "p50": percentile(self._delays, 0.5),
            "p99": percentile(self._delays, 0.99), "seconds": seconds,
        }  # fmt: skip

    async def close(self) -> dict[str, Any]:
        """Drop every connection; tell how many had been lost before."""
        for task in self._beating:
            task.cancel()
        lost = sum(line.lost for line in self._lines)
        for line in self._lines:
            line.close()
        held, self._lines, self._beating = len(self._lines), [], []
        await asyncio.sleep(0.1)
        return {"held": held, "lost": lost}

    def _participant(self, office: TicketOffice, room: str, role: Role, *, admitted: bool) -> Participant:
        who = f"{role.value}:{room}"
        entry = Entry(who, role, "Jeanne Martin", "kiosk", "fr", "Aide", (), "/", None, admit_on_join=admitted)
        return Participant(who, room, office.issue(room, entry, utcnow()), self._take)

    async def _open(self, lines: Iterable[Line]) -> dict[str, Any]:
        took: list[float] = []
        failed: list[str] = []
        loop = asyncio.get_running_loop()
        waiting = iter(lines)

        async def work() -> None:
            for line in waiting:
                began = time.perf_counter()
                self._lines.append(line)
                try:
                    await loop.create_connection(lambda line=line: line, "127.0.0.1", self._port)  # type: ignore[misc]
                    async with asyncio.timeout(30):
                        await line.ready
                    took.append(1000 * (time.perf_counter() - began))
                except (OSError, TimeoutError) as error:
                    failed.append(f"{type(error).__name__}: {error}")

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        seconds = time.perf_counter() - began
        return {
            "opened": len(took), "failed": len(failed), "why": failed[:3], "seconds": seconds,
            "p50": percentile(took, 0.5), "p99": percentile(took, 0.99),
        }  # fmt: skip

    def _keep(self, beats: list[Callable[[], None]], every: float) -> None:
        async def beating() -> None:
            for number in itertools.count():
                beats[number % len(beats)]()
                await asyncio.sleep(every / len(beats))

        random.Random(1).shuffle(beats)
        self._beating.append(asyncio.create_task(beating()))

    def _take(self, text: bytes) -> None:
        at = text.index(b"<")
        stamp = text[text.index(b">", at) + 1 :].split(b" ", 1)[0]
        self._delays.append((time.perf_counter_ns() - int(stamp)) / 1e6)
        self._heard += 1


async def obey(port: int) -> None:
    """Do what each line says and answer it with one."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    load = Load(port)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        action: Callable[..., Coroutine[Any, Any, dict[str, Any]]] = getattr(load, order.pop("do"))
        sys.stdout.write(json.dumps(await action(**order)) + "\n")
        sys.stdout.flush()


def percentile(values: list[float], share: float) -> float:
    """Return a percentile (nearest rank); not a number when there are no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


if __name__ == "__main__":
    uvloop.run(obey(int(sys.argv[1])))
