"""The agent's own calendar: the hours set for them, the absences they note, the calendars they keep elsewhere."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from aiohttp import web

from booking.busy.calendars import (
    SERVER,
    CalendarForm,
    ChoiceForm,
    add_calendar,
    choices,
    choose_calendar,
    own_calendars,
    remove_calendar,
)
from booking.busy.errors import BUSY_ERROR_TEXTS
from booking.busy.work import make_reading
from booking.office.agent_pages import calendar_words
from booking.office.calendar import agent_calendar
from booking.office.calendar_sheets import absence_sheet, deletion
from booking.office.forms import ID, Access, Action, Asked, Input, Sheet, add_action, add_sheet, no_values
from booking.office.record import Changed
from booking.pages.agent import own_agent
from booking.push.switch import start_writing, stop_writing
from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.web.i18n import N_, language
from teleconsult.web.kit import KIT
from teleconsult.web.render import render

PATH = "/agent/calendar"


async def _own(request: web.Request) -> Mapping[str, str]:
    """Return what the address names, and the agent who is signed in: nobody else's calendar is ever meant."""
    return {**request.match_info, "agent": (await own_agent(request)).id}


KIND_TEXTS = {"ics": N_("Adresse d’un calendrier (ICS)"), "caldav": N_("Serveur de calendriers (CalDAV)")}
SHOWN_KINDS = KIND_TEXTS | {SERVER: N_("Serveur de calendriers (CalDAV), calendrier à choisir")}
OWN = Access(Role.AGENT, "agent", _own)


@requires(Role.AGENT)
async def show_calendar(request: web.Request) -> web.StreamResponse:
    """GET /agent/calendar: hours, exceptions, absences, calendars kept elsewhere."""
    agent, spoken = await own_agent(request), language(request)
    context = {
        "agent": agent,
        "calendar": await agent_calendar(agent.id, utcnow(), spoken),
        "sources": await own_calendars(agent.id, make_reading(request.app).seal),
        "kind_texts": SHOWN_KINDS,
        "done": request.query.get("done") == "saved",
        **calendar_words(spoken),
    }
    return render(request, "booking/own_calendar.html", context)


async def _calendar_inputs(asked: Asked) -> Sequence[Input]:
    kinds = [(code, asked.translate(text)) for code, text in KIND_TEXTS.items()]
    return (
        Input("kind", N_("Sorte de calendrier"), "select", options=kinds),
        Input(
            "url", N_("Adresse du calendrier"), "text",
            N_(
                "Pour un serveur CalDAV, l’adresse du serveur ou votre adresse électronique suffit. Elle est chiffrée "
                "et n’est plus jamais montrée."
            ),
            attrs={"maxlength": 600, "autocomplete": "off"},
        ),
        Input("username", N_("Identifiant"), required=False, attrs={"autocomplete": "off"}),
        Input(
            "password", N_("Mot de passe"), "password", N_("Il est chiffré. Un mot de passe d’application suffit."),
            required=False, attrs={"autocomplete": "new-password"},
        ),
    )  # fmt: skip


async def _an_address(_asked: Asked) -> Mapping[str, Any]:
    return {"kind": "ics"}


def _calendar_sheet(app: web.Application) -> Sheet[CalendarForm]:
    return Sheet(
        path=f"{PATH}/calendars/new", title=N_("Relier un calendrier"), schema=CalendarForm, back=PATH,
        inputs=_calendar_inputs, values=_an_address, button=N_("Lire et relier"),
        intro=N_("Les heures prises dans ce calendrier ne sont plus proposées. Nous n’en gardons que les heures."),
        save=lambda asked, form: add_calendar(
            form, now=asked.now, actor=asked.actor, agent_id=asked["agent"], reading=make_reading(app)
        ),
    )  # fmt: skip


def _choice_sheet(app: web.Application) -> Sheet[ChoiceForm]:
    async def inputs(asked: Asked) -> Sequence[Input]:
        found = await choices(agent_id=asked["agent"], entry_id=asked["entry"], reading=make_reading(app))
        options = [(each.key, each.name or asked.translate(N_("Sans nom"))) for each in found]
        return (Input("calendar", N_("Calendrier"), "select", options=options),)

    return Sheet(
        path=f"{PATH}/calendars/{{entry:{ID}}}/choose", title=N_("Choisir le calendrier"), schema=ChoiceForm, back=PATH,
        inputs=inputs, values=no_values, button=N_("Lire et relier"),
        intro=N_("Ce serveur a plusieurs calendriers. Lequel dit quand vous êtes pris ?"),
        save=lambda asked, form: choose_calendar(
            form, now=asked.now, actor=asked.actor, agent_id=asked["agent"], entry_id=asked["entry"],
            reading=make_reading(app),
        ),
    )  # fmt: skip


CALENDAR_ACTIONS: Mapping[str, Callable[[Asked], Awaitable[Changed]]] = MappingProxyType(
    {
        "delete": lambda asked: remove_calendar(actor=asked.actor, agent_id=asked["agent"], entry_id=asked["entry"]),
        "write": lambda asked: start_writing(
            now=asked.now, actor=asked.actor, agent_id=asked["agent"], entry_id=asked["entry"]
        ),
        "stop": lambda asked: stop_writing(actor=asked.actor, agent_id=asked["agent"], entry_id=asked["entry"]),
    }
)


def setup(app: web.Application) -> None:
    """Add the agent's page and its forms."""
    app.router.add_get(PATH, show_calendar)
    add_sheet(app, absence_sheet(PATH, PATH), OWN)
    add_action(app, deletion(PATH, "absences", PATH), OWN)
    app[KIT].error_texts.update(BUSY_ERROR_TEXTS)
    add_sheet(app, _calendar_sheet(app), OWN)
    add_sheet(app, _choice_sheet(app), OWN)
    for name, run in CALENDAR_ACTIONS.items():
        add_action(app, Action(path=f"{PATH}/calendars/{{entry:{ID}}}/{name}", back=PATH, run=run), OWN)
