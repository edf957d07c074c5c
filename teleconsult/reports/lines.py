"""From the records of calls to numbers about lines: pure arithmetic, one definition each (the page says the same)."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from teleconsult.reports.figures import ratio

# the share of its calls from which on a line is often bad, and how many calls it takes to say so
OFTEN = 0.25
ENOUGH = 4
# a call was bad for somebody who spent that share of it with a poor line, or without pictures so that the sound stayed
BAD_SHARE = 0.1
WAYS = ("udp", "turn-udp", "turn-tcp", "turn-tls", "turn")
DETOURS = ("turn-tcp", "turn-tls")

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Side:
    """One side of a call (the citizen's kiosk or the agent's office), over all parts of the call.

    `quality` is a median score, 0 to 100. `failed`: it ended by a technical failure that did not come right.
    """

    room: str
    place: str  # the kiosk's id, or the name of the office
    path: str
    quality: int | None
    loss: int | None  # thousandths
    media_seconds: int
    poor_seconds: int
    paused_seconds: int
    reconnections: int
    failed: bool

    @property
    def bad(self) -> bool:
        """Whether the line spoilt this call."""
        spoilt = max(self.poor_seconds, self.paused_seconds)
        return self.failed or (self.media_seconds > 0 and spoilt >= BAD_SHARE * self.media_seconds)


@dataclass(frozen=True)
class LineFigures:
    """The numbers of a group of sides; None where there is nothing to tell from."""

    calls: int
    failed: int
    failed_share: float | None
    bad: int
    bad_share: float | None
    quality_median: float | None
    loss_median: float | None
    reconnections: int
    udp: float | None
    turn_udp: float | None
    turn_tcp: float | None
    turn_tls: float | None
    turn: float | None

    @property
    def detour(self) -> float:
        """The share that got through over TCP or TLS only: the network there is closed to UDP."""
        return (self.turn_tcp or 0.0) + (self.turn_tls or 0.0)

    @property
    def often_bad(self) -> bool:
        """Whether somebody should see to this line."""
        return self.calls >= ENOUGH and (self.bad_share or 0.0) >= OFTEN


def line_figures(sides: Sequence[Side]) -> LineFigures:
    """Count sides of calls. A call is one room, however often its server was started anew meanwhile.

    The shares of ways are of the calls whose way is known. Medians are those of the calls' own medians.
    """
    calls = len({side.room for side in sides})
    failed = len({side.room for side in sides if side.failed})
    bad = len({side.room for side in sides if side.bad})
    ways = Counter(side.path for side in sides if side.path in WAYS)
    qualities = [side.quality for side in sides if side.quality is not None]
    losses = [side.loss for side in sides if side.loss is not None]
    share = {way: ratio(ways[way], ways.total()) for way in WAYS}
    return LineFigures(
        calls=calls,
        failed=failed,
        failed_share=ratio(failed, calls),
        bad=bad,
        bad_share=ratio(bad, calls),
        quality_median=median(qualities) if qualities else None,
        loss_median=median(losses) / 1000 if losses else None,
        reconnections=sum(side.reconnections for side in sides),
        udp=share["udp"],
        turn_udp=share["turn-udp"],
        turn_tcp=share["turn-tcp"],
        turn_tls=share["turn-tls"],
        turn=share["turn"],
    )


def lines_by(key: Callable[[Side], K], sides: Iterable[Side]) -> dict[K, LineFigures]:
    """Count sides group by group."""
    groups: dict[K, list[Side]] = {}
    for side in sides:
        groups.setdefault(key(side), []).append(side)
    return {value: line_figures(items) for value, items in groups.items()}


def advice(figures: LineFigures) -> str | None:
    """Return what an administrator should have done about a place: `failing`, `closed`, `lossy`, `slow`, or None."""
    if not figures.often_bad:
        return None
    if figures.detour >= OFTEN:
        return "closed"
    if (figures.failed_share or 0.0) >= OFTEN:
        return "failing"
    if (figures.loss_median or 0.0) >= 0.01:
        return "lossy"
    return "slow"
