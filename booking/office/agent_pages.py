"""The back office's pages of agents."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from booking.labels import date_text
from booking.office.agents import (
    AgentForm,
    account_choices,
    agent_card,
    agent_values,
    agents_list,
    save_agent,
    service_choices,
)
from booking.office.calendar import agent_calendar
from booking.office.calendar_sheets import REPEAT_TEXTS, WORKS_TEXTS, calendar_actions, calendar_sheets, weekday_names
from booking.office.forms import ID, Asked, Input, Sheet, add_action, add_sheet
from booking.office.offer import organisation_names
from booking.office.times import write_ranges
from booking.sites.territories import zones
from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.web.i18n import N_, language
from teleconsult.web.render import render

HOME = "/admin/agents"
AGENT = f"{HOME}/{{agent:{ID}}}"
BACK = f"{HOME}/{{agent}}"


@requires(Role.ADMINISTRATOR)
async def show_agents(request: web.Request) -> web.StreamResponse:
    """GET /admin/agents."""
    context = {"section": "offer", "agents": await agents_list(language(request))}
    return render(request, "booking/office/agents.html", context)


@requires(Role.ADMINISTRATOR)
async def show_agent(request: web.Request) -> web.StreamResponse:
    """GET /admin/agents/{agent}: who it is, and when they work."""
    spoken, now = language(request), utcnow()
    agent = await agent_card(request.match_info["agent"], now, spoken)
    context = {
        "section": "offer",
        "agent": agent,
        "done": request.query.get("done") == "saved",
        **calendar_words(spoken),
        "calendar": await agent_calendar(agent.id, now, spoken),
    }
    return render(request, "booking/office/agent.html", context)


def calendar_words(language: str) -> dict[str, Any]:
    """Return the words in which a calendar is told."""
    return {
        "weekdays": weekday_names(language),
        "write_ranges": write_ranges,
        "repeat_texts": REPEAT_TEXTS,
        "works_texts": WORKS_TEXTS,
        "date_text": date_text,
    }


async def _inputs(asked: Asked) -> Sequence[Input]:
    places = zones()
    if "agent" in asked.where:
        places.append(str((await agent_values(asked["agent"]))["timezone"]))
    languages = [("fr", "Français"), ("en", "English")]
    return (
        Input("name", N_("Nom"), hint=N_("Les usagers le lisent."), attrs={"maxlength": 120}),
        Input("email", N_("Adresse électronique"), "email", hint=N_("Les invitations y sont envoyées.")),
        Input("organisation_id", N_("Organisme"), "select", options=await organisation_names()),
        Input(
            "account_id", N_("Compte"), "select", required=False, options=await account_choices(),
            hint=N_("Celui avec lequel l’agent se connecte à son agenda."),
        ),
        Input("services", N_("Démarches"), "checks", options=await service_choices(asked.language), required=False),
        Input(
            "daily_maximum", N_("Rendez-vous par jour, au plus"), "number", required=False,
            attrs={"min": 1, "max": 50, "inputmode": "numeric"},
        ),
        Input(
            "department", N_("Département où l’agent travaille"), required=False,
            hint=N_("Il décide des jours fériés : Alsace-Moselle, outre-mer."),
        ),
        Input("works_on_holidays", N_("Travaille les jours fériés"), "yes"),
        Input(
            "timezone", N_("Fuseau horaire"), "select",
            options=[(zone, zone.replace("_", " ")) for zone in dict.fromkeys(places)],
        ),
        Input("language", N_("Langue"), "select", options=languages),
        Input("active", N_("En activité"), "yes", hint=N_("Sinon, plus personne ne peut réserver avec cet agent.")),
    )  # fmt: skip


async def _new(_asked: Asked) -> Mapping[str, Any]:
    return {"timezone": zones()[0], "language": "fr", "active": True, "services": []}


SHEETS: tuple[Sheet[Any], ...] = (
    Sheet(
        path=f"{HOME}/new", title=N_("Nouvel agent"), schema=AgentForm, back=HOME, after=f"{HOME}/{{new}}",
        inputs=_inputs, values=_new, save=lambda asked, form: save_agent(form, actor=asked.actor),
    ),
    Sheet(
        path=f"{AGENT}/edit", title=N_("Modifier l’agent"), schema=AgentForm, back=BACK, inputs=_inputs,
        values=lambda asked: agent_values(asked["agent"]),
        save=lambda asked, form: save_agent(form, actor=asked.actor, agent_id=asked["agent"]),
    ),
    *calendar_sheets(AGENT, BACK),
)  # fmt: skip


def setup(app: web.Application) -> None:
    """Add the pages."""
    app.router.add_get(HOME, show_agents)
    app.router.add_get(AGENT, show_agent)
    for sheet in SHEETS:
        add_sheet(app, sheet)
    for action in calendar_actions(AGENT, BACK):
        add_action(app, action)
