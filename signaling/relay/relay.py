"""The relay of one room: a line for each participant in the call, and the documents between them."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from signaling.errors import MediaFailed
from signaling.relay.desk import DocumentDesk
from signaling.relay.line import Line
from signaling.relay.network import Network
from signaling.relay.peer import Peer
from signaling.relay.quality import Quality
from signaling.relay.turn import ice_servers
from signaling.wire.messages import Body
from signaling.wire.replies import Document, Offer, Refused, Slots
from teleconsult.clock import utcnow

WATCH_SECONDS = 1.0

log = structlog.get_logger(__name__)


def _always(listener: str, other: str) -> bool:
    return True


def _anybody(participant: str) -> bool:
    return True


def _nobody(participant: str) -> bool:
    return False


def _nothing(participant: str) -> None:
    pass


def _unwatched() -> None:
    pass


@dataclass(frozen=True)
class RelayPorts:
    """What the relay needs of the room around it."""

    next_generation: Callable[[str], int]
    send: Callable[[str, Body, int], None]
    reachable: Callable[[str], bool]
    sends: Callable[[str], bool]
    # (listener, other): whether the listener's offer has sections for the other, and whether they are fed now.
    # Call RoomRelay.rewire when either changed. Sections that stay empty (a private aside) need no negotiation.
    shows: Callable[[str, str], bool] = _always
    hears: Callable[[str, str], bool] = _always
    # whether there are sections for somebody's screen, and (listener, other) whether they are fed now, beside `hears`.
    # Call RoomRelay.rewire when the second changed; the first does not while they are in the call.
    may_share: Callable[[str], bool] = _nobody
    screens: Callable[[str, str], bool] = _always
    # whether somebody may send documents
    offers: Callable[[str], bool] = _anybody
    # somebody's media comes from a connection that is up now
    arrived: Callable[[str], None] = _nothing
    # whether somebody wants pictures, or the sound alone: call RoomRelay.match_pictures when it changed
    pictures: Callable[[str], bool] = _anybody
    # everyone's connection was just looked at: `quality` tells
    measured: Callable[[], None] = _unwatched


class RoomRelay:
    """Forwards the sound, the picture and the documents of everyone in the call to everyone else in it.

    With `echo` everyone hears and sees themselves alone: so that one can test the way to the relay and back.
    """

    def __init__(self, network: Network, ports: RelayPorts, *, echo: bool = False) -> None:
        self.network = network
        self._echo = echo
        self._ports = ports
        self._lines: dict[str, Line] = {}
        self.documents = DocumentDesk(
            to_channel=self._to_channel,
            to_socket=lambda participant, frame: ports.send(participant, Document(frame=frame), 0),
            offers=ports.offers,
        )
        self._closing: set[asyncio.Task[None]] = set()
        self._received: dict[str, int] = {}
        self._rate = 0.0
        # a room where people only wait has nothing to look at
        self._watch: asyncio.Task[None] | None = None

    def set_members(self, participants: set[str]) -> None:
        """Have exactly these people in the call."""
        if self._watch is None and participants:
            self._watch = asyncio.create_task(self._watch_lines())
        gone = set(self._lines) - participants
        new = participants - set(self._lines)
        for participant in gone:
            line = self._lines.pop(participant)
            task = asyncio.create_task(line.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
            self.documents.leave(participant)
        for participant in sorted(new):
            self._lines[participant] = Line(participant, self)
            self.documents.join(participant)
        for participant, line in self._lines.items():
            if participant in new:
                line.open()
            elif gone or new:
                line.rewire()

    def rewire(self) -> None:
        """Match everyone's sections and sources with what the ports `shows` and `hears` say now."""
        for line in self._lines.values():
            line.rewire()

    def hand_over(self, old: str, new: str) -> None:
        """Let `new` take the place of `old` in everybody's picture and sound, without renegotiating anything.

        `new` must be a member already (so that they are connected: while `shows` hides them, others have no sections
        for them) and `old` still one. From the moment of this call the ports must show `new` and hide `old` to whoever
        is not to be touched; set_members without `old` may follow at any time.
        """
        for participant, line in self._lines.items():
            if participant not in (old, new):
                line.hand_over(old, new)
            line.rewire()

    def restart(self, participant: str, *, forgetful: bool = False) -> None:
        """Offer somebody a new connection; `forgetful` when their page lost its memory (and so what it was sending)."""
        line = self._lines.get(participant)
        if line is None:
            return
        if forgetful:
            self.documents.forget_sender(participant)
        line.open()

    def reoffer(self, participant: str) -> None:
        """Make a new offer on somebody's present connection."""
        if line := self._lines.get(participant):
            line.reoffer()

    def match_pictures(self, participant: str) -> None:
        """Send somebody pictures, or none, as the port `pictures` says now and their line allows."""
        if line := self._lines.get(participant):
            line.match_pictures()

    def quality(self, participant: str) -> Quality | None:
        """Return how good somebody's connection is, measured once a second; None without one that was."""
        line = self._lines.get(participant)
        return line.quality if line else None

    @property
    def packets_per_second(self) -> float:
        """What the room receives, measured once a second."""
        return self._rate

    def answer(self, participant: str, generation: int, sdp: str) -> None:
        """Take somebody's answer."""
        if line := self._lines.get(participant):
            line.answer(generation, sdp)

    def candidate(self, participant: str, generation: int, candidate: str | None, mid: str | None) -> None:
        """Take somebody's ICE candidate."""
        if line := self._lines.get(participant):
            line.candidate(generation, candidate, mid)

    async def close(self) -> None:
        """Close every connection and wait for it."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        lines = [line.close() for line in self._lines.values()]
        self._lines = {}
        self.documents.close()
        await asyncio.gather(*lines, *self._closing)

    # what lines need: see line.Exchange

    def next_generation(self, participant: str) -> int:
        """Return the number of somebody's next peer connection."""
        return self._ports.next_generation(participant)

    def others(self, participant: str) -> set[str]:
        """Return whose sections are in somebody's offer."""
        if self._echo:
            return {participant}
        return {other for other in self._lines if other != participant and self._ports.shows(participant, other)}

    def wants_pictures(self, participant: str) -> bool:
        """Whether somebody is to be sent pictures."""
        return self._ports.pictures(participant)

    def source(self, participant: str, listener: str) -> Peer | None:
        """Return the peer that somebody's media comes from now; None while the listener is not to hear them."""
        line = self._lines.get(participant)
        return line.current if line and self._ports.hears(listener, participant) else None

    def may_share(self, participant: str) -> bool:
        """Whether there are sections for somebody's screen."""
        return self._ports.may_share(participant)

    def screen(self, participant: str, listener: str) -> bool:
        """Whether the listener is to be sent somebody's screen now."""
        return self._ports.screens(listener, participant)

    def send_offer(self, participant: str, generation: int, peer: Peer, sdp: str) -> None:
        """Send an offer, with TURN credentials minted for this connection."""
        audio_mid, video_mid, screen_mid = peer.upload_mids
        offer = Offer(
            sdp=sdp,
            upload_audio_mid=audio_mid,
            upload_video_mid=video_mid,
            upload_screen_mid=screen_mid,
            slots=peer.slots(),
            ice_servers=ice_servers(self.network, now=utcnow(), participant=participant),
        )
        self._ports.send(participant, offer, generation)

    def media_failed(self, participant: str) -> None:
        """Tell somebody that their answer or candidate could not be used."""
        self._ports.send(participant, Refused(code=MediaFailed.code, reply_to=""), 0)

    def source_changed(self, participant: str) -> None:
        """Let everyone else receive somebody's media from their new connection."""
        for other, line in self._lines.items():
            if other != participant or self._echo:
                line.rewire()
        self._ports.arrived(participant)

    def slots_changed(self, participant: str, peer: Peer) -> None:
        """Tell somebody who is in which section now, of the offer that they have."""
        self._ports.send(participant, Slots(slots=peer.slots()), peer.generation)

    def channel_opened(self, participant: str) -> None:
        """Offer again what somebody was receiving when their last channel was lost."""
        self.documents.channel_opened(participant)

    def data_received(self, participant: str, data: str | bytes) -> None:
        """Pass a document's frame or chunk on."""
        self.documents.hear(participant, data)

    def _to_channel(self, participant: str, data: str | bytes) -> None:
        if line := self._lines.get(participant):
            line.send_data(data)

    async def _watch_lines(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                self._look(loop.time())
            except Exception:
                # one odd report must not leave the room unwatched for the rest of the call
                log.exception("watch_failed")

    def _look(self, now: float) -> None:
        self._measure(now)
        self.documents.remind()
        for participant, line in list(self._lines.items()):
            # somebody whose socket is lost could not get the offer: their return brings a new one if need be
            if self._ports.reachable(participant):
                line.check(now, sends=self._ports.sends(participant))

    def _measure(self, now: float) -> None:
        received = {who: line.current.received for who, line in self._lines.items() if line.current is not None}
        # a count that fell belongs to a new connection
        self._rate = (
            sum(max(0, count - self._received.get(who, count)) for who, count in received.items()) / WATCH_SECONDS
        )
        self._received = received
        for line in self._lines.values():
            line.measure(now)
        self._ports.measured()
