"""The back office's pages of the offer: organisations, workplaces, rooms, services, and who may touch them."""

import logging
import re
from typing import Any

import pytest

from booking.engine.search import slots
from booking.errors import ServiceRetired
from booking.models import Organisation, Room, Service, Workplace
from booking.office.record import Changed
from tests.booking.agenda_world import Client, World, heard, page, sign_in

SERVICE = {
    "name": "Carte grise", "name_en": "Registration", "keywords": "carte grise, immatriculation ; voiture",
    "papers": "Pièce d’identité\nCertificat de cession", "papers_en": "Identity document\nTransfer certificate",
    "duration_minutes": "20", "step_minutes": "20", "buffer_after_minutes": "5", "notice_minutes": "60",
    "horizon_days": "30", "reminder_hours": "24", "audiences": ["citizen", "staff"], "modes": ["kiosk", "home"],
    "languages": ["fr"], "future_limit": "2", "walk_in": "yes", "offer_minutes": "30",
}  # fmt: skip


async def post(client: Client, path: str, data: dict[str, Any], status: int = 303) -> str:
    """Post a form; return where it leads to, or the page that says why not."""
    pairs = [(key, each) for key, value in data.items() for each in (value if isinstance(value, list) else [value])]
    answer = await client.post(path, data=pairs, allow_redirects=False)
    text = await answer.text()
    assert answer.status == status, text
    return answer.headers["Location"] if status == 303 else text


@pytest.mark.parametrize(("who", "status"), [("claire", 403), ("staff", 403), (None, 401)])
async def test_only_administrators_change_the_offer(client: Client, world: World, who: str | None, status: int) -> None:
    if who:
        await sign_in(client, who)
    path = f"/admin/offer/services/{world.service.id}"
    assert (await client.get(path, allow_redirects=False)).status == (403 if who else 303)
    for each in (path, f"{path}/retire"):
        assert (await client.post(each, data=SERVICE)).status == status
    await world.service.refresh_from_db()
    assert (world.service.name, world.service.retired_at) == ("Aides au logement", None)


async def test_list_says_what_is_offered_by_how_many_and_what_is_to_come(client: Client, world: World) -> None:
    await world.book(world.next_start)
    await sign_in(client, "admin")
    html = await page(client, "/admin/offer")
    assert "DDT du Loiret" in html
    assert "Aides au logement" in html
    assert "2 agents" in html
    assert "1 rendez-vous à venir" in html
    assert 'href="/admin/offer" aria-current="true"' in html


async def test_service_is_created_with_all_its_rules(client: Client, world: World) -> None:
    await sign_in(client, "admin")
    events = heard(world, Changed)
    form = SERVICE | {"organisation_id": str((await Organisation.first()).id)}  # type: ignore[union-attr]
    assert await post(client, "/admin/offer/services/new", form) == "/admin/offer?done=saved"
    made = await Service.get(slug="carte-grise")
    assert made.keywords == ["carte grise", "immatriculation", "voiture"]
    assert made.documents[1] == {"fr": "Certificat de cession", "en": "Transfer certificate"}
    assert (made.duration_minutes, made.reminder_minutes, made.buffer_before_minutes) == (20, 24 * 60, 0)
    assert (made.audiences, made.modes) == (["citizen", "staff"], ["kiosk", "home"])
    assert (made.walk_in, made.waiting_list) == (True, False)
    [event] = events
    assert isinstance(event, Changed)
    assert (event.subject, event.subject_id, event.action) == ("service", made.id, "created")
    assert event.actor_id == world.accounts["admin"].id


async def test_second_service_of_the_same_name_gets_its_own_slug(client: Client) -> None:
    await sign_in(client, "admin")
    form = SERVICE | {"organisation_id": str((await Organisation.first()).id)}  # type: ignore[union-attr]
    for _ in range(2):
        await post(client, "/admin/offer/services/new", form)
    assert len({service.slug for service in await Service.filter(name="Carte grise")}) == 2


