"""How much a participant's path carries: Google's delay-based estimate (draft-ietf-rmcat-gcc), and REMB made of it.

aiortc's estimator does the mathematics, once for each burst of packets instead of once for each packet. What follows
from it is in rate.py.
"""

from collections import deque

from aiortc.rate import (
    MIN_FRAME_PERIOD_HISTORY_LENGTH,
    BandwidthUsage,
    OveruseDetector,
    OveruseEstimator,
)

from signaling.relay.rate import RateControl
from signaling.relay.rtp import SEND_TIME_SECOND, SEND_TIMES

GROUP = SEND_TIME_SECOND * 5 // 1000
BURST_MS = 5
MS_PER_TICK = 1000 / SEND_TIME_SECOND
WINDOW_MS = 500
SHORTEST_SPAN_MS = 150
FEEDBACK_MS = 300
SILENCE_MS = 5000
STANDING_MS, SHORTEST_MS = 100, 10_000


class QuickEstimator(OveruseEstimator):
    """aiortc's, but for its search through the last periods at each burst, which costs more than all the rest."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._rising: deque[tuple[int, float]] = deque()  # (number, period), each shorter than those behind it

    def update_min_frame_period(self, ts_delta: float) -> float:
        """Return the shortest of this period and the last MIN_FRAME_PERIOD_HISTORY_LENGTH - 1, in milliseconds."""
        rising = self._rising
        while rising and rising[-1][1] >= ts_delta:
            rising.pop()
        rising.append((self._count, ts_delta))
        if rising[0][0] <= self._count - MIN_FRAME_PERIOD_HISTORY_LENGTH:
            rising.popleft()
        self._count += 1
        return rising[0][1]


class _Minimum:
    """The least of what was noted in the last one to two spans.

    Only what is less than `least`, or comes when the span `ends`, needs to be noted.
    """

    def __init__(self, span_ms: int) -> None:
        self.least = self._before = float("inf")
        self.ends = 0
        self._span = span_ms

    def note(self, value: float, now_ms: int) -> None:
        """Note a value."""
        if now_ms >= self.ends:
            self._before = self.least if now_ms < self.ends + self._span else float("inf")
            self.least, self.ends = value, now_ms + self._span
        elif value < self.least:
            self.least = value

    @property
    def value(self) -> float:
        """The least."""
        return min(self.least, self._before)


class BandwidthEstimator:
    """Follows the packets of one sender by their abs-send-time."""

    def __init__(self) -> None:
        self._estimator = QuickEstimator()
        self._detector = OveruseDetector()
        self._control = RateControl()
        self._first = self._last = -1
        self._size = 0
        self._arrived = 0
        self._previous: tuple[int, int, int] | None = None  # last send time, arrival, size
        self._bursts: deque[tuple[int, int]] = deque()
        self._octets = 0
        self._updated: int | None = None
        self._delay = 0.0
        self._standing, self._shortest = _Minimum(STANDING_MS), _Minimum(SHORTEST_MS)

    @property
    def estimate(self) -> int:
        """Bits a second that the path carries, as far as is known."""
        return round(self._control.estimate)

    def add(self, send_time: int, now_ms: int, size: int) -> int | None:
        """Note a packet of `size` octets; return bits a second when there is a new estimate.

        `send_time` is 24 bits, 6.18 fixed point.
        """
        if self._first >= 0:
            since = (send_time - self._first) % SEND_TIMES
            if since < GROUP or since >= SEND_TIMES // 2 or self._continues(send_time, now_ms):
                if since < SEND_TIMES // 2 and (send_time - self._last) % SEND_TIMES < SEND_TIMES // 2:
                    self._last = send_time
                self._size += size
                self._arrived = now_ms
                return None
            estimate = self._end_burst()
            self._first, self._last, self._size, self._arrived = send_time, send_time, size, now_ms
            return estimate
        self._first, self._last, self._size, self._arrived = send_time, send_time, size, now_ms
        return None

    def _continues(self, send_time: int, now_ms: int) -> bool:
        """Whether a packet came with the others although it was sent later: something held them up together."""
        sent = round((send_time - self._last) % SEND_TIMES * MS_PER_TICK)
        waited = now_ms - self._arrived
        return sent == 0 or (waited < sent and waited <= BURST_MS)

    def _end_burst(self) -> int | None:
        now_ms = self._arrived
        if self._previous is not None:
            last, arrived, size = self._previous
            if now_ms - arrived > SILENCE_MS:
                self._forget()
            else:
                sent_ms = (self._last - last) % SEND_TIMES * MS_PER_TICK
                self._estimator.update(now_ms - arrived, sent_ms, self._size - size, self._detector.state(), now_ms)
                self._detector.detect(self._estimator.offset(), sent_ms, self._estimator.num_of_deltas(), now_ms)
                self._delay += now_ms - arrived - sent_ms
        self._bursts.append((now_ms, self._size))
        self._octets += self._size
        while self._bursts[0][0] <= now_ms - WINDOW_MS:
            self._octets -= self._bursts.popleft()[1]
        self._previous = (self._last, now_ms, self._size)
        # one late burst is the machine's fault: what all of the last ones waited is a queue's
        delay = self._delay
        if delay < self._standing.least or now_ms >= self._standing.ends:
            self._standing.note(delay, now_ms)
            self._shortest.note(delay, now_ms)
        state = self._detector.state()
        due = self._updated is None or now_ms - self._updated >= FEEDBACK_MS
        if not due and state != BandwidthUsage.OVERUSING:
            return None
        before = self._control.estimate
        queue_ms = self._standing.value - self._shortest.value
        if not self._control.follow(state, self._carried(now_ms), queue_ms / 1000, now_ms / 1000):
            self._shortest = _Minimum(SHORTEST_MS)
            self._shortest.note(delay, now_ms)
        if not due and self._control.estimate >= before:
            return None
        self._updated = now_ms
        return self.estimate

    def _carried(self, now_ms: int) -> int | None:
        """Return what arrived lately, in bits a second; None when that is too little to tell."""
        began, first = self._bursts[0]
        spanned = now_ms - began
        # the first burst arrived before the span that is measured
        return round(8000 * (self._octets - first) / spanned) if spanned >= SHORTEST_SPAN_MS else None

    def _forget(self) -> None:
        """Nothing came for long: neither the clocks nor the path can be compared with what they were."""
        self._estimator, self._detector = QuickEstimator(), OveruseDetector()
        self._standing, self._shortest = _Minimum(STANDING_MS), _Minimum(SHORTEST_MS)
        self._delay = 0.0
        self._bursts.clear()
        self._octets = 0
