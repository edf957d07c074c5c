"""What is kept of somebody's line in a call: medians, a short series, how long it was poor. No content, no name."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from signaling.relay.quality import GOOD, Quality

SAMPLE_SECONDS = 10
MOST_SAMPLES = 180
FINE_MS, COARSE_MS, LONGEST_MS = 100, 10, 10_000


@dataclass
class Series:
    """Means of `every` seconds each; when there are too many, two become one, so that hours fit as minutes do."""

    every: int = SAMPLE_SECONDS
    samples: list[int | None] = field(default_factory=list)
    _sum: int = 0
    _known: int = 0
    _seconds: int = 0

    def note(self, score: int | None) -> None:
        """Take the score of one second; None when nothing could tell."""
        self._seconds += 1
        if score is not None:
            self._sum += score
            self._known += 1
        if self._seconds < self.every:
            return
        self.samples.append(round(self._sum / self._known) if self._known else None)
        self._sum = self._known = self._seconds = 0
        if len(self.samples) > MOST_SAMPLES:
            self.samples = [_mean(self.samples[at : at + 2]) for at in range(0, len(self.samples), 2)]
            self.every *= 2


def _mean(samples: list[int | None]) -> int | None:
    known = [sample for sample in samples if sample is not None]
    return round(sum(known) / len(known)) if known else None


@dataclass
class LineRecord:
    """One participation's line, second by second. All of it is bounded, however long the call lasts."""

    path: str = ""
    media_seconds: int = 0
    poor_seconds: int = 0
    paused_seconds: int = 0
    up: Series = field(default_factory=Series)
    down: Series = field(default_factory=Series)
    scores: Counter[int] = field(default_factory=Counter)
    losses: Counter[int] = field(default_factory=Counter)
    trips: Counter[int] = field(default_factory=Counter)

    def note(self, quality: Quality, path: str | None) -> None:
        """Take one second of a connection that is up."""
        self.path = path or self.path
        self.media_seconds += 1
        self.paused_seconds += quality.pictures_paused
        self.up.note(quality.up)
        self.down.note(quality.down)
        if quality.score is None:
            return
        self.poor_seconds += quality.score < GOOD
        self.scores[quality.score] += 1
        self.losses[round(1000 * max(quality.lost_up, quality.lost_down))] += 1
        if quality.round_trip is not None:
            self.trips[_rounded(quality.round_trip * 1000)] += 1

    def columns(self) -> dict[str, Any]:
        """Return what is stored. Losses in thousandths of the packets, the worse of both ways; round trips in ms."""
        return {
            "path": self.path,
            "media_seconds": self.media_seconds,
            "poor_seconds": self.poor_seconds,
            "paused_seconds": self.paused_seconds,
            "quality_median": centile(self.scores, 50),
            "loss_median": centile(self.losses, 50),
            "loss_high": centile(self.losses, 95),
            "round_trip_min": min(self.trips, default=None),
            "round_trip_median": centile(self.trips, 50),
            "quality": {"every": self.up.every, "up": self.up.samples[:], "down": self.down.samples[:]},
        }


def centile(counts: Counter[int], share: int) -> int | None:
    """Return the least value that so many in a hundred are not above; None of nothing."""
    wanted = -(-counts.total() * share // 100)
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= wanted:
            return value
    return None


def _rounded(milliseconds: float) -> int:
    if milliseconds < FINE_MS:
        return round(milliseconds)
    return min(LONGEST_MS, round(milliseconds / COARSE_MS) * COARSE_MS)
