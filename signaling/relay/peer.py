"""One generation of one participant's connection to the relay."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCDataChannel, RTCSessionDescription
from aiortc.codecs import get_capabilities
from aiortc.rtcrtptransceiver import RTCRtpTransceiver
from aiortc.sdp import candidate_from_sdp

from signaling.relay.descriptions import assert_plausible
from signaling.relay.frames import CHANNEL
from signaling.relay.hooks import RelayPeerConnection, received_packets, selected_path, set_stream
from signaling.relay.network import Network
from signaling.relay.quality import StreamFigures
from signaling.relay.rate import MAX_BITRATE, START_BITRATE
from signaling.relay.sender import ForwardingSender
from signaling.wire.replies import Slot

CODECS = {"audio": ("audio/opus",), "video": ("video/VP8", "video/H264", "video/rtx")}
H264_PROFILE = "42e01f"
OPUS_WISHES = "minptime=10;useinbandfec=1;usedtx=1"
LOCAL_NAME = ".local"


@dataclass
class _Sections:
    """One person's: for sound, for the picture, and for the screen of who may share one."""

    audio: RTCRtpTransceiver
    video: RTCRtpTransceiver
    screen: RTCRtpTransceiver | None = None

    @property
    def pictures(self) -> list[RTCRtpTransceiver]:
        """The sections that carry pictures."""
        return [self.video] if self.screen is None else [self.video, self.screen]

    @property
    def all(self) -> list[RTCRtpTransceiver]:
        """Every section."""
        return [self.audio, *self.pictures]

    def attach(self, source: "_Sections | None", *, screen: bool = False) -> None:
        """Forward another one's sound and picture, and with `screen` their screen too. The senders are ours."""
        self.audio.sender.attach(source.audio.receiver if source else None)  # type: ignore[attr-defined]
        self.video.sender.attach(source.video.receiver if source else None)  # type: ignore[attr-defined]
        if self.screen is not None:
            shared = source.screen if source and screen else None
            self.screen.sender.attach(shared.receiver if shared else None)  # type: ignore[attr-defined]


