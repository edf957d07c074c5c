"""The agent's agenda: today, any other day, and what changes while it is on the screen."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from aiohttp import web

from booking.agenda import AgendaItem, AgentFound, agent_days, agent_of, displaced_items
from booking.errors import WalkInImpossible, WalkInOver, WalkInUnknown
from booking.line import Waits, is_paused, may_be_rung, rings_at
from booking.pages.agent_board import Board, local_day, make_board, monday_of
from booking.walk_in import RING_FOR
from teleconsult.accounts.guard import requires, signed_in
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.errors import NotFound
from teleconsult.web.i18n import N_, gettext_for, language
from teleconsult.web.live import live_response
from teleconsult.web.problems import sentence
from teleconsult.web.render import render

# How far ahead a day without appointments looks for one that has some.
LOOK_AHEAD_DAYS = 35
FARTHEST = timedelta(days=3 * 366)
ONE_DAY = timedelta(days=1)

SCRIPT_TEXTS = {
    "minutes": N_("{n} min"),
    "hours": N_("{h} h {m}"),
    "waiting_now": N_("vient d’arriver"),
    "waiting": N_("attend depuis {time}"),
    "starts_in": N_("dans {time}"),
    "starts_now": N_("maintenant"),
    "late": N_("{time} de retard"),
    "arrived": N_("Un usager vient d’arriver et vous attend."),
    "ringing": N_("Un usager sans rendez-vous vous appelle."),
    "seconds": N_("encore {n} s"),
    "sound_on": N_("Son activé"),
    "sound_off": N_("Activer le son"),
}


REFUSED = frozenset(each.code for each in (WalkInOver, WalkInImpossible, WalkInUnknown))


@dataclass(frozen=True, slots=True)
class WalkIns:
    """People without an appointment, as far as an agent is concerned: who rings, and whether they are left alone."""

    rings: Sequence[Waits]
    paused: bool
    refused: str

    def rings_until(self, ring: Waits) -> datetime:
        """Return when it rings at the next one's."""
        return (ring.rung_at or ring.joined_at) + RING_FOR


class NoAgenda(NotFound):
    """The account has the agent's role but no agenda."""

    code = "no_agenda"


async def own_agent(request: web.Request) -> AgentFound:
    """Return the agent whose account is signed in. Raises NoAgenda."""
    agent = await agent_of(account_id=signed_in(request).id)
    if agent is None:
        raise NoAgenda
    return agent


@requires(Role.AGENT)
async def show_agenda(request: web.Request) -> web.StreamResponse:
    """GET /agent?day=YYYY-MM-DD: the day (today if none is given), its week, and who waits."""
    agent = await own_agent(request)
    now = utcnow()
    day = _wanted_day(request, local_day(now, agent.timezone))
    board = await _board(agent, day, now, language(request))
    translate = gettext_for(request.app, language(request))
    context = {
        "board": board,
        "agent": agent,
        "displaced": await displaced_items(now=now, agent_id=agent.id),
        "walk_ins": await _walk_ins(request, agent),
        "previous_day": day - ONE_DAY,
        "next_day": day + ONE_DAY,
        "texts": {name: translate(text) for name, text in SCRIPT_TEXTS.items()},
    }
    return render(request, "booking/agenda.html", context)


async def _walk_ins(request: web.Request, agent: AgentFound) -> WalkIns | None:
    """Return who rings, for an agent of a service that takes people without an appointment; None for any other."""
    rings = await rings_at(agent.id)
    if not rings and not await may_be_rung(agent.id):
        return None
    asked = request.query.get("refused", "")
    refused = sentence(request, asked, {}) if asked in REFUSED else ""
    return WalkIns(rings, await is_paused(agent.id), refused)


@requires(Role.AGENT)
async def stream_agenda(request: web.Request) -> web.StreamResponse:
    """GET /agent/live: tells the agent's pages that something of the agenda changed."""
    agent = await own_agent(request)
    return await live_response(request, [f"agent:{agent.id}"])


def _wanted_day(request: web.Request, today: date) -> date:
    try:
        wanted = date.fromisoformat(request.query.get("day", ""))
    except ValueError:
        return today
    return wanted if abs(wanted - today) <= FARTHEST else today


async def _board(agent: AgentFound, day: date, now: datetime, language: str) -> Board[AgendaItem]:
    """Read the week on show, what follows it, and today."""
    today = local_day(now, agent.timezone)
    first, last = monday_of(day), day + timedelta(days=LOOK_AHEAD_DAYS)
    found = await agent_days(agent_id=agent.id, first=first, last=last, language=language)
    days: dict[date, list[AgendaItem]] = defaultdict(list)
    for item in found:
        days[local_day(item.starts_at, agent.timezone)].append(item)
    if first <= today <= last:
        todays = days.get(today, [])
    else:
        todays = await agent_days(agent_id=agent.id, first=today, last=today, language=language)
    return make_board(now=now, timezone=agent.timezone, day=day, days=days, today_items=todays)
