"""An HTTP proxy as offices have one: pages are asked of it, everything else is tunnelled (CONNECT, RFC 9110 9.3.6)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

CHUNK = 65_536
HEAD_END = b"\r\n\r\n"


class HttpProxy:
    """Leads to ports of this machine, whatever host is asked for, and remembers which ports it tunnelled to."""

    def __init__(self) -> None:
        self.port = 0
        self.tunnels: list[int] = []
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def options(self) -> tuple[str, str]:
        """What makes Chromium use it, for addresses of this machine, too."""
        return f"--proxy-server=http://127.0.0.1:{self.port}", "--proxy-bypass-list=<-loopback>"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it (called by asyncio)."""
        self._open.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._lead(reader, writer)
        writer.close()
        self._open.discard(writer)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(HEAD_END)
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ", 2)
        tunnel = method == "CONNECT"
        where = urlsplit(f"//{target}" if tunnel else target)
        if where.hostname != "localhost":
            # what the browser wants of its maker: tests ask nothing of the world
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        port = where.port or 80
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", port)
        self._open.add(upstream)
        if tunnel:
            self.tunnels.append(port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            upstream.write(head)
        await asyncio.gather(self._carry(reader, upstream), self._carry(upstream_reader, writer))
        self._open.discard(upstream)

    @staticmethod
    async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(CHUNK):
                target.write(chunk)
                await target.drain()
        target.close()

    def cut(self) -> None:
        """Reset every connection that is open."""
        for writer in self._open:
            writer.transport.abort()


@asynccontextmanager
async def running_http_proxy() -> AsyncIterator[HttpProxy]:
    """Listen on a free port."""
    proxy = HttpProxy()
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listener.close()
        proxy.cut()
