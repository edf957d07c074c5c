"""Which packets of a stream arrived, came twice, or are missing and worth asking for again (RFC 4585 6.2.1). Pure."""

from dataclasses import dataclass

SEQUENCES = 1 << 16
WINDOW = 1024
MAX_GAP = 256
RETRY_SECONDS = 0.1
MAX_TRIES = 8


@dataclass(slots=True)
class _Missing:
    tries: int = 0
    asked_at: float = float("-inf")


class LossTracker:
    """Follows one SSRC. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._highest: int | None = None  # extended: counts the wraps
        self._seen = [-1] * WINDOW
        self.missing: dict[int, _Missing] = {}

    def add(self, sequence_number: int) -> bool:
        """Note a packet; return False for one that came before or is too old to tell.

        Chromium probes the path with retransmissions of packets that were not lost: forwarding one twice would be
        a replay for SRTP.
        """
        highest = self._highest
        if highest is None:
            extended = sequence_number + SEQUENCES
            self._highest = extended
            self._seen[extended % WINDOW] = extended
            return True
        if (highest + 1) & 0xFFFF == sequence_number:
            # nearly always
            self._highest = highest = highest + 1
            self._seen[highest % WINDOW] = highest
            return True
        distance = (sequence_number - highest) % SEQUENCES
        if distance >= SEQUENCES // 2:
            distance -= SEQUENCES
        extended = highest + distance
        if distance <= -WINDOW or self._seen[extended % WINDOW] == extended:
            return False
        self._seen[extended % WINDOW] = extended
        if distance > 0:
            self._note_gap(highest, extended)
            self._highest = extended
        else:
            self.missing.pop(extended, None)
        return True

    @property
    def highest(self) -> int:
        """The extended highest sequence number (RFC 3550 6.4.1), from 0; the count of wraps begins with the stream."""
        return 0 if self._highest is None else self._highest - SEQUENCES

    def due(self, now: float) -> list[int]:
        """Return the sequence numbers to ask for now: each at most MAX_TRIES times, RETRY_SECONDS apart."""
        if not self.missing:
            return []
        asked = []
        for extended, missing in list(self.missing.items()):
            if missing.tries >= MAX_TRIES or extended <= (self._highest or 0) - WINDOW:
                del self.missing[extended]
            elif now - missing.asked_at >= RETRY_SECONDS:
                missing.tries += 1
                missing.asked_at = now
                asked.append(extended % SEQUENCES)
        return asked

    def _note_gap(self, highest: int, extended: int) -> None:
        if extended - highest > MAX_GAP:
            # a source that jumps has restarted: what lies between was never sent
            self.missing.clear()
            return
        for lost in range(highest + 1, extended):
            self.missing[lost] = _Missing()
