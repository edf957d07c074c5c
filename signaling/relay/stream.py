"""One RTP stream as it comes in (an SSRC), and the stream that repeats what was lost of it (RFC 4588)."""

from typing import Protocol

from aiortc.rtp import RtcpReceiverInfo, RtcpSrPacket, clamp_packets_lost

from signaling.relay.downlink import Downlink, Picture
from signaling.relay.loss import LossTracker
from signaling.relay.rtp import Octets

HISTORY = 512
REPORT_TIME = 65536
MARKER = 0x80

# sequence number, marker and payload type, timestamp, payload
Kept = tuple[int, int, int, bytes]


class Sink(Picture, Protocol):
    """Takes what comes in."""

    @property
    def downlink(self) -> Downlink | None:
        """The line that it goes down; None before there is one."""

    def relay(
        self,
        stream: "Stream",
        second: int,
        sequence_number: int,
        timestamp: int,
        level: int,
        payload: bytes,
        now: float,
    ) -> None:
        """Forward one packet; `second` is the header's second octet (marker and payload type)."""

    def relay_report(self, stream: "Stream", report: RtcpSrPacket, now: float) -> None:
        """Forward a sender report, for lip sync."""


class Taker(Protocol):
    """The receiver that a stream belongs to."""

    media_types: frozenset[int]
    keeps_history: bool
    sinks: tuple[Sink, ...]

    def observe(self, send_time: int, now: float, size: int) -> None:
        """Note when a packet was sent and came."""

    def ask_for_lost(self) -> None:
        """Something is missing."""


class Stream:
    """Counts, drops what comes twice, keeps what may be asked for again. Times are seconds since 1970."""

    def __init__(self, taker: Taker, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self.clock_rate = clock_rate
        self.losses = LossTracker()
        self.history: list[Kept | None] = [None] * HISTORY if taker.keeps_history else []
        self.packets = 0
        self._taker = taker
        self._base: int | None = None
        self._arrived = 0.0
        self._timestamp = -1
        self._jitter = 0.0
        self._expected_before = self._packets_before = 0
        self._report: tuple[int, float] = (0, 0.0)

    def take(
        self,
        second: int,
        sequence_number: int,
        timestamp: int,
        data: Octets,
        body: tuple[int, int, int, int],
        now: float,
    ) -> None:
        """Take a packet whose header was read."""
        taker = self._taker
        if second & 0x7F not in taker.media_types:
            return
        start, stop, send_time, level = body
        if send_time >= 0:
            taker.observe(send_time, now, stop - start)
        self.packets += 1
        if timestamp != self._timestamp:
            self._note_jitter(sequence_number, timestamp, now)
        self.deliver(second, sequence_number, timestamp, level, bytes(data[start:stop]), now)

    def deliver(
        self, second: int, sequence_number: int, timestamp: int, level: int, payload: bytes, now: float
    ) -> None:
        """Hand a packet on, unless it came before."""
        if not self.losses.add(sequence_number):
            return
        if self.history:
            self.history[sequence_number % HISTORY] = (sequence_number, second, timestamp, payload)
        for sink in self._taker.sinks:
            # padding on the media SSRC is forwarded empty: leaving it out would look like loss to the far end
            sink.relay(self, second, sequence_number, timestamp, level, payload, now)
        if self.losses.missing and self.history:
            self._taker.ask_for_lost()

    def kept(self, sequence_number: int) -> Kept | None:
        """Return a packet that was handed on lately, by its number."""
        kept = self.history[sequence_number % HISTORY] if self.history else None
        return kept if kept is not None and kept[0] == sequence_number else None

    def note_report(self, ntp_timestamp: int, now: float) -> None:
        """Note a sender report (RFC 3550 6.4.1): the middle 32 bits come back in ours, with the delay since."""
        self._report = ((ntp_timestamp >> 16) & 0xFFFFFFFF, now)

    def report(self, now: float) -> RtcpReceiverInfo | None:
        """Return a reception report and begin the next interval; None before anything came."""
        if self._base is None:
            return None
        expected = self.losses.highest - self._base + 1
        interval, received = expected - self._expected_before, self.packets - self._packets_before
        self._expected_before, self._packets_before = expected, self.packets
        last_report, heard_at = self._report
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=min(255, max(0, interval - received) * 256 // interval) if interval > 0 else 0,
            packets_lost=clamp_packets_lost(expected - self.packets),
            highest_sequence=self.losses.highest & 0xFFFFFFFF,
            jitter=int(self._jitter) & 0xFFFFFFFF,
            lsr=last_report,
            dlsr=int((now - heard_at) * REPORT_TIME) & 0xFFFFFFFF if last_report else 0,
        )

    @property
    def jitter_seconds(self) -> float:
        """Interarrival jitter (RFC 3550 6.4.1)."""
        return self._jitter / self.clock_rate

    def _note_jitter(self, sequence_number: int, timestamp: int, now: float) -> None:
        ahead = (timestamp - self._timestamp) & 0xFFFFFFFF
        if self._base is None:
            self._base = sequence_number
        elif ahead < 0x80000000:
            self._jitter += (abs((now - self._arrived) * self.clock_rate - ahead) - self._jitter) / 16
        else:
            return
        self._arrived, self._timestamp = now, timestamp


class Repair:
    """The SSRC on which a stream's lost packets are sent again; its payload begins with the original number."""

    def __init__(self, stream: Stream, taker: Taker, originals: dict[int, int]) -> None:
        self._stream = stream
        self._taker = taker
        self._originals = originals

    def belongs_to(self, taker: object) -> bool:
        """Whether it repeats a stream of this receiver."""
        return self._taker is taker

    def take(
        self,
        second: int,
        sequence_number: int,
        timestamp: int,
        data: Octets,
        body: tuple[int, int, int, int],
        now: float,
    ) -> None:
        """Take a packet: as the one that it repeats, or as padding that probes the path."""
        start, stop, send_time, level = body
        if send_time >= 0:
            self._taker.observe(send_time, now, stop - start)
        original = self._originals.get(second & 0x7F)
        if original is None or stop - start < 2:
            return
        number = data[start] << 8 | data[start + 1]
        payload = bytes(data[start + 2 : stop])
        self._stream.deliver(second & MARKER | original, number, timestamp, level, payload, now)
