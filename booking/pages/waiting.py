"""The waiting list on the web: joining it, one's own place, and the answer to an offer."""

from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from booking import waiting
from booking.agenda import appointment_view
from booking.engine.search import services, sites
from booking.errors import AlreadyWaiting, NoWaitingList, OfferOver, ServiceUnknown, SiteUnknown
from booking.events import AppointmentCancelled, AppointmentClosed, AppointmentEvent, AppointmentRescheduled
from booking.holds import owner_hash
from booking.notifications.delivery import DELIVERY
from booking.notifications.waiting_mail import issue_waiting, read_waiting
from booking.passes import issue_manage, read_manage
from booking.schemas import Citizen, Identifier, WaitingForm
from booking.waiting import Place
from teleconsult.clock import utcnow
from teleconsult.errors import Conflict, DomainError, Expired, Invalid
from teleconsult.web.events import EVENTS, publish
from teleconsult.web.forms import Form, read_form
from teleconsult.web.i18n import language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.problems import sentence, status_of
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle
from teleconsult.web.ticks import add_tick
from teleconsult.web.tokens import SIGNER

JOIN = "/rdv/waiting"
OWN = "/rdv/offer/{token}"
OFFER_SECONDS = 30
WEEKS = (1, 2, 4, 8)
# For one e-mail address; a house's network is many people, who must not lock each other out.
JOINED_AT_MOST, JOINED_FROM_A_NETWORK, JOINED_SECONDS = 10, 300, 600


class JoinForm(WaitingForm):
    """Who waits, and for what."""

    service: Identifier
    site: Identifier


async def show_join(request: web.Request) -> web.StreamResponse:
    """GET /rdv/waiting?service=<id>&site=<id>: who waits, and until when."""
    return await _join_page(request, None, request.query.get("service", ""), request.query.get("site", ""))


async def submit_join(request: web.Request) -> web.StreamResponse:
    """POST /rdv/waiting."""
    throttle(request, "waiting-network", JOINED_FROM_A_NETWORK, JOINED_SECONDS)
    form = await read_form(request, JoinForm)
    asked = form.raw.get("service", ""), form.raw.get("site", "")
    if form.value is None:
        return await _join_page(request, form, *asked, status=422)
    throttle(request, "waiting", JOINED_AT_MOST, JOINED_SECONDS, who=owner_hash(form.value.email.casefold()))
    now, until = utcnow(), utcnow() + timedelta(weeks=int(form.value.weeks))
    try:
        entry_id = await waiting.join(
            now=now, service_id=form.value.service, site_id=form.value.site, citizen=form.value.citizen, until=until
        )
    except (AlreadyWaiting, Invalid) as refused:
        problem = sentence(request, refused.code, refused.params)
        return await _join_page(request, form, *asked, status=status_of(refused), problem=problem)
    await offer_now(request.app)
    raise web.HTTPSeeOther(_own(request, entry_id, until))


async def submit_earlier(request: web.Request) -> web.StreamResponse:
    """POST /rdv/{token}/earlier: whoever has an appointment waits for an earlier one."""
    item = await appointment_view(read_manage(request.app[SIGNER], request.match_info["token"], utcnow()))
    throttle(request, "waiting", JOINED_AT_MOST, JOINED_SECONDS, who=item.id)
    if not item.kiosk_id:
        raise NoWaitingList
    citizen = Citizen(
        given_name=item.given_name, family_name=item.family_name, email=item.email or None, phone=item.phone or None,
        language="en" if item.language == "en" else "fr",
    )  # fmt: skip
    entry_id = await waiting.join(
        now=utcnow(), service_id=item.service_id, site_id=item.site_id, citizen=citizen, until=item.starts_at,
        needs=item.needs, appointment_id=item.id,
    )  # fmt: skip
    await offer_now(request.app)
    raise web.HTTPSeeOther(_own(request, entry_id, item.starts_at))


async def show_place(request: web.Request) -> web.StreamResponse:
    """GET /rdv/offer/{token}: one's place, said openly, and the slot that is offered."""
    return _place_page(request, await _place(request))


