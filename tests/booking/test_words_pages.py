"""The administrator's texts: kept when they are right, refused at the right spot, used when something is sent."""

import json
import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from booking.keys import MAILER, SMS_SENDER
from booking.models import LetterTemplate, Notice, Organisation
from booking.notifications.delivery import DELIVERY
from teleconsult.mail.maildir import MaildirMailer, NoMailer
from teleconsult.sms.kept import KeptSmsSender, list_texts
from tests.booking.agenda_world import PASSWORD, Client, World, page, sign_in
from tests.booking.test_office_offer import post
from tests.support.accessibility import assert_accessible

SMS = "/admin/words/all/reminder-citizen-sms/fr"
MAIL = "/admin/words/all/invitation-citizen-email/fr"
GOOD = {"opening": "Rappel : {when}, {site}. {link}", "version": "0"}
LETTER = {
    "subject": "Votre rendez-vous {when}", "opening": "Bonjour de la DDT.\n\nVenez tôt, {name}.\nMerci.",
    "closing": "À bientôt à {site}.", "version": "0",
}  # fmt: skip


@pytest.mark.parametrize("who", ["claire", "staff"])
async def test_only_administrators_write(client: Client, world: World, who: str) -> None:
    await sign_in(client, who)
    for path in (SMS, f"{SMS}/check", f"{SMS}/test", f"{SMS}/reset", f"{MAIL}/preview"):
        assert (await client.post(path, data=GOOD)).status == 403
    assert await LetterTemplate.all().count() == 0


@pytest.mark.parametrize(
    "path",
    [
        "/admin/words/all/nothing/fr", "/admin/words/all/reminder-citizen-sms/de",
        f"/admin/words/{'0' * 32}/late-citizen-sms/fr",
        f"/admin/words?organisation={'0' * 32}", f"{SMS}/preview",
    ],
)  # fmt: skip
async def test_what_is_not_there_is_not_found(client: Client, world: World, path: str) -> None:
    await sign_in(client, "admin")
    assert (await client.get(path)).status == 404


async def test_text_is_kept_shown_and_in_the_history(client: Client, world: World) -> None:
    await sign_in(client, "admin")
    html = await page(client, SMS)
    assert "Rappel\u00a0: rendez-vous {when}" in unescape(html)
    assert "Aucune\u00a0: c’est le texte d’origine." in unescape(html)
    assert await post(client, SMS, GOOD) == f"{SMS}?done=saved"
    row = await LetterTemplate.get()
    assert (row.body, row.changed_by, row.organisation_id) == (GOOD["opening"], world.accounts["admin"].id, None)
    html = await page(client, f"{SMS}?done=saved")
    assert GOOD["opening"] in html
    assert f"(compte {world.accounts['admin'].id[:8]})" in html
    assert "Adèle" not in html.split("Modifications")[1]
    listed = await page(client, "/admin/words")
    assert "Texte modifié" in listed


async def test_broken_text_is_refused_where_it_is_broken_and_nothing_is_lost(client: Client, world: World) -> None:
    await sign_in(client, "admin")
    html = unescape(await post(client, SMS, {"opening": "Rappel {when} {lieu} {link}", "version": "0"}, 422))
    assert 'id="opening-error"' in html
    assert "Caractère 15\u00a0: «\u00a0{lieu}\u00a0» ne peut pas être rempli ici." in html
    assert "Rappel {when} {lieu} {link}</textarea>" in html
    html = unescape(await post(client, MAIL, LETTER | {"subject": "Sans date", "closing": "{"}, 422))
    assert "Il manque {when}" in html
    assert 'id="closing-error"' in html
    assert await LetterTemplate.all().count() == 0


async def test_of_two_who_write_the_second_is_shown_both(client: Client, world: World) -> None:
    await sign_in(client, "admin")
    await post(client, SMS, GOOD)
    mine = {"opening": "Autre {when} {link}", "version": "0"}
    html = await post(client, SMS, mine, 409)
    assert "Autre {when} {link}</textarea>" in html
    assert GOOD["opening"] in html
    assert 'name="version" value="1"' in html
    assert await post(client, SMS, mine | {"version": "1"}) == f"{SMS}?done=saved"
    assert [row.body for row in await LetterTemplate.all().order_by("revision")] == [GOOD["opening"], mine["opening"]]
    await post(client, f"{SMS}/reset", {"version": "1"}, 409)


