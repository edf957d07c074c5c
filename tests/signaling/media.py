"""Participants of flesh and aiortc: they answer the relay's offers as a browser would, over real sockets."""

import asyncio
import fractions
from collections.abc import Callable
from typing import Any

from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError
from av import VideoFrame

from signaling.relay.network import Network
from signaling.relay.relay import RelayPorts, RoomRelay
from signaling.wire.messages import Body
from signaling.wire.replies import Offer, Slot, Slots

LOOPBACK = Network(addresses=("127.0.0.1",))


class ColouredTrack(VideoStreamTrack):
    """A camera that sees one grey level."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level

    async def recv(self) -> VideoFrame:
        timestamp, time_base = await self.next_timestamp()
        frame = VideoFrame(width=160, height=120)
        for index, plane in enumerate(frame.planes):
            plane.update(bytes([self.level if index == 0 else 128]) * plane.buffer_size)
        frame.pts, frame.time_base = timestamp, time_base or fractions.Fraction(1, 90000)
        return frame


class RelayParticipant:
    """One side of a call, made of aiortc's own peer connection (which decodes), talking to a RoomRelay."""

    def __init__(self, name: str, level: int) -> None:
        self.name = name
        self.level = level
        # grey level of the screen that is sent beside the camera, from the next offer on
        self.screen_level: int | None = None
        self.generation = 0
        self.offers: list[tuple[int, Offer]] = []
        # who is in which section, by the newest word of it
        self.slots: tuple[Slot, ...] = ()
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.data: asyncio.Queue[str | bytes] = asyncio.Queue()
        self.connection: RTCPeerConnection | None = None
        self.channel: Any = None
        self.channel_open = asyncio.Event()
        self.inbox: asyncio.Queue[tuple[Body | None, int]] = asyncio.Queue()

    async def follow(self, relay: RoomRelay) -> None:
        """Answer offers until the inbox says None."""
        while True:
            body, generation = await self.inbox.get()
            if body is None:
                return
            if isinstance(body, Offer):
                self.slots = body.slots
                await self.answer(relay, body, generation)
            elif isinstance(body, Slots):
                self.slots = body.slots

    async def answer(self, relay: RoomRelay, offer: Offer, generation: int) -> None:
        """Answer one offer, on a new peer connection when the generation is new."""
        self.offers.append((generation, offer))
        if generation > self.generation:
            if self.connection is not None:
                await self.connection.close()
            self.generation = generation
            self._connect()
        connection = self.connection
        assert connection is not None
        await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        for transceiver in connection.getTransceivers():
            if transceiver.mid == offer.upload_video_mid and transceiver.sender.track is None:
                transceiver.sender.replaceTrack(ColouredTrack(self.level))
                transceiver.direction = "sendonly"
            if transceiver.mid == offer.upload_screen_mid and transceiver.sender.track is None:
                transceiver.direction = "sendonly"
                if self.screen_level is not None:
                    transceiver.sender.replaceTrack(ColouredTrack(self.screen_level))
            if transceiver.mid == offer.upload_audio_mid and transceiver.sender.track is None:
                transceiver.sender.replaceTrack(AudioStreamTrack())
                transceiver.direction = "sendonly"
        await connection.setLocalDescription(await connection.createAnswer())
        relay.answer(self.name, generation, connection.localDescription.sdp)
        relay.candidate(self.name, generation, None, None)

    def _connect(self) -> None:
        self.tracks = {}
        self.channel_open.clear()
        connection = self.connection = self.make_connection()

        @connection.on("datachannel")
        def opened(channel: Any) -> None:
            self.channel = channel
            channel.on("message", self.data.put_nowait)
            self.channel_open.set()

    def make_connection(self) -> RTCPeerConnection:
        """Return the peer connection of a new generation."""
        # with any other policy aiortc forgets to bundle the second video section of an offer
        return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))

    def video_from(self, other: str) -> MediaStreamTrack:
        """Return the track that carries another participant's picture."""
        return self._track(other, "video")

    def screen_from(self, other: str) -> MediaStreamTrack:
        """Return the track that carries another participant's screen."""
        return self._track(other, "screen")

    def share_screen(self, level: int) -> None:
        """Begin to send a screen of a grey level, without an offer."""
        assert self.connection is not None
        self.screen_level = level
        mid = self.offers[-1][1].upload_screen_mid
        sender = next(t.sender for t in self.connection.getTransceivers() if t.mid == mid)
        if isinstance(sender.track, ColouredTrack):
            # aiortc's encoder fails when the times of a second track begin anew
            sender.track.level = level
        else:
            sender.replaceTrack(ColouredTrack(level))

    def _track(self, other: str, kind: str) -> MediaStreamTrack:
        assert self.connection is not None
        _, offer = self.offers[-1]
        slot = next(slot for slot in offer.slots if slot.participant == other)
        mid = {"video": slot.video_mid, "audio": slot.audio_mid, "screen": slot.screen_mid}[kind]
        transceiver = next(t for t in self.connection.getTransceivers() if t.mid == mid)
        return transceiver.receiver.track

    async def close(self) -> None:
        if self.connection is not None:
            await self.connection.close()


