"""Interval arithmetic against an oracle that looks at every minute by the wall clock."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from booking.engine.availability import (
    DAY,
    MINUTE,
    Clerk,
    Interval,
    Seat,
    SlotRules,
    WeeklyRange,
    constant_spans,
    count_starts,
    instant,
    intersect,
    local_midnight,
    merge,
    moment,
    possible_starts,
    slot_starts,
    starts_on_step,
    subtract,
    weekly_intervals,
)

PARIS = ZoneInfo("Europe/Paris")
# France's own zones, one where the clock changes by half an hour, one that changes at midnight, one off the hour
ZONES = [
    *(ZoneInfo(name) for name in ("Europe/Paris", "America/Miquelon", "America/Guadeloupe", "Indian/Reunion")),
    *(ZoneInfo(name) for name in ("Australia/Lord_Howe", "America/Asuncion", "Pacific/Marquesas", "Africa/Casablanca")),
]
# Around both Sundays, new year, a leap day, and days like any other
DAYS = [
    date(2026, 3, 28),
    date(2026, 10, 24),
    date(2026, 12, 30),
    date(2028, 2, 28),
    date(2026, 11, 23),
    date(2026, 4, 4),
]

intervals = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=8
)


def members(of: Sequence[Interval]) -> set[int]:
    return {second for start, end in of for second in range(start, end)}


def is_tidy(of: Sequence[Interval]) -> bool:
    return all(start < end for start, end in of) and all(before[1] < after[0] for before, after in pairwise(of))


@given(intervals)
def test_merge_keeps_every_instant_and_tidies(given_: list[Interval]) -> None:
    merged = merge(given_)
    assert members(merged) == members(given_)
    assert is_tidy(merged)


@given(intervals, intervals)
def test_set_arithmetic(left: list[Interval], right: list[Interval]) -> None:
    a, b = merge(left), merge(right)
    assert members(intersect(a, b)) == members(a) & members(b)
    assert members(subtract(a, b)) == members(a) - members(b)
    assert all(start < end for start, end in intersect(a, b) + subtract(a, b))
    assert sorted(subtract(a, b)) == subtract(a, b)


def wall(at: int, zone: ZoneInfo) -> tuple[date, int]:
    local = datetime.fromtimestamp(at, zone)
    return local.date(), local.hour * 60 + local.minute


windows = st.builds(
    lambda day, offset, minutes: (
        instant(datetime(day.year, day.month, day.day, tzinfo=UTC)) + offset * MINUTE,
        instant(datetime(day.year, day.month, day.day, tzinfo=UTC)) + (offset + minutes) * MINUTE,
    ),
    st.sampled_from(DAYS),
    st.integers(0, 600),
    st.integers(1, 2 * 24 * 60),
)
minutes_of_day = st.integers(0, 24 * 12).map(lambda fives: fives * 5)
ranges = st.lists(
    st.builds(
        lambda weekday, one, other, since, until: WeeklyRange(weekday, min(one, other), max(one, other), since, until),
        st.integers(0, 6),
        minutes_of_day,
        minutes_of_day,
        st.none() | st.sampled_from(DAYS),
        st.none() | st.sampled_from(DAYS),
    ),
    max_size=10,
)
zones = st.sampled_from(ZONES)


def holds_by_the_clock(rules: Sequence[WeeklyRange], at: int, zone: ZoneInfo) -> bool:
    day, minute = wall(at, zone)
    return any(
        rule.weekday == day.weekday()
        and rule.start_minute <= minute < rule.end_minute
        and (rule.valid_from is None or rule.valid_from <= day)
        and (rule.valid_until is None or day <= rule.valid_until)
        for rule in rules
    )


@given(windows, zones)
def test_spans_cover_the_window_and_have_one_offset(window: Interval, zone: ZoneInfo) -> None:
    spans = constant_spans(zone, *window)
    assert [span[0] for span in spans] + [window[1]] == [window[0]] + [span[1] for span in spans]
    for start, end, offset in spans:
        for at in range(start, end, MINUTE):
            assert datetime.fromtimestamp(at, zone).utcoffset() == timedelta(seconds=offset)


@given(ranges, zones, windows)
def test_weekly_ranges_hold_when_the_clock_says_so(rules: list[WeeklyRange], zone: ZoneInfo, window: Interval) -> None:
    found = weekly_intervals(rules, constant_spans(zone, *window))
    assert is_tidy(found)
    by_the_clock = {at for at in range(*window, MINUTE) if holds_by_the_clock(rules, at, zone)}
    assert {at for start, end in found for at in range(start, end, MINUTE)} == by_the_clock


@given(zones, st.sampled_from([5, 10, 15, 20, 30, 45, 60, 90]), windows)
def test_starts_show_whole_steps_since_midnight(zone: ZoneInfo, step: int, window: Interval) -> None:
    by_the_clock = [at for at in range(*window, MINUTE) if wall(at, zone)[1] % step == 0]
    assert starts_on_step(zone, step * MINUTE, *window) == by_the_clock


@given(intervals, st.lists(st.integers(0, 80), unique=True).map(sorted), st.lists(intervals, max_size=4))
def test_count_starts(one: list[Interval], candidates: list[int], more: list[list[Interval]]) -> None:
    allowed = [merge(each) for each in [one, *more]]
    assert count_starts(candidates, allowed) == [sum(at in members(each) for each in allowed) for at in candidates]


rules_ = st.builds(
    lambda duration, before, after, step: SlotRules(duration * MINUTE, before * MINUTE, after * MINUTE, step * MINUTE),
    st.sampled_from([10, 15, 30, 45]),
    st.sampled_from([0, 5, 10]),
    st.sampled_from([0, 5, 15]),
    st.sampled_from([15, 20, 30]),
)
busy_ = st.lists(
    st.tuples(st.integers(0, 24 * 12 - 1), st.integers(1, 24)).map(lambda pair: (pair[0] * 5, (pair[0] + pair[1]) * 5)),
    max_size=6,
)


@given(
    rules=rules_,
    site_zone=zones,
    agent_zone=zones,
    opening=ranges,
    working=st.lists(ranges, max_size=2),
    kiosks=st.lists(busy_, max_size=2),
    agents_busy=st.lists(busy_, min_size=2, max_size=2),
    window=windows,
)
@example(  # an open house, the hour that comes twice
    rules=SlotRules(30 * MINUTE, 0, 5 * MINUTE, 30 * MINUTE),
    site_zone=PARIS,
    agent_zone=ZoneInfo("Indian/Reunion"),
    opening=[WeeklyRange(weekday, 0, 24 * 60) for weekday in range(7)],
    working=[[WeeklyRange(weekday, 0, 24 * 60) for weekday in range(7)]],
    kiosks=[[(30, 65)]],
    agents_busy=[[(100, 135)], []],
    window=(instant(datetime(2026, 10, 24, 22, tzinfo=UTC)), instant(datetime(2026, 10, 25, 4, tzinfo=UTC))),
)
def test_slots_as_a_patient_clerk_would_find_them(
    rules: SlotRules,
    site_zone: ZoneInfo,
    agent_zone: ZoneInfo,
    opening: list[WeeklyRange],
    working: list[list[WeeklyRange]],
    kiosks: list[list[Interval]],
    agents_busy: list[list[Interval]],
    window: Interval,
) -> None:
    """The clerk tries every minute, and for each looks at every minute of the appointment and of its buffers."""
    start, end = window[0], min(window[1], window[0] + 20 * 3600)
    around = (start - DAY, end + DAY)
    shifted = [
        [(start + low * MINUTE, start + high * MINUTE) for low, high in each] for each in [*kiosks, *agents_busy]
    ]
    kiosk_busy, agent_busy = (
        [merge(each) for each in shifted[: len(kiosks)]],
        [merge(each) for each in shifted[len(kiosks) :]],
    )
    found = slot_starts(
        rules,
        site_zone,
        site_open=weekly_intervals(opening, constant_spans(site_zone, *around)),
        kiosks=[Seat(busy) for busy in kiosk_busy],
        clerks=[
            Clerk({None: weekly_intervals(hours, constant_spans(agent_zone, *around))}, busy)
            for hours, busy in zip(working, agent_busy, strict=False)
        ],
        start=start,
        end=end,
    )

    def is_free(busy: list[Interval], at: int) -> bool:
        minutes = range(at - rules.buffer_before, at + rules.duration + rules.buffer_after, MINUTE)
        return not any(low <= minute < high for low, high in busy for minute in minutes)

    def holds(hours: list[WeeklyRange], zone: ZoneInfo, at: int) -> bool:
        return all(holds_by_the_clock(hours, minute, zone) for minute in range(at, at + rules.duration, MINUTE))

    expected = []
    for at in range(start, end, MINUTE):
        if wall(at, site_zone)[1] % (rules.step // MINUTE) == 0 and holds(opening, site_zone, at):
            free_kiosks = sum(is_free(busy, at) for busy in kiosk_busy)
            free_agents = sum(
                holds(hours, agent_zone, at) and is_free(busy, at)
                for hours, busy in zip(working, agent_busy, strict=False)
            )
            if min(free_kiosks, free_agents):
                expected.append((at, min(free_kiosks, free_agents)))
    assert found == expected


def open_from(start: str, end: str) -> list[WeeklyRange]:
    low, high = (int(text[:2]) * 60 + int(text[3:]) for text in (start, end))
    return [WeeklyRange(weekday, low, high) for weekday in range(7)]


@pytest.mark.parametrize(
    ("day", "opens", "hours"),
    [
        (date(2026, 3, 28), "08:00", 3.0),  # winter: 09:00 is 08:00Z
        (date(2026, 3, 29), "07:00", 3.0),  # the spring Sunday: 09:00 is 07:00Z
        (date(2026, 10, 24), "07:00", 3.0),
        (date(2026, 10, 25), "08:00", 3.0),  # the autumn Sunday
    ],
)
def test_opening_hours_follow_the_clock_on_both_sundays(day: date, opens: str, hours: float) -> None:
    midnight = local_midnight(day, PARIS)
    spans = constant_spans(PARIS, midnight, local_midnight(day + timedelta(days=1), PARIS))
    found = weekly_intervals(open_from("09:00", "12:00"), spans)
    assert [(moment(low).strftime("%H:%M"), (high - low) / 3600) for low, high in found] == [(opens, hours)]


def test_an_hour_that_is_skipped_and_one_that_comes_twice() -> None:
    night = open_from("01:00", "04:00")
    spring = (local_midnight(date(2026, 3, 29), PARIS), local_midnight(date(2026, 3, 30), PARIS))
    autumn = (local_midnight(date(2026, 10, 25), PARIS), local_midnight(date(2026, 10, 26), PARIS))
    assert sum(high - low for low, high in weekly_intervals(night, constant_spans(PARIS, *spring))) == 2 * 3600
    assert sum(high - low for low, high in weekly_intervals(night, constant_spans(PARIS, *autumn))) == 4 * 3600
    assert len(starts_on_step(PARIS, 3600, *spring)) == 23
    assert len(starts_on_step(PARIS, 3600, *autumn)) == 25


def test_buffers_touch_but_do_not_overlap() -> None:
    rules = SlotRules(30 * MINUTE, 10 * MINUTE, 5 * MINUTE, 5 * MINUTE)
    allowed = possible_starts(rules, [(0, 4 * 3600)], [(3600, 2 * 3600)])
    last_before, first_after = 3600 - 35 * MINUTE, 2 * 3600 + 10 * MINUTE
    assert count_starts([last_before, last_before + 1, first_after - 1, first_after], [allowed]) == [1, 0, 0, 1]