async def test_what_was_saved_is_what_the_form_shows_and_saving_it_again_changes_nothing(
    client: Client, world: World
) -> None:
    await sign_in(client, "admin")
    path = f"/admin/offer/services/{world.service.id}"
    form = SERVICE | {"organisation_id": str((await Organisation.first()).id)}  # type: ignore[union-attr]
    await post(client, path, form)
    html = await page(client, path)
    shown = dict(re.findall(r'<input class="fr-input" type="\w+" id="\w+" name="(\w+)" value="([^"]*)"', html))
    assert shown["name"] == "Carte grise"
    assert shown["reminder_hours"] == "24"
    assert re.findall(r'name="audiences" value="(\w+)" checked', html) == ["citizen", "staff"]
    assert 'name="waiting_list" value="yes"' in html
    assert 'name="waiting_list" value="yes" checked' not in html
    before = dict(await Service.get(id=world.service.id).values())  # type: ignore[call-overload]
    await post(client, path, form)
    assert dict(await Service.get(id=world.service.id).values()) == before  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "Ce champ est obligatoire."),
        ({"duration_minutes": "0"}, "Le nombre doit être au moins 5."),
        ({"horizon_days": "beaucoup"}, "Écrivez un nombre entier."),
        ({"audiences": []}, "Choisissez au moins une réponse."),
        ({"papers_en": "Identity document"}, "Écrivez autant de lignes qu’en français, ou aucune."),
    ],
)
async def test_wrong_answers_are_said_and_nothing_typed_is_lost(
    client: Client, world: World, wrong: dict[str, Any], said: str
) -> None:
    await sign_in(client, "admin")
    form = SERVICE | {"organisation_id": str((await Organisation.first()).id)} | wrong  # type: ignore[union-attr]
    html = await post(client, f"/admin/offer/services/{world.service.id}", form, 422)
    assert said in html
    assert "carte grise, immatriculation ; voiture" in html
    assert re.findall(r'name="modes" value="(\w+)" checked', html) == ["kiosk", "home"]
    assert (await Service.get(id=world.service.id)).name == "Aides au logement"


