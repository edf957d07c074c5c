"""The JSON calls under /api/v1; `booking.api.operations` describes them."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel

from booking.api.auth import Caller, booker, holder, reader
from booking.api.public import PublicAppointment, as_written, public_appointment
from booking.book import book
from booking.change import cancel, reschedule
from booking.engine import search
from booking.engine.offer import HOME
from booking.fairness import person_hash
from booking.idempotency import Once
from booking.passes import issue_calendar, issue_manage
from booking.schemas import (
    AppointmentOut,
    AppointmentRequest,
    Availability,
    AvailabilityQuery,
    CancelRequest,
    Links,
    RescheduleRequest,
    ServiceOut,
    Services,
    ServicesQuery,
    SiteAvailabilityOut,
    SiteOut,
    Sites,
    SitesQuery,
    Slots,
    SlotsQuery,
)
from teleconsult.clock import utcnow
from teleconsult.errors import Invalid
from teleconsult.web.events import publish
from teleconsult.web.forms import read_json, validate
from teleconsult.web.i18n import language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.tokens import SIGNER

MAX_IDEMPOTENCY_KEY = 255
F = TypeVar("F", search.ServiceFound, search.SiteFound)
NEVER_KEPT = {"Cache-Control": "no-store"}


async def list_services(request: web.Request) -> web.StreamResponse:
    """GET /api/v1/services."""
    await reader(request)
    query = validate(request, ServicesQuery, dict(request.query))
    found = await search.services(query.department, after=query.cursor, limit=query.limit + 1)
    items, following = _page(found, query.limit)
    return _json(Services(items=[_service(each, language(request)) for each in items], next=following))


async def list_sites(request: web.Request) -> web.StreamResponse:
    """GET /api/v1/sites."""
    await reader(request)
    query = validate(request, SitesQuery, dict(request.query))
    found = await search.sites(query.near, query.department, after=query.cursor, limit=query.limit + 1)
    items, following = _page(found, query.limit)
    return _json(Sites(items=[_site(each) for each in items], next=following))


async def list_slots(request: web.Request) -> web.StreamResponse:
    """GET /api/v1/slots."""
    await reader(request)
    query = validate(request, SlotsQuery, dict(request.query))
    found = await search.slots(
        now=utcnow(),
        service_id=query.service,
        site_id=query.site,
        first_day=query.first_day,
        days=query.days,
        mode=query.mode,
    )
    return _json(Slots(items=found, next=None))


async def list_availability(request: web.Request) -> web.StreamResponse:
    """GET /api/v1/availability."""
    await reader(request)
    query = validate(request, AvailabilityQuery, dict(request.query))
    latitude, longitude = query.near
    found = await search.availability(
        now=utcnow(),
        service_id=query.service,
        latitude=latitude,
        longitude=longitude,
        limit=query.limit,
        mode=query.mode,
    )
    items = [
        SiteAvailabilityOut(
            site=_site(each.site),
            distance_km=round(each.distance_km, 1),
            first_slot=each.first_slot,
        )
        for each in found
    ]
    return _json(Availability(items=items, next=None))


async def create_appointment(request: web.Request) -> web.StreamResponse:
    """POST /api/v1/appointments."""
    caller = await booker(request)
    wanted = await read_json(request, AppointmentRequest)
    done = await book(
        now=utcnow(),
        service_id=wanted.service,
        site_id=wanted.site,
        start=wanted.start,
        citizen=wanted.citizen,
        needs=wanted.needs,
        mode=wanted.mode,
        actor=caller.actor,
        channel=caller.channel,
        person=_counted(request, caller, wanted),
        once=_once(request, caller, wanted),
    )
    await publish(request.app, done.events)
    if not done.timezone:
        return await _appointment(request, done.appointment.id, status=201)
    return _answer(request, as_written(done.appointment, done.timezone), status=201)


async def read_appointment(request: web.Request) -> web.StreamResponse:
    """GET /api/v1/appointments/{id}."""
    appointment_id = request.match_info["id"]
    await holder(request, appointment_id, utcnow())
    return await _appointment(request, appointment_id)


async def reschedule_appointment(request: web.Request) -> web.StreamResponse:
    """POST /api/v1/appointments/{id}/reschedule."""
    now, appointment_id = utcnow(), request.match_info["id"]
    actor = await holder(request, appointment_id, now)
    wanted = await read_json(request, RescheduleRequest)
    done = await reschedule(
        now=now, appointment_id=appointment_id, start=wanted.start, site_id=wanted.site, actor=actor
    )
    await publish(request.app, done.events)
    return await _appointment(request, appointment_id)


async def cancel_appointment(request: web.Request) -> web.StreamResponse:
    """POST /api/v1/appointments/{id}/cancel; the body may be left out."""
    now, appointment_id = utcnow(), request.match_info["id"]
    actor = await holder(request, appointment_id, now)
    wanted = await read_json(request, CancelRequest) if request.can_read_body else CancelRequest()
    done = await cancel(now=now, appointment_id=appointment_id, actor=actor, reason=wanted.reason)
    await publish(request.app, done.events)
    return await _appointment(request, appointment_id)


def _counted(request: web.Request, caller: Caller, wanted: AppointmentRequest) -> str:
    """Return by what a citizen's appointments to come are counted; a partner answers for its own."""
    if caller.partner:
        return ""
    return person_hash(key=request.app[SETTINGS].signing_key, citizen=wanted.citizen, site_id=wanted.site)