async def test_built_in_text_comes_back_and_the_other_stays_in_the_history(client: Client, world: World) -> None:
    await sign_in(client, "admin")
    await post(client, SMS, GOOD)
    html = unescape(await page(client, f"{SMS}?ask=reset"))
    assert "Revenir au texte d’origine\u00a0?" in html
    assert await post(client, f"{SMS}/reset", {"version": "1"}) == f"{SMS}?done=reset"
    html = unescape(await page(client, SMS))
    assert "Rappel\u00a0: rendez-vous {when}" in html
    assert "retour au texte d’origine" in html
    assert await LetterTemplate.all().count() == 2


async def test_organisations_words_come_before_those_for_all(client: Client, world: World) -> None:
    await sign_in(client, "admin")
    organisation = await Organisation.first()
    assert organisation
    own = SMS.replace("/all/", f"/{organisation.id}/")
    await post(client, SMS, GOOD)
    assert GOOD["opening"] in await page(client, own)
    await post(client, own, {"opening": "DDT {when} {link}", "version": "0"})
    await post(client, "/admin/words/all/reminder-citizen-sms/en", {"opening": "Soon {when} {link}", "version": "0"})
    assert "DDT {when} {link}" in await page(client, own)
    assert GOOD["opening"] in await page(client, SMS)
    assert "Texte de l’organisme" in await page(client, f"/admin/words?organisation={organisation.id}")


async def test_typed_text_is_judged_at_once(client: Client, world: World) -> None:
    await sign_in(client, "admin")
    answer = await client.post(f"{SMS}/check", data={"opening": "Été {when} {lin} {link}"})
    said = json.loads(await answer.text())
    assert said["problems"] == [
        {"field": "opening", "at": 11, "length": 5, "text": said["problems"][0]["text"]}
    ]  # fmt: skip
    assert "{lin}" in said["problems"][0]["text"]
    good = json.loads(await (await client.post(f"{SMS}/check", data=GOOD)).text())
    assert good["problems"] == good["warnings"] == []
    text, length, parts = good["sample"]
    assert re.match(r"Rappel : \w{3}\. \d+/\d+ à 1[45]h30, France services Patay\. http", text)
    assert (length, parts) == (len(text), 1)
    assert good["size"]["least"] < good["size"]["most"] <= 160


async def test_preview_is_the_real_mail_in_a_frame_that_can_do_nothing(client: Client, world: World) -> None:
    await sign_in(client, "admin")
    evil = LETTER | {"opening": "<script>alert(1)</script> {when}"}
    answer = await client.post(f"{MAIL}/preview?part=html", data=evil)
    html = await answer.text()
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "À bientôt à France services Patay." in html
    plain = await client.post(f"{MAIL}/preview?part=text", data=LETTER)
    assert plain.content_type == "text/plain"
    assert "Venez tôt, Jeanne.\nMerci." in (await plain.text()).replace("\r\n", "\n")
    saved = await client.get(MAIL.replace("/fr", "/en") + "/preview?part=html")
    assert "Housing aid" in await saved.text()
    offer = await client.get("/admin/words/all/offer-citizen-email/fr/preview")
    assert "Une place s’est libérée" in await offer.text()


def mails(folder: Path) -> list[Any]:
    return [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(folder.glob("new/*"))]


