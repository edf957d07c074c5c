"""Where a room's documents pass: from channels and from the web, through one router, to channels and to who fetches."""

import asyncio
from collections.abc import Callable

from signaling.errors import Flooding
from signaling.relay.documents import ByWeb, Delivery, DocumentRouter
from signaling.wire.allowance import Allowance

# below what proxies wait for an answer (30 s and more)
TAKE_SECONDS = 15.0
PIECES_A_SECOND = 100
MAX_WAITING = 8


class DocumentDesk:
    """`to_channel` and `to_socket` are called with a participant and what they are to be told there."""

    def __init__(
        self,
        *,
        to_channel: Callable[[str, str | bytes], None],
        to_socket: Callable[[str, str], None],
        offers: Callable[[str], bool],
    ) -> None:
        self._to_channel = to_channel
        self._to_socket = to_socket
        self._offers = offers
        self._router = DocumentRouter()
        self._pieces: dict[str, Allowance] = {}
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def join(self, participant: str) -> None:
        """Somebody came into the call."""
        self._router.member_joined(participant)
        self._pieces[participant] = Allowance(PIECES_A_SECOND)

    def leave(self, participant: str) -> None:
        """Somebody left it."""
        self._pieces.pop(participant, None)
        self._deliver(self._router.member_left(participant))

    def forget_sender(self, participant: str) -> None:
        """Somebody's page lost its memory: it cannot go on sending."""
        self._deliver(self._router.forget_sender(participant))

    def channel_opened(self, participant: str) -> None:
        """Offer again what somebody was receiving when their last channel was lost."""
        self._deliver(self._router.channel_opened(participant))

    def remind(self) -> None:
        """Once a second: ask by the web who does not answer on the channel."""
        self._deliver(self._router.remind())

    def close(self) -> None:
        """Let go of everything, and of whoever waits for more."""
        self._router = DocumentRouter()
        self._wake()

    def hear(self, participant: str, data: str | bytes, *, web: bool = False) -> None:
        """Take a frame or a chunk from somebody's channel, or (`web`) a frame from their socket."""
        self._deliver(self._router.receive(participant, data, offers=self._offers(participant), web=web))

    def put(self, participant: str, transfer: str, offset: int, piece: bytes) -> int:
        """Take a piece of a document that its sender posted; return the next byte expected.

        Raises DocumentUnknown, DocumentOutOfStep, Flooding.
        """
        self._count(participant)
        expected, deliveries = self._router.put(participant, transfer, offset, piece)
        self._deliver(deliveries)
        return expected

    async def take(self, participant: str, transfer: str, offset: int) -> bytes:
        """Return what comes next for somebody who has everything before `offset`; empty when nothing came for a while.

        Raises DocumentUnknown, DocumentOutOfStep, Flooding.
        """
        self._count(participant)
        waiting = self._waiting.setdefault(participant, set())
        if len(waiting) >= MAX_WAITING:
            raise Flooding(retry_after=1)
        woken = asyncio.Event()
        waiting.add(woken)
        try:
            async with asyncio.timeout(TAKE_SECONDS):
                while not (piece := self._next(participant, transfer, offset)):
                    await woken.wait()
                    woken.clear()
                return piece
        except TimeoutError:
            return b""
        finally:
            waiting.discard(woken)
            if not waiting:
                self._waiting.pop(participant, None)

    def _next(self, participant: str, transfer: str, offset: int) -> bytes:
        piece, deliveries = self._router.take(participant, transfer, offset)
        self._tell(deliveries)
        return piece

    def _count(self, participant: str) -> None:
        if participant in self._pieces:
            self._pieces[participant].take()

    def _deliver(self, deliveries: list[Delivery]) -> None:
        self._tell(deliveries)
        self._wake()

    def _tell(self, deliveries: list[Delivery]) -> None:
        for participant, data in deliveries:
            if isinstance(data, ByWeb):
                self._to_socket(participant, data.text)
            else:
                self._to_channel(participant, data)

    def _wake(self) -> None:
        """Let whoever waits for more of a document look again."""
        for waiting in self._waiting.values():
            for woken in waiting:
                woken.set()
