"""A TCP proxy between browsers and servers, whose connections a test can cut as a network does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK = 65_536


class Proxy:
    """Hands bytes on in both directions, and remembers the first line of what each connection asked for.

    Of several servers each connection goes to the next one, and past one that is dead, as a balancer's would.
    """

    def __init__(self, *ports: int) -> None:
        self.port = 0
        self.requests: list[str] = []
        self._targets = list(ports)
        self._refusing = False
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The address at which browsers reach the proxy, without a final slash."""
        return f"http://localhost:{self.port}"

    def sockets(self) -> int:
        """Return how many WebSockets of calls have been opened so far."""
        return sum("/signaling/rooms/" in line for line in self.requests)

    def cut(self) -> None:
        """Reset every connection that is open, without a word on the level of HTTP or WebSocket."""
        for writer in self._open:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it (called by asyncio)."""
        reached = await self._reach()
        if reached is None:
            writer.transport.abort()
            return
        upstream_reader, upstream = reached
        both = {writer, upstream}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._carry(reader, upstream, listen=True))
                tasks.create_task(self._carry(upstream_reader, writer, listen=False))
        except* OSError:
            pass
        finally:
            self._open -= both
            for each in both:
                each.close()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in self._targets:
            self._targets.append(self._targets.pop(0))
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self._targets[-1])
        return None

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, listen: bool) -> None:
        while chunk := await source.read(CHUNK):
            if listen and chunk.startswith(b"GET "):
                self.requests.append(chunk.partition(b"\r\n")[0].decode())
            target.write(chunk)
            await target.drain()
        target.close()


@asynccontextmanager
async def running_proxy(*ports: int) -> AsyncIterator[Proxy]:
    """Listen on a free port and hand everything on to these."""
    proxy = Proxy(*ports)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listener.close()
        proxy.cut()
