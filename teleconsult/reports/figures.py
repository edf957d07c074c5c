"""From consultations to numbers: pure arithmetic, one definition each (the page shows the same in words)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from statistics import fmean, median
from typing import TypeVar

from booking.lifecycle import Outcome, Status
from teleconsult.feedback.scores import Score

DAY_SECONDS = 86_400

K = TypeVar("K")


class Result(StrEnum):
    """What became of a booking, for counting."""

    HELD = "held"  # the citizen came and the consultation took place
    TECHNICAL = "technical"  # the equipment or the network prevented it: nobody's absence
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    OPEN = "open"  # still to come, under way, or not closed by the agent yet


def result_of(status: str, outcome: str) -> Result:
    """Return what became of a booking, from its status and outcome (those of `booking.lifecycle`)."""
    if status == Status.CANCELLED:
        return Result.CANCELLED
    if status == Status.NO_SHOW:
        return Result.NO_SHOW
    if status == Status.COMPLETED:
        return Result.TECHNICAL if outcome == Outcome.TECHNICAL_FAILURE else Result.HELD
    return Result.OPEN


@dataclass(frozen=True)
class Consultation:
    """One booking as the figures see it: no name, and only what was measured (None: not known)."""

    service_id: str
    site_id: str
    department: str
    day: date  # of its start, at the house
    result: Result
    booked_at: datetime
    first_slot_at: datetime | None = None
    call_seconds: float | None = None
    waited_seconds: float | None = None  # without an appointment: from joining the queue to being received
    score: int | None = None
    trip_km: float | None = None  # the return trip to the office; None when the office's place is not known
    trip_kg: float | None = None  # CO2e of that trip

    @property
    def month(self) -> str:
        """The month of its start, `2026-11`."""
        return f"{self.day:%Y-%m}"

    @property
    def delay_days(self) -> float | None:
        """Days from the booking to the earliest slot that was free then; never negative."""
        if self.first_slot_at is None:
            return None
        return max(0.0, (self.first_slot_at - self.booked_at).total_seconds() / DAY_SECONDS)


@dataclass(frozen=True)
class Figures:
    """The numbers of a group of consultations; None where there is nothing to tell from."""

    bookings: int
    held: int
    no_shows: int
    technical: int
    cancelled: int
    open: int
    attendance: float | None
    delay_days_median: float | None
    delay_days_mean: float | None
    calls: int
    call_minutes_mean: float | None
    answers: int
    satisfaction: float | None
    good_share: float | None
    km: float
    co2e_kg: float
    trips_unknown: int
    walk_ins: int
    wait_minutes_median: float | None


def figures(consultations: Sequence[Consultation]) -> Figures:
    """Count a group of consultations.

    Attendance is held / (held + no-shows): cancelled, open and technically failed bookings are in neither. The delay
    runs from the booking to the earliest slot that was free at that moment (days, cancelled bookings included: the
    offer was made to them too); who came without an appointment was offered none, and is counted by their wait.
    Kilometres and CO2e count held consultations only.
    """
    count = {result: sum(1 for item in consultations if item.result is result) for result in Result}
    delays = [item.delay_days for item in consultations if item.delay_days is not None]
    calls = [item.call_seconds for item in consultations if item.call_seconds is not None]
    waits = [item.waited_seconds for item in consultations if item.waited_seconds is not None]
    scores = [item.score for item in consultations if item.score is not None]
    trips = [item for item in consultations if item.result is Result.HELD]
    return Figures(
        bookings=len(consultations),
        held=count[Result.HELD],
        no_shows=count[Result.NO_SHOW],
        technical=count[Result.TECHNICAL],
        cancelled=count[Result.CANCELLED],
        open=count[Result.OPEN],
        attendance=ratio(count[Result.HELD], count[Result.HELD] + count[Result.NO_SHOW]),
        delay_days_median=median(delays) if delays else None,
        delay_days_mean=fmean(delays) if delays else None,
        calls=len(calls),
        call_minutes_mean=fmean(calls) / 60 if calls else None,
        answers=len(scores),
        satisfaction=fmean(scores) if scores else None,
        good_share=ratio(sum(1 for score in scores if score == Score.GOOD), len(scores)),
        km=sum(item.trip_km or 0.0 for item in trips),
        co2e_kg=sum(item.trip_kg or 0.0 for item in trips),
        trips_unknown=sum(1 for item in trips if item.trip_km is None),
        walk_ins=len(waits),
        wait_minutes_median=median(waits) / 60 if waits else None,
    )


def ratio(part: int, whole: int) -> float | None:
    """Return part / whole, or None of nothing."""
    return part / whole if whole else None


def by(key: Callable[[Consultation], K], consultations: Iterable[Consultation]) -> dict[K, Figures]:
    """Count consultations group by group."""
    groups: dict[K, list[Consultation]] = {}
    for item in consultations:
        groups.setdefault(key(item), []).append(item)
    return {value: figures(items) for value, items in groups.items()}


def months_between(first: date, last: date) -> list[str]:
    """Return every month that two days span, both included: a month with nothing in it is a finding too."""
    start, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(start, end + 1)]
