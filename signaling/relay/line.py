"""One participant's line to the relay: the current peer, the next while it connects, one task that owns both."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from signaling.relay.network import Network
from signaling.relay.peer import Peer
from signaling.relay.quality import PictureGate, Quality, worst

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 15.0
SILENCE_SECONDS = 6.0
MAX_COMMANDS = 256

Command = Callable[[], Awaitable[None]]


class Exchange(Protocol):
    """What a line needs of the room's relay."""

    network: Network

    def next_generation(self, participant: str) -> int:
        """Return the number of the next peer connection."""

    def others(self, participant: str) -> set[str]:
        """Return whose sections are in the participant's offer."""

    def wants_pictures(self, participant: str) -> bool:
        """Whether the participant is to be sent pictures."""

    def source(self, participant: str, listener: str) -> Peer | None:
        """Return the peer that somebody's media comes from now; None while the listener is not to hear them."""

    def may_share(self, participant: str) -> bool:
        """Whether there are sections for somebody's screen; it does not change while they are in the call."""

    def screen(self, participant: str, listener: str) -> bool:
        """Whether the listener is to be sent somebody's screen now."""

    def send_offer(self, participant: str, generation: int, peer: Peer, sdp: str) -> None:
        """Send an offer to the participant."""

    def media_failed(self, participant: str) -> None:
        """Tell the participant that what they sent could not be used."""

    def source_changed(self, participant: str) -> None:
        """Tell the other lines that this participant's media comes from another peer now."""

    def slots_changed(self, participant: str, peer: Peer) -> None:
        """Tell the participant who is in which section now: without an offer."""

    def channel_opened(self, participant: str) -> None:
        """A data channel opened."""

    def data_received(self, participant: str, data: str | bytes) -> None:
        """A data channel message came."""