async def test_retired_service_cannot_be_booked_keeps_its_past_and_comes_back(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    await sign_in(client, "admin")
    html = await page(client, f"/admin/offer?ask=retire-{world.service.id}")
    assert re.search(r"1 rendez-vous à venir est maintenu", html)
    await post(client, f"/admin/offer/services/{world.service.id}/retire", {})
    assert "Retirée" in await page(client, "/admin/offer?done=saved")
    with pytest.raises(ServiceRetired):
        await slots(now=world.now, service_id=world.service.id, site_id=world.site.id)
    await appointment.refresh_from_db()
    assert appointment.status == "booked"
    await post(client, f"/admin/offer/services/{world.service.id}/restore", {})
    assert await slots(now=world.now, service_id=world.service.id, site_id=world.site.id)


async def test_organisation_with_offices_workplaces_and_rooms(client: Client) -> None:
    await sign_in(client, "admin")
    form = {
        "name": "Préfecture", "departments": "28 ; 45, 2a", "requires_room": "yes",
        "offices": "181 rue de Bourgogne, 45000 Orléans | 47.9020 | 1.9139",
    }  # fmt: skip
    await post(client, "/admin/offer/organisations/new", form)
    made = await Organisation.get(slug="prefecture")
    assert (made.departments, made.requires_room) == (["28", "45", "2A"], True)
    assert made.offices == [{"address": "181 rue de Bourgogne, 45000 Orléans", "latitude": 47.902, "longitude": 1.9139}]
    own = f"/admin/offer/organisations/{made.id}"
    assert "28, 45, 2A" in await page(client, f"{own}/edit")
    await post(client, f"{own}/workplaces/new", {"name": "Orléans"})
    place = await Workplace.get(organisation_id=made.id)
    await post(client, f"{own}/workplaces/{place.id}", {"name": "Orléans centre", "address": "1 rue X"})
    await post(client, f"{own}/workplaces/{place.id}/rooms/new", {"name": "Salle A", "in_service": "yes"})
    assert (await Room.get(name="Salle A")).email == ""
    form = {"name": "Salle A", "in_service": "yes", "email": "salle-a@ddt.example"}
    await post(client, f"{own}/workplaces/{place.id}/rooms/{(await Room.get(name='Salle A')).id}", form)
    assert (await Room.get(name="Salle A")).email == "salle-a@ddt.example"
    wrong = await client.post(f"{own}/workplaces/{place.id}/rooms/new", data=form | {"email": "no address"})
    assert wrong.status == 422
    room = await Room.get(workplace_id=place.id)
    await post(client, f"{own}/workplaces/{place.id}/rooms/{room.id}", {"name": "Salle A"})
    html = await page(client, own)
    for text in ("Orléans centre", "Salle A", "Hors service"):
        assert text in html
    assert not (await Room.get(id=room.id)).in_service


@pytest.mark.parametrize(
    "wrong", [{"departments": "45, 99"}, {"offices": "Orléans"}, {"offices": "Orléans | 147.9 | 1.9"}]
)
async def test_organisation_with_what_does_not_exist_is_refused(client: Client, wrong: dict[str, str]) -> None:
    await sign_in(client, "admin")
    await post(client, "/admin/offer/organisations/new", {"name": "X"} | wrong, 422)
    assert not await Organisation.exists(name="X")


async def test_what_is_not_there_is_not_found(client: Client) -> None:
    await sign_in(client, "admin")
    nobody = "0" * 32
    for path in (f"services/{nobody}", f"organisations/{nobody}", f"organisations/{nobody}/edit"):
        await page(client, f"/admin/offer/{path}", 404)
    assert (await client.post(f"/admin/offer/services/{nobody}/retire")).status == 404


async def test_log_has_a_line_for_each_change_and_no_name(
    client: Client, world: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    await sign_in(client, "admin")
    caplog.set_level(logging.INFO)
    await post(client, f"/admin/offer/services/{world.service.id}/retire", {})
    written = caplog.text + "".join(capsys.readouterr())
    [line] = [line for line in written.splitlines() if "offer_changed" in line]
    assert world.service.id in line
    assert "retired" in line
    assert world.accounts["admin"].id in line
    assert "Aides au logement" not in line
    assert "Adèle" not in line


async def test_pages_speak_english(client: Client, world: World) -> None:
    await sign_in(client, "admin")
    assert "Housing aid" in await page(client, "/admin/offer?lang=en")
    assert "Who may book" in await page(client, f"/admin/offer/services/{world.service.id}?lang=en")


async def test_rare_languages_and_interpreters_are_kept(client: Client, world: World) -> None:
    await Service.filter(id=world.service.id).update(languages=["fr", "br"], meets_needs=["interpreter:fa"])
    await sign_in(client, "admin")
    path = f"/admin/offer/services/{world.service.id}"
    html = await page(client, path)
    assert re.findall(r'name="languages" value="(\w+)" checked', html) == ["fr", "br"]
    assert re.findall(r'name="meets_needs" value="([\w:]+)" checked', html) == ["interpreter:fa"]
    form = SERVICE | {"organisation_id": str((await Organisation.first()).id)}  # type: ignore[union-attr]
    await post(client, path, form | {"languages": ["fr", "br"], "meets_needs": ["interpreter:fa", "interpreter"]})
    assert (await Service.get(id=world.service.id)).interpreter_email == ""
    asked = {"meets_needs": ["interpreter"], "interpreter_email": "i@agence.example", "languages": ["fr", "br"]}
    await post(client, path, form | asked | {"interpreter_email": "nobody"}, 422)
    await post(client, path, form | asked)
    assert (await Service.get(id=world.service.id)).interpreter_email == "i@agence.example"
    await post(client, path, form | {"languages": ["fr", "br"], "meets_needs": ["interpreter:fa", "interpreter"]})
    saved = await Service.get(id=world.service.id)
    assert (saved.languages, saved.meets_needs) == (["fr", "br"], ["interpreter:fa", "interpreter"])
    for wrong in ({"audiences": ["anybody"]}, {"modes": ["moon"]}, {"meets_needs": ["tea"]}):
        assert "fr-error-text" in await post(client, path, form | wrong, 422)