class Peer:
    """A peer connection that the server offers: sections to send in, some for each other participant, a data channel.

    With `shares` there is a section in which the participant may send their screen. It is there from the beginning, and
    so are those in which others receive it (`sees_screen` says whether they do): sharing begins and ends without an
    offer. `on_state` is called with this peer when its connection state changed, `on_data` with each data channel
    message, `on_channel` when the data channel opened.
    """

    def __init__(
        self,
        generation: int,
        network: Network,
        *,
        on_state: Callable[["Peer"], None],
        on_channel: Callable[["Peer"], None],
        on_data: Callable[["Peer", str | bytes], None],
        shares: bool = False,
        sees_screen: Callable[[str], bool] = lambda other: False,
    ) -> None:
        self.generation = generation
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self._connection = RelayPeerConnection(configuration, network)
        self._upload = self._add_sections("recvonly")
        if shares:
            screen = self._upload.screen = self._add_section("video", "recvonly")
            self._upload.video.receiver.lead(screen.receiver)  # type: ignore[attr-defined]
        self._sees_screen = sees_screen
        self._slots: dict[str, _Sections] = {}
        self._free: list[_Sections] = []
        self._remote_candidates = 0
        self._answered = False
        self._ended_candidates = False
        self._channel: RTCDataChannel = self._connection.createDataChannel(CHANNEL)
        self._connection.on("connectionstatechange", lambda: on_state(self))
        self._channel.on("open", lambda: on_channel(self))
        self._channel.on("message", lambda data: on_data(self, data))

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `failed` or `closed`."""
        return str(self._connection.connectionState)

    @property
    def settled(self) -> bool:
        """Whether a new offer may be made: none is unanswered, and the transport is up.

        aiortc starts the senders of a second negotiation only when the first one's transport is connected.
        """
        return self._connection.signalingState == "stable" and self.state == "connected"

    @property
    def received(self) -> int:
        """Packets received so far, of any kind but STUN."""
        return received_packets(self._connection)

    @property
    def path(self) -> str | None:
        """How media comes here: `udp`, `turn`, or None while it does not."""
        return selected_path(self._connection) if self.state == "connected" else None

    def sent_figures(self) -> list[StreamFigures]:
        """Return how well what the participant sends arrives here."""
        round_trip = self._round_trip()
        return [
            StreamFigures(kind, lost, jitter, round_trip)
            for section in self._upload.all
            for kind, lost, jitter in section.receiver.figures()  # type: ignore[attr-defined]
        ]

    def received_figures(self) -> list[StreamFigures]:
        """Return how well what the relay sends arrives at the participant, by their reports."""
        figures = (sender.figures(time.time()) for sender in self._senders())
        return [found for found in figures if found is not None]

    def pause_pictures(self, paused: bool) -> None:
        """Send the participant no pictures (nor screens), or send them again; the sound goes on."""
        for slot in self._slots.values():
            for section in slot.pictures:
                section.sender.pause(paused)  # type: ignore[attr-defined]

    def _senders(self) -> list[ForwardingSender]:
        return [section.sender for slot in self._slots.values() for section in slot.all]  # type: ignore[misc]

    def _round_trip(self) -> float | None:
        return min((s.round_trip for s in self._senders() if s.round_trip is not None), default=None)

    def set_slots(self, participants: Mapping[str, bool]) -> bool:
        """Have a slot for each of these participants and no other; return whether an offer is needed to make it so.

        The value tells whether they may share their screen.
        """
        changed = False
        for gone in [p for p in self._slots if p not in participants]:
            slot = self._slots.pop(gone)
            for section in slot.all:
                section.direction = "inactive"
            self._free.append(slot)
            changed = True
        for new in sorted(set(participants) - set(self._slots)):
            slot = self._slots[new] = self._free.pop() if self._free else self._add_sections("sendonly")
            if participants[new] and slot.screen is None:
                slot.screen = self._add_section("video", "sendonly")
            for section in slot.all if participants[new] else (slot.audio, slot.video):
                section.direction = "sendonly"
            set_stream(slot.audio, new)
            set_stream(slot.video, new)
            if slot.screen is not None:
                # a stream of its own: a browser would hold the screen back to keep it in step with the voice
                set_stream(slot.screen, f"{new}-screen")
            changed = True
        return changed

    def hand_over_slot(self, old: str, new: str) -> bool:
        """Let another participant have somebody's slot; return False when there is none, or the other has one.

        Nothing is negotiated: the sections and streams of the present offer stay, and what is sent in them goes on
        under the same SSRC with numbers that follow on (see ForwardingSender.attach).
        """
        if new in self._slots or old not in self._slots:
            return False
        self._slots[new] = self._slots.pop(old)
        return True

    def connect_slot(self, participant: str, source: "Peer | None") -> None:
        """Forward what another participant's peer receives into that participant's slot, if there is one."""
        slot = self._slots.get(participant)
        if slot is not None:
            # their screen only when they are to be seen to share it, whatever their page sends
            slot.attach(source._upload if source else None, screen=self._sees_screen(participant))

    def release_slots(self) -> None:
        """Let the sources of slots that are not in use go."""
        for slot in self._free:
            slot.attach(None)

    async def offer(self) -> str:
        """Make an offer and return its SDP, with all candidates of the relay."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        self._answered = False
        return with_start_bitrate(with_opus_wishes(str(self._connection.localDescription.sdp)))

    def slots(self) -> tuple[Slot, ...]:
        """Return who is in which section of the offer."""
        return tuple(
            Slot(
                participant=who,
                audio_mid=slot.audio.mid or "",
                video_mid=slot.video.mid or "",
                screen_mid=_mid(slot.screen),
            )
            for who, slot in self._slots.items()
        )

    @property
    def upload_mids(self) -> tuple[str, str, str | None]:
        """The sections for the participant's own sound, picture and screen (None: they may not share it)."""
        return self._upload.audio.mid or "", self._upload.video.mid or "", _mid(self._upload.screen)

    async def answer(self, sdp: str) -> None:
        """Take the participant's answer. Raises whatever aiortc makes of a bad one (there is no one error class)."""
        if self._connection.signalingState != "have-local-offer" or self._answered:
            return
        # one answer to an offer: whoever sent a bad one has it read once
        self._answered = True
        assert_plausible(sdp)
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp=without_local_names(sdp), type="answer"))

    async def add_candidate(self, candidate: str | None, mid: str | None) -> None:
        """Add a candidate of the participant; None ends them, without which a failure would never be noticed."""
        if not candidate:
            # a browser that shows no address (no camera, mDNS names only) is found by its own checks
            if self._remote_candidates:
                await self._connection.addIceCandidate(None)
            return
        if LOCAL_NAME in candidate:
            return
        parsed = candidate_from_sdp(candidate.removeprefix("candidate:"))
        parsed.sdpMid = mid or self._upload.audio.mid
        self._remote_candidates += 1
        await self._connection.addIceCandidate(parsed)

    def send_data(self, data: str | bytes) -> bool:
        """Send on the data channel; return False when it is not open."""
        if self._channel.readyState != "open":
            return False
        self._channel.send(data)
        return True

    async def close(self) -> None:
        """Close the connection and give its sockets back."""
        for slot in [*self._slots.values(), *self._free]:
            slot.attach(None)
        await self._connection.close()

    def _add_sections(self, direction: str) -> _Sections:
        return _Sections(audio=self._add_section("audio", direction), video=self._add_section("video", direction))

    def _add_section(self, kind: str, direction: str) -> RTCRtpTransceiver:
        transceiver = self._connection.addTransceiver(kind, direction=direction)
        transceiver.setCodecPreferences(_preferences(kind))
        return transceiver


