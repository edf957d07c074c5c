"""The agent's board, in itself: who waits, who is next, where "now" falls."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from booking.lifecycle import Status
from booking.pages.agent_board import Board, local_day, make_board, monday_of

# Monday 23 November 2026, 10:10 in Paris
NOW = datetime(2026, 11, 23, 9, 10, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
PARIS = "Europe/Paris"


@dataclass(frozen=True)
class Item:
    status: Status
    starts_at: datetime
    checked_in_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=30)


def at(hour: int, minute: int = 0, *, status: Status = Status.BOOKED, arrived: datetime | None = None) -> Item:
    """An item of that Monday by the clock of Paris."""
    return Item(status, datetime(2026, 11, 23, hour - 1, minute, tzinfo=UTC), arrived)


def board(
    *items: Item, day: date = MONDAY, others: dict[date, list[Item]] | None = None, now: datetime = NOW
) -> Board[Item]:
    days = {MONDAY: list(items)} | (others or {})
    return make_board(now=now, timezone=PARIS, day=day, days=days, today_items=items)


def test_next_is_the_first_booked_one_that_is_not_over() -> None:
    over, running, later = at(9), at(10), at(11)
    assert board(over, running, later).next is running
    assert board(over, later).next is later
    assert board(over).next is None


def test_a_call_that_runs_comes_before_what_is_booked() -> None:
    late, booked = at(9, status=Status.IN_CALL), at(10)
    assert board(late, booked).next is late


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.COMPLETED, Status.NO_SHOW, Status.CHECKED_IN])
def test_others_are_never_next(status: Status) -> None:
    assert board(at(11, status=status)).next is None


def test_another_day_has_no_next_and_no_now() -> None:
    tomorrow = MONDAY + timedelta(days=1)
    seen = board(at(11), day=tomorrow, others={tomorrow: [at(11)]})
    assert seen.next is None
    assert seen.now_before is None
    assert len(seen.items) == 1


def test_who_waits_longest_comes_first_on_any_day() -> None:
    first = at(10, 30, status=Status.CHECKED_IN, arrived=NOW - timedelta(minutes=9))
    second = at(10, status=Status.CHECKED_IN, arrived=NOW - timedelta(minutes=2))
    for day in (MONDAY, MONDAY + timedelta(days=30)):
        assert board(second, first, at(11), day=day).waiting == (first, second)


def test_now_stands_before_what_is_yet_to_start() -> None:
    assert board(at(9), at(10), at(10, 30)).now_before == 2
    assert board(at(10, 30)).now_before == 0
    assert board(at(9)).now_before == 1


def test_week_counts_what_takes_place() -> None:
    sunday, next_monday = MONDAY + timedelta(days=6), MONDAY + timedelta(days=7)
    seen = board(
        at(9),
        at(10, status=Status.CANCELLED),
        at(11, status=Status.NO_SHOW),
        others={sunday: [at(9)], next_monday: [at(9)]},
    )
    assert [(each.day, each.count) for each in seen.week] == [
        (MONDAY + timedelta(days=number), count) for number, count in enumerate([2, 0, 0, 0, 0, 0, 1])
    ]


def test_next_busy_day_skips_days_with_only_cancelled_ones() -> None:
    tomorrow, friday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=4)
    others = {tomorrow: [at(9, status=Status.CANCELLED)], friday: [at(9)]}
    assert board(others=others).next_busy_day == friday
    assert board(others=others, day=friday).next_busy_day is None


def test_minutes_are_whole_and_count_what_has_begun() -> None:
    seen = board()
    assert seen.minutes_since(NOW - timedelta(seconds=119)) == 1
    assert seen.minutes_since(NOW) == 0
    assert seen.minutes_until(NOW + timedelta(seconds=61)) == 2
    assert seen.minutes_until(NOW - timedelta(seconds=59)) == 0
    assert seen.minutes_until(NOW - timedelta(minutes=3)) == -3


def test_the_day_is_that_of_the_agent() -> None:
    evening = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert local_day(evening, PARIS) == date(2026, 11, 24)
    assert local_day(evening, "America/Guadeloupe") == MONDAY
    assert make_board(now=evening, timezone=PARIS, day=MONDAY, days={}, today_items=[]).today == date(2026, 11, 24)


def test_a_week_begins_on_monday() -> None:
    assert monday_of(date(2026, 11, 29)) == MONDAY
    assert monday_of(MONDAY) == MONDAY
