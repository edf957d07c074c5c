"""Verbs and read models of an agent's calendar: weekly hours, exceptions that repeat, absences, assignments.

Used by administrators and by agents themselves. Rows that take somebody away are found by `booking.trouble`, which
places their appointments anew.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from booking.errors import AgentUnknown
from booking.lifecycle import Actor, Status
from booking.models import Absence, Agent, AgentHours, AgentRule, Appointment, Assignment, Service, Site, Workplace
from booking.office.errors import EntryUnknown, NothingChosen, PeriodReversed
from booking.office.record import Changed, changed
from booking.office.schemas import Reason, StretchForm
from booking.office.times import DAY_MINUTES, Range, Ranges, make_rrule, read_rrule
from teleconsult.database import transaction

WEEKDAYS = range(7)


class HoursForm(BaseModel):
    """A week of work: ranges of each day, from Monday; the other answers hold for all of it."""

    day0: Ranges = ()
    day1: Ranges = ()
    day2: Ranges = ()
    day3: Ranges = ()
    day4: Ranges = ()
    day5: Ranges = ()
    day6: Ranges = ()
    valid_from: date | None = None
    valid_until: date | None = None
    workplace_id: str | None = None
    site_ids: list[str] = Field(default_factory=list)

    def ranges(self) -> list[tuple[int, Range]]:
        """Return (weekday, range) in order."""
        return [(weekday, each) for weekday in WEEKDAYS for each in getattr(self, f"day{weekday}")]


class RuleForm(BaseModel):
    """An exception that repeats."""

    works: Literal["yes", "no"]
    first_day: date
    repeat: Literal["once", "weekly", "fortnightly", "monthly"]
    until: date | None = None
    ranges: Ranges = ()
    reason: Reason = ""


class AbsenceForm(StretchForm):
    """A stay away, in the agent's zone."""


class AssignmentForm(BaseModel):
    """Another service for a while."""

    service_id: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True, kw_only=True)
class Week:
    """Weekly hours with one period, place and set of houses. `id` is that of its first row."""

    id: str
    days: tuple[tuple[Range, ...], ...]
    valid_from: date | None
    valid_until: date | None
    workplace_id: str | None
    workplace: str
    site_ids: tuple[str, ...]
    sites: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """A rule. `repeat` is one of the form's; `start_minute` and `end_minute` those of each of its days."""

    id: str
    works: bool
    first_day: date
    repeat: str
    until: date | None
    start_minute: int
    end_minute: int
    reason: str

    @property
    def all_day(self) -> bool:
        return (self.start_minute, self.end_minute) == (0, DAY_MINUTES)


@dataclass(frozen=True, kw_only=True)
class Away:
    """An absence that is not over; `appointments` are still booked within it."""

    id: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    appointments: int

    def whole_days(self, timezone: str) -> tuple[date, date] | None:
        """Return the first and the last day if it begins and ends at midnight."""
        starts, ends = (each.astimezone(ZoneInfo(timezone)) for each in (self.starts_at, self.ends_at))
        if starts.time() != time.min or ends.time() != time.min:
            return None
        return starts.date(), ends.date() - timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """A temporary assignment that is not over."""

    id: str
    service: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True, kw_only=True)
class AgentCalendar:
    """All that says when an agent works."""

    weeks: tuple[Week, ...]
    rules: tuple[Repeated, ...]
    absences: tuple[Away, ...]
    assignments: tuple[Assigned, ...]


async def agent_calendar(agent_id: str, now: datetime, language: str = "fr") -> AgentCalendar:
    """Return an agent's calendar: what is over is left out. Seven queries at most."""
    rules = await AgentRule.filter(agent_id=agent_id).order_by("first_day", "start_minute")
    booked = Appointment.filter(agent_id=agent_id, status=Status.BOOKED, ends_at__gt=now)
    taken = await booked.values_list("starts_at", "ends_at")
    absences = await Absence.filter(agent_id=agent_id, ends_at__gt=now).order_by("starts_at")
    assigned = Assignment.filter(agent_id=agent_id, valid_until__gte=now.date()).order_by("valid_from")
    columns = ("id", "valid_from", "valid_until", "service__name", "service__name_en")
    return AgentCalendar(
        weeks=tuple(await _weeks(agent_id)),
        rules=tuple(_exception(rule) for rule in rules),
        absences=tuple(
            Away(
                id=each.id, starts_at=each.starts_at, ends_at=each.ends_at, reason=each.reason,
                appointments=sum(start < each.ends_at and end > each.starts_at for start, end in taken),
            )
            for each in absences
        ),
        assignments=tuple(
            Assigned(
                id=row["id"], valid_from=row["valid_from"], valid_until=row["valid_until"],
                service=(row["service__name_en"] if language == "en" else "") or row["service__name"],
            )
            for row in await assigned.values(*columns)
        ),
    )  # fmt: skip


def _exception(rule: AgentRule) -> Repeated:
    repeat, until = read_rrule(rule.rrule)
    return Repeated(
        id=rule.id, works=rule.works, first_day=rule.first_day, repeat=repeat, until=until,
        start_minute=rule.start_minute, end_minute=rule.end_minute, reason=rule.reason,
    )  # fmt: skip


_WEEK = ("valid_from", "valid_until", "workplace_id", "site_ids")


async def _weeks(agent_id: str) -> list[Week]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    query = AgentHours.filter(agent_id=agent_id).order_by("id")
    for row in await query.values("id", "weekday", "start_minute", "end_minute", *_WEEK, place="workplace__name"):
        found.setdefault((*(row[name] for name in _WEEK[:3]), tuple(sorted(row["site_ids"]))), []).append(row)
    ids = {site for key in found for site in key[3]}
    names = dict(await Site.filter(id__in=ids).values_list("id", "name")) if ids else {}
    weeks = [_week(rows, names) for rows in found.values()]
    return sorted(weeks, key=lambda week: (week.valid_from or date.min, week.id))


