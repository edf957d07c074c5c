"""What the booking screens offer: services by name, the first times here by day, and the nearest other houses."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from booking.engine import search
from booking.engine.search import Alternative, ServiceFound, SiteAvailability, SiteFound, Slot
from kiosks.houses import House

DAYS_SHOWN = 3
TIMES_A_DAY = 8
FIRST_LOOK_DAYS = 14
FURTHER_LOOK_DAYS = 62
NEAREST_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class Day:
    """The times of one day, earliest first; `more` of them are not shown."""

    slots: tuple[Slot, ...]
    more: int

    @property
    def first(self) -> datetime:
        """An instant of the day, to write its date with."""
        return self.slots[0].start


@dataclass(frozen=True, kw_only=True)
class Times:
    """What is free at a house: a few days at once, and where the next ones begin."""

    days: tuple[Day, ...]
    next_day: date | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is free."""
        return not self.days


async def service_named(service_id: str) -> ServiceFound | None:
    """Return a service that is offered, None for any other."""
    return next((each for each in await search.services() if each.id == service_id), None)


async def house_named(site_id: str, near: House) -> SiteFound | None:
    """Return an open house with its distance from another, None for any other."""
    found = await search.sites(near=(near.latitude, near.longitude))
    return next((each for each in found if each.id == site_id), None)


def by_day(slots: list[Slot], *, days: int, times: int) -> Times:
    """Group slots (in order, in the house's zone) by day: the first `days`, and of each the first `times`."""
    grouped = [tuple(group) for _, group in groupby(slots, key=lambda slot: slot.start.date())]
    shown = tuple(Day(slots=group[:times], more=max(0, len(group) - times)) for group in grouped[:days])
    return Times(days=shown, next_day=grouped[days][0].start.date() if len(grouped) > days else None)


async def times_at(
    *,
    now: datetime,
    service_id: str,
    site_id: str,
    first_day: date | None,
    needs: Collection[str],
    all_day: bool,
    hold_id: str | None = None,
) -> Times:
    """Return the first free times at a house from a day on (today if not given); `all_day` shows one whole day.

    `hold_id`: the visit's own hold, which is not taken for it.

    Raises ServiceUnknown, SiteUnknown, ServiceRetired.
    """
    found: list[Slot] = []
    for reach in (FIRST_LOOK_DAYS, FURTHER_LOOK_DAYS):
        found = await search.slots(
            now=now,
            service_id=service_id,
            site_id=site_id,
            first_day=first_day,
            days=reach,
            needs=needs,
            hold_id=hold_id,
        )
        if found:
            break
    if all_day:
        return by_day(found, days=1, times=len(found))
    return by_day(found, days=DAYS_SHOWN, times=TIMES_A_DAY)


async def nearest_others(*, now: datetime, service_id: str, house: House, shown: str) -> list[SiteAvailability]:
    """Return the nearest houses with their first time, without the one already shown; those with none are left out."""
    found = await search.availability(
        now=now, service_id=service_id, latitude=house.latitude, longitude=house.longitude, limit=NEAREST_SHOWN + 2
    )
    return [each for each in found if each.site.id != shown and each.first_slot][:NEAREST_SHOWN]


async def instead(
    *, now: datetime, service_id: str, site_id: str, start: datetime, needs: Collection[str]
) -> list[Alternative]:
    """Return what to offer instead of a time that is gone: the next ones here, then the nearest others' first."""
    return await search.alternatives(now=now, service_id=service_id, site_id=site_id, start=start, needs=needs)
