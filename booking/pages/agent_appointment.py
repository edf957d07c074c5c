"""One appointment as its agent sees it: what is known, what happened, what came of it, and what follows."""

from datetime import date, datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, Field, StringConstraints

from booking.agenda import AppointmentView, appointment_view
from booking.book import book
from booking.change import cancel
from booking.engine.search import slots
from booking.errors import AppointmentUnknown
from booking.lifecycle import CORRECTION_PERIOD, Actor, ActorKind, Outcome, Status, may_follow, status_after
from booking.pages.agent_board import local_day
from booking.pages.slot_choice import DAYS_SEARCHED, SlotChoice, asked_day, slot_choice
from booking.progress import record_outcome
from booking.record import Done
from booking.schemas import Citizen, Instant
from teleconsult.accounts.guard import requires, signed_in
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.errors import Conflict, DomainError, Invalid
from teleconsult.web.events import publish
from teleconsult.web.forms import Form, read_form
from teleconsult.web.i18n import N_, gettext_for, language
from teleconsult.web.problems import sentence, status_of
from teleconsult.web.render import render

OUTCOME_CHOICES = {
    Outcome.SOLVED: (N_("Demande résolue"), N_("Il n’y a plus rien à faire.")),
    Outcome.FOLLOW_UP: (N_("À suivre"), N_("Un autre rendez-vous est utile.")),
    Outcome.REDIRECTED: (N_("Orienté vers un autre service"), N_("Ce n’est pas de votre ressort.")),
    Outcome.NO_SHOW: (N_("Usager absent"), N_("Personne n’est venu.")),
    Outcome.TECHNICAL_FAILURE: (N_("Panne technique"), N_("L’entretien n’a pas pu se faire ou se finir.")),
}
FOLLOWED_UP = frozenset({Status.IN_CALL, Status.COMPLETED, Status.NO_SHOW})
DONE = frozenset({"cancelled", "outcome", "follow-up"})


