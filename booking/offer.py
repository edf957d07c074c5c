"""What a booking is chosen from: a service's rules, its agents' working time, houses' opening time and kiosks.

Loaded in a handful of queries whatever the number of agents and days. All of it changes rarely; what is taken
(`busy_intervals`) changes all the time and is read apart.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tortoise.connection import get_connection

from booking.availability import (
    DAY,
    MINUTE,
    Interval,
    SlotRules,
    WeeklyRange,
    ZoneSpans,
    instant,
    merge,
    moment,
    subtract,
    weekly_intervals,
)
from booking.errors import ServiceUnknown, SiteUnknown
from booking.models import Absence, Agent, AgentHours, Kiosk, Service, Site, SiteClosure, SiteOpening
from teleconsult.database import dialect

_BUSY_POSTGRES = """
    SELECT resource, extract(epoch FROM starts_at)::bigint AS low, extract(epoch FROM ends_at)::bigint AS high
    FROM occupancy WHERE resource = ANY($1) AND starts_at < $2 AND starts_at > $3 AND appointment_id <> $4
    ORDER BY starts_at
"""
_BUSY_SQLITE = """
    SELECT resource, CAST(strftime('%s', starts_at) AS INTEGER) AS low, CAST(strftime('%s', ends_at) AS INTEGER) AS high
    FROM occupancy WHERE resource IN ({marks}) AND starts_at < ? AND starts_at > ? AND appointment_id <> ?
    ORDER BY starts_at
"""
# No appointment with its buffers is longer: a range that reaches into a window began at most this long before it.
LONGEST_OCCUPANCY = DAY


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """A service and what its appointments obey. Seconds, but `horizon_days`."""

    id: str
    slots: SlotRules
    notice: int
    horizon_days: int
    reminder_minutes: int
    retired: bool
    departments: frozenset[str]

    def offered_in(self, department: str) -> bool:
        """Tell whether the service's organisation serves a department (one that names none serves all)."""
        return not self.departments or department in self.departments


@dataclass(frozen=True, slots=True)
class KioskPlace:
    """A kiosk that works."""

    id: str
    equipment: frozenset[str]


@dataclass(frozen=True, slots=True)
class SitePlace:
    """A house: where it is, when it is open, and its kiosks that work."""

    id: str
    name: str
    commune: str
    department: str
    address: str
    postcode: str
    latitude: float
    longitude: float
    timezone: str
    active: bool
    openings: tuple[WeeklyRange, ...]
    closures: tuple[Interval, ...]
    kiosks: tuple[KioskPlace, ...]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def open_within(self, spans: ZoneSpans) -> list[Interval]:
        """Return when the house is open within a window."""
        return subtract(weekly_intervals(self.openings, spans.of(self.timezone)), merge(self.closures))

    def kiosks_with(self, equipment: frozenset[str]) -> list[KioskPlace]:
        """Return the kiosks that have all of `equipment`."""
        return [kiosk for kiosk in self.kiosks if equipment <= kiosk.equipment]


@dataclass(frozen=True, slots=True)
class AgentTime:
    """When an agent works."""

    id: str
    timezone: str
    hours: tuple[WeeklyRange, ...]
    absences: tuple[Interval, ...]

    def working_within(self, spans: ZoneSpans) -> list[Interval]:
        """Return when the agent works within a window."""
        return subtract(weekly_intervals(self.hours, spans.of(self.timezone)), merge(self.absences))


def agent_resource(agent_id: str) -> str:
    """Return the name under which an agent's time is taken."""
    return f"agent:{agent_id}"


def kiosk_resource(kiosk_id: str) -> str:
    """Return the name under which a kiosk's time is taken."""
    return f"kiosk:{kiosk_id}"


async def service_rules(service_id: str) -> ServiceRules:
    """Return a service's rules. Raises ServiceUnknown."""
    rows = await Service.filter(id=service_id).limit(1).values(
        "id", "duration_minutes", "step_minutes", "buffer_before_minutes", "buffer_after_minutes", "notice_minutes",
        "horizon_days", "reminder_minutes", "retired_at", departments="organisation__departments",
    )  # fmt: skip
    if not rows:
        raise ServiceUnknown(service=service_id)
    row = rows[0]
    return ServiceRules(
        id=row["id"],
        slots=SlotRules(
            duration=row["duration_minutes"] * MINUTE,
            buffer_before=row["buffer_before_minutes"] * MINUTE,
            buffer_after=row["buffer_after_minutes"] * MINUTE,
            step=row["step_minutes"] * MINUTE,
        ),
        notice=row["notice_minutes"] * MINUTE,
        horizon_days=row["horizon_days"],
        reminder_minutes=row["reminder_minutes"],
        retired=row["retired_at"] is not None,
        departments=frozenset(row["departments"]),
    )


