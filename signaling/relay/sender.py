"""The relay's end of what one participant receives from another: own numbering, history, reports."""

import contextlib
from collections import OrderedDict
from typing import Any, Protocol

from aiortc import RTCRtpSender
from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpSendParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)
from aiortc.utils import random16, random32

from signaling.relay.downlink import Downlink
from signaling.relay.key_frames import KEY_FRAME_TESTS, KeyFrameTest
from signaling.relay.quality import StreamFigures
from signaling.relay.rtp import NONE, SEND_TIME_SECOND, SEQUENCES, ExtensionIds, HeaderWriter, Rebase
from signaling.relay.srtp import LARGEST, Buffer
from signaling.relay.stream import HISTORY, REPORT_TIME, Sink, Stream

CNAME = 1  # SDES item type (RFC 3550 6.5.1)
CLOCK_RATES = {"audio": 48000, "video": 90000}
KEY_FRAME_PATIENCE_SECONDS = 2.0
LONGEST_GAP_SECONDS = 60.0
GUARDED = 1 << 14
REPORTS_KEPT = 8
REPORT_LASTS_SECONDS = 10.0
RETRANSMISSIONS = 256
EXTENSION_URIS = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": "mid",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": "audio_level",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time": "abs_send_time",
}


class Source(Protocol):
    """Where a sender's packets come from."""

    def add_sink(self, sink: Sink) -> None:
        """Hand packets to a sink from now on."""

    def remove_sink(self, sink: Sink) -> None:
        """Hand it no more."""

    def request_key_frame(self, sink: Sink | None = None) -> None:
        """Ask for a key frame; for a sink, only as long as it has not begun."""

    def began(self, sink: Sink) -> None:
        """A sink needs no key frame any more."""

    def limit_fell(self, now: float) -> None:
        """Look at the limits of those that it is handed to, at once."""


def extension_ids(extensions: list[Any]) -> ExtensionIds:
    """Return the ids of the negotiated header extensions that the relay understands."""
    return ExtensionIds(**{EXTENSION_URIS[e.uri]: e.id for e in extensions if e.uri in EXTENSION_URIS})


