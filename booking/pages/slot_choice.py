"""Slots as a page offers them: a few days at a time, each with its starts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.engine.search import Slot

DAYS_SHOWN = 5
DAYS_SEARCHED = 62
FARTHEST = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class SlotDay:
    """A day at the house and the starts that can be booked on it, in order, in the zone of the house."""

    day: date
    starts: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class SlotChoice:
    """The days to choose from; `later` is the day from which there are more, if there are any."""

    days: tuple[SlotDay, ...]
    later: date | None


def slot_choice(slots: Sequence[Slot], *, days: int = DAYS_SHOWN) -> SlotChoice:
    """Return the first `days` days that have a slot; `slots` are in order."""
    by_day: dict[date, list[datetime]] = {}
    for slot in slots:
        by_day.setdefault(slot.start.date(), []).append(slot.start)
    shown = [SlotDay(day, tuple(starts)) for day, starts in list(by_day.items())[:days]]
    later = shown[-1].day + timedelta(days=1) if len(by_day) > days else None
    return SlotChoice(tuple(shown), later)


def asked_day(text: str, now: datetime) -> date | None:
    """Return the day (YYYY-MM-DD) from which slots are asked for; None if it is no day, or years away."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if abs(day - now.date()) <= FARTHEST else None
