"""What an agent sees first: who waits, who is next, the day in order. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from booking.lifecycle import Status

DAYS_A_WEEK = 7


class Planned(Protocol):
    """What the board must know of an appointment."""

    @property
    def status(self) -> Status: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def checked_in_at(self) -> datetime | None: ...


P = TypeVar("P", bound=Planned)


@dataclass(frozen=True, slots=True)
class WeekDay:
    """A day of the week on show and how many appointments it has (cancelled ones left out)."""

    day: date
    count: int


@dataclass(frozen=True, kw_only=True)
class Board(Generic[P]):
    """An agent's day in the agent's zone. `waiting` are today's, whichever day is on show; longest wait first."""

    now: datetime
    timezone: str
    day: date
    items: tuple[P, ...]
    waiting: tuple[P, ...]
    week: tuple[WeekDay, ...]
    next_busy_day: date | None

    @property
    def today(self) -> date:
        return local_day(self.now, self.timezone)

    @property
    def next(self) -> P | None:
        """Return who is in a call now, else the first of today's booked appointments that is not over."""
        if self.day != self.today:
            return None
        called = [item for item in self.items if item.status is Status.IN_CALL]
        ahead = [item for item in self.items if item.status is Status.BOOKED and item.ends_at > self.now]
        return next(iter(called + ahead), None)

    @property
    def now_before(self) -> int | None:
        """Return the index of the first item that is yet to start, for a mark "now" before it; None on another day."""
        if self.day != self.today:
            return None
        return sum(item.starts_at <= self.now for item in self.items)

    def minutes_since(self, when: datetime) -> int:
        """Return the whole minutes that have passed since an instant."""
        return int((self.now - when) / timedelta(minutes=1))

    def minutes_until(self, when: datetime) -> int:
        """Return the minutes left until an instant, begun ones counted; negative once it has passed."""
        return ceil((when - self.now) / timedelta(minutes=1))


def local_day(when: datetime, timezone: str) -> date:
    """Return the day of an instant at a place."""
    return when.astimezone(ZoneInfo(timezone)).date()


def monday_of(day: date) -> date:
    """Return the Monday of a day's week (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def make_board(
    *, now: datetime, timezone: str, day: date, days: Mapping[date, Sequence[P]], today_items: Sequence[P]
) -> Board[P]:
    """Return the board of `day`; `days` has the appointments of its week's days and perhaps more, each in order."""
    monday = monday_of(day)
    week = [monday + timedelta(days=number) for number in range(DAYS_A_WEEK)]
    waiting = [item for item in today_items if item.status is Status.CHECKED_IN]
    busy = [each for each in sorted(days) if each > day and _taking_place(days[each])]
    return Board(
        now=now,
        timezone=timezone,
        day=day,
        items=tuple(days.get(day, ())),
        waiting=tuple(sorted(waiting, key=lambda item: item.checked_in_at or item.starts_at)),
        week=tuple(WeekDay(each, _taking_place(days.get(each, ()))) for each in week),
        next_busy_day=busy[0] if busy else None,
    )


def _taking_place(items: Sequence[Planned]) -> int:
    return sum(item.status is not Status.CANCELLED for item in items)
