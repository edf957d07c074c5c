"""Verbs and read models of the back office: agents, their services and their accounts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, EmailStr, Field, StringConstraints
from pydantic_core import PydanticCustomError

from booking.errors import AgentUnknown
from booking.lifecycle import Actor, Status
from booking.models import Agent, Appointment, Organisation, Service, Site, Workplace
from booking.office.errors import AccountTaken, OrganisationUnknown
from booking.office.record import Changed, changed
from booking.office.schemas import DEPARTMENTS_ERROR
from booking.sites.territories import department_code, territory
from teleconsult.accounts.models import Account
from teleconsult.accounts.roles import Role
from teleconsult.database import transaction
from teleconsult.web.i18n import N_

ZONE_ERROR = N_("Ce fuseau horaire n’existe pas.")


def _zone(value: Any) -> Any:
    if value not in available_timezones():
        raise PydanticCustomError("zone", ZONE_ERROR)
    return value


def _department(value: Any) -> Any:
    code = department_code(str(value)) if value else ""
    if code and territory(code) is None:
        raise PydanticCustomError("departments", DEPARTMENTS_ERROR)
    return code


Zone = Annotated[str, BeforeValidator(_zone)]
Department = Annotated[str, BeforeValidator(_department)]


class AgentForm(BaseModel):
    """A State officer."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    email: Annotated[EmailStr, Field(max_length=254)]
    organisation_id: str
    account_id: str | None = None
    language: Annotated[str, StringConstraints(pattern="^(fr|en)$")] = "fr"
    timezone: Zone = "Europe/Paris"
    department: Department = ""
    works_on_holidays: bool = False
    daily_maximum: Annotated[int, Field(ge=1, le=50)] | None = None
    services: list[str] = Field(default_factory=list)
    active: bool = False


@dataclass(frozen=True, kw_only=True)
class AgentLine:
    """An agent in the list."""

    id: str
    name: str
    organisation: str
    active: bool
    services: tuple[str, ...]
    has_account: bool
    has_hours: bool


@dataclass(frozen=True, kw_only=True)
class AgentCard:
    """An agent's own page, but for the calendar. `to_come`: appointments that are booked."""

    id: str
    name: str
    email: str
    organisation: str
    account: str
    timezone: str
    active: bool
    daily_maximum: int | None
    department: str
    services: tuple[str, ...]
    to_come: int


async def agents_list(language: str) -> list[AgentLine]:
    """Return every agent, those who work first, by name. Three queries."""
    provided: dict[str, list[str]] = {}
    query = Service.filter(agents__id__isnull=False).order_by("name")
    for row in await query.values("name", "name_en", agent="agents__id"):
        provided.setdefault(row["agent"], []).append((row["name_en"] if language == "en" else "") or row["name"])
    with_hours = set(await Agent.filter(hours__id__isnull=False).distinct().values_list("id", flat=True))
    columns = ("id", "name", "active", "account_id")
    rows = await Agent.all().order_by("-active", "name").values(*columns, organisation="organisation__name")
    return [
        AgentLine(
            id=row["id"], name=row["name"], organisation=row["organisation"], active=row["active"],
            services=tuple(provided.get(row["id"], ())), has_account=row["account_id"] is not None,
            has_hours=row["id"] in with_hours,
        )
        for row in rows
    ]  # fmt: skip


async def agent_card(agent_id: str, now: datetime, language: str = "fr") -> AgentCard:
    """Return an agent. Raises AgentUnknown."""
    columns = ("id", "name", "email", "timezone", "active", "daily_maximum", "department")
    rows = await Agent.filter(id=agent_id).values(*columns, organisation="organisation__name", account="account__email")
    if not rows:
        raise AgentUnknown
    services = await Service.filter(agents__id=agent_id).order_by("name").values("name", "name_en")
    return AgentCard(
        **rows[0] | {"account": rows[0]["account"] or ""},
        services=tuple((row["name_en"] if language == "en" else "") or row["name"] for row in services),
        to_come=await Appointment.filter(agent_id=agent_id, status=Status.BOOKED, ends_at__gt=now).count(),
    )


async def agent_values(agent_id: str) -> dict[str, Any]:
    """Return an agent as its form shows it. Raises AgentUnknown."""
    agent = await Agent.get_or_none(id=agent_id)
    if agent is None:
        raise AgentUnknown
    values = {name: getattr(agent, name) for name in AgentForm.model_fields if name != "services"}
    return values | {"services": await Service.filter(agents__id=agent_id).values_list("id", flat=True)}


async def save_agent(form: AgentForm, *, actor: Actor, agent_id: str | None = None) -> Changed:
    """Create an agent, or change one. Raises AgentUnknown, OrganisationUnknown, AccountTaken."""
    fields = form.model_dump(exclude={"services"})
    async with transaction():
        if not await Organisation.exists(id=form.organisation_id):
            raise OrganisationUnknown
        if form.account_id and await Agent.filter(account_id=form.account_id).exclude(id=agent_id or "").exists():
            raise AccountTaken
        if agent_id is None:
            agent = await Agent.create(**fields)
        else:
            await Agent.filter(id=agent_id).update(**fields)
            found = await Agent.get_or_none(id=agent_id)
            if found is None:
                raise AgentUnknown
            agent = found
        await _provide(agent, form.services)
    return changed("agent", agent.id, "updated" if agent_id else "created", actor)


async def _provide(agent: Agent, chosen: list[str]) -> None:
    """Let an agent provide the chosen services, and those that are retired: they may be offered again."""
    retired = await Service.filter(agents__id=agent.id, retired_at__isnull=False)
    offered = await Service.filter(id__in=chosen, retired_at__isnull=True) if chosen else []
    await agent.services.clear()
    if provided := [*retired, *offered]:
        await agent.services.add(*provided)


async def account_choices() -> list[tuple[str, str]]:
    """Return (id, e-mail) of the accounts that have the agent's role."""
    rows = await Account.filter(active=True).order_by("email").values("id", "email", "roles")
    return [(row["id"], row["email"]) for row in rows if Role.AGENT in row["roles"]]


async def service_choices(language: str) -> list[tuple[str, str]]:
    """Return (id, name) of every service that is offered."""
    rows = await Service.filter(retired_at__isnull=True).order_by("name").values("id", "name", "name_en")
    return [(row["id"], (row["name_en"] if language == "en" else "") or row["name"]) for row in rows]


async def reach_choices(agent_id: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return (id, name) of the workplaces of an agent's organisation, and of the houses that it serves.

    Raises AgentUnknown.
    """
    rows = await Agent.filter(id=agent_id).values("organisation_id", departments="organisation__departments")
    if not rows:
        raise AgentUnknown
    places = Workplace.filter(organisation_id=rows[0]["organisation_id"]).order_by("name")
    houses = Site.filter(active=True, department__in=rows[0]["departments"] or [""]).order_by("commune", "name")
    return (
        [(str(key), str(name)) for key, name in await places.values_list("id", "name")],
        [(str(key), f"{commune} – {name}") for key, commune, name in await houses.values_list("id", "commune", "name")],
    )
