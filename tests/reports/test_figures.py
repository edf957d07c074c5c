"""The arithmetic of the figures, by hand and by properties."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.lifecycle import Outcome, Status
from teleconsult.reports.figures import Consultation, Result, by, figures, months_between, result_of

BOOKED_AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
ONE = Consultation(
    service_id="s1",
    site_id="h1",
    department="45",
    day=date(2026, 9, 10),
    result=Result.HELD,
    booked_at=BOOKED_AT,
    first_slot_at=BOOKED_AT + timedelta(days=2),
    call_seconds=600.0,
    score=10,
    trip_km=100.0,
    trip_kg=14.23,
)

consultations = st.lists(
    st.builds(
        Consultation,
        service_id=st.sampled_from(["s1", "s2"]),
        site_id=st.sampled_from(["h1", "h2", "h3"]),
        department=st.sampled_from(["28", "45"]),
        day=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
        result=st.sampled_from(Result),
        booked_at=st.just(BOOKED_AT),
        first_slot_at=st.none() | st.integers(-5, 60).map(lambda days: BOOKED_AT + timedelta(days=days)),
        call_seconds=st.none() | st.floats(1, 7200),
        score=st.none() | st.sampled_from([0, 5, 10]),
        trip_km=st.none() | st.floats(0, 300),
        trip_kg=st.none() | st.floats(0, 60),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("status", "outcome", "result"),
    [
        (Status.BOOKED, "", Result.OPEN),
        (Status.CHECKED_IN, "", Result.OPEN),
        (Status.IN_CALL, "", Result.OPEN),
        (Status.CANCELLED, "", Result.CANCELLED),
        (Status.NO_SHOW, Outcome.NO_SHOW, Result.NO_SHOW),
        (Status.COMPLETED, Outcome.SOLVED, Result.HELD),
        (Status.COMPLETED, Outcome.FOLLOW_UP, Result.HELD),
        (Status.COMPLETED, Outcome.REDIRECTED, Result.HELD),
        (Status.COMPLETED, Outcome.TECHNICAL_FAILURE, Result.TECHNICAL),
    ],
)
def test_every_status_and_outcome_counts_as_one_result(status: Status, outcome: str, result: Result) -> None:
    assert result_of(status, outcome) is result


def test_nothing_gives_no_numbers_rather_than_zeros() -> None:
    empty = figures([])
    assert empty.bookings == 0
    assert empty.attendance is None
    assert empty.delay_days_median is None
    assert empty.call_minutes_mean is None
    assert empty.satisfaction is None
    assert empty.good_share is None
    assert (empty.km, empty.co2e_kg) == (0, 0)


def test_attendance_leaves_out_cancelled_open_and_technically_failed() -> None:
    results = [Result.HELD] * 3 + [Result.NO_SHOW] + [Result.TECHNICAL] * 5 + [Result.CANCELLED] * 7 + [Result.OPEN] * 2
    counted = figures([replace(ONE, result=result) for result in results])
    assert counted.attendance == 0.75
    assert (counted.bookings, counted.technical, counted.cancelled, counted.open) == (18, 5, 7, 2)


def test_delay_is_to_the_first_slot_with_median_and_mean_apart() -> None:
    delays = [0.5, 1, 9]
    counted = figures([replace(ONE, first_slot_at=BOOKED_AT + timedelta(days=days)) for days in delays])
    assert counted.delay_days_median == 1
    assert counted.delay_days_mean == 3.5


def test_satisfaction_is_the_mean_of_the_public_scale() -> None:
    counted = figures([replace(ONE, score=score) for score in (10, 10, 5, 0, None)])
    assert counted.answers == 4
    assert counted.satisfaction == 6.25
    assert counted.good_share == 0.5


def test_only_held_consultations_avoid_a_trip_and_unknown_trips_are_told() -> None:
    counted = figures([ONE, replace(ONE, result=Result.NO_SHOW), replace(ONE, trip_km=None, trip_kg=None)])
    assert counted.km == 100.0
    assert counted.co2e_kg == 14.23
    assert counted.trips_unknown == 1


def test_calls_are_averaged_in_minutes_over_the_calls_that_were() -> None:
    counted = figures([replace(ONE, call_seconds=seconds) for seconds in (300.0, 900.0, None)])
    assert (counted.calls, counted.call_minutes_mean) == (2, 10.0)


@given(consultations)
def test_results_add_up_to_the_bookings(items: list[Consultation]) -> None:
    counted = figures(items)
    parts = counted.held + counted.no_shows + counted.technical + counted.cancelled + counted.open
    assert parts == counted.bookings == len(items)


@given(consultations)
def test_shares_and_means_stay_within_their_scales(items: list[Consultation]) -> None:
    counted = figures(items)
    assert counted.attendance is None or 0 <= counted.attendance <= 1
    assert counted.good_share is None or 0 <= counted.good_share <= 1
    assert counted.satisfaction is None or 0 <= counted.satisfaction <= 10
    assert counted.delay_days_median is None or counted.delay_days_median >= 0


@given(consultations)
def test_groups_add_up_to_the_whole(items: list[Consultation]) -> None:
    whole = figures(items)
    for key in (lambda item: item.month, lambda item: item.service_id, lambda item: item.site_id):
        groups = by(key, items).values()
        assert sum(group.bookings for group in groups) == whole.bookings
        assert sum(group.held for group in groups) == whole.held
        assert sum(group.answers for group in groups) == whole.answers
        assert sum(group.km for group in groups) == pytest.approx(whole.km)


def test_months_between_spans_the_new_year() -> None:
    assert months_between(date(2025, 11, 30), date(2026, 2, 1)) == ["2025-11", "2025-12", "2026-01", "2026-02"]