class ForwardingSender(RTCRtpSender):
    """An RTCRtpSender that takes packets instead of encoding frames. Its source may be exchanged at any time.

    `round_trip` is seconds, None before the far end said anything.
    """

    def __init__(self, kind: str, transport: Any) -> None:
        super().__init__(kind, transport)
        self._link = transport
        self.source: Source | None = None
        self.round_trip: float | None = None
        self._report: tuple[RtcpReceiverInfo, float] | None = None
        self._paused = False
        self._path: Any = None
        self._stopped = False
        # the stream that is sent on now; None until its first packet that may be
        self._stream: Stream | None = None
        self._wished_at: float | None = None
        self._rebase = Rebase()
        self._floor: int | None = None
        self._writer = HeaderWriter(ExtensionIds(), "")
        self._buffer = Buffer()
        self._repeats: dict[int, int] = {}
        self._repeat_sequence = random16() % 32768
        self._allowance = RETRANSMISSIONS
        self._sent: dict[int, bytes] = {}
        self._keeps_sent = False
        self._key_frame_tests: dict[int, KeyFrameTest | None] = {}
        self._cname = b""
        self._packets = 0
        self._octets = 0
        self._reports_sent: OrderedDict[int, float] = OrderedDict()

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Begin to send; a second call changes nothing, nor one after `stop`, as when a handshake ends too late."""
        if self._path is not None or self._stopped:
            return
        self._path = self._link.media_path
        self.transport._register_rtp_sender(self, parameters)
        self._writer = HeaderWriter(extension_ids(parameters.headerExtensions), parameters.muxId)
        self._writer.prepare(self._buffer.view)
        self._cname = (parameters.rtcp.cname or "").encode()
        for codec in parameters.codecs:
            if is_rtx(codec):
                self._repeats[int(codec.parameters["apt"] or 0)] = codec.payloadType or 0
            else:
                self._key_frame_tests[codec.payloadType or 0] = KEY_FRAME_TESTS.get(codec.mimeType.lower())
        if self.kind == "video":
            self._path.downlink.add(self)
        self._keeps_sent = self.kind == "video" and not set(self._key_frame_tests) <= set(self._repeats)
        self._wish()

    async def stop(self) -> None:
        """Stop for good and let the source go."""
        self._stopped = True
        self.attach(None)
        if self._path is not None:
            self._path.downlink.remove(self)
            self._path = None
            self.transport._unregister_rtp_sender(self)

    def attach(self, source: Source | None) -> None:
        """Forward another source from now on (None: nobody), with numbers that go on where the last one's ended."""
        if source is self.source:
            return
        if self.source is not None:
            self.source.remove_sink(self)
        self.source = source
        self._stream = self._wished_at = None
        if source is not None:
            source.add_sink(self)
            self._wish()

    @property
    def paused(self) -> bool:
        """Whether nothing is sent although there is a source."""
        return self._paused

    def pause(self, paused: bool) -> None:
        """Send nothing from now on, or go on: pictures with the next key frame, which is asked for."""
        if paused == self._paused:
            return
        self._paused = paused
        self._stream = self._wished_at = None
        self._wish()

    @property
    def downlink(self) -> Downlink | None:
        """The line to the far end; None before there is one, and for sound, of which there is always enough."""
        return self._path.downlink if self._path is not None and self.kind == "video" else None

    @property
    def octets_sent(self) -> int:
        """How much was sent so far, without headers."""
        return self._octets

    @property
    def wanted(self) -> bool:
        """Whether there is a source and it is not paused."""
        return self.source is not None and not self._paused

    def limit_fell(self, now: float) -> None:
        """Let the source be told at once that the far end's line takes less."""
        if self.source is not None:
            self.source.limit_fell(now)

    def figures(self, now: float) -> StreamFigures | None:
        """Return how well the stream arrives, by what the far end said lately; `now` in seconds since 1970."""
        if self._report is None or self._paused or self._stream is None or now - self._report[1] > REPORT_LASTS_SECONDS:
            return None
        report = self._report[0]
        return StreamFigures(
            self.kind, report.fraction_lost / 256, report.jitter / CLOCK_RATES[self.kind], self.round_trip
        )

    def relay(
        self, stream: Stream, second: int, sequence_number: int, timestamp: int, level: int, payload: bytes, now: float
    ) -> None:
        """Send a source's packet on. What comes before the far end is connected is dropped: a key frame follows."""
        if stream is not self._stream and not self._begin(stream, second, sequence_number, timestamp, payload, now):
            return
        rebase = self._rebase
        outgoing = (sequence_number + rebase.sequence_offset) & 0xFFFF
        shifted = (timestamp + rebase.timestamp_offset) & 0xFFFFFFFF
        if (outgoing - (rebase.last_sequence or 0)) & 0xFFFF < 0x8000:
            rebase.last_sequence, rebase.last_timestamp, rebase.last_sent = outgoing, shifted, now
        if self._floor is not None and not self._above_floor(outgoing):
            return
        size = self._transmit(second, outgoing, shifted, self._ssrc, level, payload, now)
        if self._keeps_sent and second & 0x7F not in self._repeats:
            # byte for byte if asked again: AES-GCM forbids other bytes under the same SSRC and number
            self._sent[outgoing % HISTORY] = bytes(self._buffer.view[:size])
        self._packets += 1
        self._octets += len(payload)

    def relay_report(self, stream: Stream, report: RtcpSrPacket, now: float) -> None:
        """Re-emit the source's sender report in this stream's timestamps, so that sound and picture stay together."""
        if stream is not self._stream or self._path is None:
            return
        info = RtcpSenderInfo(
            ntp_timestamp=report.sender_info.ntp_timestamp,
            rtp_timestamp=self._rebase.timestamp(report.sender_info.rtp_timestamp),
            packet_count=self._packets & 0xFFFFFFFF,
            octet_count=self._octets & 0xFFFFFFFF,
        )
        self._reports_sent[(info.ntp_timestamp >> 16) & 0xFFFFFFFF] = now
        if len(self._reports_sent) > REPORTS_KEPT:
            self._reports_sent.popitem(last=False)
        self._allowance = RETRANSMISSIONS
        description = RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=self._ssrc, items=[(CNAME, self._cname)])])
        self._path.send_report(bytes(RtcpSrPacket(ssrc=self._ssrc, sender_info=info)) + bytes(description))

    def take_report(self, packet: AnyRtcpPacket, now: float) -> None:
        """Take what the far end says about this stream."""
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self._note_report(report, now)
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            for sequence_number in packet.lost:
                self._repeat(sequence_number, now)
        elif isinstance(packet, RtcpPsfbPacket):
            if packet.fmt in (RTCP_PSFB_FIR, RTCP_PSFB_PLI):
                if self.source is not None:
                    self.source.request_key_frame()
            elif packet.fmt == RTCP_PSFB_APP:
                self._note_limit(packet.fci, now)

    def _wish(self) -> None:
        # before it may be sent, a key frame helps nobody, and the one that would help had to wait for the next turn
        if self.source is not None and self._path is not None and not self._paused:
            self.source.request_key_frame(self)

    def _begin(
        self, stream: Stream, second: int, sequence_number: int, timestamp: int, payload: bytes, now: float
    ) -> bool:
        """Let a stream follow what was sent so far; return False while it may not. Pictures begin with a key frame."""
        payload_type = second & 0x7F
        if self._path is None or self._paused or payload_type not in self._key_frame_tests:
            return False
        begins = self._key_frame_tests[payload_type]
        if begins is not None and not begins(payload):
            if self._wished_at is None:
                self._wished_at = now
                self._wish()
            if 0 <= now - self._wished_at < KEY_FRAME_PATIENCE_SECONDS:
                return False
        if self.source is not None:
            self.source.began(self)
        rebase = self._rebase
        elapsed = min(LONGEST_GAP_SECONDS, max(0.0, now - rebase.last_sent))
        rebase.switch(
            sequence_number=sequence_number,
            timestamp=timestamp,
            first_sequence=random16() % 32768,
            first_timestamp=random32(),
            elapsed=int(elapsed * CLOCK_RATES[self.kind]),
        )
        self._stream = stream
        self._floor = (sequence_number + rebase.sequence_offset) % SEQUENCES
        rebase.last_sequence = (self._floor - 1) % SEQUENCES
        return True

    def _above_floor(self, outgoing: int) -> bool:
        """Whether a number is not below the first of the present stream: those may have been used for another."""
        ahead = (outgoing - (self._floor or 0)) & 0xFFFF
        if GUARDED < ahead < 0x8000:
            # so far on that nothing from before can come any more
            self._floor = None
        return ahead < 0x8000

    def _transmit(
        self, second: int, sequence_number: int, timestamp: int, ssrc: int, level: int, payload: bytes, now: float
    ) -> int:
        """Encrypt and send; return the size of the encrypted packet, which is in the buffer, or 0 if none was sent."""
        path, buffer, writer = self._path, self._buffer, self._writer
        keys = path.keys or path.take_keys()
        start = writer.size
        size = start + len(payload)
        if keys is None or size > LARGEST:
            return 0
        view = buffer.view
        writer.write(view, second, sequence_number, timestamp, ssrc, int(now * SEND_TIME_SECOND) & 0xFFFFFF, level)
        view[start:size] = payload
        encrypted: int = keys.protect(buffer, size)
        if encrypted:
            path.send(view[:encrypted])
        return encrypted

    def _repeat(self, sequence_number: int, now: float) -> None:
        stream = self._stream
        if stream is None or self._path is None or self._allowance <= 0:
            return
        if self._floor is not None and not self._above_floor(sequence_number):
            return
        kept = stream.kept((sequence_number - self._rebase.sequence_offset) & 0xFFFF)
        if kept is None:
            return
        self._allowance -= 1
        _, second, timestamp, payload = kept
        repeat = self._repeats.get(second & 0x7F)
        if repeat is None:
            sent = self._sent.get(sequence_number % HISTORY, b"")
            if sent[2:4] == sequence_number.to_bytes(2, "big"):
                self._path.send(sent)
            return
        number, self._repeat_sequence = self._repeat_sequence, (self._repeat_sequence + 1) % SEQUENCES
        payload = sequence_number.to_bytes(2, "big") + payload
        timestamp = self._rebase.timestamp(timestamp)
        self._transmit(second & 0x80 | repeat, number, timestamp, self._rtx_ssrc, NONE, payload, now)

    def _note_report(self, report: RtcpReceiverInfo, now: float) -> None:
        self._report = (report, now)
        sent = self._reports_sent.get(report.lsr)
        if sent is not None:
            # RFC 3550 6.4.1: what lies between is the way there and back, and the far end's pause
            self.round_trip = max(0.0, now - sent - report.dlsr / REPORT_TIME)
            self._path.downlink.note_round_trip(self.round_trip)
        if self.kind == "video":
            self._path.downlink.note_loss(report.fraction_lost / 256, now)

    def _note_limit(self, fci: bytes, now: float) -> None:
        with contextlib.suppress(ValueError, IndexError):
            self._path.downlink.note_estimate(unpack_remb_fci(fci)[0], now)
