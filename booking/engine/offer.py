"""What a booking is chosen from: a service's rules, its agents' working time, houses' opening time and kiosks.

Loaded in a handful of queries whatever the number of agents and days. All of it changes rarely; what is taken
(`booking.engine.taken`) changes all the time and is read apart.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from booking.engine.availability import (
    DAY,
    MINUTE,
    Interval,
    SlotRules,
    WeeklyRange,
    ZoneSpans,
    merge,
    moment,
    subtract,
    weekly_intervals,
)
from booking.engine.kept import Kept, block, current
from booking.engine.public_holidays import public_holidays
from booking.engine.queries import as_day, as_json, run
from booking.engine.working_time import AgentTime, CalendarRule, WorkingHours
from booking.errors import ServiceUnknown, SiteUnknown
from booking.models import Room, Service, Site

KIOSK, HOME = "kiosk", "home"
AGENT = "agent:"

# An agent who has both the service and an assignment to it comes once for each assignment.
_AGENTS = """
    SELECT a.id, a.timezone, a.department, a.works_on_holidays, a.daily_maximum,
           s.agent_id IS NOT NULL AS usual, g.valid_from, g.valid_until
    FROM agent a
    LEFT JOIN agent_service s ON s.agent_id = a.id AND s.service_id = $1
    LEFT JOIN assignment g ON g.agent_id = a.id AND g.service_id = $1 AND g.valid_until >= $2 AND g.valid_from <= $3
    WHERE a.active AND (s.agent_id IS NOT NULL OR g.id IS NOT NULL)
    ORDER BY a.id
"""
# In one query: weekly hours, and the exceptions to them, which have a recurrence (perhaps an empty one) and no weekday.
_HOURS_AND_RULES = """
    SELECT id, agent_id, workplace_id, site_ids, weekday, start_minute, end_minute, valid_from, valid_until,
           NULL AS works, NULL AS rrule
    FROM agent_hours WHERE agent_id = ANY($1)
    UNION ALL
    SELECT id, agent_id, workplace_id, NULL, NULL, start_minute, end_minute, first_day, NULL, works, rrule
    FROM agent_rule WHERE agent_id = ANY($1) AND first_day <= $2
    ORDER BY id
"""
_AWAY = """
    SELECT agent_id, EPOCH(starts_at) AS low, EPOCH(ends_at) AS high
    FROM absence WHERE agent_id = ANY($1) AND starts_at < $2 AND ends_at > $3
    UNION ALL
    SELECT agent_id, EPOCH(starts_at), EPOCH(ends_at)
    FROM busy_time WHERE agent_id = ANY($1) AND starts_at < $2 AND ends_at > $3
"""
# In one query: opening hours (minutes of a weekday) and closures (instants, without a weekday).
_OPENINGS_AND_CLOSURES = """
    SELECT site_id, weekday, start_minute AS low, end_minute AS high FROM site_opening WHERE site_id = ANY($1)
    UNION ALL
    SELECT site_id, NULL, EPOCH(starts_at), EPOCH(ends_at)
    FROM site_closure WHERE site_id = ANY($1) AND starts_at < $2 AND ends_at > $3
"""
_KIOSKS = """
    SELECT k.site_id, k.id, k.equipment, EPOCH(o.starts_at) AS low, EPOCH(o.ends_at) AS high
    FROM kiosk k
    LEFT JOIN kiosk_outage o
        ON o.kiosk_id = k.id AND o.starts_at < $2 AND (o.ends_at IS NULL OR o.ends_at > $3)
    WHERE k.site_id = ANY($1) AND k.in_service
    ORDER BY k.id
"""


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
    organisation_id: str = ""
    requires_room: bool = False
    audiences: frozenset[str] = frozenset()
    modes: frozenset[str] = frozenset({KIOSK})
    languages: frozenset[str] = frozenset()
    meets_needs: frozenset[str] = frozenset()
    future_limit: int = 0
    interpreter_email: str = ""
    sms_reminder_minutes: int = 0
    # what is kept of the offer in which this was read
    kept: Kept | None = field(default=None, compare=False, repr=False)

    def offered_in(self, department: str) -> bool:
        """Tell whether the service's organisation serves a department (one that names none serves all)."""
        return not self.departments or department in self.departments


@dataclass(frozen=True, slots=True)
class KioskPlace:
    """A kiosk in service; `outages` are when it does not work all the same."""

    id: str
    equipment: frozenset[str]
    outages: tuple[Interval, ...] = ()


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
    open_on_holidays: bool = False
    email: str = ""
    invites_desk: bool = False
    # what its closures and outages were read for; None: for what was asked, and not kept
    window: Interval | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def open_within(self, spans: ZoneSpans) -> list[Interval]:
        """Return when the house is open within a window."""
        holidays = frozenset() if self.open_on_holidays else public_holidays(self.department, *spans.window)
        return subtract(weekly_intervals(self.openings, spans.of(self.timezone), but=holidays), merge(self.closures))

    def kiosks_with(self, equipment: frozenset[str]) -> Sequence[KioskPlace]:
        """Return the kiosks that have all of `equipment`."""
        return [kiosk for kiosk in self.kiosks if equipment <= kiosk.equipment] if equipment else self.kiosks


