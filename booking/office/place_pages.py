"""The back office's pages of houses and kiosks."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from booking.office.calendar_sheets import WEEKDAY_TEXTS, weekday_names
from booking.office.forms import ID, Action, Asked, Input, Sheet, add_action, add_sheet
from booking.office.places import (
    EQUIPMENT,
    ClosureForm,
    HouseForm,
    KioskForm,
    OpeningForm,
    OutageForm,
    StaffForm,
    add_closure,
    add_outage,
    add_staff,
    delete_closure,
    end_outage,
    house_values,
    house_view,
    houses,
    kiosk_values,
    opening_values,
    remove_staff,
    save_house,
    save_kiosk,
    save_opening,
    staff_choices,
)
from booking.office.times import write_ranges
from booking.sites.territories import zones
from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.web.i18n import N_, language
from teleconsult.web.render import render

HOME = "/admin/houses"
HOUSE = f"{HOME}/{{site:{ID}}}"
BACK = f"{HOME}/{{site}}"
KIOSK = f"{HOUSE}/kiosks/{{kiosk:{ID}}}"
MOST_SEARCHED = 80

EQUIPMENT_TEXTS = {
    "scanner": N_("Scanner"),
    "printer": N_("Imprimante"),
    "wheelchair": N_("Accessible en fauteuil roulant"),
    "hearing_loop": N_("Boucle magnétique"),
}


@requires(Role.ADMINISTRATOR)
async def show_houses(request: web.Request) -> web.StreamResponse:
    """GET /admin/houses?q=: the houses searched for."""
    search = request.query.get("q", "")[:MOST_SEARCHED]
    found, more = await houses(search)
    context = {"section": "offer", "houses": found, "more": more, "search": search}
    return render(request, "booking/office/houses.html", context)


@requires(Role.ADMINISTRATOR)
async def show_house(request: web.Request) -> web.StreamResponse:
    """GET /admin/houses/{site}: hours, closures, kiosks, advisers."""
    context = {
        "section": "offer",
        "house": await house_view(request.match_info["site"], utcnow()),
        "done": request.query.get("done") == "saved",
        "weekdays": weekday_names(language(request)),
        "write_ranges": write_ranges,
        "equipment_texts": EQUIPMENT_TEXTS,
    }
    return render(request, "booking/office/house.html", context)


async def _house_inputs(asked: Asked) -> Sequence[Input]:
    places = zones()
    if "site" in asked.where:
        places.append(str((await house_values(asked["site"]))["timezone"]))
    degrees = {"inputmode": "decimal"}
    return (
        Input("name", N_("Nom")),
        Input("commune", N_("Commune")),
        Input("department", N_("Département"), hint=N_("Par exemple 45.")),
        Input("address", N_("Adresse"), required=False),
        Input("postcode", N_("Code postal"), required=False),
        Input("latitude", N_("Latitude"), hint=N_("En degrés, comme 47.9026."), attrs=degrees),
        Input("longitude", N_("Longitude"), hint=N_("En degrés, comme 1.9090."), attrs=degrees),
        Input(
            "timezone", N_("Fuseau horaire"), "select",
            options=[(zone, zone.replace("_", " ")) for zone in dict.fromkeys(places)],
        ),
        Input("phone", N_("Téléphone"), "tel", required=False),
        Input("email", N_("Adresse électronique"), "email", required=False),
        Input(
            "invites_desk", N_("Inviter aussi l’accueil"), "yes",
            hint=N_("Chaque rendez-vous de la maison arrive dans le calendrier de cette adresse."),
        ),
        Input("comment", N_("Bon à savoir"), "lines", required=False),
        Input("open_on_holidays", N_("Ouverte les jours fériés"), "yes"),
        Input("active", N_("En activité"), "yes", hint=N_("Sinon, plus personne ne peut y réserver.")),
    )  # fmt: skip


async def _new_house(_asked: Asked) -> Mapping[str, Any]:
    return {"timezone": zones()[0], "active": True}


async def _opening_inputs(_asked: Asked) -> Sequence[Input]:
    return [Input(f"day{number}", text, required=False) for number, text in enumerate(WEEKDAY_TEXTS)]


async def _opening_values(asked: Asked) -> Mapping[str, Any]:
    return {name: write_ranges(ranges) for name, ranges in (await opening_values(asked["site"])).items()}


async def _closure_inputs(_asked: Asked) -> Sequence[Input]:
    return (
        Input("first", N_("Premier jour de fermeture"), "date"),
        Input("last", N_("Dernier jour de fermeture"), "date"),
        Input("start", N_("À partir de"), "time", N_("Le premier jour, si ce n’est pas dès minuit."), False),
        Input("end", N_("Jusqu’à"), "time", N_("Le dernier jour, si ce n’est pas toute la journée."), False),
        Input("reason", N_("Pourquoi"), required=False, attrs={"maxlength": 200}),
    )


async def _kiosk_inputs(asked: Asked) -> Sequence[Input]:
    equipment = [(code, asked.translate(EQUIPMENT_TEXTS[code])) for code in EQUIPMENT]
    return (
        Input("name", N_("Nom"), attrs={"maxlength": 120}),
        Input("equipment", N_("Équipement"), "checks", options=equipment, required=False),
        Input("in_service", N_("En service"), "yes", hint=N_("Pour une panne passagère, signalez plutôt une panne.")),
    )


async def _new_kiosk(_asked: Asked) -> Mapping[str, Any]:
    return {"in_service": True, "equipment": []}


async def _outage_inputs(_asked: Asked) -> Sequence[Input]:
    return (
        Input("first", N_("À partir du"), "date", N_("Sans réponse : maintenant."), False),
        Input("start", N_("À partir de"), "time", required=False),
        Input("last", N_("Jusqu’au"), "date", N_("Sans réponse : jusqu’à nouvel ordre."), False),
        Input("end", N_("Jusqu’à"), "time", required=False),
        Input("reason", N_("Ce qui ne marche pas"), required=False, attrs={"maxlength": 200}),
    )


async def _staff_inputs(asked: Asked) -> Sequence[Input]:
    return (Input("account_id", N_("Conseiller"), "select", options=await staff_choices(asked["site"])),)


async def _today(asked: Asked) -> Mapping[str, Any]:
    return {"first": asked.now.date(), "last": asked.now.date()}


async def _nothing(_asked: Asked) -> Mapping[str, Any]:
    return {}


MOVED = N_("Les rendez-vous de ce temps sont replacés ailleurs si c’est possible, et chacun est prévenu.")
SHEETS: tuple[Sheet[Any], ...] = (
    Sheet(
        path=f"{HOME}/new", title=N_("Nouvelle maison"), schema=HouseForm, back=HOME, after=f"{HOME}/{{new}}",
        inputs=_house_inputs, values=_new_house, save=lambda asked, form: save_house(form, actor=asked.actor),
    ),
    Sheet(
        path=f"{HOUSE}/edit", title=N_("Modifier la maison"), schema=HouseForm, back=BACK, inputs=_house_inputs,
        values=lambda asked: house_values(asked["site"]),
        save=lambda asked, form: save_house(form, actor=asked.actor, site_id=asked["site"]),
        intro=N_("L’import de la liste nationale peut remplacer ce que vous changez ici."),
    ),
    Sheet(
        path=f"{HOUSE}/hours", title=N_("Heures d’ouverture"), schema=OpeningForm, back=BACK,
        inputs=_opening_inputs, values=_opening_values,
        intro=N_("Pour chaque jour, des heures comme 9h-12h30, 13h30-17h. Rien : la maison est fermée."),
        save=lambda asked, form: save_opening(form, actor=asked.actor, site_id=asked["site"]),
    ),
    Sheet(
        path=f"{HOUSE}/closures/new", title=N_("Ajouter une fermeture"), schema=ClosureForm, back=BACK,
        inputs=_closure_inputs, values=_today, intro=MOVED,
        save=lambda asked, form: add_closure(form, actor=asked.actor, site_id=asked["site"]),
    ),
    Sheet(
        path=f"{HOUSE}/kiosks/new", title=N_("Nouvelle borne"), schema=KioskForm, back=BACK,
        inputs=_kiosk_inputs, values=_new_kiosk,
        save=lambda asked, form: save_kiosk(form, actor=asked.actor, site_id=asked["site"]),
    ),
    Sheet(
        path=KIOSK, title=N_("Modifier la borne"), schema=KioskForm, back=BACK, inputs=_kiosk_inputs,
        values=lambda asked: kiosk_values(asked["site"], asked["kiosk"]),
        save=lambda asked, form: save_kiosk(
            form, actor=asked.actor, site_id=asked["site"], kiosk_id=asked["kiosk"]
        ),
    ),
    Sheet(
        path=f"{KIOSK}/outages/new", title=N_("Signaler une panne"), schema=OutageForm, back=BACK,
        inputs=_outage_inputs, values=_nothing, intro=MOVED,
        save=lambda asked, form: add_outage(
            form, now=asked.now, actor=asked.actor, site_id=asked["site"], kiosk_id=asked["kiosk"]
        ),
    ),
    Sheet(
        path=f"{HOUSE}/staff/new", title=N_("Ajouter un conseiller"), schema=StaffForm, back=BACK,
        inputs=_staff_inputs, values=_nothing,
        intro=N_("Un conseiller voit l’accueil de ses maisons : leurs rendez-vous et leurs bornes."),
        save=lambda asked, form: add_staff(form, actor=asked.actor, site_id=asked["site"]),
    ),
)  # fmt: skip
ACTIONS = (
    Action(
        path=f"{HOUSE}/closures/{{entry:{ID}}}/delete", back=BACK,
        run=lambda asked: delete_closure(actor=asked.actor, site_id=asked["site"], entry_id=asked["entry"]),
    ),
    Action(
        path=f"{HOUSE}/outages/{{entry:{ID}}}/end", back=BACK,
        run=lambda asked: end_outage(
            now=asked.now, actor=asked.actor, site_id=asked["site"], entry_id=asked["entry"]
        ),
    ),
    Action(
        path=f"{HOUSE}/staff/{{entry:{ID}}}/delete", back=BACK,
        run=lambda asked: remove_staff(actor=asked.actor, site_id=asked["site"], entry_id=asked["entry"]),
    ),
)  # fmt: skip


def setup(app: web.Application) -> None:
    """Add the pages."""
    app.router.add_get(HOME, show_houses)
    app.router.add_get(HOUSE, show_house)
    for sheet in SHEETS:
        add_sheet(app, sheet)
    for action in ACTIONS:
        add_action(app, action)
