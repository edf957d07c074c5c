"""Hours, days and repetitions as people of the back office write them. Pure."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from teleconsult.web.i18n import N_

MOST_RANGES = 5
DAY_MINUTES = 24 * 60
ONE_DAY = timedelta(days=1)

RANGES_ERROR = N_("Écrivez des heures comme 9h-12h30, 13h30-17h ; laissez vide si c’est fermé.")
RANGES_OVERLAP = N_("Ces plages se chevauchent.")
RANGES_MANY = N_("Cinq plages par jour au plus.")

_TIME = r"(\d{1,2})(?:[h:.](\d{2})?)?"
_RANGE = re.compile(rf"{_TIME}(?:-|–|—|à){_TIME}")

Range = tuple[int, int]


def read_ranges(text: str) -> tuple[Range, ...]:
    """Read `9h-12h30, 13:30-17:00` as minutes since midnight, in order.

    Raises PydanticCustomError, whose message is a French text.
    """
    plain = re.sub(r"[\s\u00a0\u202f]", "", text.lower())
    ranges = sorted(_range(part) for part in re.split(r"[,;/]|et", plain) if part)
    if len(ranges) > MOST_RANGES:
        raise PydanticCustomError("ranges_many", RANGES_MANY)
    if any(before[1] > after[0] for before, after in pairwise(ranges)):
        raise PydanticCustomError("ranges_overlap", RANGES_OVERLAP)
    return tuple(ranges)


def _range(text: str) -> Range:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise PydanticCustomError("ranges", RANGES_ERROR)
    first_hour, first_minute, last_hour, last_minute = (int(part or 0) for part in found.groups())
    start, end = first_hour * 60 + first_minute, last_hour * 60 + last_minute
    if not start < end <= DAY_MINUTES or max(first_minute, last_minute) > 59:
        raise PydanticCustomError("ranges", RANGES_ERROR)
    return start, end


def write_time(minute: int) -> str:
    """Return minutes since midnight as `9h` or `12h30`."""
    return f"{minute // 60}h{minute % 60:02}" if minute % 60 else f"{minute // 60}h"


def write_ranges(ranges: Iterable[Range]) -> str:
    """Return ranges as they are written: `9h-12h30, 13h30-17h`."""
    return ", ".join(f"{write_time(start)}-{write_time(end)}" for start, end in sorted(ranges))


def _ranges(value: Any) -> Any:
    # a form gives a field that is to be a list as the list of what was posted
    return read_ranges(",".join(value)) if isinstance(value, list) else value


Ranges = Annotated[tuple[Range, ...], BeforeValidator(_ranges)]


def local_instants(
    first: date, last: date, start: time | None, end: time | None, timezone: str
) -> tuple[datetime, datetime]:
    """Return when a stay away begins and ends: whole days from `first` to `last`, unless times cut them short."""
    zone = ZoneInfo(timezone)
    begins = datetime.combine(first, start or time.min, zone)
    ends = datetime.combine(last, end, zone) if end else datetime.combine(last + ONE_DAY, time.min, zone)
    return begins, ends


def make_rrule(repeat: str, first: date, until: date | None) -> str:
    """Return a rule of RFC 5545 3.3.10 for `once`, `weekly`, `fortnightly`, or `monthly` (as the second Tuesday).

    `until` is a day in the agent's zone, included: the rule is written with a floating time as its DTSTART is.
    """
    if repeat == "once":
        return ""
    rule = {
        "weekly": "FREQ=WEEKLY",
        "fortnightly": "FREQ=WEEKLY;INTERVAL=2",
        "monthly": f"FREQ=MONTHLY;BYDAY={_place_in_month(first)}{_BYDAY[first.weekday()]}",
    }[repeat]
    return f"{rule};UNTIL={until:%Y%m%d}T235959" if until else rule


_BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LAST_WEEK = 5


def _place_in_month(day: date) -> int:
    """Return 1 for the first such weekday of the month; -1, the last, for the fifth, which most months do not have."""
    place = (day.day - 1) // 7 + 1
    return -1 if place == LAST_WEEK else place


def read_rrule(rule: str) -> tuple[str, date | None]:
    """Return how a rule made here repeats, and until when (None: without end)."""
    until = re.search(r"UNTIL=(\d{8})", rule)
    last = datetime.strptime(until[1], "%Y%m%d").date() if until else None  # noqa: DTZ007 - a day, not an instant
    if not rule:
        return "once", None
    if "MONTHLY" in rule:
        return "monthly", last
    return ("fortnightly" if "INTERVAL=2" in rule else "weekly"), last
