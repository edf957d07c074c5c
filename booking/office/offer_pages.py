"""The back office's pages of the offer: organisations, workplaces, rooms and services."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from booking.labels import language_name
from booking.needs import need_text
from booking.office.forms import ID, Action, Asked, Input, Sheet, add_action, add_sheet, no_values
from booking.office.offer import (
    offer,
    organisation_names,
    organisation_values,
    organisation_view,
    restore_service,
    retire_service,
    room_values,
    save_organisation,
    save_room,
    save_service,
    save_workplace,
    service_values,
    workplace_values,
)
from booking.office.record import Changed
from booking.office.schemas import OrganisationForm, RoomForm, ServiceForm, WorkplaceForm
from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.web.i18n import N_, language
from teleconsult.web.render import render

LANGUAGES = ("fr", "en", "ar", "pt", "es", "it", "de", "pl", "ro", "ru", "tr", "uk")
# as `booking.needs` reads them: an interpreter of every language, or of one
MET_NEEDS = ("sign_language", "interpreter", *(f"interpreter:{code}" for code in LANGUAGES if code != "fr"))
INTERPRETER_OF_ALL = N_("Interprète, quelle que soit la langue")
AUDIENCE_TEXTS = {
    "citizen": N_("Les usagers, à la borne ou en ligne"),
    "staff": N_("Les conseillers France services et les agents"),
    "partner": N_("Les services partenaires"),
}
MODE_TEXTS = {"kiosk": N_("À la borne d’une maison France services"), "home": N_("De chez soi")}
NEW_SERVICE: Mapping[str, Any] = {
    "duration_minutes": 30, "step_minutes": 30, "buffer_before_minutes": 0, "buffer_after_minutes": 5,
    "notice_minutes": 30, "horizon_days": 60, "reminder_hours": 48, "sms_reminder_minutes": 120,
    "audiences": ["citizen", "staff", "partner"],
    "modes": ["kiosk"], "languages": ["fr"], "meets_needs": [], "future_limit": 3, "waiting_list": True,
    "offer_minutes": 30,
}  # fmt: skip

ORGANISATION_INPUTS = (
    Input("name", N_("Nom")),
    Input("name_en", N_("Nom en anglais"), required=False),
    Input("departments", N_("Départements desservis"), hint=N_("Par exemple 28, 45."), required=False),
    Input(
        "offices", N_("Guichets que l’usager aurait dû rejoindre"), "lines", required=False,
        hint=N_("Un par ligne : adresse | latitude | longitude. Ils servent à compter les trajets évités."),
    ),
    Input(
        "requires_room", N_("Chaque rendez-vous prend aussi une salle de visio partagée"), "yes",
        hint=N_("Les salles se déclarent par lieu de travail."),
    ),
)  # fmt: skip
WORKPLACE_INPUTS = (Input("name", N_("Nom")), Input("address", N_("Adresse"), required=False))
ROOM_INPUTS = (
    Input("name", N_("Nom")),
    Input(
        "email", N_("Adresse électronique de la salle"), "email", required=False,
        hint=N_("Si la salle a une boîte aux lettres, elle y reçoit les invitations des rendez-vous qui la prennent."),
    ),
    Input("in_service", N_("En service"), "yes", hint=N_("Une salle hors service n’est plus attribuée.")),
)  # fmt: skip


@requires(Role.ADMINISTRATOR)
async def show_offer(request: web.Request) -> web.StreamResponse:
    """GET /admin/offer: organisations and their services."""
    context = {
        "section": "offer",
        "organisations": await offer(utcnow(), language(request)),
        "done": _done(request),
        "ask": request.query.get("ask", ""),
    }
    return render(request, "booking/office/offer.html", context)


@requires(Role.ADMINISTRATOR)
async def show_organisation(request: web.Request) -> web.StreamResponse:
    """GET /admin/offer/organisations/{organisation}: its workplaces and rooms."""
    view = await organisation_view(request.match_info["organisation"], language(request))
    context = {"section": "offer", "organisation": view, "done": _done(request)}
    return render(request, "booking/office/organisation.html", context)


def _done(request: web.Request) -> bool:
    return request.query.get("done") == "saved"


def _number(name: str, label: str, least: int, most: int, hint: str = "", legend: str = "") -> Input:
    attrs = {"min": least, "max": most, "inputmode": "numeric"}
    return Input(name, label, "number", hint=hint, attrs=attrs, legend=legend)


async def _service_inputs(asked: Asked) -> Sequence[Input]:
    reader = asked.translate, asked.language

    def said(texts: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(code, asked.translate(text)) for code, text in texts.items()]

    # what the service has already is always there to be kept, even if it is rare
    now = await service_values(asked["service"]) if "service" in asked.where else NEW_SERVICE
    languages = [(code, language_name(code, asked.language)) for code in dict.fromkeys((*LANGUAGES, *now["languages"]))]
    needs = [
        (code, asked.translate(INTERPRETER_OF_ALL) if code == "interpreter" else need_text(code, *reader))
        for code in dict.fromkeys((*MET_NEEDS, *now["meets_needs"]))
    ]
    return (
        Input("organisation_id", N_("Organisme"), "select", options=await organisation_names()),
        Input("name", N_("Nom"), hint=N_("Avec les mots de tous les jours.")),
        Input("name_en", N_("Nom en anglais"), required=False),
        Input("summary", N_("En une phrase"), "lines", required=False),
        Input("summary_en", N_("En une phrase, en anglais"), "lines", required=False),
        Input(
            "keywords", N_("Mots par lesquels on la cherche"), "lines", required=False,
            hint=N_("Séparés par des virgules : carte grise, APL, impôts. En français et en anglais."),
        ),
        Input("papers", N_("Papiers à apporter"), "lines", required=False, hint=N_("Un par ligne.")),
        Input(
            "papers_en", N_("Papiers à apporter, en anglais"), "lines", required=False,
            hint=N_("Dans le même ordre, un par ligne."),
        ),
        _number("duration_minutes", N_("Durée (minutes)"), 5, 240, legend=N_("Horaires et délais")),
        _number("step_minutes", N_("Un début toutes les (minutes)"), 5, 240),
        _number("buffer_before_minutes", N_("Battement avant (minutes)"), 0, 120),
        _number("buffer_after_minutes", N_("Battement après (minutes)"), 0, 120),
        _number("notice_minutes", N_("Délai pour réserver (minutes)"), 0, 43200, N_("1440 minutes font un jour.")),
        _number("horizon_days", N_("Réservable jusqu’à (jours)"), 1, 366),
        _number("reminder_hours", N_("Rappel avant le rendez-vous (heures)"), 1, 336),
        _number(
            "sms_reminder_minutes", N_("Rappel par SMS avant le rendez-vous (minutes)"), 0, 2880,
            N_("0 : aucun SMS. Il part avant la nuit si l’heure tombe entre 22 h et 8 h."),
        ),
        Input("audiences", N_("Qui peut réserver"), "checks", options=said(AUDIENCE_TEXTS), legend=N_("Pour qui, où")),
        Input("modes", N_("Où se tient le rendez-vous"), "checks", options=said(MODE_TEXTS)),
        Input("languages", N_("Langues parlées"), "checks", options=languages),
        Input("meets_needs", N_("Besoins auxquels on sait répondre"), "checks", options=needs, required=False),
        Input(
            "interpreter_email", N_("Adresse électronique des interprètes"), "email", required=False,
            hint=N_("Elle est invitée quand l’usager demande un interprète ou la langue des signes."),
        ),
        _number("future_limit", N_("Rendez-vous à venir par personne, au plus"), 1, 20, legend=N_("Équité et attente")),
        Input("walk_in", N_("Accepte les usagers sans rendez-vous"), "yes"),
        Input("waiting_list", N_("A une liste d’attente"), "yes"),
        _number("offer_minutes", N_("Temps pour accepter un créneau libéré (minutes)"), 5, 1440),
    )  # fmt: skip


async def _new_service(_asked: Asked) -> Mapping[str, Any]:
    return NEW_SERVICE


def _always(inputs: Sequence[Input]) -> Any:
    async def questions(_asked: Asked) -> Sequence[Input]:
        return inputs

    return questions


async def _new_room(_asked: Asked) -> Mapping[str, Any]:
    return {"in_service": True}


async def _retire(asked: Asked) -> Changed:
    return await retire_service(now=asked.now, actor=asked.actor, service_id=asked["service"])


async def _restore(asked: Asked) -> Changed:
    return await restore_service(actor=asked.actor, service_id=asked["service"])


HOME = "/admin/offer"
ORGANISATION = f"{HOME}/organisations/{{organisation:{ID}}}"
ORGANISATION_BACK = f"{HOME}/organisations/{{organisation}}"
WORKPLACE = f"{ORGANISATION}/workplaces/{{workplace:{ID}}}"
SERVICE = f"{HOME}/services/{{service:{ID}}}"

SHEETS: tuple[Sheet[Any], ...] = (
    Sheet(
        path=f"{HOME}/organisations/new", title=N_("Nouvel organisme"), schema=OrganisationForm, back=HOME,
        inputs=_always(ORGANISATION_INPUTS), values=no_values,
        save=lambda asked, form: save_organisation(form, actor=asked.actor),
    ),
    Sheet(
        path=f"{ORGANISATION}/edit", title=N_("Modifier l’organisme"), schema=OrganisationForm,
        back=ORGANISATION_BACK, inputs=_always(ORGANISATION_INPUTS),
        values=lambda asked: organisation_values(asked["organisation"]),
        save=lambda asked, form: save_organisation(
            form, actor=asked.actor, organisation_id=asked["organisation"]
        ),
    ),
    Sheet(
        path=f"{ORGANISATION}/workplaces/new", title=N_("Nouveau lieu de travail"), schema=WorkplaceForm,
        back=ORGANISATION_BACK, inputs=_always(WORKPLACE_INPUTS), values=no_values,
        save=lambda asked, form: save_workplace(form, actor=asked.actor, organisation_id=asked["organisation"]),
    ),
    Sheet(
        path=WORKPLACE, title=N_("Modifier le lieu de travail"), schema=WorkplaceForm, back=ORGANISATION_BACK,
        inputs=_always(WORKPLACE_INPUTS), values=lambda asked: workplace_values(asked["workplace"]),
        save=lambda asked, form: save_workplace(
            form, actor=asked.actor, organisation_id=asked["organisation"], workplace_id=asked["workplace"]
        ),
    ),
    Sheet(
        path=f"{WORKPLACE}/rooms/new", title=N_("Nouvelle salle"), schema=RoomForm, back=ORGANISATION_BACK,
        inputs=_always(ROOM_INPUTS), values=_new_room,
        save=lambda asked, form: save_room(form, actor=asked.actor, workplace_id=asked["workplace"]),
    ),
    Sheet(
        path=f"{WORKPLACE}/rooms/{{room:{ID}}}", title=N_("Modifier la salle"), schema=RoomForm,
        back=ORGANISATION_BACK, inputs=_always(ROOM_INPUTS), values=lambda asked: room_values(asked["room"]),
        save=lambda asked, form: save_room(
            form, actor=asked.actor, workplace_id=asked["workplace"], room_id=asked["room"]
        ),
    ),
    Sheet(
        path=f"{HOME}/services/new", title=N_("Nouvelle démarche"), schema=ServiceForm, back=HOME,
        inputs=_service_inputs, values=_new_service, save=lambda asked, form: save_service(form, actor=asked.actor),
    ),
    Sheet(
        path=SERVICE, title=N_("Modifier la démarche"), schema=ServiceForm, back=HOME, inputs=_service_inputs,
        values=lambda asked: service_values(asked["service"]),
        save=lambda asked, form: save_service(form, actor=asked.actor, service_id=asked["service"]),
        intro=N_("Les rendez-vous déjà pris restent comme ils sont."),
    ),
)  # fmt: skip
ACTIONS = (
    Action(path=f"{SERVICE}/retire", run=_retire, back=HOME),
    Action(path=f"{SERVICE}/restore", run=_restore, back=HOME),
)


def setup(app: web.Application) -> None:
    """Add the pages."""
    app.router.add_get(HOME, show_offer)
    for sheet in SHEETS:
        add_sheet(app, sheet)
    app.router.add_get(ORGANISATION, show_organisation)
    for action in ACTIONS:
        add_action(app, action)
