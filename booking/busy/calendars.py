"""Verbs on agents' own calendars: add, remove, refresh; who refreshes is claimed by a lease."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from tortoise.expressions import Q

from booking.busy.apart import unfold_apart
from booking.busy.calling import Source
from booking.busy.discover import Collection, discover
from booking.busy.errors import BUSY_ERROR_TEXTS, CalendarUnreadable, NoCalendarThere, TooManyCalendars
from booking.busy.fetch import Fetched, fetch
from booking.busy.guard import Network
from booking.busy.seal import Seal
from booking.busy.unfold import own_appointment_ids, taken
from booking.engine.availability import Interval, instant, moment
from booking.errors import AgentUnknown
from booking.lifecycle import WAITED_FOR, Actor
from booking.models import Agent, Appointment, BusyCalendar, BusyTime
from booking.office.errors import EntryUnknown
from booking.office.record import Changed, changed
from teleconsult.database import transaction
from teleconsult.web.i18n import N_

MOST_CALENDARS = 5
PAST = timedelta(days=1)
AHEAD = timedelta(days=400)
EVERY = timedelta(minutes=15)
LONGEST_RETRY = timedelta(hours=2)
# Longer than reading and unfolding can take, so that only a dead worker's lease ends.
LEASE = timedelta(minutes=2)
TOLD_AFTER = timedelta(hours=1)
CHUNK = 500

URL_ERROR = N_("Écrivez une adresse qui commence par https:// ou http://, sans identifiant dedans.")
# A server that was linked, with a choice of calendars on it that is yet to be made
SERVER = "server"
SECRET_ERROR = N_("Ce mot de passe est trop long.")
MOST_SECRET_BYTES = 250


def _url(value: object) -> str:
    text = str(value).strip()
    if text.lower().startswith("webcal://"):
        text = f"https://{text[len('webcal://') :]}"
    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.username
    except ValueError:
        right = None
    if not right:
        raise PydanticCustomError("calendar_url", URL_ERROR)
    return text


def _secret(value: object) -> str:
    if len(str(value).encode()) > MOST_SECRET_BYTES:
        raise PydanticCustomError("secret", SECRET_ERROR)
    return str(value)


class CalendarForm(BaseModel):
    """Where an agent's own calendar is."""

    @model_validator(mode="before")
    @classmethod
    def _a_server_or_an_address(cls, given: Any) -> Any:
        """Read `dav.example.org` and `claire@example.org`, of which the second is also the name to sign in with."""
        if not isinstance(given, Mapping) or given.get("kind") != "caldav":
            return given
        name, at, host = str(given.get("url", "")).strip().rpartition("@")
        if "://" in host or "://" in name or not host:
            return given
        username = str(given.get("username") or "") or (f"{name}{at}{host}" if name else "")
        return {**given, "url": f"https://{host}", "username": username}

    kind: Literal["ics", "caldav"]
    url: Annotated[str, StringConstraints(max_length=600), BeforeValidator(_url)]
    username: Annotated[str, StringConstraints(max_length=200)] = ""
    password: Annotated[str, BeforeValidator(_secret)] = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a calendar needs from the deployment."""

    seal: Seal
    allowed: Sequence[Network]


@dataclass(frozen=True, kw_only=True)
class OwnCalendar:
    """An agent's calendar as their page shows it: the server's name, never the address. `problem`: a French text."""

    id: str
    kind: str
    host: str
    worked_at: datetime | None
    failing_since: datetime | None
    problem: str
    writes: bool  # appointments are written into it
    wrote_at: datetime | None
    write_failing_since: datetime | None
    write_problem: str


async def own_calendars(agent_id: str, seal: Seal) -> list[OwnCalendar]:
    """Return an agent's calendars."""
    return [
        OwnCalendar(
            id=each.id, kind=each.kind, host=_host(each, seal), worked_at=each.worked_at,
            failing_since=each.failing_since, problem=BUSY_ERROR_TEXTS.get(each.last_error, ""),
            writes=each.writes, wrote_at=each.wrote_at, write_failing_since=each.write_failing_since,
            write_problem=BUSY_ERROR_TEXTS.get(each.write_error, ""),
        )
        for each in await BusyCalendar.filter(agent_id=agent_id).order_by("id")
    ]  # fmt: skip


