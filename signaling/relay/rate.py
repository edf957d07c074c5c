"""How much a sender is allowed: by what its own line carries, and by what the others' lines take. Pure.

The rules are those of draft-ietf-rmcat-gcc-02 (5.5: multiplicative and additive increase, a decrease to 0.85 of what
arrives) with three differences. It begins with what a good picture needs, since browsers follow the first two seconds
of REMB at once and later ones by 8 % a second. A sign of overuse counts only while packets do stand in a queue: busy
machines give such signs too. And how much was carried when the path was full is remembered: what lies above is tried
ever more seldom if in vain.
"""

from aiortc.rate import BandwidthUsage

START_BITRATE = 1_200_000  # Chromium begins with 720p from some 900 kbit/s for the picture alone
MAX_BITRATE = 2_500_000  # more adds nothing to see at 720p
MIN_BITRATE = 50_000

BACKOFF = 0.85
DEEPEST_BACKOFF = 0.5
FAST_RISE_PER_SECOND = 1.5
TRIAL_PER_SECOND = 0.04  # of what was carried
CARRIED_FACTOR, CARRIED_EXTRA = 1.5, 10_000  # GCC 5.5: no further above what arrives than this
MORE_THAN_FULL = 1.15
SAME_AGAIN = 0.25

STANDING_QUEUE_SECONDS = 0.05
LONGEST_QUEUE_SECONDS = 0.25
GROWN, EMPTIED = 1.3, 0.9
FALL_INTERVAL_SECONDS = 0.3
PATIENCE_SECONDS = 1.5  # what was sent too much is still on its way
FIRST_WAIT_SECONDS = 4.0
LONGEST_WAIT_SECONDS = 60.0


class RateControl:
    """Finds what a line carries. `estimate` is bits a second, `limited` whether it was ever found full.

    Times are seconds. `carried` is what arrives, bits a second (None while too little did to tell), `queue` for how
    long packets wait somewhere.
    """

    def __init__(self, most: int = MAX_BITRATE) -> None:
        self.estimate = float(START_BITRATE)
        self.limited = False
        self._most = most
        self._risen_at: float | None = None
        self._carried: int | None = None
        self._full: float | None = None  # what was carried when the line was full
        self._fell_at = float("-inf")
        self._queue_before = 0.0
        self._wait = FIRST_WAIT_SECONDS

    def follow(self, usage: BandwidthUsage, carried: int | None, queue: float, now: float) -> bool:
        """Rise or fall by what the last packets tell; return False when the queue cannot be ours: the way is longer."""
        overused = usage is BandwidthUsage.OVERUSING and queue > STANDING_QUEUE_SECONDS
        if not overused and queue <= LONGEST_QUEUE_SECONDS:
            if usage is not BandwidthUsage.OVERUSING:
                self.rise(carried, now)
            self._carried = carried
            return True
        if not overused and now - self._fell_at < 2 * PATIENCE_SECONDS and queue > EMPTIED * self._queue_before:
            # what was too much has gone since
            return now - self._fell_at < PATIENCE_SECONDS
        # after a gap little has come lately, which says nothing of what the line carries
        carried, self._carried = max(carried or 0, self._carried or 0) or None, carried
        self.fall(carried, queue, now)
        return True

    def fall(self, carried: float | None, queue: float, now: float, *, patience: float = PATIENCE_SECONDS) -> bool:
        """Fall below what the full line carries, unless the last fall has not shown yet; return whether it did."""
        since = now - self._fell_at
        if since < (FALL_INTERVAL_SECONDS if queue > GROWN * self._queue_before else patience):
            return False
        full = self.estimate if carried is None else carried
        if since > FIRST_WAIT_SECONDS:
            # not the same fall still
            same = self._full is not None and abs(full - self._full) < SAME_AGAIN * self._full
            self._wait = min(LONGEST_WAIT_SECONDS, 2 * self._wait) if same else FIRST_WAIT_SECONDS
        # a long queue is emptied first: the sound waits in it too
        backoff = max(DEEPEST_BACKOFF, BACKOFF - queue / 2)
        before = self.estimate if self.limited else float(self._most)
        self.estimate = max(MIN_BITRATE, min(before, backoff * full))
        self._full, self._fell_at, self._queue_before, self.limited = full, now, queue, True
        return True

    def rise(self, carried: float | None, now: float) -> None:
        """Rise: fast to what is known to fit, then by trials; at once by what is carried without harm."""
        elapsed = 0.0 if self._risen_at is None else min(1.0, now - self._risen_at)
        self._risen_at = now
        full = self._full
        if full is not None and carried is not None and carried > MORE_THAN_FULL * full:
            full = self._full = None
            self._wait = FIRST_WAIT_SECONDS
        highest = float(self._most)
        if carried is not None:
            highest = min(highest, CARRIED_FACTOR * carried + CARRIED_EXTRA)
        if not self.limited:
            highest = max(highest, START_BITRATE)
        wanted = self.estimate
        if full is None:
            wanted *= FAST_RISE_PER_SECOND**elapsed
        elif wanted < BACKOFF * full:
            wanted = min(BACKOFF * full, wanted * FAST_RISE_PER_SECOND**elapsed)
        elif now - self._fell_at >= self._wait:
            wanted += TRIAL_PER_SECOND * full * elapsed
        self.estimate = max(self.estimate, min(highest, wanted))