def _once(request: web.Request, caller: Caller, wanted: BaseModel) -> Once | None:
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        return None
    if len(key) > MAX_IDEMPOTENCY_KEY:
        message = f"<= {MAX_IDEMPOTENCY_KEY}"
        raise Invalid(errors=[{"field": "Idempotency-Key", "code": "string_too_long", "message": message}])
    return Once(caller.scope, key, hashlib.sha256(wanted.model_dump_json().encode()).hexdigest())


async def _appointment(request: web.Request, appointment_id: str, status: int = 200) -> web.Response:
    return _answer(request, await public_appointment(appointment_id), status)


def _answer(request: web.Request, found: PublicAppointment, status: int) -> web.Response:
    body = _shown(found, _links(request, found))
    headers = {"Location": body.links.self} if status == 201 else {}
    return _json(body, status=status, headers=NEVER_KEPT | headers)


def _shown(found: PublicAppointment, links: Links) -> AppointmentOut:
    return AppointmentOut(
        id=found.id,
        reference=found.reference,
        status=found.status,
        outcome=found.outcome,
        service=found.service_id,
        site=found.site_id,
        mode="home" if found.mode == HOME else "kiosk",
        kiosk=found.kiosk_id,
        start=found.start,
        end=found.end,
        timezone=found.timezone,
        links=links,
    )


def _links(request: web.Request, found: PublicAppointment) -> Links:
    origin, signer = request.app[SETTINGS].origin, request.app[SIGNER]
    manage = issue_manage(signer, appointment_id=found.id, ends_at=found.end)
    calendar = issue_calendar(signer, appointment_id=found.id, ends_at=found.end)
    return Links(
        self=f"{origin}/api/v1/appointments/{found.id}",
        manage=f"{origin}/rdv/{manage}",
        pass_=f"{origin}/rdv/{manage}/pass",
        calendar=f"{origin}/calendar/{calendar}.ics",
    )


def _service(found: search.ServiceFound, language: str) -> ServiceOut:
    return ServiceOut(
        id=found.id,
        slug=found.slug,
        name=found.called(language),
        organisation=(found.organisation_en if language == "en" else "") or found.organisation,
        summary=(found.summary_en if language == "en" else "") or found.summary,
        duration_minutes=found.duration_minutes,
        documents=[each.get(language) or each["fr"] for each in found.documents],
        modes=["home" if each == HOME else "kiosk" for each in found.modes],
        walk_in=found.walk_in,
    )


def _site(found: search.SiteFound) -> SiteOut:
    distance = round(found.distance_km, 1) if found.distance_km is not None else None
    return SiteOut(
        id=found.id, name=found.name, commune=found.commune, department=found.department, address=found.address,
        postcode=found.postcode, latitude=found.latitude, longitude=found.longitude, timezone=found.timezone,
        distance_km=distance, kiosks=found.kiosks,
    )  # fmt: skip


def _page(found: Sequence[F], limit: int) -> tuple[Sequence[F], str | None]:
    """Return the items of this page, and the cursor of the next when one more was found."""
    items = found[:limit]
    return items, items[-1].id if len(found) > limit else None


def _json(body: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    text = body.model_dump_json(by_alias=True)
    return web.Response(text=text, status=status, content_type="application/json", headers=headers)