async def agents_of(service_id: str, start: int, end: int, *, only: str | None = None) -> list[AgentTime]:
    """Return the active agents who provide a service, with what concerns [start, end); `only` one of them if given."""
    query = Agent.filter(services__id=service_id, active=True)
    agents = await (query.filter(id=only) if only else query).order_by("id").values_list("id", "timezone")
    ids = [agent_id for agent_id, _ in agents]
    if not ids:
        return []
    hours: dict[str, list[WeeklyRange]] = defaultdict(list)
    fields = ("agent_id", "weekday", "start_minute", "end_minute", "valid_from", "valid_until")
    for agent_id, *limits in await AgentHours.filter(agent_id__in=ids).values_list(*fields):
        hours[agent_id].append(WeeklyRange(*limits))
    absences = await _intervals_by(Absence.filter(agent_id__in=ids), "agent_id", start, end)
    return [AgentTime(each, zone, tuple(hours[each]), tuple(absences[each])) for each, zone in agents]


SITE_FIELDS = (
    "id", "name", "commune", "department", "address", "postcode", "latitude", "longitude", "timezone", "active",
)  # fmt: skip


async def site_place(site_id: str, start: int, end: int) -> SitePlace:
    """Return a house with what concerns [start, end). Raises SiteUnknown."""
    found = await site_places(await Site.filter(id=site_id).limit(1).values(*SITE_FIELDS), start, end)
    if not found:
        raise SiteUnknown(site=site_id)
    return found[0]


async def site_places(rows: Sequence[dict[str, object]], start: int, end: int) -> list[SitePlace]:
    """Return houses, from the rows of SITE_FIELDS, with what concerns [start, end), in the order of the rows."""
    ids = [str(row["id"]) for row in rows]
    if not ids:
        return []
    openings: dict[str, list[WeeklyRange]] = defaultdict(list)
    fields = ("site_id", "weekday", "start_minute", "end_minute")
    for site_id, *limits in await SiteOpening.filter(site_id__in=ids).values_list(*fields):
        openings[site_id].append(WeeklyRange(*limits))
    closures = await _intervals_by(SiteClosure.filter(site_id__in=ids), "site_id", start, end)
    kiosks: dict[str, list[KioskPlace]] = defaultdict(list)
    working = Kiosk.filter(site_id__in=ids, in_service=True).order_by("id")
    for site_id, kiosk_id, equipment in await working.values_list("site_id", "id", "equipment"):
        kiosks[site_id].append(KioskPlace(kiosk_id, frozenset(equipment)))
    return [
        SitePlace(
            **row,  # type: ignore[arg-type]
            openings=tuple(openings[each]),
            closures=tuple(closures[each]),
            kiosks=tuple(kiosks[each]),
        )
        for each, row in zip(ids, rows, strict=True)
    ]


async def busy_intervals(
    resources: Collection[str], start: int, end: int, *, but: str | None = None
) -> dict[str, list[Interval]]:
    """Return what is taken of each resource around [start, end), in order; every resource has its list.

    `but`: an appointment whose own ranges do not count.
    """
    taken: dict[str, list[Interval]] = {resource: [] for resource in resources}
    if not taken:
        return taken
    window = (moment(end), moment(start - LONGEST_OCCUPANCY), but or "")
    for row in await get_connection("default").execute_query_dict(*_busy_query(list(taken), window)):
        taken[row["resource"]].append((row["low"], row["high"]))
    return taken


def _busy_query(resources: list[str], window: tuple[datetime, datetime, str]) -> tuple[str, list[object]]:
    """Return the query for what is taken, by hand: a busy week is thousands of rows, which the ORM would convert one
    value at a time. `window`: starts before, starts after, not of this appointment."""
    if dialect() == "postgres":
        return _BUSY_POSTGRES, [resources, *window]
    marks = ",".join("?" * len(resources))
    return _BUSY_SQLITE.format(marks=marks), [*resources, *window]


async def _intervals_by(query: object, key: str, start: int, end: int) -> dict[str, list[Interval]]:
    found: dict[str, list[Interval]] = defaultdict(list)
    within = query.filter(starts_at__lt=moment(end), ends_at__gt=moment(start))  # type: ignore[attr-defined]
    for owner, starts_at, ends_at in await within.values_list(key, "starts_at", "ends_at"):
        found[owner].append((instant(starts_at), instant(ends_at)))
    return found


def resources_of(agents: Iterable[AgentTime], sites: Iterable[SitePlace]) -> list[str]:
    """Return the names under which the time of agents and of houses' kiosks is taken."""
    names = [agent_resource(agent.id) for agent in agents]
    names.extend(kiosk_resource(kiosk.id) for site in sites for kiosk in site.kiosks)
    return names
