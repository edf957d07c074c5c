"""When an agent works, and at which workplace: weekly hours, recurring exceptions, holidays, absences. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice

from dateutil.rrule import rrulestr

from booking.engine.availability import (
    DAY,
    EPOCH,
    MINUTE,
    Interval,
    Span,
    WeeklyRange,
    ZoneSpans,
    merge,
    subtract,
    weekly_intervals,
)
from booking.engine.public_holidays import public_holidays
from booking.errors import RuleUnreadable

# Recurrences of a day or longer: what an hour or a minute would repeat is no working day.
FREQUENCIES = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 0, "YEARLY": 0}


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Weekly hours, where they are worked, and which houses' kiosks reach the agent then (all when empty)."""

    range: WeeklyRange
    workplace: str | None = None
    sites: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CalendarRule:
    """More work on the days that an RRULE names (or that one day, when it is empty), or none."""

    works: bool
    first_day: date
    rrule: str
    start_minute: int
    end_minute: int
    workplace: str | None = None


@dataclass(frozen=True, slots=True)
class AgentTime:
    """When an agent works. `away`: absences and what their own calendar says, as instants."""

    id: str
    timezone: str
    hours: tuple[WorkingHours, ...]
    rules: tuple[CalendarRule, ...] = ()
    away: tuple[Interval, ...] = ()
    department: str = ""
    works_on_holidays: bool = False
    daily_maximum: int | None = None
    # the days, both included, on which the agent provides the service; None: all of them
    assigned: tuple[tuple[date | None, date | None], ...] | None = None
    # what `away` was read for; None: for what was asked, and not kept
    window: Interval | None = None
    # whether every house reaches the agent at the same times
    same_everywhere: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "same_everywhere", not any(each.sites for each in self.hours))

    def stays_within(self, spans: ZoneSpans, site: str | None = None) -> dict[str | None, list[Interval]]:
        """Return when the agent works within a window and can be reached from `site` (None: from home), by workplace.

        An exception's hours come before weekly hours: where two overlap, the agent is where the first one says. A rule
        that takes work away wins over all that gives some. On a public holiday there is no work but what a rule for
        that one day gives.
        """
        local = spans.of(self.timezone)
        holidays = frozenset() if self.works_on_holidays else public_holidays(self.department, *spans.window)
        closed = merge([*self.away, *self._taken_by_rules(local, spans), *self._unassigned(local, spans)])
        stays: dict[str | None, list[Interval]] = {}
        given: list[Interval] = []
        for workplace, worked in self._worked(local, spans, holidays, site):
            if fresh := subtract(worked, given):
                stays[workplace] = merge([*stays.get(workplace, ()), *fresh])
                given = merge([*given, *fresh])
        if not closed:
            return stays
        return {workplace: subtract(worked, closed) for workplace, worked in stays.items()}

    def working_within(self, spans: ZoneSpans, site: str | None = None) -> list[Interval]:
        """Return when the agent works within a window and can be reached from `site`, wherever that is."""
        stays = self.stays_within(spans, site)
        return next(iter(stays.values())) if len(stays) == 1 else merge(each for of in stays.values() for each in of)

    def _worked(
        self, local: Sequence[Span], spans: ZoneSpans, holidays: frozenset[int], site: str | None
    ) -> Iterable[tuple[str | None, list[Interval]]]:
        for rule in self.rules:
            if rule.works:
                yield rule.workplace, rule_intervals(rule, local, spans.window, but=holidays if rule.rrule else ())
        by_workplace: dict[str | None, list[WeeklyRange]] = {}
        for each in self.hours:
            if site is None or not each.sites or site in each.sites:
                by_workplace.setdefault(each.workplace, []).append(each.range)
        for workplace, ranges in by_workplace.items():
            yield workplace, weekly_intervals(ranges, local, but=holidays)

    def _taken_by_rules(self, local: Sequence[Span], spans: ZoneSpans) -> Iterable[Interval]:
        for rule in self.rules:
            if not rule.works:
                yield from rule_intervals(rule, local, spans.window)

    def _unassigned(self, local: Sequence[Span], spans: ZoneSpans) -> list[Interval]:
        if self.assigned is None:
            return []
        whole_days = (
            WeeklyRange(weekday, 0, DAY // MINUTE, *period) for period in self.assigned for weekday in range(7)
        )
        return subtract([spans.window], weekly_intervals(whole_days, local))


def rule_intervals(
    rule: CalendarRule, spans: Iterable[Span], window: Interval, *, but: Iterable[int] = ()
) -> list[Interval]:
    """Return when a rule holds within the spans of its zone; `but`: days since 1970-01-01 on which it does not."""
    first, last = (EPOCH + timedelta(days=at // DAY + margin) for at, margin in zip(window, (-1, 2), strict=True))
    named = {(day - EPOCH).days for day in rule_days(rule.rrule, rule.first_day, first, last)} - set(but)
    found: list[Interval] = []
    for span_start, span_end, offset in spans:
        for number in range((span_start + offset) // DAY, (span_end + offset - 1) // DAY + 1):
            if number in named:
                midnight = number * DAY - offset
                low = max(span_start, midnight + rule.start_minute * MINUTE)
                found.append((low, min(span_end, midnight + rule.end_minute * MINUTE)))
    return merge(found)


def rule_days(rrule: str, first_day: date, first: date, last: date) -> list[date]:
    """Return the days from `first` to `last` that a recurrence (RFC 5545 3.3.10, DTSTART `first_day`) names, in order.

    Empty: `first_day` only. Raises RuleUnreadable. However long ago it began, only days near the window are tried,
    unless it counts them.
    """
    if not rrule:
        return [first_day] if first <= first_day <= last else []
    parts = _parts(rrule)
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    try:
        end = min(last, datetime.strptime(until[:8], "%Y%m%d").date()) if until else last  # noqa: DTZ007 - a day
        limit = int(count) if count else None
        began = first_day if limit else _nearer(parts, first_day, first)
        if end < began:
            return []
        parts["UNTIL"] = f"{end:%Y%m%d}T235959"
        text = ";".join(f"{name}={value}" for name, value in parts.items())
        days = (each.date() for each in rrulestr(text, dtstart=datetime.combine(began, time())))
        return [day for day in islice(days, limit) if day >= first]
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise RuleUnreadable(field="rrule") from None


def _parts(rrule: str) -> dict[str, str]:
    """Split a recurrence; RuleUnreadable unless it is made of days and ends by itself or by date."""
    named = [part.partition("=") for part in rrule.upper().removeprefix("RRULE:").split(";")]
    parts = {name.strip(): value.strip() for name, _, value in named}
    interval = parts.get("INTERVAL", "1")
    below_a_day = any(name in parts for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    if parts.get("FREQ") not in FREQUENCIES or below_a_day or not interval.isdecimal() or not 0 < int(interval) < 1000:
        raise RuleUnreadable(field="rrule")
    return parts


def _nearer(parts: dict[str, str], first_day: date, first: date) -> date:
    """Return a later day on which the recurrence could have begun to name the same days from `first` on."""
    period = FREQUENCIES[parts["FREQ"]] * int(parts.get("INTERVAL", "1"))
    passed = (first - first_day).days
    return first_day + timedelta(days=passed // period * period) if period and passed > 0 else first_day
