"""From iCalendar texts to busy intervals, within bounds (see also `booking.busy.apart`). Pure.

What takes no time is left out: transparent (RFC 5545 3.8.2.7), cancelled, or free for Outlook.
"""

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar
from icalendar.error import BrokenCalendarProperty

from booking.busy.errors import CalendarTooLarge, NotACalendar
from booking.engine.availability import Interval, instant, merge, subtract

MOST_EVENTS = 10_000
MOST_OCCURRENCES = 10_000
SECONDS = 10.0
EARLIEST_YEAR = 1970
# The finest that a diary repeats is once a day, a few times at most: anything finer unfolds without end.
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
MOST_A_DAY = 24
MOST_UID = 255
# What the libraries raise on values that they cannot make sense of
SENSELESS = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, BrokenCalendarProperty)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Busy:
    """The event `uid` takes the agent from one instant to another (seconds since 1970).

    Empty where only that is told: a period of a VFREEBUSY (RFC 5545 3.6.4).
    """

    uid: str
    interval: Interval


def unfold(
    texts: Iterable[bytes],
    start: datetime,
    end: datetime,
    timezone: str,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> list[Busy]:
    """Return what the events of calendars take within [start, end).

    Days without a time, and times without a zone, are those of `timezone`. Raises NotACalendar, CalendarTooLarge.
    """
    series: dict[str, list[Any]] = defaultdict(list)
    found: list[Busy] = []
    for number, component in enumerate(_components(texts)):
        if number >= MOST_EVENTS or len(found) > MOST_OCCURRENCES:
            raise CalendarTooLarge
        if component.name == "VFREEBUSY":
            found += _periods(component, start, end, ZoneInfo(timezone))
        else:
            series[(str(component.get("UID", "")) or str(number))[:MOST_UID]].append(component)
    until = clock() + SECONDS
    for uid, events in series.items():
        if clock() > until:
            raise CalendarTooLarge
        found += _occurrences(uid, events, start, end, ZoneInfo(timezone))
        if len(found) > MOST_OCCURRENCES:
            raise CalendarTooLarge
    return found


def _components(texts: Iterable[bytes]) -> Iterable[Any]:
    for text in texts:
        try:
            calendars = Calendar.from_ical(text, multiple=True)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            raise NotACalendar from None
        if not calendars or any(calendar.name != "VCALENDAR" for calendar in calendars):
            raise NotACalendar
        for calendar in calendars:
            yield from calendar.walk("VEVENT")
            yield from calendar.walk("VFREEBUSY")


def _periods(told: Any, start: datetime, end: datetime, zone: ZoneInfo) -> list[Busy]:
    """Return the periods that a VFREEBUSY calls anything but free (FBTYPE, RFC 5545 3.2.9: busy if it does not say)."""
    given = told.get("FREEBUSY", [])
    try:
        periods = [
            (_instant(each.start, zone), _instant(each.end, zone))
            for each in (given if isinstance(given, list) else [given])
            if str(each.params.get("FBTYPE", "BUSY")).upper() != "FREE"
        ]
    except SENSELESS:
        return []
    return _within(periods, "", start, end)


def _within(intervals: Iterable[Interval], uid: str, start: datetime, end: datetime) -> list[Busy]:
    low, high = instant(start), instant(end)
    return [Busy(uid, (max(first, low), min(last, high))) for first, last in intervals if first < high and last > low]


def _occurrences(uid: str, events: list[Any], start: datetime, end: datetime, zone: ZoneInfo) -> list[Busy]:
    """Unfold one series with its exceptions. One that makes no sense takes no time; the others still count."""
    alone = Calendar()
    for event in events:
        alone.add_component(event)
    try:
        if not all(_bounded(event) for event in events):
            return []
        found = recurring_ical_events.of(alone, skip_bad_series=True).between(start, end)
        taken = [_interval(each, zone) for each in found if _takes_time(each)]
    except SENSELESS:
        return []
    return _within(taken, uid, start, end)


def _bounded(event: Any) -> bool:
    begins = getattr(event.get("DTSTART"), "dt", None)
    if not isinstance(begins, date):
        return False
    rules = event.get("RRULE") or []
    rules = rules if isinstance(rules, list) else [rules]
    return all(_is_of_a_diary(rule) for rule in rules) and not (rules and begins.year < EARLIEST_YEAR)


def _is_of_a_diary(rule: Any) -> bool:
    often = [str(each).upper() for each in rule.get("FREQ", [])]
    a_day = len(rule.get("BYHOUR", [0])) * len(rule.get("BYMINUTE", [0])) * len(rule.get("BYSECOND", [0]))
    return len(often) == 1 and often[0] in FREQUENCIES and a_day <= MOST_A_DAY


def _takes_time(event: Any) -> bool:
    return (
        str(event.get("TRANSP", "OPAQUE")).upper() != "TRANSPARENT"
        and str(event.get("STATUS", "")).upper() != "CANCELLED"
        and str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() != "FREE"
    )


def _interval(event: Any, zone: ZoneInfo) -> Interval:
    return _instant(event["DTSTART"].dt, zone), _instant(event["DTEND"].dt, zone)


def _instant(when: Any, zone: ZoneInfo) -> int:
    if not isinstance(when, datetime):
        return instant(datetime(when.year, when.month, when.day, tzinfo=zone))
    return instant(when if when.tzinfo else when.replace(tzinfo=zone))


def own_appointment_ids(found: Iterable[Busy]) -> set[str]:
    """Return the appointments' ids that UIDs may stand for (see `booking.notifications.invitations`)."""
    return {each.uid.replace("-", "") for each in found if UUID.fullmatch(each.uid)}


def taken(found: Iterable[Busy], ours: set[str], own: Iterable[Interval] = ()) -> list[Interval]:
    """Return the busy intervals, joined, without those of our own appointments: these are taken already, or no more.

    `ours` are the ids of those that are in the calendar, `own` when the agent has any: what a VFREEBUSY says of these
    times may be about them, and would stand in the way of moving one by a little.
    """
    every = list(found)
    named = [each.interval for each in every if each.uid and each.uid.replace("-", "") not in ours]
    nameless = merge(each.interval for each in every if not each.uid)
    return merge([*named, *subtract(nameless, merge(own))])