def _host(calendar: BusyCalendar, seal: Seal) -> str:
    try:
        return urlsplit(seal.open(calendar.url)).hostname or ""
    except CalendarUnreadable:
        return ""


async def add_calendar(form: CalendarForm, *, now: datetime, actor: Actor, agent_id: str, reading: Reading) -> Changed:
    """Read a calendar, and keep it if that works; of a server with several, keep that one is to be chosen.

    Raises AgentUnknown, TooManyCalendars, CalendarUnreadable's kinds.
    """
    if await BusyCalendar.filter(agent_id=agent_id).count() >= MOST_CALENDARS:
        raise TooManyCalendars
    source = Source(form.kind, form.url, form.username, form.password)
    nowhere: NoCalendarThere | None = None
    if source.kind == "caldav":
        try:
            found = await discover(source, allowed=reading.allowed)
            source = replace(source, kind=SERVER) if len(found) > 1 else replace(source, url=found[0].url)
        except NoCalendarThere as error:
            nowhere = error  # unless it is a calendar that does not say so
    etag, intervals = "", None
    if source.kind != SERVER:
        try:
            fetched, intervals = await _read(source, agent_id, now, reading)
        except CalendarUnreadable as error:
            raise nowhere or error from None
        etag = fetched.etag
    async with transaction():
        made = await BusyCalendar.create(
            agent_id=agent_id, kind=source.kind, url=reading.seal.close(source.url), username=form.username,
            sealed_password=reading.seal.close(form.password), etag=etag, due_at=now + EVERY,
            worked_at=None if source.kind == SERVER else now,
        )  # fmt: skip
        await _write(made.id, agent_id, intervals)
    return changed("busy_calendar", made.id, "created", actor, agent_id)


class ChoiceForm(BaseModel):
    """Which of a server's calendars: a Collection's key."""

    calendar: Annotated[str, StringConstraints(pattern="^[0-9a-f]{24}$")]


async def choices(*, agent_id: str, entry_id: str, reading: Reading) -> list[Collection]:
    """Return the calendars on a server that was linked. Raises EntryUnknown, CalendarUnreadable's kinds."""
    return await discover(_source(await _unchosen(agent_id, entry_id), reading), allowed=reading.allowed)


async def choose_calendar(
    form: ChoiceForm, *, now: datetime, actor: Actor, agent_id: str, entry_id: str, reading: Reading
) -> Changed:
    """Read the calendar of a server that was chosen, and keep it. Raises EntryUnknown, CalendarUnreadable's kinds."""
    calendar = await _unchosen(agent_id, entry_id)
    server = _source(calendar, reading)
    found = {each.key: each for each in await discover(server, allowed=reading.allowed)}
    if form.calendar not in found:
        raise NoCalendarThere
    source = replace(server, kind="caldav", url=found[form.calendar].url)
    fetched, intervals = await _read(source, agent_id, now, reading)
    async with transaction():
        kept = await BusyCalendar.filter(id=calendar.id, kind=SERVER).update(
            kind=source.kind, url=reading.seal.close(source.url), etag=fetched.etag, due_at=now + EVERY, worked_at=now
        )
        if kept:
            await _write(calendar.id, agent_id, intervals)
    return changed("busy_calendar", calendar.id, "updated", actor, agent_id)


async def _unchosen(agent_id: str, entry_id: str) -> BusyCalendar:
    calendar = await BusyCalendar.get_or_none(id=entry_id, agent_id=agent_id, kind=SERVER)
    if calendar is None:
        raise EntryUnknown
    return calendar


def _source(calendar: BusyCalendar, reading: Reading) -> Source:
    seal = reading.seal
    return Source(calendar.kind, seal.open(calendar.url), calendar.username, seal.open(calendar.sealed_password))


async def remove_calendar(*, actor: Actor, agent_id: str, entry_id: str) -> Changed:
    """Forget a calendar and the busy time that it gave. Raises EntryUnknown."""
    if not await BusyCalendar.filter(id=entry_id, agent_id=agent_id).delete():
        raise EntryUnknown
    return changed("busy_calendar", entry_id, "deleted", actor, agent_id)


