"""What can be booked, where and when. Reads only, a handful of queries each."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import nsmallest
from operator import itemgetter
from typing import Any

from booking.engine import availability as times
from booking.engine.availability import DAY, instant, moment
from booking.engine.distance import great_circle_km
from booking.engine.free import FIRST_WINDOW, bookable_window, first_starts, prepare, starts_at_sites
from booking.engine.loads import LATELY
from booking.engine.offer import (
    HOME,
    KIOSK,
    SITE_FIELDS,
    ServiceRules,
    SitePlace,
    houses,
    service_rules,
    site_place,
    site_places,
)
from booking.engine.searching import Search
from booking.errors import ServiceRetired
from booking.models import Kiosk, Service, Site
from booking.needs import equipment_for, unmet_needs

ALTERNATIVES_HERE = 3
ALTERNATIVES_NEAR = 3
# what a house keeps for ourselves


# What searches make by the hundred is not frozen: that would take three times as long to make.
@dataclass(slots=True)
class Slot:
    """A start that can be booked and its end, in the zone of the house; `remaining` bookings fit."""

    start: datetime
    end: datetime
    remaining: int


@dataclass(slots=True)
class SiteFound:
    """A house in a list: `distance_km` as the crow flies if a place was given, `kiosks` that work."""

    id: str
    name: str
    commune: str
    department: str
    address: str
    postcode: str
    latitude: float
    longitude: float
    timezone: str
    distance_km: float | None
    kiosks: int


# what a house is shown with, in the order of SiteFound
_SHOWN = ("id", "name", "commune", "department", "address", "postcode", "latitude", "longitude", "timezone")


@dataclass(slots=True)
class SiteAvailability:
    """A house and its first slot, if it has one within the horizon."""

    site: SiteFound
    distance_km: float
    first_slot: Slot | None


@dataclass(frozen=True, slots=True)
class Alternative:
    """A slot offered instead of one that was taken; `site` is the house's id, times are in its zone."""

    site: str
    name: str
    commune: str
    timezone: str
    distance_km: float
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ServiceFound:
    """A service as it is offered; `documents` are the papers to bring, as {"fr": ..., "en": ...}."""

    id: str
    slug: str
    name: str
    name_en: str
    summary: str
    summary_en: str
    organisation: str
    organisation_en: str
    duration_minutes: int
    documents: tuple[dict[str, str], ...]
    modes: tuple[str, ...] = (KIOSK,)
    walk_in: bool = False

    def called(self, language: str) -> str:
        """Return the name in a language, French when it has none in that one."""
        return (self.name_en if language == "en" else "") or self.name


async def services(
    department: str | None = None, *, after: str | None = None, limit: int | None = None
) -> list[ServiceFound]:
    """Return the services offered in a department (or anywhere) by name: at most `limit`, after the id `after`."""
    rows = await (
        Service.filter(retired_at__isnull=True)
        .order_by("name", "id")
        .values(
            "id", "slug", "name", "name_en", "summary", "summary_en", "duration_minutes", "documents",
            "modes", "walk_in", organisation="organisation__name", organisation_en="organisation__name_en",
            departments="organisation__departments",
        )
    )  # fmt: skip
    found = []
    for row in rows:
        departments = row.pop("departments")
        if department is None or not departments or department in departments:
            found.append(ServiceFound(**row | {"documents": tuple(row["documents"]), "modes": tuple(row["modes"])}))
    return _page(found, after, limit)


