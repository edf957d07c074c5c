"""From the tables to what the figures are computed from. Names of citizens are never read."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from booking.models import Appointment, Organisation, Service, Site, WalkIn
from signaling.report import call_seconds
from teleconsult.feedback.models import Answer
from teleconsult.reports.figures import Consultation, result_of
from teleconsult.reports.filters import Filters
from teleconsult.reports.travel import Point, emission_factors, factor_on, return_trip_km

COLUMNS = ("id", "service_id", "site_id", "status", "outcome", "starts_at", "booked_at", "first_slot_at")
CHUNK = 5000  # below the databases' limits on the parameters of one statement
FURTHEST_ZONE = timedelta(hours=14)  # no place's clock is further from UTC

V = TypeVar("V")
Trips = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Named:
    """Something to choose in a filter or to name in a row."""

    id: str
    name: str
    name_en: str = ""

    def in_language(self, language: str) -> str:
        """The name in `fr` or `en`."""
        return (language == "en" and self.name_en) or self.name


@dataclass(frozen=True)
class Catalogue:
    """What there is to count by."""

    services: tuple[Named, ...]
    sites: tuple[Named, ...]
    departments: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A house, as far as counting goes."""

    id: str
    department: str
    timezone: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Row:
    """An appointment, as far as counting goes."""

    id: str
    service_id: str
    site_id: str
    status: str
    outcome: str
    starts_at: datetime
    booked_at: datetime
    first_slot_at: datetime | None

    def day_at(self, place: Place) -> date:
        """The day of its start at the house."""
        return self.starts_at.astimezone(ZoneInfo(place.timezone)).date()


async def catalogue() -> Catalogue:
    """Return the services, houses and departments, in the order in which they are shown."""
    services = await Service.all().order_by("name").values_list("id", "name", "name_en")
    sites = await Site.all().order_by("department", "commune", "name").values_list("id", "name", "department")
    return Catalogue(
        services=tuple(Named(*row) for row in services),
        sites=tuple(Named(id, f"{name} ({department})") for id, name, department in sites),
        departments=tuple(sorted({department for _, _, department in sites})),
    )


async def gather(filters: Filters) -> list[Consultation]:
    """Return the consultations that the filters let through, by their start."""
    places = await places_in(filters)
    trips = await _trips(places.values())
    rows = [row for row in await _rows(filters, places) if _within(filters, row, places[row.site_id])]
    ids = [row.id for row in rows]
    seconds = await _in_chunks(call_seconds, ids)
    scores = await _in_chunks(_scores, ids)
    waits = await _in_chunks(_waits, ids)
    return [
        _consultation(row, places[row.site_id], trips.get((row.service_id, row.site_id)), seconds, scores, waits)
        for row in rows
    ]


async def places_in(filters: Filters) -> dict[str, Place]:
    """Return the houses that the filters let through, by their ids."""
    chosen = {"department": filters.department, "id": filters.site}
    query = Site.filter(**{name: value for name, value in chosen.items() if value})
    rows = await query.values_list("id", "department", "timezone", "latitude", "longitude")
    return {row[0]: Place(*row) for row in rows}


async def _trips(places: Iterable[Place]) -> Trips:
    """Return the return trip (km) to the nearest office of each service's organisation from each house."""
    offices = {id: _points(listed) for id, listed in await Organisation.all().values_list("id", "offices")}
    services = await Service.all().values_list("id", "organisation_id")
    return {
        (service, place.id): min(return_trip_km((place.latitude, place.longitude), office) for office in known)
        for place in places
        for service, organisation in services
        if (known := offices[organisation])
    }


def _points(offices: Iterable[dict[str, Any]]) -> list[Point]:
    return [(float(office["latitude"]), float(office["longitude"])) for office in offices]


def window(filters: Filters) -> tuple[datetime, datetime]:
    """Return the instants between which the period lies, whatever the place's clock."""
    first = datetime.combine(filters.first, time.min, UTC) - FURTHEST_ZONE
    return first, datetime.combine(filters.last, time.max, UTC) + FURTHEST_ZONE


async def _rows(filters: Filters, places: dict[str, Place]) -> list[Row]:
    first, last = window(filters)
    query = Appointment.filter(starts_at__gte=first, starts_at__lte=last)
    if filters.service:
        query = query.filter(service_id=filters.service)
    rows = [Row(*values) for values in await query.order_by("starts_at").values_list(*COLUMNS)]
    return [row for row in rows if row.site_id in places]


def _within(filters: Filters, row: Row, place: Place) -> bool:
    return filters.first <= row.day_at(place) <= filters.last


async def _scores(ids: Sequence[str]) -> dict[str, int]:
    rows = await Answer.filter(appointment_id__in=ids).values_list("appointment_id", "score")
    return {str(appointment): int(score) for appointment, score in rows}


async def _waits(ids: Sequence[str]) -> dict[str, float]:
    """Return how long (seconds) those who came without an appointment waited until they were received."""
    served = WalkIn.filter(appointment_id__in=ids)
    rows = await served.values_list("appointment_id", "joined_at", "appointment__booked_at")
    return {str(appointment): (received - joined).total_seconds() for appointment, joined, received in rows}


async def _in_chunks(read: Callable[[Sequence[str]], Awaitable[dict[str, V]]], ids: Sequence[str]) -> dict[str, V]:
    found: dict[str, V] = {}
    for start in range(0, len(ids), CHUNK):
        found |= await read(ids[start : start + CHUNK])
    return found


def _consultation(
    row: Row,
    place: Place,
    trip_km: float | None,
    seconds: dict[str, float],
    scores: dict[str, int],
    waits: dict[str, float],
) -> Consultation:
    day = row.day_at(place)
    return Consultation(
        service_id=row.service_id,
        site_id=row.site_id,
        department=place.department,
        day=day,
        result=result_of(row.status, row.outcome),
        booked_at=row.booked_at,
        first_slot_at=row.first_slot_at,
        call_seconds=seconds.get(row.id),
        waited_seconds=waits.get(row.id),
        score=scores.get(row.id),
        trip_km=trip_km,
        trip_kg=None if trip_km is None else trip_km * factor_on(day, emission_factors()).value,
    )