class Line:
    """Runs its commands one after the other. `now` arguments are seconds of the event loop's clock."""

    def __init__(self, participant: str, exchange: Exchange) -> None:
        self.participant = participant
        self.current: Peer | None = None
        self.quality: Quality | None = None
        self._gate = PictureGate()
        self._exchange = exchange
        self._next: Peer | None = None
        self._offer_wanted = False
        self._handed_over: list[tuple[str, str]] = []
        self._closing = False
        self._opened_at = 0.0
        self._heard = -1
        self._heard_at = 0.0
        self._commands: asyncio.Queue[Command | None] = asyncio.Queue(MAX_COMMANDS)
        self._task = asyncio.create_task(self._run())

    def open(self) -> None:
        """Offer a new peer connection, one generation on."""
        self._do(self._open)

    def rewire(self) -> None:
        """Match the slots with who is in the call, and their sources with where media comes from."""
        self._do(self._rewire)

    def hand_over(self, old: str, new: str) -> None:
        """Feed the sections in which this participant hears and sees `old` from `new` instead, without an offer.

        Call it when `new` is connected, and `rewire` (which RoomRelay.hand_over does) after `others` says so too:
        the slot keeps its sections, SSRCs and numbering, so that the participant's connection is not touched.
        """
        # noted at once: a rewire that waits in the queue already must not take the slot down and offer another
        self._handed_over.append((old, new))
        self._do(self._rewire)

    def reoffer(self) -> None:
        """Make a new offer on the same connection."""
        self._offer_wanted = True
        self._do(self._flush)

    def answer(self, generation: int, sdp: str) -> None:
        """Take an answer."""
        self._do(lambda: self._answer(generation, sdp))

    def candidate(self, generation: int, candidate: str | None, mid: str | None) -> None:
        """Take a candidate."""
        self._do(lambda: self._candidate(generation, candidate, mid))

    def send_data(self, data: str | bytes) -> None:
        """Send on the newest data channel that is open; without one the data is lost, and a resume makes up for it."""
        for peer in (self._next, self.current):
            if peer is not None and peer.send_data(data):
                return

    def check(self, now: float, *, sends: bool) -> None:
        """Open a new generation when the newest one failed, did not connect in time, or fell silent.

        `sends` tells whether the participant sends sound or picture all the time, so that silence means something.

        aiortc itself notices a dead path after some 30 s only.
        """
        peer = self._next or self.current
        if peer is None:
            return
        if peer.received != self._heard:
            self._heard, self._heard_at = peer.received, now
        late = peer.state != "connected" and now - self._opened_at > CONNECT_SECONDS
        silent = sends and peer.state == "connected" and now - max(self._heard_at, self._opened_at) > SILENCE_SECONDS
        if late or silent or peer.state in ("failed", "closed"):
            self._opened_at = now
            log.info("media_path_lost", generation=peer.generation, state=peer.state, silent=silent)
            self.open()

    def measure(self, now: float) -> None:
        """Look at the connection, once a second; stop pictures when it is too poor for them, so that sound stays."""
        peer = self.current
        if peer is None or peer.state != "connected":
            self.quality = None
            return
        sent, received = peer.sent_figures(), peer.received_figures()
        down = worst(received)
        paused = self._gate.judge(down, now)
        self.match_pictures()
        trips = [figures.round_trip for figures in received if figures.round_trip is not None]
        self.quality = Quality(
            up=worst(sent),
            down=down,
            lost_up=max((figures.lost for figures in sent), default=0.0),
            lost_down=max((figures.lost for figures in received), default=0.0),
            round_trip=min(trips, default=None),
            path=peer.path,
            pictures_paused=paused,
        )

    def match_pictures(self) -> None:
        """Send pictures unless the line is too poor for them or the participant wants the sound alone."""
        paused = self._gate.paused or not self._exchange.wants_pictures(self.participant)
        for peer in (self._next, self.current):
            if peer is not None:
                peer.pause_pictures(paused)

    async def close(self) -> None:
        """Close the peers and wait for it."""
        # not cancelled: aiortc never finishes a close that was cancelled half-way
        self._closing = True
        with contextlib.suppress(asyncio.QueueFull):
            self._commands.put_nowait(None)
        await self._task
        for peer in (self._next, self.current):
            if peer is not None:
                await peer.close()
        self._next = self.current = None

    def _do(self, command: Command) -> None:
        if self._commands.full():
            log.warning("media_commands_dropped")
            return
        self._commands.put_nowait(command)

    async def _run(self) -> None:
        while (command := await self._commands.get()) is not None and not self._closing:
            try:
                await command()
            except Exception:
                # a hostile description can make aiortc raise anything; the line must survive it
                log.exception("media_command_failed")
                self._exchange.media_failed(self.participant)

    async def _open(self) -> None:
        if self._next is not None:
            await self._next.close()
        generation = self._exchange.next_generation(self.participant)
        peer = self._next = Peer(
            generation,
            self._exchange.network,
            on_state=self._state_changed,
            on_channel=lambda peer: self._exchange.channel_opened(self.participant),
            on_data=lambda peer, data: self._exchange.data_received(self.participant, data),
            shares=self._exchange.may_share(self.participant),
            sees_screen=lambda other: self._exchange.screen(other, self.participant),
        )
        loop = asyncio.get_running_loop()
        self._opened_at = self._heard_at = loop.time()
        self._heard = -1
        self._wire(peer)
        await self._offer(peer)

    async def _offer(self, peer: Peer) -> None:
        self._offer_wanted = False
        sdp = await peer.offer()
        self._exchange.send_offer(self.participant, peer.generation, peer, sdp)

    def _wire(self, peer: Peer) -> bool:
        others = self._exchange.others(self.participant)
        changed = peer.set_slots({other: self._exchange.may_share(other) for other in others})
        peer.release_slots()
        for other in others:
            peer.connect_slot(other, self._exchange.source(other, self.participant))
        self.match_pictures()
        return changed

    def _hand_over(self) -> None:
        while self._handed_over:
            old, new = self._handed_over.pop(0)
            for peer in (self._next, self.current):
                if peer is not None and peer.hand_over_slot(old, new):
                    peer.connect_slot(new, self._exchange.source(new, self.participant))
                    self._exchange.slots_changed(self.participant, peer)

    async def _rewire(self) -> None:
        self._hand_over()
        for peer in (self._next, self.current):
            # a client that is gone has closed it: `check` opens the next
            if peer is not None and peer.state != "closed" and self._wire(peer):
                self._offer_wanted = True
        await self._flush()

    async def _flush(self) -> None:
        peer = self._next or self.current
        if self._offer_wanted and peer is not None and peer.settled:
            await self._offer(peer)

    async def _answer(self, generation: int, sdp: str) -> None:
        peer = self._by_generation(generation)
        if peer is not None:
            await peer.answer(sdp)
            await self._flush()

    async def _candidate(self, generation: int, candidate: str | None, mid: str | None) -> None:
        peer = self._by_generation(generation)
        if peer is not None:
            await peer.add_candidate(candidate, mid)

    def _by_generation(self, generation: int) -> Peer | None:
        """Return the peer that a message is about; one about an older generation is dropped."""
        peer = self._next or self.current
        return peer if peer is not None and peer.generation == generation else None

    def _state_changed(self, peer: Peer) -> None:
        if peer is self._next and peer.state == "connected":
            self._do(lambda: self._switch(peer))
        elif peer is self.current and peer.state == "connected":
            self._do(self._flush)

    async def _switch(self, peer: Peer) -> None:
        """The next peer is up: it takes over, and the old one goes."""
        if peer is not self._next:
            return
        old, self.current, self._next = self.current, peer, None
        self._exchange.source_changed(self.participant)
        if old is not None:
            await old.close()
        await self._flush()
