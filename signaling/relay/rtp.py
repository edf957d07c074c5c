"""RTP headers (RFC 3550 5.1, RFC 8285 one-byte extensions), read and written with as little work as Python allows."""

from dataclasses import dataclass
from struct import Struct

FIXED_HEADER = Struct("!BBHLL")
EXTENSION_HEADER = Struct("!HH")
ONE_BYTE_PROFILE = 0xBEDE
SEQUENCES = 1 << 16
TIMESTAMPS = 1 << 32


@dataclass(frozen=True, slots=True)
class ExtensionIds:
    """The negotiated ids of the header extensions that the relay understands; 0 means not negotiated."""

    mid: int = 0
    audio_level: int = 0
    abs_send_time: int = 0


class Packet:
    """A received packet. Attribute names are aiortc's, whose statistics and routing take it as their own."""

    __slots__ = (
        "abs_send_time",
        "audio_level",
        "marker",
        "padding_size",
        "payload",
        "payload_type",
        "sequence_number",
        "ssrc",
        "timestamp",
    )

    def __init__(
        self,
        payload_type: int,
        marker: bool,
        sequence_number: int,
        timestamp: int,
        ssrc: int,
        payload: bytes,
        padding_size: int = 0,
        abs_send_time: int | None = None,
        audio_level: int | None = None,
    ) -> None:
        self.payload_type = payload_type
        self.marker = marker
        self.sequence_number = sequence_number
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload = payload
        self.padding_size = padding_size
        self.abs_send_time = abs_send_time
        self.audio_level = audio_level


def parse(data: bytes, ids: ExtensionIds) -> Packet | None:
    """Read a packet; None when it is malformed. CSRCs are dropped: browsers send none."""
    if len(data) < FIXED_HEADER.size:
        return None
    first, second, sequence_number, timestamp, ssrc = FIXED_HEADER.unpack_from(data)
    if first >> 6 != 2:
        return None
    start = FIXED_HEADER.size + 4 * (first & 0x0F)
    packet = Packet(second & 0x7F, bool(second & 0x80), sequence_number, timestamp, ssrc, b"")
    if first & 0x10:
        if len(data) < start + 4:
            return None
        profile, words = EXTENSION_HEADER.unpack_from(data, start)
        start += 4
        end = start + 4 * words
        if len(data) < end:
            return None
        if profile == ONE_BYTE_PROFILE:
            _read_extensions(packet, data, start, end, ids)
        start = end
    stop = len(data)
    if start > stop:
        return None
    if first & 0x20:
        packet.padding_size = data[-1]
        if not packet.padding_size or packet.padding_size > stop - start:
            return None
        stop -= packet.padding_size
    packet.payload = data[start:stop]
    return packet


def _read_extensions(packet: Packet, data: bytes, position: int, end: int, ids: ExtensionIds) -> None:
    while position < end:
        identifier = data[position] >> 4
        if identifier == 0:  # padding
            position += 1
            continue
        if identifier == 15:  # reserved: stop (RFC 8285 4.2)
            return
        length = (data[position] & 0x0F) + 1
        position += 1
        if position + length > end:
            return
        if identifier == ids.abs_send_time and length == 3:
            packet.abs_send_time = int.from_bytes(data[position : position + 3], "big")
        elif identifier == ids.audio_level and length == 1:
            packet.audio_level = data[position]
        position += length


class HeaderWriter:
    """Writes the headers of one outgoing stream: its own SSRC, `mid`, and a fresh send time on each packet."""

    def __init__(self, ids: ExtensionIds, mid: str) -> None:
        self._ids = ids
        name = mid.encode()
        self._mid = bytes([ids.mid << 4 | len(name) - 1]) + name if ids.mid and name else b""

    def write(
        self,
        *,
        payload_type: int,
        marker: bool,
        sequence_number: int,
        timestamp: int,
        ssrc: int,
        send_time: int,
        audio_level: int | None,
    ) -> bytes:
        """Return the header bytes; the payload follows them. `send_time` is 24 bits of NTP time, 6.18 fixed point."""
        elements = self._mid
        if self._ids.abs_send_time:
            elements += bytes([self._ids.abs_send_time << 4 | 2]) + (send_time & 0xFFFFFF).to_bytes(3, "big")
        if audio_level is not None and self._ids.audio_level:
            elements += bytes([self._ids.audio_level << 4, audio_level])
        second = payload_type | (0x80 if marker else 0)
        if not elements:
            return FIXED_HEADER.pack(0x80, second, sequence_number, timestamp, ssrc)
        elements += b"\0" * (-len(elements) % 4)
        return (
            FIXED_HEADER.pack(0x90, second, sequence_number, timestamp, ssrc)
            + EXTENSION_HEADER.pack(ONE_BYTE_PROFILE, len(elements) // 4)
            + elements
        )


@dataclass(slots=True)
class Rebase:
    """Constant offsets from one source's numbering to an outgoing stream's; re-based when the source changes.

    The stream starts below 32768, so that its first packets do not wrap before SRTP has learnt its roll-over counter.
    """

    sequence_offset: int = 0
    timestamp_offset: int = 0
    last_sequence: int | None = None
    last_timestamp: int = 0
    last_sent: float = 0.0

    def switch(
        self, *, sequence_number: int, timestamp: int, first_sequence: int, first_timestamp: int, elapsed: int
    ) -> None:
        """Continue the outgoing stream with a source whose next packet has these numbers.

        `elapsed` is the time since the last packet sent, in units of the clock rate; the `first_` numbers are used
        when nothing was sent yet.
        """
        if self.last_sequence is None:
            target_sequence, target_timestamp = first_sequence, first_timestamp
        else:
            # one number is left out, so that a late packet of the old source cannot meet the new one's first
            target_sequence, target_timestamp = self.last_sequence + 2, self.last_timestamp + max(1, elapsed)
        self.sequence_offset = (target_sequence - sequence_number) % SEQUENCES
        self.timestamp_offset = (target_timestamp - timestamp) % TIMESTAMPS

    def sequence(self, sequence_number: int) -> int:
        """Return the outgoing sequence number, and remember the highest."""
        outgoing = (sequence_number + self.sequence_offset) % SEQUENCES
        if self.last_sequence is None or (outgoing - self.last_sequence) % SEQUENCES < SEQUENCES // 2:
            self.last_sequence = outgoing
        return outgoing

    def timestamp(self, timestamp: int) -> int:
        """Return the outgoing timestamp."""
        return (timestamp + self.timestamp_offset) % TIMESTAMPS
