"""The one writer of a WebSocket, with a bounded queue: a client that cannot keep up is dropped."""

import asyncio
import contextlib
from dataclasses import dataclass

from aiohttp import web

MAX_QUEUED = 128


@dataclass(frozen=True)
class _Close:
    code: int


class SocketOutlet:
    """Owns the socket's sending side and one task; `wait_closed` waits for it."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, send_seconds: float) -> None:
        self._socket = socket
        self._request = request
        self._send_seconds = send_seconds
        self._queue: asyncio.Queue[str | _Close] = asyncio.Queue(MAX_QUEUED)
        self._finished = False
        self._task = asyncio.create_task(self._run())

    def put(self, text: str) -> None:
        """Queue a message. When the queue is full the connection is cut: the client resumes and gets a snapshot."""
        if self._finished:
            return
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.cut()

    def finish(self, code: int) -> None:
        """Close the socket with a code, after what is queued."""
        if self._finished:
            return
        self._finished = True
        try:
            self._queue.put_nowait(_Close(code))
        except asyncio.QueueFull:
            self.cut()

    def cut(self) -> None:
        """Cut the connection without a word."""
        self._finished = True
        self._task.cancel()
        if self._request.transport is not None:
            self._request.transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the writer has ended."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        try:
            while not isinstance(item := await self._queue.get(), _Close):
                async with asyncio.timeout(self._send_seconds):
                    await self._socket.send_str(item)
            async with asyncio.timeout(self._send_seconds):
                await self._socket.close(code=item.code)
        except (TimeoutError, ConnectionError, RuntimeError):
            self._finished = True
            if self._request.transport is not None:
                self._request.transport.abort()
