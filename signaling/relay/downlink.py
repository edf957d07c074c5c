"""What one participant's line takes of the others' pictures, by their REMB and their reports of loss. Pure.

A browser's estimate (libwebrtc's AimdRateControl) begins with what it is sent and never goes far above: taken at its
word it keeps every picture as small as it began. It is a limit only once it fell, or lies well below what is sent.
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from signaling.relay.rate import BACKOFF, PATIENCE_SECONDS, RateControl

WINDOW_SECONDS = 1.0
FELL = 0.97
WELL_BELOW = 0.85
MUCH_LOSS = 0.10  # draft-ietf-rmcat-gcc-02, 6
MOST_LOSS = 0.30  # no way is so bad: a line this full loses all that is too much
LONG_ROUND_TRIP_SECONDS = 0.3  # while nothing shorter was seen
# pictures are smaller on the screen when there are several
PICTURES_BITRATE = 3_000_000


class Picture(Protocol):
    """One of the pictures that are sent down a line."""

    @property
    def octets_sent(self) -> int:
        """How much of it was sent so far, without headers."""

    @property
    def wanted(self) -> bool:
        """Whether it is sent: it has a source and is not paused."""

    def limit_fell(self, now: float) -> None:
        """Its source must be told at once."""


class Downlink:
    """Divides what a line takes among its pictures. Times are seconds, bitrates bits a second."""

    def __init__(self) -> None:
        self._pictures: list[Picture] = []
        self._samples: deque[tuple[float, list[int]]] = deque()
        self._control = RateControl(PICTURES_BITRATE)
        self._remb: tuple[int, float] | None = None
        self._shortest, self._round_trip = LONG_ROUND_TRIP_SECONDS, 0.0

    def add(self, picture: Picture) -> None:
        """Divide among one more."""
        self._pictures = [*self._pictures, picture]
        self._samples.clear()

    def remove(self, picture: Picture) -> None:
        """Divide among one less."""
        self._pictures = [each for each in self._pictures if each is not picture]
        self._samples.clear()

    def note_estimate(self, bitrate: int, now: float) -> None:
        """Take the far end's REMB. It comes once for each picture that it names, with the same `now`."""
        if self._remb is not None and self._remb[1] == now:
            return
        before, sent = self._remb, sum(self._rates(now))
        self._remb = (bitrate, now)
        fell = before is not None and bitrate < FELL * before[0]
        above = not self._control.limited or bitrate < self._control.estimate
        if above and (bitrate < WELL_BELOW * sent or (fell and bitrate < sent)):
            # the far end has waited already until its last fall showed
            self._fall(bitrate / BACKOFF, now, patience=0.0)
        else:
            self._control.rise(sent, now)

    def note_loss(self, lost: float, now: float) -> None:
        """Take what share (0 to 1) of a picture's packets was lost, as the far end reports it."""
        if lost > MUCH_LOSS:
            arrived = 1 - lost if lost > MOST_LOSS else 1 - lost / 2
            self._fall(sum(self._rates(now)) * arrived / BACKOFF, now)

    def note_round_trip(self, seconds: float) -> None:
        """Take how long the way there and back takes."""
        self._shortest, self._round_trip = min(self._shortest, seconds), seconds

    def share(self, pictures: Sequence[Picture], now: float) -> int | None:
        """Return what one sender's pictures may take of the line; None when nothing limits them.

        An equal share for each picture, and what others leave.
        """
        rates = self._rates(now)
        mine = sum(each.wanted for each in pictures)
        wanted = sum(each.wanted for each in self._pictures)
        total = self._control.estimate if self._control.limited else None
        if wanted > 1:
            total = PICTURES_BITRATE if total is None else min(total, PICTURES_BITRATE)
        if total is None or not mine:
            return None
        own = set(map(id, pictures))
        others = sum(rate for each, rate in zip(self._pictures, rates, strict=True) if id(each) not in own)
        return round(max(total * mine / wanted, total - others))

    def _fall(self, full: float, now: float, *, patience: float = PATIENCE_SECONDS) -> None:
        if self._control.fall(full, max(0.0, self._round_trip - self._shortest), now, patience=patience):
            for picture in self._pictures:
                picture.limit_fell(now)

    def _rates(self, now: float) -> list[float]:
        """Return what each picture takes now, by samples of WINDOW_SECONDS."""
        octets = [picture.octets_sent for picture in self._pictures]
        samples = self._samples
        if not samples or now > samples[-1][0]:
            samples.append((now, octets))
        while len(samples) > 2 and samples[1][0] <= now - WINDOW_SECONDS:
            samples.popleft()
        began, first = samples[0]
        span = now - began
        return [8 * (count - then) / span if span > 0 else 0.0 for then, count in zip(first, octets, strict=True)]