def _mid(section: RTCRtpTransceiver | None) -> str | None:
    # a section that is not in use any more keeps its place in the description
    return section.mid if section is not None and section.direction != "inactive" else None


def _preferences(kind: str) -> list[Any]:
    """Return the codecs that the relay offers: the same for everyone, so that nothing needs decoding."""
    wanted = []
    for mime_type in CODECS[kind]:
        for codec in get_capabilities(kind).codecs:
            profile = codec.parameters.get("profile-level-id", H264_PROFILE)
            if codec.mimeType == mime_type and profile == H264_PROFILE:
                wanted.append(codec)
    return wanted


def with_opus_wishes(sdp: str) -> str:
    """Ask for sound that repairs itself, and for none while nobody speaks (RFC 7587 6.1): aiortc cannot say so."""
    return re.sub(r"(a=rtpmap:(\d+) opus/48000/2\r\n)", rf"\1a=fmtp:\2 {OPUS_WISHES}\r\n", sdp)


def with_start_bitrate(sdp: str) -> str:
    """Ask for pictures that are large from the first one on: Chromium and Safari begin with 300 kbit/s otherwise.

    REMB may come after the first picture, whose size is kept for some ten seconds. Firefox has no such parameter.
    """
    for line, payload_type in re.findall(r"(a=rtpmap:(\d+) (?:VP8|H264)/90000\r\n)", sdp):
        wishes = f"x-google-start-bitrate={START_BITRATE // 1000};x-google-max-bitrate={MAX_BITRATE // 1000}"
        if (present := f"a=fmtp:{payload_type} ") in sdp:
            sdp = sdp.replace(present, f"{present}{wishes};")
        else:
            sdp = sdp.replace(line, f"{line}a=fmtp:{payload_type} {wishes}\r\n")
    return sdp


def without_local_names(sdp: str) -> str:
    """Leave out mDNS candidates: resolving them needs multicast, and the browser's own checks tell its address."""
    lines = sdp.splitlines(keepends=True)
    return "".join(line for line in lines if not (line.startswith("a=candidate:") and LOCAL_NAME in line))
