"""What a participant's messages come from: a browser's WebSocket here, or one that another node holds."""

from typing import Protocol

from aiohttp import WSMsgType, web

from signaling.errors import InvalidMessage
from signaling.wire.session import Outlet


class ConnectionOver(Exception):
    """The socket closed, or fell silent for too long."""


class Socket(Protocol):
    """The reading side."""

    async def receive(self, timeout: float) -> str:  # noqa: ASYNC109 - as aiohttp's own
        """Return the next text message.

        Raises TimeoutError (nothing came within `timeout` seconds), ConnectionOver, InvalidMessage (not a text).
        """


class Writer(Outlet, Protocol):
    """The writing side, which ends."""

    async def wait_closed(self) -> None:
        """Wait until it has ended."""


class BrowserSocket:
    """The reading side of a WebSocket that this process holds."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def receive(self, timeout: float) -> str:  # noqa: ASYNC109 - as aiohttp's own
        """Return the next text message; see Socket."""
        message = await self._socket.receive(timeout=timeout)
        if message.type is WSMsgType.TEXT:
            return str(message.data)
        if message.type is WSMsgType.BINARY:
            raise InvalidMessage(reason="binary message")
        raise ConnectionOver