async def sites(
    near: tuple[float, float] | None = None,
    department: str | None = None,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> list[SiteFound]:
    """Return the open houses of a department (or all), nearest to `near` (degrees) first if given, else by name."""
    query = Site.filter(active=True)
    rows = (
        await (query.filter(department=department) if department else query).order_by("name", "id").values(*SITE_FIELDS)
    )
    numbers: dict[str, int] = {}
    for site_id in await Kiosk.filter(in_service=True).values_list("site_id", flat=True):
        numbers[str(site_id)] = numbers.get(str(site_id), 0) + 1
    found = []
    for row in rows:
        away = great_circle_km(*near, row["latitude"], row["longitude"]) if near is not None else None
        found.append(_found(row, away, numbers.get(row["id"], 0)))
    if near is not None:
        found.sort(key=lambda each: each.distance_km or 0.0)
    return _page(found, after, limit)


async def slots(
    *,
    now: datetime,
    service_id: str,
    site_id: str,
    first_day: date | None = None,
    days: int = 7,
    agent_id: str | None = None,
    needs: Collection[str] = (),
    mode: str = KIOSK,
    hold_id: str | None = None,
) -> list[Slot]:
    """Return what can be booked at a house in `days` local days from `first_day` (today if not given), in order.

    With `agent_id`, only what that agent can take; with `needs`, only at kiosks that meet them. `mode` home: from the
    citizen's home, when the service allows it. `hold_id`: a hold of one's own, which does not count as taken.
    Raises ServiceUnknown, SiteUnknown, ServiceRetired.
    """
    rules = await service_rules(service_id)
    if rules.retired:
        raise ServiceRetired(field="service")
    site_row = await site_place(site_id, instant(now), instant(now) + (rules.horizon_days + 2) * DAY, kept=rules.kept)
    first = first_day or now.astimezone(site_row.zone).date()
    start = times.local_midnight(first, site_row.zone)
    end = times.local_midnight(first + timedelta(days=days), site_row.zone)
    low, high = bookable_window(rules, now, start, end)
    if low >= high or not _offered(rules, site_row, mode, needs):
        return []
    search = await prepare(
        rules, low, high, now=now, only=agent_id, mode=mode, equipment=equipment_for(needs), holding=hold_id
    )
    found = await starts_at_sites(search, [site_row], low, high)
    return _slots(rules, site_row, found[site_row.id])


async def availability(
    *, now: datetime, service_id: str, latitude: float, longitude: float, limit: int = 10, mode: str = KIOSK
) -> list[SiteAvailability]:
    """Return the nearest houses that offer a service, at most `limit`, each with its first slot.

    `mode` home: the first slot from the citizen's home, which no house's hours and kiosks limit.
    Raises ServiceUnknown, ServiceRetired.
    """
    rules = await service_rules(service_id)
    if rules.retired:
        raise ServiceRetired(field="service")
    low, high = bookable_window(rules, now, instant(now), instant(now) + (rules.horizon_days + 1) * DAY)
    nearest = await _nearest(rules, latitude, longitude, limit)
    places = await site_places([row for _, row in nearest], low, high + DAY, kept=rules.kept)
    first: dict[str, tuple[int, int]] = {}
    if mode in rules.modes:
        first = await first_starts(await prepare(rules, low, high, now=now, mode=mode), places, low, high)
    return [
        SiteAvailability(
            site=_found(row, away, len(place.kiosks)),
            distance_km=away,
            first_slot=_slots(rules, place, [first[place.id]])[0] if place.id in first else None,
        )
        for (away, row), place in zip(nearest, places, strict=True)
    ]


async def alternatives(
    *,
    now: datetime,
    service_id: str,
    site_id: str,
    start: datetime,
    needs: Collection[str] = (),
    mode: str = KIOSK,
    holding: str | None = None,
) -> list[Alternative]:
    """Return what to offer instead of `start`: the next slots at this house, then the nearest others' first ones.

    `holding`: a hold of one's own, which does not count as taken. At home (`mode`) there are no other houses.
    """
    rules = await service_rules(service_id)
    wanted = instant(start)
    low, high = bookable_window(rules, now, wanted - DAY, instant(now) + (rules.horizon_days + 1) * DAY)
    here = await site_place(site_id, low, high + DAY, kept=rules.kept)
    search = await prepare(rules, low, high, now=now, mode=mode, equipment=equipment_for(needs), holding=holding)
    low = max(low, wanted)
    offered = [_alternative(rules, here, here, at) for at, _ in await _next_starts(search, here, low, high)]
    if mode != HOME:
        rows = await _nearest(rules, here.latitude, here.longitude, ALTERNATIVES_NEAR + 1)
        near = [row for _, row in rows if row["id"] != site_id][:ALTERNATIVES_NEAR]
        others = await site_places(near, low, high + DAY, kept=rules.kept)
        first = await first_starts(search, others, low, high)
        offered.extend(_alternative(rules, place, here, first[place.id][0]) for place in others if place.id in first)
    return offered


async def first_start_lately(
    rules: ServiceRules, site_id: str, *, now: datetime, mode: str = KIOSK, needs: Collection[str] = ()
) -> datetime | None:
    """Return the earliest start that was free at a house half a minute ago at most, or None.

    For statistics, so that a crowd of bookings does not look for it each.
    """
    equipment, at = equipment_for(needs), instant(now)
    key = "first start", rules.id, site_id, mode, equipment
    seen: tuple[int, datetime | None] | None = rules.kept.get(key) if rules.kept else None
    if seen is not None and 0 <= at - seen[0] < LATELY:
        return seen[1]
    low, high = bookable_window(rules, now, at, at + (rules.horizon_days + 1) * DAY)
    site = await site_place(site_id, low, high + DAY, kept=rules.kept)
    search = await prepare(rules, low, high, now=now, mode=mode, equipment=equipment)
    found = await first_starts(search, [site], low, high)
    first = moment(found[site_id][0]) if site_id in found else None
    if rules.kept:
        rules.kept.put(key, (at, first))
    return first


async def _next_starts(search: Search, here: SitePlace, low: int, high: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    window = FIRST_WINDOW
    while low < high and len(found) < ALTERNATIVES_HERE:
        until = min(high, low + window)
        found.extend((await starts_at_sites(search, [here], low, until))[here.id])
        low, window = until, window * 2
    return found[:ALTERNATIVES_HERE]


def _offered(rules: ServiceRules, site: SitePlace, mode: str, needs: Collection[str]) -> bool:
    unmet = unmet_needs(needs, meets=rules.meets_needs, languages=rules.languages)
    return site.active and rules.offered_in(site.department) and mode in rules.modes and not unmet


async def _nearest(
    rules: ServiceRules, latitude: float, longitude: float, limit: int
) -> list[tuple[float, dict[str, Any]]]:
    """Return the nearest houses with how far they are, in kilometres."""
    known = await houses(rules)
    found = [(great_circle_km(latitude, longitude, row["latitude"], row["longitude"]), row) for row in known]
    return nsmallest(limit, found, key=itemgetter(0))


def _found(row: Mapping[str, Any], distance: float | None, kiosks: int) -> SiteFound:
    shown = {name: row[name] for name in _SHOWN}
    return SiteFound(**shown, distance_km=distance, kiosks=kiosks)


def _slots(rules: ServiceRules, place: SitePlace, found: Iterable[tuple[int, int]]) -> list[Slot]:
    zone, duration = place.zone, rules.slots.duration
    local = datetime.fromtimestamp
    return [Slot(local(at, zone), local(at + duration, zone), left) for at, left in found]


def _alternative(rules: ServiceRules, place: SitePlace, here: SitePlace, at: int) -> Alternative:
    (slot,) = _slots(rules, place, [(at, 1)])
    away = great_circle_km(here.latitude, here.longitude, place.latitude, place.longitude)
    return Alternative(
        site=place.id,
        name=place.name,
        commune=place.commune,
        timezone=place.timezone,
        distance_km=round(away, 1),
        start=slot.start,
        end=slot.end,
    )


def _page(found: list, after: str | None, limit: int | None) -> list:  # type: ignore[type-arg]
    """Return the part of a list that begins after the item with id `after`."""
    if after is not None:
        places = [index for index, each in enumerate(found) if each.id == after]
        found = found[places[0] + 1 :] if places else []
    return found if limit is None else found[:limit]
