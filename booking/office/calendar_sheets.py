"""The forms of an agent's calendar, at two addresses: the administrators' and the agent's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from babel.dates import get_day_names

from booking.office.agents import reach_choices, service_choices
from booking.office.calendar import (
    AbsenceForm,
    AssignmentForm,
    HoursForm,
    RuleForm,
    add_absence,
    add_rules,
    assign,
    delete_entry,
    delete_hours,
    save_hours,
    week_of,
)
from booking.office.forms import ID, Action, Asked, Input, Sheet
from booking.office.times import write_ranges
from teleconsult.web.i18n import LOCALES, N_

WEEKDAY_TEXTS = (
    N_("Lundi"), N_("Mardi"), N_("Mercredi"), N_("Jeudi"), N_("Vendredi"), N_("Samedi"), N_("Dimanche"),
)  # fmt: skip
REPEAT_TEXTS = {
    "once": N_("Ce jour-là seulement"),
    "weekly": N_("Chaque semaine"),
    "fortnightly": N_("Une semaine sur deux"),
    "monthly": N_("Chaque mois, le même jour de la même semaine"),
}
WORKS_TEXTS = {"no": N_("Ne reçoit pas"), "yes": N_("Reçoit en plus")}


def weekday_names(language: str) -> list[str]:
    """Return the days of the week in full, from Monday."""
    names = get_day_names("wide", locale=LOCALES[language])
    return [names[number] for number in range(7)]


async def hours_inputs(asked: Asked) -> Sequence[Input]:
    """Return the questions of a week of hours."""
    workplaces, houses = await reach_choices(asked["agent"])
    if "entry" in asked.where:
        # a house that is not served any more stays chosen: without an answer these hours would be for all houses
        week = await week_of(asked["agent"], asked["entry"])
        known = {house for house, _ in houses}
        houses += [(each, name) for each, name in zip(week.site_ids, week.sites, strict=True) if each not in known]
    days = [Input(f"day{number}", text, required=False) for number, text in enumerate(WEEKDAY_TEXTS)]
    more = [
        Input("valid_from", N_("À partir du"), "date", required=False, legend=N_("Quand et où ces horaires valent")),
        Input("valid_until", N_("Jusqu’au"), "date", required=False),
    ]
    if workplaces:
        more.append(Input("workplace_id", N_("Lieu de travail"), "select", required=False, options=workplaces))
    if houses:
        hint = N_("Sans réponse : toutes.")
        more.append(Input("site_ids", N_("Joignable depuis ces maisons"), "checks", hint, False, houses))
    return (*days, *more)


async def hours_values(asked: Asked) -> Mapping[str, Any]:
    """Return a week of hours as its form shows it."""
    week = await week_of(asked["agent"], asked["entry"])
    days = {f"day{number}": write_ranges(ranges) for number, ranges in enumerate(week.days)}
    return days | {
        "valid_from": week.valid_from,
        "valid_until": week.valid_until,
        "workplace_id": week.workplace_id,
        "site_ids": week.site_ids,
    }


async def rule_inputs(asked: Asked) -> Sequence[Input]:
    """Return the questions of an exception."""
    works = [(code, asked.translate(text)) for code, text in WORKS_TEXTS.items()]
    repeats = [(code, asked.translate(text)) for code, text in REPEAT_TEXTS.items()]
    return (
        Input("works", N_("Ces jours-là, l’agent"), "select", options=works),
        Input("first_day", N_("Premier jour"), "date"),
        Input("repeat", N_("Cela se répète"), "select", options=repeats),
        Input("until", N_("Jusqu’au"), "date", required=False, hint=N_("Sans réponse : sans fin.")),
        Input(
            "ranges", N_("Heures"), required=False,
            hint=N_("Comme 9h-12h30, 13h30-17h. Sans réponse : toute la journée."),
        ),
        Input("reason", N_("Pourquoi"), required=False, attrs={"maxlength": 200}),
    )  # fmt: skip


async def _rule_values(_asked: Asked) -> Mapping[str, Any]:
    return {"works": "no", "repeat": "once"}


async def absence_inputs(_asked: Asked) -> Sequence[Input]:
    """Return the questions of an absence."""
    return (
        Input("first", N_("Premier jour d’absence"), "date"),
        Input("last", N_("Dernier jour d’absence"), "date"),
        Input("start", N_("À partir de"), "time", N_("Le premier jour, si ce n’est pas dès minuit."), False),
        Input("end", N_("Jusqu’à"), "time", N_("Le dernier jour, si ce n’est pas toute la journée."), False),
        Input(
            "reason", N_("Pourquoi"), required=False, attrs={"maxlength": 200},
            hint=N_("L’usager ne le voit pas. N’écrivez rien de personnel."),
        ),
    )  # fmt: skip


async def _assignment_inputs(asked: Asked) -> Sequence[Input]:
    return (
        Input("service_id", N_("Démarche"), "select", options=await service_choices(asked.language)),
        Input("valid_from", N_("Du"), "date"),
        Input("valid_until", N_("Au"), "date"),
    )


async def _today(asked: Asked) -> Mapping[str, Any]:
    return {"first": asked.now.date(), "last": asked.now.date()}


async def _nothing(_asked: Asked) -> Mapping[str, Any]:
    return {}


def absence_sheet(own: str, back: str) -> Sheet[AbsenceForm]:
    """Return the form of an absence below an address."""
    return Sheet(
        path=f"{own}/absences/new", title=N_("Ajouter une absence"), schema=AbsenceForm, back=back,
        inputs=absence_inputs, values=_today,
        intro=N_("Les rendez-vous de ce temps sont confiés à un autre agent ou déplacés, et chacun est prévenu."),
        save=lambda asked, form: add_absence(form, actor=asked.actor, agent_id=asked["agent"]),
    )  # fmt: skip


def deletion(own: str, kind: str, back: str) -> Action:
    """Return the action that deletes a rule, an absence or an assignment."""
    return Action(
        path=f"{own}/{kind}/{{entry:{ID}}}/delete",
        back=back,
        run=lambda asked: delete_entry(kind, actor=asked.actor, agent_id=asked["agent"], entry_id=asked["entry"]),
    )


def calendar_sheets(own: str, back: str) -> tuple[Sheet[Any], ...]:
    """Return every form of an agent's calendar below an address (which names the `agent`)."""
    one = f"{own}/hours/{{entry:{ID}}}"
    return (
        Sheet(
            path=f"{own}/hours/new", title=N_("Nouveaux horaires"), schema=HoursForm, back=back,
            inputs=hours_inputs, values=_nothing,
            intro=N_("Pour chaque jour, des heures comme 9h-12h30, 13h30-17h. Rien : l’agent ne reçoit pas."),
            save=lambda asked, form: save_hours(form, actor=asked.actor, agent_id=asked["agent"]),
        ),
        Sheet(
            path=one, title=N_("Modifier les horaires"), schema=HoursForm, back=back,
            inputs=hours_inputs, values=hours_values,
            intro=N_("Les rendez-vous déjà pris restent comme ils sont."),
            save=lambda asked, form: save_hours(
                form, actor=asked.actor, agent_id=asked["agent"], week_id=asked["entry"]
            ),
        ),
        Sheet(
            path=f"{own}/rules/new", title=N_("Ajouter une exception"), schema=RuleForm, back=back,
            inputs=rule_inputs, values=_rule_values,
            intro=N_("Un jour qui ne suit pas les horaires de la semaine, une fois ou à intervalle régulier."),
            save=lambda asked, form: add_rules(form, actor=asked.actor, agent_id=asked["agent"]),
        ),
        absence_sheet(own, back),
        Sheet(
            path=f"{own}/assignments/new", title=N_("Affecter à une autre démarche"), schema=AssignmentForm, back=back,
            inputs=_assignment_inputs, values=_nothing,
            intro=N_("Pour un temps : l’agent répond aussi à cette démarche."),
            save=lambda asked, form: assign(form, actor=asked.actor, agent_id=asked["agent"]),
        ),
    )  # fmt: skip


def calendar_actions(own: str, back: str) -> tuple[Action, ...]:
    """Return what deletes parts of an agent's calendar."""
    hours = Action(
        path=f"{own}/hours/{{entry:{ID}}}/delete", back=back,
        run=lambda asked: delete_hours(actor=asked.actor, agent_id=asked["agent"], week_id=asked["entry"]),
    )  # fmt: skip
    return (hours, *(deletion(own, kind, back) for kind in ("rules", "absences", "assignments")))
