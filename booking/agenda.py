"""Appointments as pages show them: read models, each read in one query or a few, frozen, never a model."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from booking.engine.availability import local_midnight, moment
from booking.engine.queries import run
from booking.errors import AgentUnknown, AppointmentUnknown, SiteUnknown
from booking.lifecycle import ActorKind, Status
from booking.models import Agent, Appointment, Site, Transition


@dataclass(frozen=True, kw_only=True)
class AgendaItem:
    """An appointment in a list. Instants are UTC, `timezone` is the house's; `outcome` is empty until it is noted."""

    id: str
    reference: str
    status: Status
    outcome: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    checked_in_at: datetime | None
    call_started_at: datetime | None
    closed_at: datetime | None
    given_name: str
    family_name: str
    email: str
    phone: str
    language: str
    needs: tuple[str, ...]
    channel: str
    service_id: str
    service: str
    site_id: str
    site: str
    commune: str
    kiosk_id: str
    kiosk: str
    agent_id: str
    agent: str
    agent_timezone: str
    displaced: str  # why it must be placed anew; empty when it need not
    late_minutes: int  # how late the agent said to be
    agent_answer: str  # what the agent's calendar answered to the invitation: accepted, tentative, declined, or nothing
    citizen_answer: str
    mode: str  # kiosk, or home: then `kiosk` and `kiosk_id` are empty
    room: str = ""  # the shared video room that the agent sits in, if one was taken

    @property
    def citizen(self) -> str:
        """The citizen's name as the agent and the house see it."""
        return f"{self.given_name} {self.family_name}"

    @property
    def minutes(self) -> int:
        """How long it is planned to last."""
        return int((self.ends_at - self.starts_at) / timedelta(minutes=1))


@dataclass(frozen=True, kw_only=True)
class Step:
    """A recorded transition: from `before` (None: it was booked) to `after`; booked to booked is a move."""

    before: Status | None
    after: Status
    at: datetime
    actor_kind: ActorKind
    reason: str


@dataclass(frozen=True, kw_only=True)
class Related:
    """The appointment that this one follows, or that follows it."""

    id: str
    reference: str
    starts_at: datetime
    status: Status


@dataclass(frozen=True, kw_only=True)
class AppointmentView(AgendaItem):
    """An appointment with everything that its own page shows. `papers` are those to bring."""

    sequence: int
    booked_at: datetime
    outcome_note: str
    cancel_reason: str
    organisation: str
    papers: tuple[str, ...]
    address: str
    site_phone: str
    latitude: float
    longitude: float
    agent_email: str
    agent_account_id: str | None
    follow_up_of: Related | None
    follow_ups: tuple[Related, ...]
    series: tuple[Related, ...]  # all of its series, in order; empty when it stands alone
    booked_by: str  # who booked it for the citizen, if somebody else did
    companions: int
    history: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class AgentFound:
    """An agent."""

    id: str
    name: str
    timezone: str
    email: str


_COLUMNS = {
    "timezone": "site__timezone", "service": "service__name", "service_en": "service__name_en", "site": "site__name",
    "commune": "site__commune", "kiosk": "kiosk__name", "agent": "agent__name", "agent_timezone": "agent__timezone",
    "room": "room__name",
}  # fmt: skip
_COLUMNS_OF_ONE = _COLUMNS | {
    "organisation": "service__organisation__name", "organisation_en": "service__organisation__name_en",
    "documents": "service__documents", "street": "site__address", "postcode": "site__postcode",
    "site_phone": "site__phone", "latitude": "site__latitude", "longitude": "site__longitude",
    "agent_email": "agent__email", "agent_account_id": "agent__account_id",
}  # fmt: skip
_OWN = tuple(each.name for each in fields(AgendaItem) if each.name not in _COLUMNS)
_OWN_OF_ONE = (
    *_OWN, "sequence", "booked_at", "outcome_note", "cancel_reason", "follow_up_of_id", "booked_by", "companions",
    "series_id",
)  # fmt: skip

V = TypeVar("V", bound=AgendaItem)


async def agent_of(*, account_id: str) -> AgentFound | None:
    """Return the agent whose account this is, or None."""
    rows = await Agent.filter(account_id=account_id, active=True).limit(1).values("id", "name", "timezone", "email")
    return AgentFound(**rows[0]) if rows else None


async def agent_of_id(agent_id: str) -> AgentFound:
    """Return an agent. Raises AgentUnknown."""
    rows = await Agent.filter(id=agent_id).values("id", "name", "timezone", "email")
    if not rows:
        raise AgentUnknown
    return AgentFound(**rows[0])


async def agent_days(*, agent_id: str, first: date, last: date, language: str = "fr") -> list[AgendaItem]:
    """Return an agent's appointments from one day to another, both included, in the agent's zone, in order.

    Raises AgentUnknown.
    """
    zones = await Agent.filter(id=agent_id).values_list("timezone", flat=True)
    if not zones:
        raise AgentUnknown
    return await _items({"agent_id": agent_id}, ZoneInfo(str(zones[0])), first, last, language)


