"""When something is possible: arithmetic on sorted, half-open, non-overlapping intervals. Pure.

An instant is a number of seconds since 1970-01-01T00:00Z, so that nothing here knows of zones but `constant_spans`.
A local rule ("open from 09:00 to 12:00") holds at every instant at which the wall clock of the place shows a time
within it: on the spring Sunday an hour of it may not exist, on the autumn Sunday it may come twice.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Interval = tuple[int, int]
# start, end and the zone's offset from UTC between them
Span = tuple[int, int, int]

MINUTE = 60
DAY = 86_400
# Day number 0, 1 January 1970, was a Thursday (Monday is 0).
EPOCH_WEEKDAY = 3
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class WeeklyRange:
    """From `start_minute` to `end_minute` of the local day on `weekday` (Monday is 0); the last day counts too."""

    weekday: int
    start_minute: int
    end_minute: int
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class SlotRules:
    """How long an appointment takes and what surrounds it, in seconds."""

    duration: int
    buffer_before: int
    buffer_after: int
    step: int


def instant(when: datetime) -> int:
    """Return an aware datetime as seconds since the epoch."""
    return int(when.timestamp())


def moment(seconds: int) -> datetime:
    """Return seconds since the epoch as an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Return any intervals sorted, without empty ones, with those that overlap or touch made one."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def intersect(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """Return what is in both."""
    common: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        end = min(left[i][1], right[j][1])
        if start < end:
            common.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return common


def subtract(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """Return what is in `left` and not in `right`."""
    kept: list[Interval] = []
    j = 0
    for start, end in left:
        while j < len(right) and right[j][1] <= start:
            j += 1
        k = j
        while k < len(right) and right[k][0] < end:
            if start < right[k][0]:
                kept.append((start, right[k][0]))
            start = right[k][1]
            k += 1
        if start < end:
            kept.append((start, end))
    return kept


def constant_spans(zone: ZoneInfo, start: int, end: int) -> list[Span]:
    """Cut [start, end) where the zone's offset from UTC changes; return (start, end, offset), all in seconds."""
    spans: list[Span] = []
    since, offset = start, _offset(zone, start)
    probe = start
    while probe < end:
        after = min(probe + DAY, end)
        if _offset(zone, after) != offset:
            change = _change(zone, probe, after)
            if change < end:
                spans.append((since, change, offset))
                since, offset = change, _offset(zone, change)
        probe = after
    if since < end:
        spans.append((since, end, offset))
    return spans


class ZoneSpans:
    """The spans of one window [start, end) in the zones that are asked for, each cut once."""

    def __init__(self, start: int, end: int) -> None:
        self.window = start, end
        self._spans: dict[str, list[Span]] = {}

    def of(self, timezone: str) -> list[Span]:
        """Return the window's spans in a zone, by its IANA name."""
        if timezone not in self._spans:
            self._spans[timezone] = constant_spans(ZoneInfo(timezone), *self.window)
        return self._spans[timezone]


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """Return the first second of a new offset, knowing that it changes once after `low` and not after `high`."""
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def local_midnight(day: date, zone: ZoneInfo) -> int:
    """Return the first instant of a local day."""
    return instant(datetime(day.year, day.month, day.day, tzinfo=zone))


