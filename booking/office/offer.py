"""Verbs and read models of the back office: organisations with their workplaces and rooms, and services."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.exceptions import IntegrityError

from booking.errors import ServiceUnknown
from booking.lifecycle import Actor, Status
from booking.models import Agent, Appointment, Organisation, Room, Service, Workplace
from booking.office.errors import OrganisationUnknown, RoomUnknown, WorkplaceUnknown
from booking.office.record import Changed, changed
from booking.office.schemas import OrganisationForm, RoomForm, ServiceForm, WorkplaceForm
from teleconsult.database import new_id, transaction

SLUG_LENGTH = 70
HOUR = 60


@dataclass(frozen=True, kw_only=True)
class ServiceLine:
    """A service in the list. `agents`: how many active agents provide it; `to_come`: appointments that are booked."""

    id: str
    name: str
    minutes: int
    retired: bool
    agents: int
    to_come: int


@dataclass(frozen=True, kw_only=True)
class OrganisationLine:
    """An organisation with its services, those that are offered first."""

    id: str
    name: str
    departments: tuple[str, ...]
    services: tuple[ServiceLine, ...]


@dataclass(frozen=True, kw_only=True)
class RoomLine:
    """A room of a workplace."""

    id: str
    name: str
    in_service: bool


@dataclass(frozen=True, kw_only=True)
class WorkplaceLine:
    """A workplace and its rooms."""

    id: str
    name: str
    address: str
    rooms: tuple[RoomLine, ...]


@dataclass(frozen=True, kw_only=True)
class OrganisationView:
    """An organisation's own page."""

    id: str
    name: str
    requires_room: bool
    workplaces: tuple[WorkplaceLine, ...]


async def offer(now: datetime, language: str) -> list[OrganisationLine]:
    """Return every organisation with its services, by name. Four queries."""
    to_come: dict[str, int] = {}
    booked = Appointment.filter(status=Status.BOOKED, ends_at__gt=now)
    for service_id in await booked.values_list("service_id", flat=True):
        to_come[str(service_id)] = to_come.get(str(service_id), 0) + 1
    agents: dict[str, int] = {}
    for service_id in await Agent.filter(active=True).values_list("services__id", flat=True):
        agents[str(service_id)] = agents.get(str(service_id), 0) + 1
    services: dict[str, list[ServiceLine]] = {}
    columns = ("id", "organisation_id", "name", "name_en", "duration_minutes", "retired_at")
    for row in await Service.all().order_by("name").values(*columns):
        line = ServiceLine(
            id=row["id"],
            name=_named(row, language),
            minutes=row["duration_minutes"],
            retired=row["retired_at"] is not None,
            agents=agents.get(row["id"], 0),
            to_come=to_come.get(row["id"], 0),
        )
        services.setdefault(row["organisation_id"], []).append(line)
    return [
        OrganisationLine(
            id=row["id"],
            name=_named(row, language),
            departments=tuple(row["departments"]),
            services=tuple(sorted(services.get(row["id"], ()), key=lambda line: line.retired)),
        )
        for row in await Organisation.all().order_by("name").values("id", "name", "name_en", "departments")
    ]


def _named(row: Mapping[str, Any], language: str) -> str:
    return str((row["name_en"] if language == "en" else "") or row["name"])


async def organisation_view(organisation_id: str, language: str) -> OrganisationView:
    """Return an organisation with its workplaces. Raises OrganisationUnknown."""
    found = await Organisation.get_or_none(id=organisation_id)
    if found is None:
        raise OrganisationUnknown
    rooms: dict[str, list[RoomLine]] = {}
    query = Room.filter(workplace__organisation_id=organisation_id).order_by("name")
    for row in await query.values("id", "workplace_id", "name", "in_service"):
        rooms.setdefault(row.pop("workplace_id"), []).append(RoomLine(**row))
    places = await Workplace.filter(organisation_id=organisation_id).order_by("name").values("id", "name", "address")
    return OrganisationView(
        id=found.id,
        name=(found.name_en if language == "en" else "") or found.name,
        requires_room=found.requires_room,
        workplaces=tuple(WorkplaceLine(**row, rooms=tuple(rooms.get(row["id"], ()))) for row in places),
    )


async def organisation_names() -> list[tuple[str, str]]:
    """Return (id, name) of every organisation, by name."""
    return [(str(key), str(name)) for key, name in await Organisation.all().order_by("name").values_list("id", "name")]


async def organisation_values(organisation_id: str) -> dict[str, Any]:
    """Return an organisation as its form shows it. Raises OrganisationUnknown."""
    rows = await Organisation.filter(id=organisation_id).values(
        "name", "name_en", "departments", "offices", "requires_room"
    )
    if not rows:
        raise OrganisationUnknown
    offices = (f"{each['address']} | {each['latitude']} | {each['longitude']}" for each in rows[0]["offices"])
    return rows[0] | {"departments": ", ".join(rows[0]["departments"]), "offices": "\n".join(offices)}