def agent_resource(agent_id: str) -> str:
    """Return the name under which an agent's time is taken."""
    return AGENT + agent_id


def kiosk_resource(kiosk_id: str) -> str:
    """Return the name under which a kiosk's time is taken."""
    return f"kiosk:{kiosk_id}"


def room_resource(room_id: str) -> str:
    """Return the name under which a room's time is taken."""
    return f"room:{room_id}"


async def service_rules(service_id: str) -> ServiceRules:
    """Return a service's rules as they now are, with what is kept of the offer of now. Raises ServiceUnknown."""
    kept = await current()
    rules = await kept.read(("service", service_id), lambda: _read_rules(service_id))
    return replace(rules, kept=kept)


async def _read_rules(service_id: str) -> ServiceRules:
    rows = await Service.filter(id=service_id).limit(1).values(
        "id", "duration_minutes", "step_minutes", "buffer_before_minutes", "buffer_after_minutes", "notice_minutes",
        "horizon_days", "reminder_minutes", "retired_at", "organisation_id", "audiences", "modes", "languages",
        "meets_needs", "future_limit", "interpreter_email", "sms_reminder_minutes",
        departments="organisation__departments", requires_room="organisation__requires_room",
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
        organisation_id=row["organisation_id"],
        requires_room=row["requires_room"],
        audiences=frozenset(row["audiences"]),
        modes=frozenset(row["modes"]),
        languages=frozenset(row["languages"]),
        meets_needs=frozenset(row["meets_needs"]),
        future_limit=row["future_limit"],
        interpreter_email=row["interpreter_email"],
        sms_reminder_minutes=row["sms_reminder_minutes"],
    )


async def agents_of(rules: ServiceRules, start: int, end: int, *, only: str | None = None) -> list[AgentTime]:
    """Return the active agents who provide a service in [start, end), with what concerns then; `only` one if given.

    Those who are assigned to it for a while provide it on the days of their assignment.
    """
    window = block(start, end)
    if rules.kept is None or window is None:
        return await _read_agents(rules.id, start, end, only=only)
    everyone = await rules.kept.read(("agents", rules.id, window), lambda: _kept_agents(rules.id, window))
    return everyone if only is None else [agent for agent in everyone if agent.id == only]


async def _kept_agents(service_id: str, window: Interval) -> list[AgentTime]:
    return [replace(agent, window=window) for agent in await _read_agents(service_id, *window)]


async def _read_agents(service_id: str, start: int, end: int, *, only: str | None = None) -> list[AgentTime]:
    first, last = moment(start - DAY).date(), moment(end + DAY).date()
    found: dict[str, dict[str, Any]] = {}
    assigned: dict[str, list[tuple[date | None, date | None]]] = defaultdict(list)
    for row in await run(_AGENTS, service_id, first, last):
        if only in (None, row["id"]):
            found[row["id"]] = row
            if not row["usual"]:
                assigned[row["id"]].append((as_day(row["valid_from"]), as_day(row["valid_until"])))
    ids = list(found)
    if not ids:
        return []
    hours, rules = await _hours_and_rules(ids, last)
    away = await _away(ids, start, end)
    return [
        AgentTime(
            id=each,
            timezone=row["timezone"],
            hours=tuple(hours[each]),
            rules=tuple(rules[each]),
            away=tuple(away[each]),
            department=row["department"],
            works_on_holidays=bool(row["works_on_holidays"]),
            daily_maximum=row["daily_maximum"],
            assigned=None if row["usual"] else tuple(assigned[each]),
        )
        for each, row in found.items()
    ]


async def _hours_and_rules(
    ids: Sequence[str], last: date
) -> tuple[dict[str, list[WorkingHours]], dict[str, list[CalendarRule]]]:
    hours: dict[str, list[WorkingHours]] = defaultdict(list)
    rules: dict[str, list[CalendarRule]] = defaultdict(list)
    for row in await run(_HOURS_AND_RULES, list(ids), last):
        agent_id, workplace, since = row["agent_id"], row["workplace_id"], as_day(row["valid_from"])
        minutes = row["start_minute"], row["end_minute"]
        if row["rrule"] is None:
            limits = WeeklyRange(row["weekday"], *minutes, since, as_day(row["valid_until"]))
            hours[agent_id].append(WorkingHours(limits, workplace, frozenset(as_json(row["site_ids"]))))
        elif since is not None:
            rules[agent_id].append(CalendarRule(bool(row["works"]), since, row["rrule"], *minutes, workplace))
    return hours, rules


async def _away(ids: Sequence[str], start: int, end: int) -> dict[str, list[Interval]]:
    away: dict[str, list[Interval]] = defaultdict(list)
    for row in await run(_AWAY, list(ids), moment(end), moment(start)):
        away[row["agent_id"]].append((row["low"], row["high"]))
    return away