def weekly_intervals(
    ranges: Iterable[WeeklyRange], spans: Iterable[Span], *, but: frozenset[int] = frozenset()
) -> list[Interval]:
    """Return when weekly local ranges hold within the spans of their zone; `but`: days since 1970 to leave out."""
    by_weekday: dict[int, list[WeeklyRange]] = {}
    for each in ranges:
        by_weekday.setdefault(each.weekday, []).append(each)
    found: list[Interval] = []
    for span_start, span_end, offset in spans:
        for number in range((span_start + offset) // DAY, (span_end + offset - 1) // DAY + 1):
            if number in but:
                continue
            for each in by_weekday.get((number + EPOCH_WEEKDAY) % 7, ()):
                if (each.valid_from or each.valid_until) and not _holds(each, number):
                    continue
                midnight = number * DAY - offset
                low = max(span_start, midnight + each.start_minute * MINUTE)
                high = min(span_end, midnight + each.end_minute * MINUTE)
                if low < high:
                    found.append((low, high))
    return merge(found)


def _holds(each: WeeklyRange, day_number: int) -> bool:
    day = EPOCH + timedelta(days=day_number)
    return (each.valid_from is None or each.valid_from <= day) and (each.valid_until is None or day <= each.valid_until)


def starts_on_step(zone: ZoneInfo, step: int, start: int, end: int) -> list[int]:
    """Return the instants in [start, end) at which the local clock shows a multiple of `step` seconds."""
    found: list[int] = []
    for span_start, span_end, offset in constant_spans(zone, start, end):
        for number in range((span_start + offset) // DAY, (span_end + offset - 1) // DAY + 1):
            midnight = number * DAY - offset
            steps_before = -((midnight - span_start) // step) if span_start > midnight else 0
            last = min(span_end, midnight + DAY)
            found.extend(range(midnight + steps_before * step, last, step))
    return found


def possible_starts(rules: SlotRules, open_: Sequence[Interval], busy: Iterable[Interval]) -> list[Interval]:
    """Return the instants at which an appointment may start, as intervals.

    The appointment itself must lie within one open interval; with its buffers it must not overlap a busy one (which
    has its own buffers within).
    """
    fitting = [(start, end - rules.duration + 1) for start, end in open_ if end - start >= rules.duration]
    banned = merge((start - rules.duration - rules.buffer_after + 1, end + rules.buffer_before) for start, end in busy)
    return subtract(fitting, banned) if banned else fitting


def count_starts(candidates: Sequence[int], allowed: Iterable[Sequence[Interval]]) -> list[int]:
    """Return for each candidate (sorted) how many of the `allowed` sets of intervals it is in."""
    steps = [0] * (len(candidates) + 1)
    for intervals in allowed:
        for start, end in intervals:
            low = bisect_left(candidates, start)
            if low < len(candidates) and candidates[low] < end:
                steps[low] += 1
                steps[bisect_left(candidates, end, low)] -= 1
    counts: list[int] = []
    running = 0
    for step in steps[:-1]:
        running += step
        counts.append(running)
    return counts


def contains(intervals: Sequence[Interval], at: int) -> bool:
    """Tell whether an instant is in one of the intervals."""
    return any(start <= at < end for start, end in intervals)


@dataclass(slots=True)
class Seat:
    """A kiosk or a room: when it is taken (buffers within), and when it does not work."""

    busy: Sequence[Interval]
    out: Sequence[Interval] = ()


@dataclass(frozen=True, slots=True)
class Clerk:
    """An agent: when they work, by workplace, when they are taken (buffers within), and starts beyond their daily lot.

    The times at two workplaces do not overlap.
    """

    stays: Mapping[str | None, Sequence[Interval]]
    busy: Sequence[Interval]
    full: Sequence[Interval] = ()

    def starts(self, rules: SlotRules, worked: Sequence[Interval]) -> list[Interval]:
        """Return when an appointment may start within `worked`."""
        possible = possible_starts(rules, worked, self.busy)
        return subtract(possible, self.full) if self.full else possible


def house_starts(rules: SlotRules, zone: ZoneInfo, site_open: Sequence[Interval], start: int, end: int) -> list[int]:
    """Return the starts on the house's clock in [start, end) at which an appointment lies within its opening hours."""
    on_step = starts_on_step(zone, rules.step, start, end)
    fits = count_starts(on_step, [possible_starts(rules, site_open, ())])
    return [at for at, fit in zip(on_step, fits, strict=True) if fit]


def is_free(taken: Sequence[Interval], start: int, end: int) -> bool:
    """Tell whether [start, end) overlaps none of some intervals, sorted and apart from each other."""
    before = bisect_left(taken, (end,)) - 1
    return before < 0 or taken[before][1] <= start


def covers(intervals: Sequence[Interval], start: int, end: int) -> bool:
    """Tell whether [start, end) lies within one of some intervals, sorted and apart from each other."""
    before = bisect_left(intervals, (start + 1,)) - 1
    return before >= 0 and intervals[before][1] >= end


@dataclass(slots=True)
class Agenda:
    """An agent as one house sees them: when reached, when taken (buffers within), starts beyond their daily lot."""

    worked: Sequence[Interval]
    busy: Sequence[Interval]
    full: Sequence[Interval] = ()

    def can(self, rules: SlotRules, at: int) -> bool:
        """Tell whether the agent can take an appointment at a start."""
        end = at + rules.duration
        return (
            covers(self.worked, at, end)
            and is_free(self.busy, at - rules.buffer_before, end + rules.buffer_after)
            and not (self.full and contains(self.full, at))
        )


def places_left(rules: SlotRules, at: int, kiosks: Iterable[Seat], agendas: Iterable[Agenda]) -> tuple[int, int]:
    """Return (kiosks, agents) that are free for a start; agents are asked until there is one for each free kiosk."""
    end = at + rules.duration
    low, high = at - rules.buffer_before, end + rules.buffer_after
    seats = 0
    for seat in kiosks:
        if is_free(seat.busy, low, high) and (not seat.out or is_free(seat.out, at, end)):
            seats += 1
    found = 0
    for agenda in agendas if seats else ():
        if agenda.can(rules, at):
            found += 1
            if found == seats:
                break
    return seats, found


def full_days(
    rules: SlotRules, zone_spans: Iterable[Span], busy: Sequence[Interval], maximum: int | None
) -> list[Interval]:
    """Return the starts that would exceed a daily maximum.

    What is taken counts on the local day on which it begins, with its buffer.
    """
    if maximum is None:
        return []
    full: list[Interval] = []
    for low, high in local_days(zone_spans).values():
        if sum(low <= start < high for start, _ in busy) >= maximum:
            full.append((low + rules.buffer_before, high + rules.buffer_before))
    return merge(full)


def local_days(spans: Iterable[Span]) -> dict[int, Interval]:
    """Return each local day (counted since 1970-01-01) that the spans of a zone touch, as far as they reach."""
    days: dict[int, Interval] = {}
    for start, end, offset in spans:
        for number in range((start + offset) // DAY, (end + offset - 1) // DAY + 1):
            midnight = number * DAY - offset
            low, high = max(start, midnight), min(end, midnight + DAY)
            days[number] = (min(low, days.get(number, (low, 0))[0]), high)
    return days


def slot_starts(
    rules: SlotRules,
    zone: ZoneInfo,
    *,
    site_open: Sequence[Interval] | None,
    kiosks: Sequence[Seat] | None,
    clerks: Sequence[Clerk],
    rooms: Mapping[str, Sequence[Seat]] | None = None,
    start: int,
    end: int,
) -> list[tuple[int, int]]:
    """Return (start, remaining) for every start in [start, end) that can still be booked, in order.

    `site_open`: when the house is open, and `kiosks` its kiosks; both None for who stays at home. `rooms`: the rooms of
    each workplace, when an appointment takes one. `remaining` is how many bookings the start can take: any free agent
    can be paired with any free kiosk, and with any free room of the workplace where the agent is then.
    """
    if site_open is None:
        candidates = starts_on_step(zone, rules.step, start, end)
    else:
        candidates = house_starts(rules, zone, site_open, start, end)
    if not candidates:
        return []
    remaining = _free_clerks(rules, candidates, clerks, rooms)
    if kiosks is not None:
        around = [(candidates[0], candidates[-1] + rules.duration)]
        remaining = list(map(min, _free_seats(rules, candidates, kiosks, around), remaining))
    return [(at, left) for at, left in zip(candidates, remaining, strict=True) if left > 0]


def _free_clerks(
    rules: SlotRules, candidates: Sequence[int], clerks: Sequence[Clerk], rooms: Mapping[str, Sequence[Seat]] | None
) -> list[int]:
    if rooms is None:
        return count_starts(candidates, (clerk.starts(rules, _anywhere(clerk)) for clerk in clerks))
    total = [0] * len(candidates)
    around = [(candidates[0], candidates[-1] + rules.duration)]
    for workplace, seats in rooms.items():
        here = [clerk.starts(rules, clerk.stays[workplace]) for clerk in clerks if workplace in clerk.stays]
        pairs = map(min, count_starts(candidates, here), _free_seats(rules, candidates, seats, around))
        total = [one + other for one, other in zip(total, pairs, strict=True)]
    return total


def _free_seats(
    rules: SlotRules, candidates: Sequence[int], seats: Sequence[Seat], around: Sequence[Interval]
) -> list[int]:
    works = (subtract(around, seat.out) if seat.out else around for seat in seats)
    return count_starts(
        candidates, (possible_starts(rules, at, seat.busy) for at, seat in zip(works, seats, strict=True))
    )


def _anywhere(clerk: Clerk) -> Sequence[Interval]:
    if len(clerk.stays) == 1:
        return next(iter(clerk.stays.values()))
    return merge(each for worked in clerk.stays.values() for each in worked)
