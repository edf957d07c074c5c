"""The kiosk in a real Chromium: on-screen keyboard, keyboard alone, idle wipe, camera, news."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.async_api import Browser, Page, expect

from booking.lifecycle import Status
from booking.models import Appointment, Service
from booking.passes import issue_pass, shown_reference
from kiosks.arrival import seat
from kiosks.models import HelpRequest, Visit
from teleconsult.clock import utcnow
from teleconsult.web.events import publish
from teleconsult.web.tokens import SIGNER
from tests.kiosks.booth import LANDSCAPE, PORTRAIT, Booth
from tests.kiosks.house import appointment_at
from tests.support.browsers import running_browser


def key(page: Page, text: str):  # type: ignore[no-untyped-def]
    return page.locator(f'#keyboard button[data-type="{text}"]')


async def press(page: Page, text: str) -> None:
    for letter in text:
        await key(page, letter).click()


async def test_the_keyboard_on_the_screen_types_names_addresses_and_numbers(booth: Booth, browser: Browser) -> None:
    page = await booth.screen(browser)
    await booth.to_person(page)
    keyboard = page.locator("#keyboard")
    await expect(keyboard).to_be_hidden()
    await page.locator("#given_name").click()
    await expect(keyboard).to_be_visible()
    await press(page, "jean-élie")
    await expect(page.locator("#given_name")).to_have_value("Jean-Élie")
    await page.get_by_role("button", name="Suivant").click()
    await expect(page.locator("#family_name")).to_be_focused()
    await press(page, "d'août ")
    await page.get_by_role("button", name="Majuscule").click()
    await press(page, "k")
    await expect(page.locator("#family_name")).to_have_value("D'Août k")
    for _ in range(2):
        await page.get_by_role("button", name="Effacer", exact=True).click()
    await expect(page.locator("#family_name")).to_have_value("D'Août")
    await page.locator("#email").click()
    await press(page, "je_1")
    await page.get_by_role("button", name="arobase").click()
    await press(page, "free")
    await page.get_by_role("button", name=".fr", exact=True).click()
    await expect(page.locator("#email")).to_have_value("je_1@free.fr")
    await page.locator("#phone").click()
    await press(page, "0612345678")
    await page.get_by_role("button", name="Suivant").click()
    await expect(keyboard).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Jean-Élie D'Août")).to_be_visible()
    await expect(page.get_by_text("+33612345678")).to_be_visible()


async def test_the_keyboard_inserts_where_the_cursor_is_and_can_be_put_away(booth: Booth, browser: Browser) -> None:
    page = await booth.screen(browser)
    await booth.to_person(page)
    field = page.locator("#family_name")
    await field.click()
    await page.keyboard.type("Drand")
    await field.evaluate("field => field.setSelectionRange(1, 1)")
    await press(page, "u")
    await expect(field).to_have_value("Durand")
    await page.get_by_role("button", name="Masquer le clavier").click()
    await expect(page.locator("#keyboard")).to_be_hidden()
    await page.keyboard.type("t")
    await expect(field).to_have_value("Dutrand")
    await field.click()
    await expect(page.locator("#keyboard")).to_be_visible()


async def test_the_keyboard_is_one_stop_and_arrows_walk_on_it(booth: Booth, browser: Browser) -> None:
    page = await booth.screen(browser)
    await booth.to_person(page)
    await page.locator("#family_name").click()
    await key(page, "é").focus()
    await page.keyboard.press("ArrowDown")
    await expect(key(page, "a")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await expect(key(page, "z")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#family_name")).to_have_value("Z")
    assert await page.locator('#keyboard button[tabindex="0"]').count() == 1
    await page.keyboard.press("Tab")
    inside = await page.evaluate("document.getElementById('keyboard').contains(document.activeElement)")
    assert not inside


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
async def test_the_keyboard_never_covers_the_field(booth: Booth, browser: Browser, size: dict[str, int]) -> None:
    page = await booth.screen(browser, size)
    await booth.to_person(page)
    for name in ("given_name", "family_name", "email", "phone"):
        field = page.locator(f"#{name}")
        await field.click()
        box, keyboard = await field.bounding_box(), await page.locator("#keyboard").bounding_box()
        assert box
        assert keyboard
        assert box["y"] + box["height"] <= keyboard["y"], name


async def test_what_is_typed_survives_a_reload_without_any_button(booth: Booth, browser: Browser) -> None:
    page = await booth.screen(browser)
    await booth.to_person(page)
    async with page.expect_response("**/person/keep"):
        await page.locator("#given_name").fill("Zo")
    await page.reload()
    await expect(page.locator("#given_name")).to_have_value("Zo")
    async with page.expect_response("**/person/keep"):
        await page.get_by_label("Quelqu’un m’accompagne").check()
    await page.go_back()
    await page.goto(f"{booth.url}/kiosk/booking/person")
    await expect(page.get_by_label("Quelqu’un m’accompagne")).to_be_checked()


async def test_a_booking_with_the_keyboard_alone(booth: Booth, browser: Browser) -> None:
    page = await booth.screen(browser, LANDSCAPE)

    async def walk_to(selector: str) -> None:
        for _ in range(60):
            if await page.evaluate("selector => document.activeElement?.matches(selector)", selector):
                return
            await page.keyboard.press("Tab")
        raise AssertionError(f"{selector} cannot be reached with the Tab key")

    await walk_to("form[action='/kiosk/booking/start'] button")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/service")
    await walk_to("#services button")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/slot")
    await walk_to("button.kiosk-time")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/person")
    await walk_to("#given_name")
    await page.keyboard.type("Ada")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Byron")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/check")
    await walk_to("form[data-once] button")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/done")
    assert shown_reference((await Appointment.get()).reference) in (await page.locator("#reference").inner_text())


async def test_an_idle_screen_asks_then_wipes_and_the_back_button_shows_nothing(booth: Booth, browser: Browser) -> None:
    page = await booth.screen(browser)
    await page.clock.install()
    await booth.to_person(page)
    await page.locator("#given_name").fill("Zoé")
    dialog = page.locator("#idle-dialog")
    await page.clock.run_for(89_000)
    await expect(dialog).to_be_hidden()
    await page.clock.run_for(2_000)
    await expect(dialog).to_be_visible()
    await expect(page.locator("#idle-extend")).to_be_focused()
    await page.clock.run_for(10_000)
    await expect(page.locator("#idle-count")).to_have_text("19")
    await page.get_by_role("button", name="Je suis encore là").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#given_name")).to_have_value("Zoé")
    await page.clock.run_for(91_000)
    await expect(dialog).to_be_visible()
    await page.clock.run_for(31_000)
    await page.wait_for_url("**/kiosk")
    assert await Visit.all().count() == 0
    await page.go_back()
    await expect(page.get_by_role("link", name="J’ai un rendez-vous")).to_be_visible()
    assert "Zoé" not in await page.content()


async def test_the_first_screen_rests_and_goodbye_goes_home_by_itself(booth: Booth, browser: Browser) -> None:
    page = await booth.screen(browser)
    await page.clock.install()
    await page.reload()
    await page.clock.run_for(600_000)
    await expect(page.locator("#idle-dialog")).to_be_hidden()
    await page.goto(f"{booth.url}/kiosk/goodbye")
    await page.clock.run_for(9_000)
    await page.wait_for_url("**/kiosk")


async def test_a_reference_gets_its_dash_and_opens_the_waiting_screen(booth: Booth, browser: Browser) -> None:
    appointment = await appointment_at(booth.world, utcnow() + timedelta(minutes=5), kiosk=booth.world.kiosk)
    page = await booth.screen(browser)
    await page.get_by_role("link", name="J’ai un rendez-vous").click()
    field = page.locator("#code")
    await press(page, appointment.reference[:3])
    await expect(field).to_have_value(f"{appointment.reference[:3]}-")
    await page.get_by_role("button", name="Effacer", exact=True).click()
    await expect(field).to_have_value(appointment.reference[:3])
    await press(page, appointment.reference[3:])
    await expect(field).to_have_value(shown_reference(appointment.reference))
    await page.get_by_role("button", name="OK").click()
    await page.wait_for_url(f"**/call/{appointment.id}*")


async def test_a_usb_scanner_types_a_pass_wherever_the_cursor_is(booth: Booth, browser: Browser) -> None:
    appointment = await appointment_at(booth.world, utcnow() + timedelta(minutes=5), kiosk=booth.world.kiosk)
    code = issue_pass(booth.app[SIGNER], appointment_id=appointment.id, ends_at=appointment.ends_at)
    page = await booth.screen(browser)
    await page.goto(f"{booth.url}/kiosk/arrival")
    await page.locator("h1").click()
    await page.keyboard.type(code)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/call/{appointment.id}*")


def film_of(text: str, path: Path) -> Path:
    """Write a film (YUV4MPEG2) of a camera that is shown a QR code, as Chromium's fake camera plays it."""
    drawn = BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="png", scale=7, border=4)
    frame = Image.new("L", (640, 480), 90)
    with Image.open(drawn) as code:
        frame.paste(code.convert("L").rotate(4, expand=True, fillcolor=150), (90, 40))
    grey = bytes([128]) * (320 * 240)
    with path.open("wb") as film:
        film.write(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n")
        for _ in range(10):
            film.write(b"FRAME\n" + frame.tobytes() + grey + grey)
    return path


async def test_a_pass_shown_to_the_camera_opens_the_waiting_screen(booth: Booth, tmp_path: Path) -> None:
    appointment = await appointment_at(booth.world, utcnow() + timedelta(minutes=5), kiosk=booth.world.kiosk)
    code = issue_pass(booth.app[SIGNER], appointment_id=appointment.id, ends_at=appointment.ends_at)
    async with running_browser(camera=film_of(code, tmp_path / "pass.y4m")) as browser:
        page = await booth.screen(browser)
        await page.goto(f"{booth.url}/kiosk/arrival")
        # this browser has granted its camera, as a kiosk that was set up has: nothing to press
        await page.wait_for_url(f"**/call/{appointment.id}*")
    assert (await Appointment.get(id=appointment.id)).status == Status.CHECKED_IN


async def test_an_adviser_is_called_answers_and_seats_someone_at_the_screen(booth: Booth, browser: Browser) -> None:
    page = await booth.screen(browser)
    desk = await booth.desk(browser)
    await page.get_by_role("button", name="Aide").click()
    await expect(page.get_by_role("dialog", name="Un conseiller est prévenu")).to_be_visible()
    await expect(desk.get_by_role("heading", name="On vous demande")).to_be_visible()
    await desk.get_by_role("button", name="J’arrive").click()
    await expect(page.get_by_text("Un conseiller arrive.")).to_be_visible()
    assert await HelpRequest.filter(answered_by_id=booth.world.adviser.id).count() == 1
    appointment = await appointment_at(booth.world, utcnow() + timedelta(minutes=5), kiosk=booth.world.kiosk)
    arrived = await seat(
        now=utcnow(), appointment_id=appointment.id, kiosk_id=booth.world.kiosk.id, account_id=booth.world.adviser.id
    )
    await publish(booth.app, arrived.events)
    await page.wait_for_url(f"**/call/{appointment.id}*")
    await expect(desk.locator('[data-state="waiting"]')).to_be_visible()


async def test_the_search_forgives_accents(booth: Booth, browser: Browser) -> None:
    for number in range(9):
        await Service.create(
            slug=f"s{number}", organisation_id=(await Service.first().values())["organisation_id"],
            name=f"Demande n° {number}" if number else "Élevage : déclarer mes ruches",
        )  # fmt: skip
    page = await booth.screen(browser)
    await page.get_by_role("button", name="Prendre rendez-vous").click()
    await page.locator("#service-search").fill("declarer ELEVAGE")
    await expect(page.locator("#services > li:visible")).to_have_count(1)
    await expect(page.get_by_role("button", name="Élevage")).to_be_visible()
    await page.locator("#service-search").fill("zzz")
    await expect(page.locator("#service-none")).to_be_visible()
