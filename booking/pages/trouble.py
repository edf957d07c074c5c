"""The agent's page for what did not go as planned: running late, going away, and who still needs another slot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import AfterValidator, BaseModel, Field

from booking.agenda import AgendaItem, AgentFound, agent_days, displaced_items
from booking.late import MOST_MINUTES, STEP_MINUTES, Delayed, affected, tell_late
from booking.lifecycle import Status
from booking.pages.agent import own_agent
from booking.pages.agent_board import local_day
from booking.record import Done
from booking.trouble import close_unplaced, replace_all, report_absence, restore_all
from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.web.events import publish
from teleconsult.web.forms import Form, read_form
from teleconsult.web.i18n import N_, gettext_for, language
from teleconsult.web.render import render
from teleconsult.web.ticks import add_tick

PATH = "/agent/trouble"
CHOICES = (5, 10, 15, 20, 30, 45, 60)
LONGEST_ABSENCE = timedelta(days=366)
SWEEP_SECONDS = 60
DONE = frozenset({"late", "on-time", "absence"})


def _in_steps(minutes: int) -> int:
    return minutes // STEP_MINUTES * STEP_MINUTES


class LateForm(BaseModel):
    """How late the next appointment begins; 0: on time again."""

    minutes: Annotated[int, Field(ge=0, le=MOST_MINUTES), AfterValidator(_in_steps)]


class AbsenceForm(BaseModel):
    """Away from now until the end of a day."""

    until: date
    reason: str = Field(default="", max_length=200)


@dataclass(frozen=True, slots=True)
class Away:
    """An absence as it is about to be said: its last day, and what it is in the way of."""

    last_day: date
    items: Sequence[AgendaItem]


@requires(Role.AGENT)
async def show_trouble(request: web.Request) -> web.StreamResponse:
    """GET /agent/trouble?late=15 or ?until=YYYY-MM-DD: whom it would concern, before anybody is told."""
    agent = await own_agent(request)
    return await _page(request, agent)


@requires(Role.AGENT)
async def submit_late(request: web.Request) -> web.StreamResponse:
    """POST /agent/trouble/late, with the minutes: everybody concerned is told."""
    agent = await own_agent(request)
    form = await read_form(request, LateForm)
    if form.value is None:
        return await _page(request, agent, status=422, problem=next(iter(form.errors.values())))
    done = await tell_late(now=utcnow(), agent_id=agent.id, minutes=form.value.minutes)
    return await _go_on(request, done, "late" if form.value.minutes else "on-time")


@requires(Role.AGENT)
async def submit_absence(request: web.Request) -> web.StreamResponse:
    """POST /agent/trouble/absence, with the last day: appointments are placed anew, or their citizens choose again."""
    agent = await own_agent(request)
    form = await read_form(request, AbsenceForm)
    now = utcnow()
    if form.value is not None and not _sensible(form.value.until, agent, now):
        form.errors["until"] = gettext_for(request.app, language(request))(N_("Choisissez un jour d’ici à un an."))
    if form.value is None or form.errors:
        return await _page(request, agent, status=422, absence_form=form)
    until = _end_of(form.value.until, agent)
    done = await report_absence(now=now, agent_id=agent.id, until=until, reason=form.value.reason)
    return await _go_on(request, done, "absence")


async def _go_on(request: web.Request, done: Sequence[Done], said: str) -> web.Response:
    for each in done:
        await publish(request.app, each.events)
    raise web.HTTPSeeOther(f"{PATH}?done={said}")


async def _page(
    request: web.Request,
    agent: AgentFound,
    *,
    status: int = 200,
    problem: str = "",
    absence_form: Form[AbsenceForm] | None = None,
) -> web.Response:
    now, spoken = utcnow(), language(request)
    minutes = _minutes(request.query.get("late", ""))
    context: dict[str, Any] = {
        "agent": agent,
        "choices": CHOICES,
        "minutes": minutes,
        "late": await _concerned(agent, minutes, now, spoken),
        "already_late": await _concerned(agent, 0, now, spoken, said=True),
        "away": await _away(agent, request.query.get("until", ""), now, spoken),
        "today": local_day(now, agent.timezone),
        "displaced": await displaced_items(now=now, agent_id=agent.id, language=spoken),
        "done": request.query.get("done") if request.query.get("done") in DONE else "",
        "problem": problem,
        "absence_form": absence_form,
    }
    return render(request, "booking/agent_trouble.html", context, status=status)


def _minutes(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) in CHOICES else None


async def _concerned(
    agent: AgentFound, minutes: int | None, now: datetime, spoken: str, *, said: bool = False
) -> list[Delayed]:
    """Return whom a delay reaches; with `said`, who was told of one before."""
    if minutes is None:
        return []
    found = await affected(now=now, agent_id=agent.id, minutes=minutes, language=spoken)
    return [each for each in found if (each.item.late_minutes if said else each.minutes)]


async def _away(agent: AgentFound, text: str, now: datetime, spoken: str) -> Away | None:
    """Return what an absence until the end of a day would be in the way of; None if no such day was asked about."""
    try:
        last_day = date.fromisoformat(text)
    except ValueError:
        return None
    if not _sensible(last_day, agent, now):
        return None
    first = local_day(now, agent.timezone)
    found = await agent_days(agent_id=agent.id, first=first, last=last_day, language=spoken)
    return Away(last_day, [item for item in found if item.status is Status.BOOKED and item.starts_at > now])


def _sensible(last_day: date, agent: AgentFound, now: datetime) -> bool:
    today = local_day(now, agent.timezone)
    return today <= last_day <= today + LONGEST_ABSENCE


def _end_of(day: date, agent: AgentFound) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(agent.timezone))


async def _sweep(app: web.Application) -> None:
    """Place anew what absences, outages and closures written anywhere else are in the way of."""
    now = utcnow()
    for done in [*await restore_all(now=now), *await replace_all(now=now), *await close_unplaced(now=now)]:
        await publish(app, done.events)


def setup(app: web.Application) -> None:
    """Add the agent's page, and the tick that looks for appointments in trouble."""
    app.router.add_get(PATH, show_trouble)
    app.router.add_post(f"{PATH}/late", submit_late)
    app.router.add_post(f"{PATH}/absence", submit_absence)
    add_tick(app, "trouble", SWEEP_SECONDS, _sweep)
