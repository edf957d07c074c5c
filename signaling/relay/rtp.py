"""RTP headers (RFC 3550 5.1, RFC 8285 one-byte extensions), read and written with as little work as Python allows."""

from dataclasses import dataclass
from struct import Struct

FIXED_HEADER = Struct("!BBHLL")
EXTENSION_HEADER = Struct("!HH")
# fixed header, extension header, first word of the extensions
WHOLE_HEADER = Struct("!HHLLLL")
ONE_BYTE_PROFILE = 0xBEDE
SEQUENCES = 1 << 16
TIMESTAMPS = 1 << 32
SEND_TIMES = 1 << 24
SEND_TIME_SECOND = 1 << 18
NONE = -1

Octets = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class ExtensionIds:
    """The negotiated ids of the header extensions that the relay understands; 0 means not negotiated."""

    mid: int = 0
    audio_level: int = 0
    abs_send_time: int = 0


def read_body(data: Octets, size: int, ids: ExtensionIds) -> tuple[int, int, int, int] | None:
    """Return where the payload of a packet begins and ends, its abs-send-time and its audio level (NONE without).

    None when the packet is malformed. CSRCs are skipped: browsers send none.
    """
    first = data[0]
    start = 12 + 4 * (first & 0x0F)
    send_time = level = NONE
    if first & 0x10:
        if size < start + 4:
            return None
        end = start + 4 + 4 * (data[start + 2] << 8 | data[start + 3])
        if size < end:
            return None
        if data[start] == 0xBE and data[start + 1] == 0xDE:
            send_time, level = _read_extensions(data, start + 4, end, ids)
        start = end
    if first & 0x20:
        padding = data[size - 1]
        if not padding or padding > size - start:
            return None
        size -= padding
    return (start, size, send_time, level) if start <= size else None


def _read_extensions(data: Octets, position: int, end: int, ids: ExtensionIds) -> tuple[int, int]:
    send_time = level = NONE
    while position < end:
        element = data[position]
        identifier = element >> 4
        if identifier == 0:  # padding
            position += 1
            continue
        length = (element & 0x0F) + 1
        following = position + 1 + length
        if identifier == 15 or following > end:  # reserved: stop (RFC 8285 4.2)
            break
        if identifier == ids.abs_send_time and length == 3:
            send_time = data[position + 1] << 16 | data[position + 2] << 8 | data[position + 3]
        elif identifier == ids.audio_level and length == 1:
            level = data[position + 1]
        position = following
    return send_time, level


class HeaderWriter:
    """Writes the headers of one outgoing stream into a buffer of its own, of which only what changes is written again.

    Sound bears its level (RFC 6464), pictures the time of sending, both the `mid` (RFC 8843).
    """

    def __init__(self, ids: ExtensionIds, mid: str) -> None:
        name = mid.encode()
        mid_element = bytes([ids.mid << 4 | len(name) - 1]) + name if ids.mid and name else b""
        self._timed = bool(ids.abs_send_time)
        if self._timed:
            elements = bytes([ids.abs_send_time << 4 | 2, 0, 0, 0]) + mid_element
        elif ids.audio_level:
            elements = bytes([ids.audio_level << 4, 0]) + mid_element
        else:
            elements = mid_element
        elements += b"\0" * (-len(elements) % 4)
        self.size = FIXED_HEADER.size + (EXTENSION_HEADER.size + len(elements) if elements else 0)
        self._first = 0x9000 if elements else 0x8000
        self._extension = ONE_BYTE_PROFILE << 16 | len(elements) // 4
        self._word = int.from_bytes(elements[:4], "big")
        self._levelled = bool(ids.audio_level) and not self._timed
        self._tail = elements[4:]

    def prepare(self, buffer: memoryview) -> None:
        """Write what never changes, once for each buffer that `write` is to fill."""
        buffer[20 : 20 + len(self._tail)] = self._tail

    def write(
        self,
        buffer: memoryview,
        second: int,
        sequence_number: int,
        timestamp: int,
        ssrc: int,
        send_time: int,
        level: int,
    ) -> None:
        """Write a header; `size` octets, the payload follows. `second` is marker and payload type.

        `send_time` is 24 bits of NTP time (6.18 fixed point), `level` that of the sound, or NONE.
        """
        word = self._word
        if self._timed:
            word |= send_time
        elif self._levelled:
            # an element that is not wanted becomes padding
            word = word | level << 16 if level >= 0 else word & 0xFFFF
        if self.size > FIXED_HEADER.size:
            WHOLE_HEADER.pack_into(
                buffer, 0, self._first | second, sequence_number, timestamp, ssrc, self._extension, word
            )
        else:
            FIXED_HEADER.pack_into(buffer, 0, 0x80, second, sequence_number, timestamp, ssrc)


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
            # without a gap: whoever receives it would wait for what was never sent
            target_sequence, target_timestamp = self.last_sequence + 1, self.last_timestamp + max(1, elapsed)
        self.sequence_offset = (target_sequence - sequence_number) % SEQUENCES
        self.timestamp_offset = (target_timestamp - timestamp) % TIMESTAMPS

    def sequence(self, sequence_number: int) -> int:
        """Return the outgoing sequence number, and remember the highest."""
        outgoing = (sequence_number + self.sequence_offset) & 0xFFFF
        if self.last_sequence is None or (outgoing - self.last_sequence) & 0xFFFF < 0x8000:
            self.last_sequence = outgoing
        return outgoing

    def timestamp(self, timestamp: int) -> int:
        """Return the outgoing timestamp."""
        return (timestamp + self.timestamp_offset) & 0xFFFFFFFF
