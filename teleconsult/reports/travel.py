"""Kilometres and CO2e that were not travelled: an estimate, with its assumptions beside it. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from booking.engine.distance import great_circle_km

# Road distance over great circle: an estimate, usual for France.
ROAD_FACTOR = 1.3
FACTORS_FILE = Path(__file__).with_name("data") / "emission_factors.json"

Point = tuple[float, float]


@dataclass(frozen=True)
class EmissionFactor:
    """What one kilometre by car emits, by whom that is said, and from which day on (kg CO2e)."""

    value: float
    unit: str
    source: str
    version: str
    valid_from: date


def return_trip_km(house: Point, office: Point) -> float:
    """Return the road kilometres from a house to an office and back, estimated from the great circle.

    The way from home to the house is not subtracted: where people live is not known here, so the figure is an upper
    estimate for those who came far to the house.
    """
    return 2 * ROAD_FACTOR * great_circle_km(*house, *office)


@lru_cache(maxsize=1)
def emission_factors() -> tuple[EmissionFactor, ...]:
    """Return the known factors, oldest first."""
    rows = json.loads(FACTORS_FILE.read_text(encoding="utf-8"))
    factors = [EmissionFactor(**{**row, "valid_from": date.fromisoformat(row["valid_from"])}) for row in rows]
    return tuple(sorted(factors, key=lambda factor: factor.valid_from))


def factor_on(day: date, factors: Sequence[EmissionFactor]) -> EmissionFactor:
    """Return the factor in force on a day; the oldest one for a day before all of them."""
    return next((factor for factor in reversed(factors) if factor.valid_from <= day), factors[0])