class Call:
    """A relay with participants on it; use it as an asynchronous context manager."""

    def __init__(self, network: Network = LOOPBACK) -> None:
        self.participants: dict[str, RelayParticipant] = {}
        self._everyone: list[RelayParticipant] = []
        self._generations: dict[str, int] = {}
        self.hidden: set[tuple[str, str]] = set()
        self.unheard: set[tuple[str, str]] = set()
        # who may share a screen, and whose is shown
        self.sharers: set[str] = set()
        self.shared: str | None = None
        self._network = network
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Call":
        self.relay = RoomRelay(
            self._network,
            RelayPorts(
                next_generation=self._next_generation,
                send=self._send,
                reachable=lambda participant: True,
                sends=lambda participant: True,
                shows=lambda listener, other: (listener, other) not in self.hidden,
                hears=lambda listener, other: (listener, other) not in self.unheard,
                may_share=lambda participant: participant in self.sharers,
                screens=lambda listener, other: other == self.shared,
            ),
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        for participant in self._everyone:
            participant.inbox.put_nowait((None, 0))
        await asyncio.gather(*self._tasks)
        await self.relay.close()
        for participant in self._everyone:
            await participant.close()

    def join(self, *levels: tuple[str, int]) -> list[RelayParticipant]:
        """Add participants, each with the grey level of their camera."""
        added = [RelayParticipant(name, level) for name, level in levels]
        self.add(*added)
        return added

    def add(self, *added: RelayParticipant) -> None:
        """Add participants, all at the same moment."""
        for participant in added:
            self.participants[participant.name] = participant
            self._everyone.append(participant)
            self._tasks.append(asyncio.create_task(participant.follow(self.relay)))
        self.relay.set_members(set(self.participants))

    def leave(self, name: str) -> RelayParticipant:
        gone = self.participants.pop(name)
        self.relay.set_members(set(self.participants))
        return gone

    def _next_generation(self, participant: str) -> int:
        self._generations[participant] = self._generations.get(participant, 0) + 1
        return self._generations[participant]

    def _send(self, participant: str, body: Body, generation: int) -> None:
        if participant in self.participants:
            self.participants[participant].inbox.put_nowait((body, generation))


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is true; TimeoutError when it never is."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (conditions of aiortc's make no events)
            await asyncio.sleep(0.02)


async def mean_level(track: MediaStreamTrack) -> int:
    """Return the mean grey level of the next decoded frame."""
    frame = await track.recv()
    assert isinstance(frame, VideoFrame)
    plane = frame.planes[0]
    data = memoryview(plane)
    rows = [bytes(data[row * plane.line_size : row * plane.line_size + frame.width]) for row in range(frame.height)]
    return round(sum(sum(row) for row in rows) / (frame.width * frame.height))


async def sees(
    participant: RelayParticipant, other: str, level: int, seconds: float = 20.0, *, screen: bool = False
) -> None:
    """Wait until a participant sees another one's grey level, within 8; TimeoutError when they never do.

    With `screen`, that of their screen.
    """
    async with asyncio.timeout(seconds):
        while True:
            try:
                track = participant.screen_from(other) if screen else participant.video_from(other)
                if abs(await mean_level(track) - level) <= 8:
                    return
            except (StopIteration, IndexError, AssertionError, MediaStreamError):
                await asyncio.sleep(0.05)
