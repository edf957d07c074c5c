"""Kilometres and CO2e, against known distances."""

from datetime import date

import pytest

from teleconsult.reports.travel import ROAD_FACTOR, emission_factors, factor_on, return_trip_km

PARIS, MARSEILLE = (48.8566, 2.3522), (43.2965, 5.3698)


def test_a_known_distance() -> None:
    # Paris to Marseille is 660.5 km as the crow flies.
    assert return_trip_km(PARIS, MARSEILLE) == pytest.approx(2 * 1.3 * 660.5, rel=0.001)


def test_both_ways_are_counted_alike() -> None:
    assert return_trip_km(PARIS, MARSEILLE) == pytest.approx(return_trip_km(MARSEILLE, PARIS))
    assert return_trip_km(PARIS, PARIS) == 0
    assert ROAD_FACTOR == 1.3


@pytest.mark.parametrize(
    ("day", "value"),
    [(date(2026, 3, 31), 0.2176), (date(2026, 4, 1), 0.1423), (date(2030, 1, 1), 0.1423), (date(1990, 1, 1), 0.2176)],
)
def test_the_factor_of_a_day(day: date, value: float) -> None:
    assert factor_on(day, emission_factors()).value == value


def test_every_factor_says_where_it_is_from() -> None:
    for factor in emission_factors():
        assert all([factor.unit, factor.source, factor.version])