async def rooms_of(rules: ServiceRules) -> dict[str, list[str]]:
    """Return the rooms in service of the workplaces of a service's organisation, by workplace."""
    if rules.kept is None:
        return await _read_rooms(rules.organisation_id)
    return await rules.kept.read(("rooms", rules.organisation_id), lambda: _read_rooms(rules.organisation_id))


async def _read_rooms(organisation_id: str) -> dict[str, list[str]]:
    rooms: dict[str, list[str]] = defaultdict(list)
    found = Room.filter(workplace__organisation_id=organisation_id, in_service=True).order_by("id")
    for workplace_id, room_id in await found.values_list("workplace_id", "id"):
        rooms[workplace_id].append(room_id)
    return rooms


SITE_FIELDS = (
    "id", "name", "commune", "department", "address", "postcode", "latitude", "longitude", "timezone", "active",
    "open_on_holidays", "email", "invites_desk",
)  # fmt: skip


async def site_place(site_id: str, start: int, end: int, *, kept: Kept | None = None) -> SitePlace:
    """Return a house with what concerns [start, end). `kept`: what is kept of the offer. Raises SiteUnknown."""
    rows = await kept.read(("site", site_id), lambda: _site_rows(site_id)) if kept else await _site_rows(site_id)
    if not rows:
        raise SiteUnknown(site=site_id)
    return (await site_places(rows, start, end, kept=kept))[0]


async def _site_rows(site_id: str) -> list[dict[str, object]]:
    return await Site.filter(id=site_id).limit(1).values(*SITE_FIELDS)


async def site_places(
    rows: Sequence[dict[str, object]], start: int, end: int, *, kept: Kept | None = None
) -> list[SitePlace]:
    """Return houses, from the rows of SITE_FIELDS, with what concerns [start, end), in the order of the rows."""
    window = block(start, end)
    if kept is None or window is None:
        return await _read_places(rows, start, end)
    places = {str(row["id"]): kept.get(("place", row["id"], window)) for row in rows}
    missing = [row for row in rows if places[str(row["id"])] is None]
    for place in await _read_places(missing, *window):
        places[place.id] = kept.put(("place", place.id, window), replace(place, window=window))
    return list(places.values())


async def houses(rules: ServiceRules) -> list[dict[str, Any]]:
    """Return the rows (SITE_FIELDS) of the open houses where a service is offered. Nobody may change them."""
    kept = rules.kept
    if kept is None:
        return await _read_houses(rules.departments)
    key = ("houses", rules.departments)
    if kept.get(key) is None:
        for row in kept.put(key, await _read_houses(rules.departments)):
            kept.put(("site", row["id"]), [row])
    found: list[dict[str, Any]] = kept.get(key)
    return found


async def _read_houses(departments: frozenset[str]) -> list[dict[str, Any]]:
    query = Site.filter(active=True)
    if departments:
        query = query.filter(department__in=list(departments))
    return await query.values(*SITE_FIELDS)


async def _read_places(rows: Sequence[dict[str, object]], start: int, end: int) -> list[SitePlace]:
    ids = [str(row["id"]) for row in rows]
    if not ids:
        return []
    openings, closures = await _openings_and_closures(ids, start, end)
    kiosks = await _kiosks(ids, start, end)
    return [
        SitePlace(
            **row,  # type: ignore[arg-type]
            openings=tuple(openings[each]),
            closures=tuple(closures[each]),
            kiosks=tuple(kiosks[each]),
        )
        for each, row in zip(ids, rows, strict=True)
    ]


async def _openings_and_closures(
    ids: Sequence[str], start: int, end: int
) -> tuple[dict[str, list[WeeklyRange]], dict[str, list[Interval]]]:
    openings: dict[str, list[WeeklyRange]] = defaultdict(list)
    closures: dict[str, list[Interval]] = defaultdict(list)
    for row in await run(_OPENINGS_AND_CLOSURES, list(ids), moment(end), moment(start)):
        if row["weekday"] is None:
            closures[row["site_id"]].append((row["low"], row["high"]))
        else:
            openings[row["site_id"]].append(WeeklyRange(row["weekday"], row["low"], row["high"]))
    return openings, closures


async def _kiosks(site_ids: Sequence[str], start: int, end: int) -> dict[str, list[KioskPlace]]:
    """Return the kiosks in service of each house; one that is out until further notice is so until the window's end."""
    equipment: dict[tuple[str, str], frozenset[str]] = {}
    outages: dict[str, list[Interval]] = defaultdict(list)
    for row in await run(_KIOSKS, list(site_ids), moment(end), moment(start)):
        equipment[row["site_id"], row["id"]] = frozenset(as_json(row["equipment"]))
        if row["low"] is not None:
            outages[row["id"]].append((row["low"], end if row["high"] is None else row["high"]))
    kiosks: dict[str, list[KioskPlace]] = defaultdict(list)
    for (site_id, kiosk_id), has in equipment.items():
        kiosks[site_id].append(KioskPlace(kiosk_id, has, tuple(merge(outages[kiosk_id]))))
    return kiosks
