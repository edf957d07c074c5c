"""The waiting list at the kiosk and at the front desk: joining it, and asking for an earlier slot than one has."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from booking import waiting
from booking.agenda import appointment_view
from booking.errors import AlreadyWaiting, EntryUnknown
from booking.notifications.waiting_mail import issue_waiting
from booking.pages.waiting import WEEKS, offer_now
from booking.schemas import Citizen
from kiosks import choices, houses, visits
from kiosks.board import appointment_row
from kiosks.counters import Counter, counter_of
from kiosks.people import as_typed
from kiosks.schemas import EarlierForm, VisitorWaitingForm
from kiosks.screens import counter_screen, draft_for, go
from kiosks.visits import Draft
from teleconsult.accounts.guard import signed_in
from teleconsult.clock import utcnow
from teleconsult.errors import DomainError, Invalid
from teleconsult.web.forms import Form, read_form
from teleconsult.web.i18n import language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.problems import sentence, status_of
from teleconsult.web.throttle import throttle
from teleconsult.web.tokens import SIGNER

# For one screen or one adviser, whatever comes from their house's network besides.
JOINS, JOINS_SECONDS = 30, 600


async def waiting_page(request: web.Request) -> web.Response:
    """Who waits, where a slot is offered, and for how long."""
    counter, draft = await draft_for(request, "slot")
    return await _join_screen(request, counter, draft, {}, {"language": language(request)} | draft.details)


async def _join_screen(
    request: web.Request, counter: Counter, draft: Draft, errors: dict[str, str], details: dict[str, Any],
    problem: DomainError | None = None,
) -> web.Response:  # fmt: skip
    service = await choices.service_named(draft.service_id or "")
    if service is None or not await waiting.keeps_list(service.id):
        raise go(f"{counter.base}/slot")
    context = {
        "service": service, "errors": errors, "details": details, "weeks": WEEKS,
        "problem": sentence(request, problem.code, problem.params) if problem else "",
    }  # fmt: skip
    response = await counter_screen(request, counter, draft, "kiosks/waiting_join.html", context)
    response.set_status(status_of(problem) if problem else 422 if errors else 200)
    return response


async def join(request: web.Request) -> web.Response:
    """Join the list of this house. What is free now is offered at once."""
    counter, draft = await draft_for(request, "slot")
    _throttle(request, counter)
    form: Form[VisitorWaitingForm] = await read_form(request, VisitorWaitingForm)
    typed = as_typed(await request.post())
    if form.value is None:
        return await _join_screen(request, counter, draft, form.errors, form.raw)
    now = utcnow()
    try:
        entry_id = await waiting.join(
            now=now, service_id=draft.service_id or "", site_id=counter.house.id, citizen=form.value.citizen,
            until=now + timedelta(weeks=int(form.value.weeks)), needs=draft.details.get("needs", []),
        )  # fmt: skip
    except (AlreadyWaiting, Invalid) as refused:
        return await _join_screen(request, counter, draft, {}, form.raw, refused)
    details = draft.details | typed | {"needs": draft.details.get("needs", []), "waiting": entry_id}
    await visits.keep(now=now, owner=counter.owner, visit_id=draft.id, details=details)
    await offer_now(request.app)
    raise go(f"{counter.base}/waiting/done")


async def done_page(request: web.Request) -> web.Response:
    """One's place, said openly, with a code that leads to it from one's own telephone."""
    counter, draft = await draft_for(request, "slot")
    try:
        place = await waiting.place_of(str(draft.details.get("waiting", "")))
    except EntryUnknown:
        raise go(f"{counter.base}/slot") from None
    token = issue_waiting(request.app[SIGNER], entry_id=place.id, until=place.not_after)
    own = f"{request.app[SETTINGS].origin}/rdv/offer/{token}"
    context = {"place": place, "own": own}
    return await counter_screen(request, counter, draft, "kiosks/waiting_done.html", context)


async def earlier(request: web.Request) -> web.Response:
    """Who has just booked asks for an earlier slot, should one be freed."""
    counter = await counter_of(request)
    draft = await visits.find(counter.owner)
    if draft is None or draft.stage != "booked" or draft.appointment_id is None:
        raise go(counter.home)
    _throttle(request, counter)
    said = await _ask_earlier(request, draft.appointment_id)
    raise go(f"{counter.base}/done{said}#earlier")


async def earlier_for_someone(request: web.Request) -> web.Response:
    """An adviser asks for an earlier slot for somebody, who agrees."""
    house = await houses.of_adviser(account_id=signed_in(request).id, site_id=request.match_info["site"])
    row = await appointment_row(now=utcnow(), site_id=house.id, appointment_id=request.match_info["appointment"])
    said = await _ask_earlier(request, row.id)
    raise go(f"/desk/{house.id}/appointments/{row.id}{said}#earlier")


async def _ask_earlier(request: web.Request, appointment_id: str) -> str:
    """Join for an earlier slot than an appointment's; return how the address of the page says that it was refused."""
    form = (await read_form(request, EarlierForm)).value
    if form is None:
        return "?earlier=invalid"
    item = await appointment_view(appointment_id)
    citizen = Citizen(
        given_name=item.given_name, family_name=item.family_name, email=form.email, phone=item.phone or None,
        language="en" if item.language == "en" else "fr",
    )  # fmt: skip
    try:
        await waiting.join(
            now=utcnow(), service_id=item.service_id, site_id=item.site_id, citizen=citizen, until=item.starts_at,
            needs=item.needs, appointment_id=item.id,
        )  # fmt: skip
    except (AlreadyWaiting, Invalid) as refused:
        return f"?earlier={refused.code}"
    await offer_now(request.app)
    return ""


async def earlier_context(request: web.Request, *, service_id: str, appointment_id: str) -> dict[str, Any]:
    """Return what a page needs to offer, or to say, the wait for an earlier slot."""
    asked = request.query.get("earlier", "")
    refused = {"already_waiting", "no_waiting_list"}
    return {
        "earlier": await waiting.waits_for_earlier(appointment_id),
        "can_be_earlier": await waiting.keeps_list(service_id),
        "earlier_problem": sentence(request, asked, {}) if asked in refused else asked,
    }


def _throttle(request: web.Request, counter: Counter) -> None:
    throttle(request, "kiosk-waiting", JOINS, JOINS_SECONDS, who=counter.owner.terminal_id or counter.owner.account_id)
