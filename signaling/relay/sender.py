"""The relay's end of what one participant receives from another: own numbering, history, reports."""

import contextlib
import time
from dataclasses import dataclass
from typing import Any, Protocol

from aiortc import RTCRtpSender, clock
from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpSendParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)
from aiortc.utils import random16, random32

from signaling.relay.receiver import Sink
from signaling.relay.rtp import SEQUENCES, ExtensionIds, HeaderWriter, Packet, Rebase

HISTORY = 512
BITRATE_LIMIT_LASTS_SECONDS = 10.0
CNAME = 1  # SDES item type (RFC 3550 6.5.1)
CLOCK_RATES = {"audio": 48000, "video": 90000}
EXTENSION_URIS = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": "mid",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": "audio_level",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time": "abs_send_time",
}


class Source(Protocol):
    """Where a sender's packets come from."""

    sinks: list[Sink]

    async def request_key_frame(self) -> None:
        """Ask for a key frame."""


@dataclass(frozen=True, slots=True)
class _Sent:
    sequence_number: int
    timestamp: int
    payload_type: int
    marker: bool
    audio_level: int | None
    payload: bytes
    wire: bytes


def extension_ids(extensions: list[Any]) -> ExtensionIds:
    """Return the ids of the negotiated header extensions that the relay understands."""
    return ExtensionIds(**{EXTENSION_URIS[e.uri]: e.id for e in extensions if e.uri in EXTENSION_URIS})


class ForwardingSender(RTCRtpSender):
    """An RTCRtpSender that takes packets instead of encoding frames. Its source may be exchanged at any time."""

    def __init__(self, kind: str, transport: Any) -> None:
        super().__init__(kind, transport)
        self.source: Source | None = None
        self._started = False
        self._rebase = Rebase()
        self._rebased = False
        self._writer = HeaderWriter(ExtensionIds(), "")
        self._history: list[_Sent | None] = [None] * HISTORY
        self._retransmission_types: dict[int, int] = {}
        self._retransmission_sequence = random16() % 32768
        self._payload_types: set[int] = set()
        self._cname = b""
        self._packets = 0
        self._octets = 0
        self._limit: tuple[int, float] | None = None

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Begin to send; a second call changes nothing."""
        if self._started:
            return
        self._started = True
        self.transport._register_rtp_sender(self, parameters)
        self._writer = HeaderWriter(extension_ids(parameters.headerExtensions), parameters.muxId)
        self._cname = (parameters.rtcp.cname or "").encode()
        self._payload_types = {codec.payloadType or 0 for codec in parameters.codecs if not is_rtx(codec)}
        for codec in parameters.codecs:
            apt = codec.parameters.get("apt")
            if is_rtx(codec) and isinstance(apt, int):
                self._retransmission_types[apt] = codec.payloadType or 0
        if self.source is not None:
            await self.source.request_key_frame()

    async def stop(self) -> None:
        """Stop for good and let the source go."""
        await self.attach(None)
        if self._started:
            self._started = False
            self.transport._unregister_rtp_sender(self)

    async def attach(self, source: Source | None) -> None:
        """Forward another source from now on (None: nobody), with numbers that go on where the last one's ended."""
        if source is self.source:
            return
        if self.source is not None:
            self.source.sinks.remove(self)
        self.source = source
        self._rebased = False
        if source is not None:
            source.sinks.append(self)
            await source.request_key_frame()

    @property
    def bitrate_limit(self) -> int | None:
        """Bits a second that the far end said it can take, if it said so lately."""
        if self._limit is None or time.monotonic() - self._limit[1] > BITRATE_LIMIT_LASTS_SECONDS:
            return None
        return self._limit[0]

    async def relay(self, packet: Packet) -> None:
        """Send a source's packet on. What comes before the far end is connected is dropped: a key frame follows."""
        if not self._started or packet.payload_type not in self._payload_types:
            return
        now = time.monotonic()
        rebase = self._rebase
        if not self._rebased:
            self._rebased = True
            rebase.switch(
                sequence_number=packet.sequence_number,
                timestamp=packet.timestamp,
                first_sequence=random16() % 32768,
                first_timestamp=random32(),
                elapsed=int((now - rebase.last_sent) * CLOCK_RATES[self.kind]),
            )
        sequence_number = rebase.sequence(packet.sequence_number)
        timestamp = rebase.last_timestamp = rebase.timestamp(packet.timestamp)
        rebase.last_sent = now
        wire = self._header(
            packet.payload_type, packet.marker, sequence_number, timestamp, self._ssrc, packet.audio_level
        )
        wire += packet.payload
        self._history[sequence_number % HISTORY] = _Sent(
            sequence_number, timestamp, packet.payload_type, packet.marker, packet.audio_level, packet.payload, wire
        )
        self._packets += 1
        self._octets += len(packet.payload)
        await self._transmit(wire)

    async def relay_report(self, report: RtcpSrPacket) -> None:
        """Re-emit the source's sender report in this stream's timestamps, so that sound and picture stay together."""
        if not self._started or not self._rebased:
            return
        info = RtcpSenderInfo(
            ntp_timestamp=report.sender_info.ntp_timestamp,
            rtp_timestamp=self._rebase.timestamp(report.sender_info.rtp_timestamp),
            packet_count=self._packets & 0xFFFFFFFF,
            octet_count=self._octets & 0xFFFFFFFF,
        )
        description = RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=self._ssrc, items=[(CNAME, self._cname)])])
        await self._transmit(bytes(RtcpSrPacket(ssrc=self._ssrc, sender_info=info)) + bytes(description))

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            for sequence_number in packet.lost:
                await self._retransmit(sequence_number)
        elif isinstance(packet, RtcpPsfbPacket):
            if packet.fmt in (RTCP_PSFB_FIR, RTCP_PSFB_PLI):
                if self.source is not None:
                    await self.source.request_key_frame()
            elif packet.fmt == RTCP_PSFB_APP:
                self._note_limit(packet.fci)

    async def _retransmit(self, sequence_number: int) -> None:
        sent = self._history[sequence_number % HISTORY]
        if sent is None or sent.sequence_number != sequence_number:
            return
        payload_type = self._retransmission_types.get(sent.payload_type)
        if payload_type is None:
            # byte for byte: AES-GCM forbids other bytes under the same SSRC and number
            await self._transmit(sent.wire)
            return
        header = self._header(
            payload_type, sent.marker, self._retransmission_sequence, sent.timestamp, self._rtx_ssrc, sent.audio_level
        )
        self._retransmission_sequence = (self._retransmission_sequence + 1) % SEQUENCES
        await self._transmit(header + sequence_number.to_bytes(2, "big") + sent.payload)

    def _header(
        self, payload_type: int, marker: bool, sequence_number: int, timestamp: int, ssrc: int, audio_level: int | None
    ) -> bytes:
        return self._writer.write(
            payload_type=payload_type,
            marker=marker,
            sequence_number=sequence_number,
            timestamp=timestamp,
            ssrc=ssrc,
            send_time=clock.current_ntp_time() >> 14,
            audio_level=audio_level,
        )

    def _note_limit(self, fci: bytes) -> None:
        with contextlib.suppress(ValueError, IndexError):
            bitrate, ssrcs = unpack_remb_fci(fci)
            # REMB is for the whole transport: each of its video streams may take a share
            videos = max(1, sum(1 for ssrc in ssrcs if ssrc in self.transport._rtp_router.senders))
            self._limit = (bitrate // videos, time.monotonic())

    async def _transmit(self, wire: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            await self.transport._send_rtp(wire)