class CancelForm(BaseModel):
    """Why an appointment is cancelled: the citizen reads it."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class OutcomeForm(BaseModel):
    """What came of an appointment."""

    outcome: Outcome
    note: str = Field(default="", max_length=2000)


class FollowUpForm(BaseModel):
    """When to meet again."""

    start: Instant


async def _held(request: web.Request) -> tuple[AppointmentView, Actor]:
    """Return the appointment and in what quality the account acts on it. Raises AppointmentUnknown for anybody else."""
    account = signed_in(request)
    item = await appointment_view(request.match_info["id"], language(request))
    if item.agent_account_id == account.id and Role.AGENT in account.roles:
        return item, Actor(ActorKind.AGENT, item.agent_id)
    if Role.ADMINISTRATOR in account.roles:
        return item, Actor(ActorKind.STAFF, account.id)
    raise AppointmentUnknown


@requires(Role.AGENT, Role.ADMINISTRATOR)
async def show_appointment(request: web.Request) -> web.StreamResponse:
    """GET /agent/appointments/{id}."""
    return await _page(request, *await _held(request))


@requires(Role.AGENT, Role.ADMINISTRATOR)
async def submit_cancel(request: web.Request) -> web.StreamResponse:
    """POST /agent/appointments/{id}/cancel, with the reason."""
    item, actor = await _held(request)
    form = await read_form(request, CancelForm)
    if form.value is None:
        return await _page(request, item, actor, status=422, ask="cancel", cancel_form=form)
    try:
        done = await cancel(now=utcnow(), appointment_id=item.id, actor=actor, reason=form.value.reason)
    except (Conflict, Invalid) as refused:
        return await _refused(request, item, actor, refused)
    return await _go_on(request, done, item.id, "cancelled")


@requires(Role.AGENT, Role.ADMINISTRATOR)
async def submit_outcome(request: web.Request) -> web.StreamResponse:
    """POST /agent/appointments/{id}/outcome, with the outcome and a note."""
    item, actor = await _held(request)
    form = await read_form(request, OutcomeForm)
    if form.value is None:
        return await _page(request, item, actor, status=422, outcome_form=form)
    wanted = form.value
    try:
        done = await record_outcome(
            now=utcnow(), appointment_id=item.id, outcome=wanted.outcome, note=wanted.note, actor=actor
        )
    except (Conflict, Invalid) as refused:
        return await _refused(request, item, actor, refused)
    anchor = "#slots" if wanted.outcome is Outcome.FOLLOW_UP else ""
    return await _go_on(request, done, item.id, "outcome", anchor)


@requires(Role.AGENT, Role.ADMINISTRATOR)
async def submit_follow_up(request: web.Request) -> web.StreamResponse:
    """POST /agent/appointments/{id}/follow-up, with a start: the same citizen, agent, service and house again."""
    item, actor = await _held(request)
    form = await read_form(request, FollowUpForm)
    if form.value is None:
        return await _page(request, item, actor, status=422, problem=next(iter(form.errors.values())))
    try:
        done = await book(
            now=utcnow(), service_id=item.service_id, site_id=item.site_id, start=form.value.start,
            citizen=_citizen(item), actor=actor, channel="agent", needs=item.needs, agent_id=item.agent_id,
            follow_up_of=item.id,
        )  # fmt: skip
    except (Conflict, Invalid) as refused:
        return await _refused(request, item, actor, refused)
    return await _go_on(request, done, done.appointment.id, "follow-up")


def _citizen(item: AppointmentView) -> Citizen:
    return Citizen(
        given_name=item.given_name,
        family_name=item.family_name,
        email=item.email or None,
        phone=item.phone or None,
        language=item.language,
    )


async def _go_on(request: web.Request, done: Done, appointment_id: str, said: str, anchor: str = "") -> web.Response:
    """Publish what happened and lead back to an appointment that says so."""
    await publish(request.app, done.events)
    raise web.HTTPSeeOther(f"/agent/appointments/{appointment_id}?done={said}{anchor}")


async def _refused(request: web.Request, item: AppointmentView, actor: Actor, error: DomainError) -> web.Response:
    """Show the appointment as it now stands, with why it could not be done."""
    fresh = await appointment_view(item.id, language(request))
    return await _page(
        request, fresh, actor, status=status_of(error), problem=sentence(request, error.code, error.params)
    )


async def _page(
    request: web.Request,
    item: AppointmentView,
    actor: Actor,
    *,
    status: int = 200,
    problem: str = "",
    ask: str = "",
    cancel_form: Form[CancelForm] | None = None,
    outcome_form: Form[OutcomeForm] | None = None,
) -> web.Response:
    now = utcnow()
    from_day = asked_day(request.query.get("from", ""), now)
    context: dict[str, Any] = {
        "item": item,
        "own": actor.kind is ActorKind.AGENT,
        "problem": problem,
        "done": request.query.get("done") if status == 200 and request.query.get("done") in DONE else "",
        "ask": ask or request.query.get("ask", ""),
        "local_day": local_day(item.starts_at, item.agent_timezone),
        "cancellable": may_follow(item.status, Status.CANCELLED),
        "cancel_form": cancel_form,
        "outcomes": _outcomes(request, item, now),
        "outcome_form": outcome_form,
        "follow_up": await _follow_up(item, now, from_day),
        "from_day": from_day,
    }
    return render(request, "booking/agent_appointment.html", context, status=status)


def _outcomes(request: web.Request, item: AppointmentView, now: datetime) -> list[tuple[str, str, str]]:
    """Return the outcomes that may be noted now: value, name, meaning."""
    unbegun = item.status is Status.BOOKED and now < item.starts_at
    stale = item.closed_at is not None and now > item.closed_at + CORRECTION_PERIOD
    if unbegun or stale or item.status is Status.CANCELLED:
        return []
    translate = gettext_for(request.app, language(request))
    called = item.call_started_at is not None
    return [
        (outcome, translate(name), translate(meaning))
        for outcome, (name, meaning) in OUTCOME_CHOICES.items()
        if status_after(item.status, outcome, called=called) is not None
    ]


async def _follow_up(item: AppointmentView, now: datetime, from_day: date | None) -> SlotChoice | None:
    """Return when the same people can meet again at the same house; None when there is nothing to follow up yet."""
    if item.status not in FOLLOWED_UP:
        return None
    try:
        found = await slots(
            now=now, service_id=item.service_id, site_id=item.site_id, agent_id=item.agent_id, needs=item.needs,
            first_day=from_day, days=DAYS_SEARCHED,
        )  # fmt: skip
    except Invalid:  # the service is no longer offered
        return SlotChoice((), None)
    return slot_choice(found)