async def submit_accept(request: web.Request) -> web.StreamResponse:
    """POST /rdv/offer/{token}/accept: the slot that was kept becomes the appointment."""
    place = await _place(request)
    try:
        key = request.app[SETTINGS].signing_key
        done = await waiting.accept(now=utcnow(), entry_id=place.id, key=key)
    except (Conflict, Invalid, Expired) as refused:
        return _refused(request, await _place(request), refused)
    await publish(request.app, done.events)
    ends_at = done.appointment.ends_at
    token = issue_manage(request.app[SIGNER], appointment_id=done.appointment.id, ends_at=ends_at)
    raise web.HTTPSeeOther(f"/rdv/{token}")


async def submit_decline(request: web.Request) -> web.StreamResponse:
    """POST /rdv/offer/{token}/decline: this one goes to the next; one's place stays."""
    place = await _place(request)
    try:
        await waiting.decline(now=utcnow(), entry_id=place.id)
    except OfferOver as refused:
        return _refused(request, await _place(request), refused)
    await offer_now(request.app)
    raise web.HTTPSeeOther(request.path.removesuffix("/decline"))


async def submit_leave(request: web.Request) -> web.StreamResponse:
    """POST /rdv/offer/{token}/leave."""
    place = await _place(request)
    await waiting.leave(now=utcnow(), entry_id=place.id)
    await offer_now(request.app)
    raise web.HTTPSeeOther(request.path.removesuffix("/leave"))


async def _place(request: web.Request) -> Place:
    return await waiting.place_of(read_waiting(request.app[SIGNER], request.match_info["token"], utcnow()))


def _own(request: web.Request, entry_id: str, until: datetime) -> str:
    return f"/rdv/offer/{issue_waiting(request.app[SIGNER], entry_id=entry_id, until=until)}"


async def _join_page(
    request: web.Request, form: Form[JoinForm] | None, service_id: str, site_id: str, **more: Any
) -> web.Response:
    service = next((each for each in await services() if each.id == service_id), None)
    site = next((each for each in await sites() if each.id == site_id), None)
    if service is None:
        raise ServiceUnknown(service=service_id)
    if site is None:
        raise SiteUnknown(site=site_id)
    status = more.pop("status", 200)
    context = {"form": form, "service": service, "site": site, "weeks": WEEKS, "problem": ""}
    return render(request, "booking/waiting_join.html", context | more, status=status)


def _place_page(request: web.Request, place: Place, *, status: int = 200, problem: str = "") -> web.Response:
    base = f"/rdv/offer/{request.match_info['token']}"
    offered = place.state == waiting.OFFERED and place.offered_until is not None and place.offered_until > utcnow()
    context = {"place": place, "base": base, "offered": offered, "problem": problem, "spoken": language(request)}
    return render(request, "booking/waiting_place.html", context, status=status)


def _refused(request: web.Request, place: Place, error: DomainError) -> web.Response:
    return _place_page(request, place, status=status_of(error), problem=sentence(request, error.code, error.params))


async def offer_now(app: web.Application) -> None:
    """Offer what is free now to those who wait, and have them told."""
    if await waiting.offer_all(now=utcnow()):
        app[DELIVERY].wake()


def setup(app: web.Application) -> None:
    """Add the pages, and offer what is free whenever a slot is given up, and by a tick."""

    async def freed(event: AppointmentEvent) -> None:
        await offer_now(app)

    for kind in (AppointmentCancelled, AppointmentClosed, AppointmentRescheduled):
        app[EVENTS].subscribe(kind, freed)
    add_tick(app, "waiting_list", OFFER_SECONDS, offer_now)
    app.router.add_get(JOIN, show_join)
    app.router.add_post(JOIN, submit_join)
    app.router.add_post("/rdv/{token}/earlier", submit_earlier)
    app.router.add_get(OWN, show_place)
    app.router.add_post(f"{OWN}/accept", submit_accept)
    app.router.add_post(f"{OWN}/decline", submit_decline)
    app.router.add_post(f"{OWN}/leave", submit_leave)