async def test_test_goes_to_whoever_asks_and_to_nobody_else(client: Client, world: World, tmp_path: Path) -> None:
    world.app._state[MAILER] = MaildirMailer(tmp_path / "mail")  # type: ignore[index]
    world.app._state[SMS_SENDER] = KeptSmsSender(tmp_path / "sms")  # type: ignore[index]
    await sign_in(client, "admin")
    await post(client, f"{MAIL}/test", LETTER, 200)
    await post(client, f"{MAIL}/test", LETTER, 200)
    one, two = mails(tmp_path / "mail")
    assert one["To"].addresses[0].addr_spec == "admin@example.org"
    assert one["Message-ID"] != two["Message-ID"]
    await post(client, f"{SMS}/test", GOOD | {"phone": "02 38 12 34 56"}, 422)
    await post(client, f"{SMS}/test", GOOD | {"phone": "06 12 34 56 78"}, 200)
    [text] = list_texts(tmp_path / "sms")
    assert text.to == "+33612345678"
    for _ in range(6):
        await client.post(f"{SMS}/test", data=GOOD)
    assert (await client.post(f"{SMS}/test", data=GOOD)).status == 429


async def test_test_that_fails_says_why(client: Client, world: World) -> None:
    world.app._state[MAILER] = NoMailer()  # type: ignore[index]
    await sign_in(client, "admin")
    html = unescape(await post(client, f"{MAIL}/test", LETTER, 200))
    assert "aucun serveur de messagerie n’est réglé" in html
    assert "Venez tôt, {name}." in html


async def test_next_mail_is_written_in_the_new_words(client: Client, world: World, tmp_path: Path) -> None:
    await sign_in(client, "admin")
    await post(client, MAIL, LETTER)
    await world.book(world.next_start + timedelta(days=1))
    delivery = world.app[DELIVERY]
    mailer = MaildirMailer(tmp_path / "mail")
    delivery._channels["email"]._mailer = mailer  # type: ignore[attr-defined]
    await delivery.deliver_due()
    assert await Notice.filter(state="sent", recipient="citizen").count() == 1
    [mail] = [mail for mail in mails(tmp_path / "mail") if "jeanne@example.org" in str(mail["To"])]
    assert str(mail["Subject"]).startswith("Votre rendez-vous ")
    body = mail.get_body(("plain",)).get_content()
    assert "Bonjour de la DDT.\n\nVenez tôt, Jeanne.\nMerci." in body.replace("\r\n", "\n")
    assert "À bientôt à France services Briare." in body
    html = mail.get_body(("html",)).get_content()
    assert "Venez tôt, Jeanne.<br>Merci." in html


async def test_editor_by_keyboard_is_accessible_and_fits(served: tuple[World, TestServer], browser: Browser) -> None:
    _, server = served
    context = await browser.new_context(locale="fr-FR")
    tab = await context.new_page()
    await tab.goto(str(server.make_url(f"/sign-in?next={SMS}")))
    await tab.get_by_label("Adresse électronique").fill("admin@example.org")
    await tab.get_by_label("Mot de passe").fill(PASSWORD)
    await tab.keyboard.press("Enter")
    await tab.get_by_role("heading", name="Rappel", exact=True).wait_for()
    field = tab.get_by_label("Texte du SMS")
    await field.fill("Bonjour {lieu} ")
    spot = tab.get_by_role("button", name="Caractère 9")
    await spot.focus()
    await tab.keyboard.press("Enter")
    await tab.keyboard.type("Rappel ")
    for name in ("Le jour et l’heure", "Le lien vers la page de l’usager"):
        await tab.get_by_role("button", name=name).focus()
        await tab.keyboard.press("Enter")
    assert await field.input_value() == "Bonjour Rappel {when}{link} "
    await expect(tab.locator("#words-verdict")).to_have_text("Le texte peut être enregistré.")
    await expect(tab.locator("#words-sample")).to_contain_text("Bonjour Rappel")
    await tab.get_by_role("button", name="Enregistrer").focus()
    await tab.keyboard.press("Enter")
    await tab.get_by_text("Les prochains messages l’utilisent.").wait_for()
    for path in ("/admin/words", SMS, f"{SMS}?ask=reset", MAIL):
        for width in (1366, 320):
            await tab.set_viewport_size({"width": width, "height": 800})
            await tab.goto(str(server.make_url(path)))
            assert await tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (path, width)
        await assert_accessible(tab)
    await context.close()