def _week(rows: list[dict[str, Any]], names: dict[str, str]) -> Week:
    first = rows[0]
    days = tuple(
        tuple(sorted((row["start_minute"], row["end_minute"]) for row in rows if row["weekday"] == weekday))
        for weekday in WEEKDAYS
    )
    return Week(
        id=first["id"], days=days, valid_from=first["valid_from"], valid_until=first["valid_until"],
        workplace_id=first["workplace_id"], workplace=first["place"] or "", site_ids=tuple(first["site_ids"]),
        sites=tuple(names.get(site, "?") for site in first["site_ids"]),
    )  # fmt: skip


async def week_of(agent_id: str, week_id: str) -> Week:
    """Return one week of hours. Raises EntryUnknown."""
    for week in await _weeks(agent_id):
        if week.id == week_id:
            return week
    raise EntryUnknown


async def save_hours(form: HoursForm, *, actor: Actor, agent_id: str, week_id: str | None = None) -> Changed:
    """Add weekly hours, or put others in the place of a week. Raises what keeps them from being kept:
    AgentUnknown, EntryUnknown, NothingChosen, PeriodReversed.
    """
    ranges = form.ranges()
    if not ranges:
        raise NothingChosen
    _in_order(form.valid_from, form.valid_until)
    async with transaction():
        agent = await _agent(agent_id)
        same = {"valid_from": form.valid_from, "valid_until": form.valid_until, "site_ids": form.site_ids}
        if form.workplace_id and not await Workplace.exists(
            id=form.workplace_id, organisation_id=agent.organisation_id
        ):
            raise EntryUnknown
        if week_id is not None:
            await _delete_week(agent_id, week_id)
        rows = [
            AgentHours(
                agent_id=agent_id, weekday=weekday, start_minute=start, end_minute=end,
                workplace_id=form.workplace_id, **same,
            )
            for weekday, (start, end) in ranges
        ]  # fmt: skip
        await AgentHours.bulk_create(rows)
    return changed("agent_hours", rows[0].id, "updated" if week_id else "created", actor, agent_id)


async def delete_hours(*, actor: Actor, agent_id: str, week_id: str) -> Changed:
    """Delete a week of hours. Raises EntryUnknown."""
    async with transaction():
        await _delete_week(agent_id, week_id)
    return changed("agent_hours", week_id, "deleted", actor, agent_id)


async def _delete_week(agent_id: str, week_id: str) -> None:
    week = await week_of(agent_id, week_id)
    rows = await AgentHours.filter(agent_id=agent_id).all()
    ids = [row.id for row in rows if _belongs(row, week)]
    await AgentHours.filter(id__in=ids).delete()


def _belongs(row: AgentHours, week: Week) -> bool:
    mine = (row.valid_from, row.valid_until, row.workplace_id, sorted(row.site_ids))  # type: ignore[attr-defined]
    return mine == (week.valid_from, week.valid_until, week.workplace_id, sorted(week.site_ids))


async def _agent(agent_id: str) -> Any:
    agent = await Agent.get_or_none(id=agent_id)
    if agent is None:
        raise AgentUnknown
    return agent


def _in_order(first: date | None, last: date | None) -> None:
    if first and last and last < first:
        raise PeriodReversed


async def add_rules(form: RuleForm, *, actor: Actor, agent_id: str) -> Changed:
    """Add an exception: a row for each of its ranges, or one for the whole day.

    Raises AgentUnknown, PeriodReversed.
    """
    _in_order(form.first_day, form.until)
    await _agent(agent_id)
    rows = [
        AgentRule(
            agent_id=agent_id, works=form.works == "yes", first_day=form.first_day,
            rrule=make_rrule(form.repeat, form.first_day, form.until), start_minute=start, end_minute=end,
            reason=form.reason,
        )
        for start, end in form.ranges or ((0, DAY_MINUTES),)
    ]  # fmt: skip
    async with transaction():
        await AgentRule.bulk_create(rows)
    return changed("agent_rule", rows[0].id, "created", actor, agent_id)


async def add_absence(form: AbsenceForm, *, actor: Actor, agent_id: str) -> Changed:
    """Note that an agent is away. Raises AgentUnknown, PeriodReversed."""
    agent = await _agent(agent_id)
    starts_at, ends_at = form.instants(agent.timezone)
    made = await Absence.create(agent_id=agent_id, starts_at=starts_at, ends_at=ends_at, reason=form.reason)
    return changed("absence", made.id, "created", actor, agent_id)


async def assign(form: AssignmentForm, *, actor: Actor, agent_id: str) -> Changed:
    """Let an agent provide another service for a while. Raises AgentUnknown, EntryUnknown, PeriodReversed."""
    _in_order(form.valid_from, form.valid_until)
    await _agent(agent_id)
    if not await Service.exists(id=form.service_id):
        raise EntryUnknown
    made = await Assignment.create(agent_id=agent_id, **form.model_dump())
    return changed("assignment", made.id, "created", actor, agent_id)


DELETABLE: dict[str, type[AgentRule] | type[Absence] | type[Assignment]] = {
    "rules": AgentRule, "absences": Absence, "assignments": Assignment,
}  # fmt: skip


async def delete_entry(kind: str, *, actor: Actor, agent_id: str, entry_id: str) -> Changed:
    """Delete a rule, an absence or an assignment (`kind`: as in the address). Raises EntryUnknown."""
    if not await DELETABLE[kind].filter(id=entry_id, agent_id=agent_id).delete():
        raise EntryUnknown
    return changed(kind.removesuffix("s"), entry_id, "deleted", actor, agent_id)
