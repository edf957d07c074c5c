"""The one writer of a WebSocket, with a bounded queue: a client that cannot keep up is dropped."""

import asyncio
import contextlib
from dataclasses import dataclass

from aiohttp import web

from signaling.errors import TooSlow, close_code
from signaling.wire.client import refusal_text

MAX_QUEUED = 128


@dataclass(frozen=True)
class _Close:
    code: int


class SocketOutlet:
    """Owns the socket's sending side. There is a task only while something is to be sent: most sockets wait."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, send_seconds: float) -> None:
        self._socket = socket
        self._request = request
        self._send_seconds = send_seconds
        self._queue: list[str | _Close] = []
        self._finished = False
        self._task: asyncio.Task[None] | None = None

    def put(self, text: str) -> None:
        """Queue a message. When the queue is full the client is dropped, and told why if it still reads: it resumes."""
        if not self._finished:
            self._add(text)

    def finish(self, code: int) -> None:
        """Close the socket with a code, after what is queued."""
        if not self._finished:
            self._finished = True
            self._add(_Close(code))

    async def wait_closed(self) -> None:
        """Wait until all is sent, the closing too."""
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _add(self, item: str | _Close) -> None:
        if len(self._queue) >= MAX_QUEUED:
            self._finished = True
            self._queue[:] = [refusal_text(TooSlow()), _Close(close_code(TooSlow()))]
            return
        self._queue.append(item)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._queue:
                item = self._queue.pop(0)
                async with asyncio.timeout(self._send_seconds):
                    if isinstance(item, _Close):
                        await self._socket.close(code=item.code)
                    else:
                        await self._socket.send_str(item)
        except (TimeoutError, ConnectionError, RuntimeError):
            self._finished = True
            self._queue.clear()
            self._abort()
        finally:
            self._task = None

    def _abort(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()
