"""How good a participant's connection is, and when pictures are stopped so that the sound stays. Pure.

The score is LiveKit's: 100, less what delay takes (a simplified E-model, ITU-T G.107), less what loss takes.
"""

from dataclasses import dataclass
from enum import StrEnum

EXCELLENT, GOOD, POOR = 80, 40, 20
LOSS_WEIGHTS = {"audio": 5.0, "video": 10.0}  # points for each percent; Opus repairs much of its loss by itself
COMFORTABLE_MS = 160.0

PAUSE_AFTER_SECONDS = 6.0
CALM_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 120.0


class Level(StrEnum):
    """The score in four steps, for bars and words."""

    EXCELLENT = "excellent"
    GOOD = "good"
    POOR = "poor"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """One stream as its receiver sees it: share of packets lost (0 to 1), jitter and round trip in seconds."""

    kind: str
    lost: float
    jitter: float
    round_trip: float | None


@dataclass(frozen=True, slots=True)
class Quality:
    """A participant's connection now. Scores are 0 to 100; None when nothing is sent or received that could tell.

    `path` is `udp` (straight), `turn` (through their TURN server; over what, only the browser knows) or None before a
    connection. `pictures_paused`: the relay sends them no pictures, so that the sound stays.
    """

    up: int | None
    down: int | None
    lost_up: float
    lost_down: float
    round_trip: float | None
    path: str | None
    pictures_paused: bool

    @property
    def score(self) -> int | None:
        """The worse of both directions."""
        known = [score for score in (self.up, self.down) if score is not None]
        return min(known) if known else None

    @property
    def level(self) -> Level | None:
        """The score as a step."""
        return None if self.score is None else level(self.score)


def level(score: int) -> Level:
    """Return the step of a score."""
    if score >= EXCELLENT:
        return Level.EXCELLENT
    if score >= GOOD:
        return Level.GOOD
    return Level.POOR if score >= POOR else Level.LOST


def score(stream: StreamFigures) -> int:
    """Return the score of one stream, 0 to 100."""
    delay = (stream.round_trip or 0.0) * 1000 / 2 + stream.jitter * 1000 * 2
    # beyond the comfortable delay people begin to talk over each other
    delay_effect = delay / 40 if delay < COMFORTABLE_MS else (delay - 120) / 10
    return max(0, min(100, round(100 - delay_effect - 100 * stream.lost * LOSS_WEIGHTS[stream.kind])))


def worst(streams: list[StreamFigures]) -> int | None:
    """Return the score of the worst stream; None of none."""
    return min(map(score, streams), default=None)


class PictureGate:
    """Stops a participant's pictures when their line is poor for long, and tries again, ever later if in vain."""

    def __init__(self) -> None:
        self.paused = False
        self._poor_since: float | None = None
        self._calm_since: float | None = None
        self._changed_at = float("-inf")
        self._wait = FIRST_PAUSE_SECONDS

    def judge(self, down: int | None, now: float) -> bool:
        """Return whether pictures are to be paused, given the score of what the participant receives; `now` in seconds.

        While they are paused the score is that of the sound alone.
        """
        poor = down is not None and down < GOOD
        calm = down is None or down >= EXCELLENT
        self._poor_since = (now if self._poor_since is None else self._poor_since) if poor else None
        self._calm_since = (now if self._calm_since is None else self._calm_since) if calm else None
        since = now - self._changed_at
        if not self.paused:
            if since > LONGEST_PAUSE_SECONDS:
                self._wait = FIRST_PAUSE_SECONDS
            if self._poor_since is not None and now - self._poor_since >= PAUSE_AFTER_SECONDS:
                self.paused, self._changed_at = True, now
        elif self._calm_since is not None and now - self._calm_since >= CALM_SECONDS and since >= self._wait:
            self.paused, self._changed_at = False, now
            self._wait = min(LONGEST_PAUSE_SECONDS, 2 * self._wait)
        if self._changed_at == now:
            self._poor_since = self._calm_since = None
        return self.paused
