"""WebSockets and event streams as their clients hold them, with next to nothing between the socket and the counter.

One process holds thousands of them and must not be what is measured: no library, no task for a socket, and a mask of
zeros (RFC 6455 5.3 asks for a mask, and the server does its work all the same).
"""

import asyncio
import base64
import json
import os
from collections.abc import Callable
from typing import Any, cast

TEXT, CLOSE, PING = 1, 8, 9


class Line(asyncio.Protocol):
    """A connection that begins with an HTTP request. `ready` is done once the server has let it in."""

    def __init__(self, request: str) -> None:
        self._request = request
        self._buffer = bytearray()
        self._open = False
        self.transport: asyncio.Transport | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own kind of transport is not asyncio's
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request.encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            status = self._buffer[9:12].decode()
            del self._buffer[: end + 4]
            if status not in ("101", "200"):
                self._fail(f"answered {status}")
                return
            self._open = True
            self.opened()
        self.take(self._buffer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._fail(f"closed: {exc}")

    def close(self) -> None:
        """Go away without a word."""
        if self.transport is not None:
            self.transport.abort()

    def opened(self) -> None:
        """The server said yes."""

    def take(self, buffer: bytearray) -> None:
        """Take what came, and leave what is not whole yet."""

    def _let_in(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)

    def _fail(self, why: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(why))


class Stream(Line):
    """A page's stream of server-sent events."""

    def __init__(self, path: str, cookie: str) -> None:
        super().__init__(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nCookie: {cookie}\r\n\r\n"
        )

    def take(self, buffer: bytearray) -> None:
        if b"retry:" in buffer:
            self._let_in()
        buffer.clear()


class Post(Line):
    """A kept-alive connection that says, again and again, that a kiosk is there."""

    def __init__(self, path: str, cookie: str) -> None:
        self._again = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nCookie: {cookie}\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        super().__init__(self._again)

    def opened(self) -> None:
        self._let_in()

    def take(self, buffer: bytearray) -> None:
        buffer.clear()

    def beat(self) -> None:
        """Say it."""
        if self.transport is not None:
            self.transport.write(self._again.encode())


class WebSocket(Line):
    """A WebSocket of text messages."""

    def __init__(self, path: str, hear: "Callable[[WebSocket, bytes], None]") -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        super().__init__(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self._hear = hear

    def take(self, buffer: bytearray) -> None:
        while len(buffer) >= 2:
            length, at = buffer[1] & 0x7F, 2
            if length == 126:
                length, at = int.from_bytes(buffer[2:4], "big"), 4
            elif length == 127:
                length, at = int.from_bytes(buffer[2:10], "big"), 10
            if len(buffer) < at + length:
                return
            kind, payload = buffer[0] & 0xF, bytes(buffer[at : at + length])
            del buffer[: at + length]
            if kind == TEXT:
                self._hear(self, payload)
            elif kind == CLOSE:
                self._fail(f"refused with {int.from_bytes(payload[:2], 'big')}")

    def send(self, text: bytes) -> None:
        """Send a message."""
        if self.transport is None or self.lost:
            return
        length = len(text)
        size = bytes([0x80 | length]) if length < 126 else bytes([0xFE]) + length.to_bytes(2, "big")
        self.transport.write(b"\x81" + size + b"\0\0\0\0" + text)


class Participant(WebSocket):
    """One of ours: joins with a ticket, answers pings, and is in once the first `snapshot` came."""

    def __init__(self, who: str, room: str, ticket: str, told: Callable[[bytes], None]) -> None:
        super().__init__(f"/signaling/rooms/{room}", Participant._heard)
        self._own = who.encode()
        self._ticket = ticket
        self._told = told
        self._sent = 0
        self._received = 0

    def opened(self) -> None:
        self._say("join", {"ticket": self._ticket})

    def say(self, kind: str, body: dict[str, Any]) -> None:
        """Send a sequenced message."""
        self._sent += 1
        self._say(kind, body, self._sent)

    def _say(self, kind: str, body: dict[str, Any], seq: int = 0) -> None:
        message = {"v": 1, "type": kind, "id": f"c{seq}", "seq": seq, "ack": self._received, "body": body}
        self.send(json.dumps(message).encode())

    @staticmethod
    def _heard(socket: WebSocket, text: bytes) -> None:
        assert isinstance(socket, Participant)
        # the envelope comes first: the type stands at its beginning
        kind = text[: text.index(b'"id"')]
        if b'"lines"' in kind:
            # one hears oneself, too
            if socket._own not in text:
                socket._told(text)
        elif b'"snapshot"' in kind:
            socket._let_in()
        elif b'"ping"' in kind:
            socket._say("pong", {})
        elif b'"refused"' in kind:
            socket._fail(text.decode())
        elif b'"welcome"' not in kind:
            socket._received = json.loads(text)["seq"]


class PeerClient(WebSocket):
    """One of PeerJS's: in once `OPEN` came."""

    def __init__(self, name: str, told: Callable[[bytes], None]) -> None:
        path = f"/peerjs?key=peerjs&id={name}&token={name}&version=1.5.5"
        super().__init__(path, PeerClient._heard)
        self._told = told
        self.name = name

    def say(self, to: str, payload: dict[str, Any]) -> None:
        """Send another peer what the server passes on (PeerJS sends candidates so)."""
        self.send(json.dumps({"type": "CANDIDATE", "dst": to, "payload": payload}).encode())

    def beat(self) -> None:
        """Say that it is there, as PeerJS does every five seconds."""
        self.send(b'{"type":"HEARTBEAT"}')

    @staticmethod
    def _heard(socket: WebSocket, text: bytes) -> None:
        assert isinstance(socket, PeerClient)
        if b'"OPEN"' in text[:20]:
            socket._let_in()
        elif b'"CANDIDATE"' in text[:30]:
            socket._told(text)
        elif b'"ERROR"' in text[:20] or b'"ID-TAKEN"' in text[:20]:
            socket._fail(text.decode())