async def save_organisation(form: OrganisationForm, *, actor: Actor, organisation_id: str | None = None) -> Changed:
    """Create an organisation, or change one. Raises OrganisationUnknown."""
    fields = form.model_dump()
    if organisation_id is None:
        made = await _with_slug(Organisation, form.name, fields)
        return changed("organisation", made, "created", actor)
    if not await Organisation.filter(id=organisation_id).update(**fields):
        raise OrganisationUnknown
    return changed("organisation", organisation_id, "updated", actor)


async def _with_slug(model: type[Organisation] | type[Service], name: str, fields: dict[str, Any]) -> str:
    """Create a row whose slug is made from its name, with a few characters more if another one has it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH] or "offre"
    try:
        async with transaction():
            return (await model.create(slug=slug, **fields)).id
    except IntegrityError:
        return (await model.create(slug=f"{slug}-{new_id()[:8]}", **fields)).id


async def workplace_values(workplace_id: str) -> dict[str, Any]:
    """Return a workplace as its form shows it. Raises WorkplaceUnknown."""
    rows = await Workplace.filter(id=workplace_id).values("name", "address")
    if not rows:
        raise WorkplaceUnknown
    return rows[0]


async def save_workplace(
    form: WorkplaceForm, *, actor: Actor, organisation_id: str, workplace_id: str | None = None
) -> Changed:
    """Create a workplace, or change one. Raises OrganisationUnknown, WorkplaceUnknown."""
    if not await Organisation.exists(id=organisation_id):
        raise OrganisationUnknown
    if workplace_id is None:
        made = await Workplace.create(organisation_id=organisation_id, **form.model_dump())
        return changed("workplace", made.id, "created", actor)
    if not await Workplace.filter(id=workplace_id, organisation_id=organisation_id).update(**form.model_dump()):
        raise WorkplaceUnknown
    return changed("workplace", workplace_id, "updated", actor)


async def room_values(room_id: str) -> dict[str, Any]:
    """Return a room as its form shows it. Raises RoomUnknown."""
    rows = await Room.filter(id=room_id).values("name", "email", "in_service")
    if not rows:
        raise RoomUnknown
    return rows[0]


async def save_room(form: RoomForm, *, actor: Actor, workplace_id: str, room_id: str | None = None) -> Changed:
    """Create a room, or change one. Raises WorkplaceUnknown, RoomUnknown."""
    if not await Workplace.exists(id=workplace_id):
        raise WorkplaceUnknown
    fields = form.model_dump() | {"email": form.email or ""}
    if room_id is None:
        made = await Room.create(workplace_id=workplace_id, **fields)
        return changed("room", made.id, "created", actor)
    if not await Room.filter(id=room_id, workplace_id=workplace_id).update(**fields):
        raise RoomUnknown
    return changed("room", room_id, "updated", actor)


async def service_values(service_id: str) -> dict[str, Any]:
    """Return a service as its form shows it, with `retired`. Raises ServiceUnknown."""
    found = await Service.get_or_none(id=service_id)
    if found is None:
        raise ServiceUnknown(service=service_id)
    values = {name: getattr(found, name, None) for name in ServiceForm.model_fields}
    english = [paper.get("en", "") for paper in found.documents]
    return values | {
        "keywords": ", ".join(found.keywords),
        "papers": "\n".join(paper["fr"] for paper in found.documents),
        "papers_en": "\n".join(english) if all(english) else "",
        "reminder_hours": found.reminder_minutes // HOUR,
        "retired": found.retired_at is not None,
    }


async def save_service(form: ServiceForm, *, actor: Actor, service_id: str | None = None) -> Changed:
    """Create a service, or change one; appointments that are booked stay as they are.

    Raises OrganisationUnknown, ServiceUnknown.
    """
    if not await Organisation.exists(id=form.organisation_id):
        raise OrganisationUnknown
    fields = form.model_dump(exclude={"papers", "papers_en", "reminder_hours"})
    fields["reminder_minutes"] = form.reminder_hours * HOUR
    fields["interpreter_email"] = form.interpreter_email or ""
    english = form.papers_en or [""] * len(form.papers)
    fields["documents"] = [
        {"fr": french} | ({"en": text} if text else {}) for french, text in zip(form.papers, english, strict=True)
    ]
    if service_id is None:
        return changed("service", await _with_slug(Service, form.name, fields), "created", actor)
    if not await Service.filter(id=service_id).update(**fields):
        raise ServiceUnknown(service=service_id)
    return changed("service", service_id, "updated", actor)


async def retire_service(*, now: datetime, actor: Actor, service_id: str) -> Changed:
    """Offer a service no longer: nobody can book it, its past and what is booked stay. Raises ServiceUnknown."""
    if not await Service.exists(id=service_id):
        raise ServiceUnknown(service=service_id)
    await Service.filter(id=service_id, retired_at__isnull=True).update(retired_at=now)
    return changed("service", service_id, "retired", actor)


async def restore_service(*, actor: Actor, service_id: str) -> Changed:
    """Offer a retired service again. Raises ServiceUnknown."""
    if not await Service.filter(id=service_id).update(retired_at=None):
        raise ServiceUnknown(service=service_id)
    return changed("service", service_id, "restored", actor)