async def agent_day(agent_id: str, day: date, language: str = "fr") -> list[AgendaItem]:
    """Return an agent's appointments of a day in the agent's zone, in order. Raises AgentUnknown."""
    return await agent_days(agent_id=agent_id, first=day, last=day, language=language)


async def site_day(site_id: str, day: date, language: str = "fr") -> list[AgendaItem]:
    """Return a house's appointments of a day in the house's zone, in order. Raises SiteUnknown."""
    zones = await Site.filter(id=site_id).values_list("timezone", flat=True)
    if not zones:
        raise SiteUnknown
    return await _items({"site_id": site_id}, ZoneInfo(str(zones[0])), day, day, language)


async def displaced_items(
    *, now: datetime, agent_id: str | None = None, site_id: str | None = None, language: str = "fr"
) -> list[AgendaItem]:
    """Return the appointments of an agent, of a house or of everybody that still need another slot, in order."""
    owners = {"agent_id": agent_id, "site_id": site_id}
    where = {name: value for name, value in owners.items() if value is not None}
    query = Appointment.filter(status=Status.BOOKED, ends_at__gt=now, **where).exclude(displaced="")
    rows = await query.order_by("starts_at", "id").values(*_OWN, **_COLUMNS)
    return [_view(AgendaItem, row, language) for row in rows]


async def appointment_view(appointment_id: str, language: str = "fr") -> AppointmentView:
    """Return an appointment with its history, texts in a language. Raises AppointmentUnknown."""
    rows = await Appointment.filter(id=appointment_id).values(*_OWN_OF_ONE, **_COLUMNS_OF_ONE)
    if not rows:
        raise AppointmentUnknown
    row = rows[0]
    row["organisation"] = _in_language(row["organisation"], row.pop("organisation_en"), language)
    row["papers"] = tuple(paper.get(language) or paper["fr"] for paper in row.pop("documents"))
    row["address"] = ", ".join(filter(None, (row.pop("street"), f"{row.pop('postcode')} {row['commune']}".strip())))
    followed = row.pop("follow_up_of_id")
    before = await _related({"id": followed}) if followed else []
    after = await _related({"follow_up_of_id": appointment_id})
    series_id = row.pop("series_id")
    series = await _related({"series_id": series_id}) if series_id else []
    steps = Transition.filter(appointment_id=appointment_id).order_by("at")
    history = await steps.values("from_status", "to_status", "at", "actor_kind", "reason")
    return _view(
        AppointmentView,
        row,
        language,
        follow_up_of=before[0] if before else None,
        follow_ups=tuple(after),
        series=tuple(series),
        history=tuple(_step(each) for each in history),
    )


async def standing_of(appointment_id: str) -> tuple[Status, datetime]:
    """Return an appointment's status and start, and nothing else: every socket asks. Raises AppointmentUnknown."""
    rows = await run("SELECT status, EPOCH(starts_at) FROM appointment WHERE id = $1", appointment_id)
    if not rows:
        raise AppointmentUnknown
    ((status, starts_at),) = rows
    return Status(status), datetime.fromtimestamp(starts_at, UTC)


async def _items(where: dict[str, str], zone: ZoneInfo, first: date, last: date, language: str) -> list[AgendaItem]:
    since, until = local_midnight(first, zone), local_midnight(last + timedelta(days=1), zone)
    query = Appointment.filter(**where, starts_at__gte=moment(since), starts_at__lt=moment(until))
    rows = await query.order_by("starts_at", "id").values(*_OWN, **_COLUMNS)
    return [_view(AgendaItem, row, language) for row in rows]


async def _related(where: dict[str, str]) -> list[Related]:
    rows = await Appointment.filter(**where).order_by("starts_at").values("id", "reference", "starts_at", "status")
    return [Related(**row | {"status": Status(row["status"])}) for row in rows]


def _view(kind: type[V], row: dict[str, Any], language: str, **more: Any) -> V:
    row["service"] = _in_language(row["service"], row.pop("service_en"), language)
    row["status"] = Status(row["status"])
    row["needs"] = tuple(row["needs"])
    row |= {"kiosk_id": row["kiosk_id"] or "", "kiosk": row["kiosk"] or "", "room": row["room"] or ""}
    return kind(**row, **more)


def _step(row: dict[str, Any]) -> Step:
    return Step(
        before=Status(row["from_status"]) if row["from_status"] else None,
        after=Status(row["to_status"]),
        at=row["at"],
        actor_kind=ActorKind(row["actor_kind"]),
        reason=row["reason"],
    )


def _in_language(french: str, english: str, language: str) -> str:
    return (english if language == "en" else "") or french
