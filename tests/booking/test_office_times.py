"""Hours, repetitions and stays as people write them."""

from datetime import UTC, date, datetime, time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from booking.office.times import local_instants, make_rrule, read_ranges, read_rrule, write_ranges


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("", ()),
        ("9h-12h30, 13h30-17h", ((540, 750), (810, 1020))),
        ("13:30 – 17:00 / 09:00 - 12:00", ((540, 720), (810, 1020))),
        ("9 h à 12 h et 14 h à 17 h 15", ((540, 720), (840, 1035))),
        ("9-12", ((540, 720),)),
        ("0h-24h", ((0, 1440),)),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, ranges: tuple[tuple[int, int], ...]) -> None:
    assert read_ranges(text) == ranges


@pytest.mark.parametrize(
    "text",
    ["le matin", "12h-9h", "9h-9h", "9h-25h", "9h70-12h", "9h-12h, 11h-14h", "1-2,3-4,5-6,7-8,9-10,11-12", "9h"],
)
def test_hours_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError):
        read_ranges(text)


@given(st.lists(st.integers(0, 1440), min_size=2, max_size=10, unique=True).filter(lambda each: len(each) % 2 == 0))
def test_what_is_written_is_read_back(minutes: list[int]) -> None:
    points = sorted(minutes)
    ranges = tuple(zip(points[::2], points[1::2], strict=True))
    assert read_ranges(write_ranges(ranges)) == ranges


@pytest.mark.parametrize(
    ("repeat", "days"),
    [
        ("weekly", [date(2026, 11, 24), date(2026, 12, 1), date(2026, 12, 8)]),
        ("fortnightly", [date(2026, 11, 24), date(2026, 12, 8)]),
        ("monthly", [date(2026, 11, 24)]),
    ],
)
def test_repetitions_are_rules_of_rfc_5545_whose_last_day_counts(repeat: str, days: list[date]) -> None:
    first, until = date(2026, 11, 24), date(2026, 12, 8)
    rule = make_rrule(repeat, first, until)
    start = datetime(2026, 11, 24, 9, 0)  # noqa: DTZ001 - floating, as DTSTART is
    assert [each.date() for each in rrulestr(rule, dtstart=start)] == days
    assert read_rrule(rule) == (repeat, until)


def test_fifth_weekday_of_a_month_is_the_last_one() -> None:
    rule = make_rrule("monthly", date(2026, 12, 29), None)
    start = datetime(2026, 12, 29)  # noqa: DTZ001 - floating, as DTSTART is
    assert [each.date() for each in rrulestr(rule, dtstart=start)[:3]] == [
        date(2026, 12, 29), date(2027, 1, 26), date(2027, 2, 23),
    ]  # fmt: skip
    assert read_rrule(rule) == ("monthly", None)
    assert read_rrule(make_rrule("once", date(2026, 12, 29), None)) == ("once", None)


def test_whole_days_end_at_midnight_of_the_place_on_days_of_any_length() -> None:
    first, last = date(2026, 10, 25), date(2026, 10, 25)  # 25 hours in Paris
    assert local_instants(first, last, None, None, "Europe/Paris") == (
        datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC),
    )  # fmt: skip
    assert local_instants(first, last, time(9), time(12, 30), "Indian/Reunion") == (
        datetime(2026, 10, 25, 5, tzinfo=UTC), datetime(2026, 10, 25, 8, 30, tzinfo=UTC),
    )  # fmt: skip
