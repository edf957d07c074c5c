"""A session: the numbered messages between one participant's page and the server, across sockets that come and go."""

import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from signaling.errors import SessionUnknown
from signaling.wire.messages import Body
from signaling.wire.protocol import SERVER, ClientEnvelope, serialize

MAX_KEPT = 128


class Outlet(Protocol):
    """The one writer of a socket."""

    def put(self, text: str) -> None:
        """Queue a message."""

    def finish(self, code: int) -> None:
        """Close the socket once what is queued has been sent."""


@dataclass(frozen=True)
class _Kept:
    seq: int
    id: str
    body: Body
    generation: int
    sender: str


@dataclass
class Session:
    """`id` is the secret that resumes it. Pure: the outlet does the sending."""

    id: str
    participant: str
    received: int = 0
    _outlet: Outlet | None = None
    _sent: int = 0
    _kept: deque[_Kept] = field(default_factory=deque)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def send(self, body: Body, *, generation: int = 0, sender: str = SERVER) -> None:
        """Send a message now, or, when it is sequenced and no socket is there, at the next resume."""
        seq = 0
        if body.sequenced:
            self._sent += 1
            seq = self._sent
        message = _Kept(seq, f"s{next(self._ids)}", body, generation, sender)
        if body.sequenced:
            self._kept.append(message)
            # one that falls out is missed at a resume, which then fails and makes the client join anew
            while len(self._kept) > MAX_KEPT:
                self._kept.popleft()
        if self._outlet is not None:
            self._outlet.put(self._text(message))

    def accept(self, envelope: ClientEnvelope) -> bool:
        """Note what a message acknowledges; return False for one that came before (sent again after a resume)."""
        while self._kept and self._kept[0].seq <= envelope.ack:
            self._kept.popleft()
        if envelope.seq == 0:
            return True
        if envelope.seq <= self.received:
            return False
        self.received = envelope.seq
        return True

    def attach(self, outlet: Outlet) -> None:
        """Send through this socket from now on."""
        self._outlet = outlet

    def assert_complete(self, last_seq: int) -> None:
        """Raise SessionUnknown when messages after `last_seq` are no longer kept."""
        first_kept = self._kept[0].seq if self._kept else self._sent + 1
        if not first_kept - 1 <= last_seq <= self._sent:
            raise SessionUnknown

    def replay(self, last_seq: int) -> None:
        """Send again what came after `last_seq`, in order."""
        for message in self._kept:
            if message.seq > last_seq and self._outlet is not None:
                self._outlet.put(self._text(message))

    def detach(self, outlet: Outlet) -> bool:
        """Let a socket go; return whether it was this session's newest."""
        if self._outlet is not outlet:
            return False
        self._outlet = None
        return True

    def finish(self, code: int) -> None:
        """Close the session's socket, if it has one, with this code."""
        if self._outlet is not None:
            self._outlet.finish(code)

    def _text(self, message: _Kept) -> str:
        return serialize(
            message.body,
            id=message.id,
            seq=message.seq,
            ack=self.received,
            generation=message.generation,
            sender=message.sender,
        )