async def _read(
    source: Source, agent_id: str, now: datetime, reading: Reading, etag: str = ""
) -> tuple[Fetched, list[Interval] | None]:
    """Return what a calendar holds, and the busy intervals; None if it has not changed."""
    zones = await Agent.filter(id=agent_id).values_list("timezone", flat=True)
    if not zones:
        raise AgentUnknown
    start, end = now - PAST, now + AHEAD
    fetched = await fetch(source, start, end, allowed=reading.allowed, etag=etag)
    if fetched.texts is None:
        return fetched, None
    found = await unfold_apart(fetched.texts, start, end, str(zones[0]))
    ids = sorted(own_appointment_ids(found))
    ours: set[str] = set()
    for first in range(0, len(ids), CHUNK):
        known = await Appointment.filter(id__in=ids[first : first + CHUNK]).values_list("id", flat=True)
        ours.update(str(each) for each in known)
    return fetched, taken(found, ours, await _own_times(agent_id, start, end))


async def _own_times(agent_id: str, start: datetime, end: datetime) -> list[Interval]:
    """Return when an agent's appointments with us are, within a window."""
    booked = Appointment.filter(agent_id=agent_id, status__in=[*WAITED_FOR], starts_at__lt=end, ends_at__gt=start)
    rows = await booked.values_list("starts_at", "ends_at")
    return [(instant(first), instant(last)) for first, last in rows]


async def _write(calendar_id: str, agent_id: str, intervals: list[Interval] | None) -> None:
    if intervals is None:
        return
    await BusyTime.filter(calendar_id=calendar_id).delete()
    await BusyTime.bulk_create(
        [
            BusyTime(calendar_id=calendar_id, agent_id=agent_id, starts_at=moment(start), ends_at=moment(end))
            for start, end in intervals
        ],
        batch_size=CHUNK,
    )


def _free(now: datetime) -> Q:
    return Q(due_at__lte=now) & (Q(leased_until=None) | Q(leased_until__lte=now)) & Q(kind__not=SERVER)


async def claim_due(*, now: datetime, limit: int) -> list[BusyCalendar]:
    """Take up to `limit` calendars that are due for reading; nobody else gets them until the lease ends."""
    claimed = []
    for each in await BusyCalendar.filter(_free(now)).order_by("due_at").limit(limit):
        if await BusyCalendar.filter(_free(now), id=each.id).update(leased_until=now + LEASE):
            claimed.append(each)
    return claimed


async def refresh(calendar: BusyCalendar, *, now: datetime, reading: Reading) -> bool:
    """Read a claimed calendar again; return whether that worked. What was known stays while it does not."""
    agent_id: str = calendar.agent_id  # type: ignore[attr-defined]
    # A day's window has moved on since: the same file may then hold something new.
    etag = calendar.etag if calendar.worked_at and calendar.worked_at.date() == now.date() else ""
    try:
        fetched, intervals = await _read(_source(calendar, reading), agent_id, now, reading, etag)
    except CalendarUnreadable as error:
        await _note_failure(calendar, now, error.code)
        return False
    async with transaction():
        there = await BusyCalendar.filter(id=calendar.id).update(
            etag=fetched.etag, due_at=now + EVERY, leased_until=None, worked_at=now, failing_since=None, told_at=None,
            last_error="",
        )  # fmt: skip
        if there:  # it may have been removed in the meantime
            await _write(calendar.id, agent_id, intervals)
    return True


async def _note_failure(calendar: BusyCalendar, now: datetime, code: str) -> None:
    since = calendar.failing_since or now
    delay = min(max(EVERY, now - since), LONGEST_RETRY)
    await BusyCalendar.filter(id=calendar.id).update(
        due_at=now + delay, leased_until=None, failing_since=since, last_error=code
    )


async def claim_untold(*, now: datetime) -> list[BusyCalendar]:
    """Return the calendars that have been failing for a while and whose agents are to be told now, once a failure."""
    untold = BusyCalendar.filter(failing_since__lte=now - TOLD_AFTER, told_at=None).prefetch_related("agent")
    return [each for each in await untold if await BusyCalendar.filter(id=each.id, told_at=None).update(told_at=now)]


async def untell(calendar_id: str) -> None:
    """Note that an agent could not be told after all, so that it is tried again."""
    await BusyCalendar.filter(id=calendar_id).update(told_at=None)
