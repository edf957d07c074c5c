"""How good everyone's connection is, as it is told: steadied, to whom it concerns, and only what changed. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from signaling.relay.quality import EXCELLENT, GOOD, POOR, Level, Quality, level
from signaling.wire import replies
from signaling.wire.messages import PathKind
from signaling.wire.replies import ConnectionInfo

SMOOTHING = 0.25
MARGIN = 4
TELL_EVERY = timedelta(seconds=2)
FLOORS = {Level.EXCELLENT: EXCELLENT, Level.GOOD: GOOD, Level.POOR: POOR, Level.LOST: 0}


class SteadyLevel:
    """A score's step, without its swings: the score is smoothed, and a step is left when it is well past its edge."""

    def __init__(self) -> None:
        self.level: Level | None = None
        self._score = 0.0

    def note(self, score: int | None) -> None:
        """Take the score of a second; None changes nothing: nothing was sent that could tell."""
        if score is None:
            return
        if self.level is None:
            self.level, self._score = level(score), float(score)
            return
        self._score += SMOOTHING * (score - self._score)
        found = level(round(self._score))
        edge = max(FLOORS[found], FLOORS[self.level])
        if found is not self.level and abs(self._score - edge) >= MARGIN:
            self.level = found


def path_of(seen: str | None, told: PathKind | None) -> PathKind | str | None:
    """Return how media comes to somebody: what the relay sees (`udp`, `turn`), with what their browser adds to it."""
    return told if seen == "turn" and told is not None and told != "udp" else seen


class Connections:
    """What is known of everyone's connection, and what each viewer was told of it."""

    def __init__(self) -> None:
        self._levels: dict[str, SteadyLevel] = {}
        self._hints: dict[str, PathKind] = {}
        self._known: dict[str, ConnectionInfo] = {}
        self._told: dict[str, tuple[datetime | None, tuple[ConnectionInfo, ...] | None]] = {}

    def hint(self, participant: str, kind: PathKind) -> None:
        """Note what somebody's browser says of its path."""
        self._hints[participant] = kind

    def note(self, participant: str, quality: Quality | None) -> str | None:
        """Note how somebody's connection is in this second, None without one; return its path."""
        if quality is None:
            self._levels.pop(participant, None)
            self._known.pop(participant, None)
            return None
        steady = self._levels.setdefault(participant, SteadyLevel())
        steady.note(quality.score)
        path = path_of(quality.path, self._hints.get(participant))
        if steady.level is not None:
            self._known[participant] = ConnectionInfo.model_validate(
                {
                    "participant": participant,
                    "level": steady.level,
                    "pictures_paused": quality.pictures_paused,
                    "path": path,
                }
            )
        return path

    def news(self, viewer: str, visible: Iterable[str], now: datetime) -> replies.Connections | None:
        """Return what to tell somebody of these people's connections; None when that is nothing new, or too early."""
        at, before = self._told.get(viewer, (None, ()))
        if at is not None and now - at < TELL_EVERY:
            return None
        told = tuple(self._known[participant] for participant in sorted(visible) if participant in self._known)
        if told == before:
            return None
        self._told[viewer] = (now, told)
        return replies.Connections(connections=told)

    def came_back(self, viewer: str) -> None:
        """Somebody's new socket is to be told again, whatever the old one was."""
        self._told[viewer] = (None, None)

    def keep_only(self, present: Iterable[str]) -> None:
        """Forget whoever is not in the call any more."""
        kept = set(present)
        for memory in (self._levels, self._hints, self._known, self._told):
            for gone in memory.keys() - kept:
                del memory[gone]
