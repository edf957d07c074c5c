"""From the tables to what the figures of lines are computed from. Nobody's name is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from booking.models import Appointment, Kiosk
from signaling.report import Presence, presences
from teleconsult.reports.filters import Filters
from teleconsult.reports.gather import Named, places_in, window
from teleconsult.reports.lines import Side

AT_HOME = ""


@dataclass(frozen=True)
class Lines:
    """The sides of the calls of a period: each kiosk's (and those of people at home), and each office's."""

    kiosks: tuple[Side, ...]
    offices: tuple[Side, ...]
    names: tuple[Named, ...]  # of the kiosks, in reading order


async def gather_lines(filters: Filters) -> Lines:
    """Return the sides of the calls that the filters let through."""
    places = await places_in(filters)
    first, last = window(filters)
    query = Appointment.filter(starts_at__gte=first, starts_at__lte=last)
    if filters.service:
        query = query.filter(service_id=filters.service)
    rows = await query.values_list(
        "id", "site_id", "starts_at", "kiosk_id", "agent__organisation__name", "room__workplace__name"
    )
    kiosks, offices = {}, {}
    for room, site, starts_at, kiosk, organisation, workplace in rows:
        if site in places and filters.first <= _day(starts_at, places[site].timezone) <= filters.last:
            kiosks[room] = kiosk or AT_HOME
            offices[room] = f"{organisation} – {workplace}" if workplace else organisation
    found = await presences(kiosks)
    return Lines(
        kiosks=sides_of("citizen", found, kiosks),
        offices=sides_of("agent", found, offices),
        names=await _names(),
    )


def sides_of(role: str, found: Sequence[Presence], places: dict[str, str]) -> tuple[Side, ...]:
    """Return one side of each call: all of its presences in this role, in the order in which they came, as one.

    Medians and the way are those of the longest; it failed when the last one did.
    """
    by_room: dict[str, list[Presence]] = {}
    for presence in found:
        if presence.role == role:
            by_room.setdefault(presence.room, []).append(presence)
    return tuple(_side(places[room], parts) for room, parts in by_room.items())


def _side(place: str, parts: Sequence[Presence]) -> Side:
    longest = max(parts, key=lambda part: part.media_seconds)
    return Side(
        room=longest.room,
        place=place,
        path=longest.path,
        quality=longest.quality_median,
        loss=longest.loss_median,
        media_seconds=sum(part.media_seconds for part in parts),
        poor_seconds=sum(part.poor_seconds for part in parts),
        paused_seconds=sum(part.paused_seconds for part in parts),
        reconnections=sum(part.reconnections for part in parts),
        failed=bool(parts[-1].failure),
    )


async def _names() -> tuple[Named, ...]:
    rows = (
        await Kiosk.all()
        .order_by("site__department", "site__commune", "site__name", "name")
        .values_list("id", "name", "site__name", "site__department")
    )
    return tuple(Named(id, f"{name}, {site} ({department})") for id, name, site, department in rows)


def _day(instant: datetime, timezone: str) -> date:
    return instant.astimezone(ZoneInfo(timezone)).date()
