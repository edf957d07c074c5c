"""How much a participant's path carries: Google's delay-based estimate (draft-ietf-rmcat-gcc), and REMB made of it.

aiortc's estimator does the mathematics, once for each burst of packets instead of once for each packet.
"""

from collections import deque

from aiortc.rate import (
    MIN_FRAME_PERIOD_HISTORY_LENGTH,
    AimdRateControl,
    BandwidthUsage,
    OveruseDetector,
    OveruseEstimator,
)

from signaling.relay.rtp import SEND_TIME_SECOND, SEND_TIMES

GROUP = SEND_TIME_SECOND * 5 // 1000
BURST_MS = 5
MS_PER_TICK = 1000 / SEND_TIME_SECOND
WINDOW_MS = 1000
MIN_BITRATE = 50_000
RISE_PER_SECOND = 1.08
HOLD_SECONDS = 4.0


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


class BandwidthEstimator:
    """Follows the packets of one sender by their abs-send-time."""

    def __init__(self) -> None:
        self._estimator = QuickEstimator()
        self._detector = OveruseDetector()
        self._control = AimdRateControl()
        self._first = self._last = -1
        self._size = 0
        self._arrived = 0
        self._previous: tuple[int, int, int] | None = None  # last send time, arrival, size
        self._bursts: deque[tuple[int, int]] = deque()
        self._octets = 0
        self._updated: int | None = None

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
        self._bursts.append((now_ms, self._size))
        self._octets += self._size
        while self._bursts[0][0] <= now_ms - WINDOW_MS:
            self._octets -= self._bursts.popleft()[1]
        if self._previous is not None:
            last, arrived, size = self._previous
            sent_ms = (self._last - last) % SEND_TIMES * MS_PER_TICK
            self._estimator.update(now_ms - arrived, sent_ms, self._size - size, self._detector.state(), now_ms)
            self._detector.detect(self._estimator.offset(), sent_ms, self._estimator.num_of_deltas(), now_ms)
        self._previous = (self._last, now_ms, self._size)
        state = self._detector.state()
        if (
            state != BandwidthUsage.OVERUSING
            and self._updated is not None
            and now_ms - self._updated <= self._control.feedback_interval()
        ):
            return None
        spanned = now_ms - self._bursts[0][0]
        rate = round(8000 * self._octets / WINDOW_MS) if spanned > WINDOW_MS // 2 else None
        target = self._control.update(state, rate, now_ms)
        if target is not None:
            self._updated = now_ms
        return target


class Ceiling:
    """What a sender is told: falls at once, rises slowly and not soon after a fall, so that it does not swing."""

    def __init__(self) -> None:
        self._told: float | None = None
        self._told_at = self._fell_at = float("-inf")

    def next(self, wanted: int, now: float) -> int:
        """Return bits a second to allow when the path and all receivers would take `wanted`; `now` in seconds."""
        told = self._told
        if told is None or wanted <= told:
            self._fell_at = now
            self._told = wanted
        elif now - self._fell_at >= HOLD_SECONDS:
            self._told = min(wanted, told * RISE_PER_SECOND ** min(1.0, now - self._told_at))
        self._told_at = now
        self._told = max(MIN_BITRATE, self._told or 0)
        return round(self._told)
