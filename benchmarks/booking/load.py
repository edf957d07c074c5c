"""A small HTTP/1.1 client that costs little, so that the measure is the server's."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request; `body` is sent as JSON by POST."""

    path: str
    body: Any = None

    def raw(self) -> bytes:
        """Return the bytes to send."""
        if self.body is None:
            return f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n".encode()
        content = json.dumps(self.body).encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content


@dataclass
class Measured:
    """What came back: how long each took (seconds), how often each status, and for how long all of it (seconds)."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    wall: float = 0.0

    def percentile(self, share: float) -> float:
        """Return a percentile in milliseconds (nearest rank)."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def rate(self, status: int) -> float:
        """Return how many answers of a status a second."""
        return self.statuses.get(status, 0) / self.wall if self.wall else 0.0


class Connection:
    """A kept-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, raw: bytes) -> tuple[int, bytes]:
        """Send a request and return (status, body)."""
        self._writer.write(raw)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lowered = head.lower()
        at = lowered.index(b"content-length:") + 15
        length = int(lowered[at : lowered.index(b"\r\n", at)])
        return int(head[9:12]), await self._reader.readexactly(length)

    async def close(self) -> None:
        """Close it."""
        self._writer.close()
        await self._writer.wait_closed()


@asynccontextmanager
async def connections(ports: Sequence[int], clients: int) -> AsyncIterator[list[Connection]]:
    """Yield so many connections, spread over the ports as a balancer in front would."""
    opened = [
        Connection(*await asyncio.open_connection("127.0.0.1", ports[number % len(ports)])) for number in range(clients)
    ]
    try:
        yield opened
    finally:
        for each in opened:
            await each.close()


async def drive(ports: Sequence[int], clients: int, requests: Iterable[Request]) -> Measured:
    """Let `clients` ask at once, each its next request as soon as it has an answer, until all are asked."""
    waiting = (request.raw() for request in requests)
    measured = Measured()

    async def work(connection: Connection) -> None:
        for raw in waiting:
            began = time.perf_counter()
            status, _ = await connection.ask(raw)
            measured.seconds.append(time.perf_counter() - began)
            measured.statuses[status] = measured.statuses.get(status, 0) + 1

    async with connections(ports, clients) as opened:
        began = time.perf_counter()
        await asyncio.gather(*(work(each) for each in opened))
        measured.wall = time.perf_counter() - began
    return measured
