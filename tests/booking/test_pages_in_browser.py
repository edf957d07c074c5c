"""The agent's and the citizen's pages in a real browser: accessible, live, usable by keyboard and without scripts."""

import re
from typing import Any

import pytest
import zxingcpp
from aiohttp.test_utils import TestServer
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, expect

from booking.change import cancel
from booking.lifecycle import Actor, ActorKind, Outcome
from booking.models import Appointment
from booking.passes import read_pass
from booking.progress import check_in
from booking.schemas import Citizen
from teleconsult.web.events import publish
from teleconsult.web.live import LIVE
from teleconsult.web.tokens import SIGNER
from tests.booking.agenda_world import PASSWORD, STEP, World, local_day_of, url
from tests.support.accessibility import assert_accessible
from tests.support.waiting import until

ROSE = Citizen(given_name="Rose", family_name="de La Rochefoucauld-Montmorency", language="ar")
SCREENS = [{"width": 1366, "height": 768}, {"width": 390, "height": 844}]
# WCAG 2.2, 1.4.10: what is 1280 wide and zoomed to 400 %
NARROWEST = {"width": 320, "height": 700}
COUNT_NOTES = """
window.notes = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { window.notes += 1; return start.apply(this, when); };
"""


async def sign_in(page: Page, server: TestServer, name: str = "claire") -> None:
    await page.goto(str(server.make_url("/sign-in")))
    await page.get_by_label("Adresse électronique").fill(f"{name}@example.org")
    await page.get_by_label("Mot de passe").fill(PASSWORD)
    await page.get_by_role("button", name="Se connecter", exact=True).click()
    await page.wait_for_url("**/agent")


async def new_page(browser: Browser, **options: Any) -> tuple[BrowserContext, Page]:
    context = await browser.new_context(locale="fr-FR", **options)
    return context, await context.new_page()


async def arrive(world: World, appointment: Appointment) -> None:
    """Check the citizen in as the kiosk does, with what follows from it."""
    done = await check_in(
        now=world.now, appointment_id=appointment.id, kiosk_id=appointment.kiosk_id, actor=Actor(ActorKind.CITIZEN)
    )
    await publish(world.app, done.events)


async def listening(world: World) -> None:
    async def somebody() -> bool:
        return bool(world.app[LIVE].listeners(f"agent:{world.agent.id}"))

    await until(somebody, "the agenda listens")


async def every_page(world: World) -> dict[str, str]:
    """Return the address of each page, in each of its states, after filling the day."""
    start = world.next_start
    waiting = await world.book(start, ROSE, needs=("wheelchair", "interpreter:ar"))
    await world.arrive(waiting, world.now)
    booked = await world.book(start + STEP)
    followed = await world.book(start + 2 * STEP, ROSE)
    await world.arrive(followed, followed.starts_at)
    await world.call(followed, followed.starts_at)
    await world.close(followed, Outcome.FOLLOW_UP)
    cancelled = await world.book(start + 3 * STEP, ROSE)
    await cancel(now=world.now, appointment_id=cancelled.id, actor=world.actor, reason="Agent malade")
    own = world.manage_url(booked)
    return {
        "agenda": "/agent",
        "empty day": "/agent?day=2027-03-08",
        "waiting": url(waiting),
        "booked": url(booked),
        "cancelling": f"{url(booked)}?ask=cancel",
        "cancelled": f"{url(cancelled)}?done=cancelled",
        "followed up": f"{url(followed)}?done=outcome",
        "not there": url(booked)[:-4] + "0000",
        "own": own,
        "own, cancelling": f"{own}?ask=cancel",
        "own, cancelled": world.manage_url(cancelled),
        "own, move": f"{own}/move",
        "own, pass": f"{own}/pass",
        "own, in English": f"{own}?lang=en",
        "link that is none": "/rdv/nonsense",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_accessible_and_fits(
    browser: Browser, served: tuple[World, TestServer], scheme: str
) -> None:
    world, server = served
    pages = await every_page(world)
    context, page = await new_page(browser, color_scheme=scheme)
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("console", lambda message: failures.append(message.text) if "Security Policy" in message.text else None)
    await sign_in(page, server)
    for name, path in pages.items():
        await page.goto(f"{server.make_url('')}".rstrip("/") + path)
        for size in (*SCREENS, NARROWEST):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            over = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert over <= 0, f"{name} is {over} pixels wider than {size['width']}"
        await assert_accessible(page)
    assert not failures
    await context.close()


async def test_arrival_is_shown_told_and_sounded(browser: Browser, served: tuple[World, TestServer]) -> None:
    world, server = served
    appointment = await world.book(world.next_start)
    context, page = await new_page(browser)
    await page.add_init_script(COUNT_NOTES)
    await sign_in(page, server)
    await page.evaluate("window.sameDocument = true")
    await expect(page.get_by_role("heading", name="Prochain rendez-vous")).to_be_visible()
    await expect(page.get_by_role("button", name="Son activé")).to_have_attribute("aria-pressed", "true")
    await page.locator(f'[data-key="item-{appointment.id}"]').focus()
    await listening(world)
    await arrive(world, appointment)
    waiting = page.get_by_role("region", name="Un usager vous attend")
    await expect(waiting.get_by_text("vient d’arriver")).to_be_visible()
    await expect(waiting.get_by_role("link", name="Recevoir")).to_have_attribute(
        "href", f"/call/{appointment.id}?as=agent&admit=1"
    )
    await expect(page.locator("#announce")).to_have_text("Un usager vient d’arriver et vous attend.")
    await expect(page).to_have_title(re.compile(r"^\(1\) "))
    assert await page.evaluate("window.sameDocument"), "the page was loaded again"
    assert await page.evaluate("document.activeElement.dataset.key") == f"item-{appointment.id}"
    await page.wait_for_function("window.notes === 2")
    await context.close()


@pytest.mark.parametrize("path", ["/agent/calendar", "/agent/trouble", "/agent/appointments/{id}"])
async def test_arrival_is_told_on_the_agents_other_pages(
    browser: Browser, served: tuple[World, TestServer], path: str
) -> None:
    world, server = served
    waiting = await world.book(world.next_start, ROSE)
    other = await world.book(world.next_start + STEP)
    context, page = await new_page(browser)
    await page.add_init_script(COUNT_NOTES)
    await sign_in(page, server)
    await page.goto(str(server.make_url(path.format(id=other.id))))
    await listening(world)
    await page.keyboard.press("Tab")
    bell = page.locator("#bell")
    await expect(bell).to_have_attribute("data-looked", "yes")
    await expect(bell).to_be_hidden()
    await arrive(world, waiting)
    await expect(bell).to_contain_text("Un usager est arrivé et vous attend.")
    await page.wait_for_function("window.notes > 0")
    assert (await page.title()).startswith("(1) ")
    await assert_accessible(page)
    await bell.get_by_role("link", name="Ouvrir mon agenda").click()
    await expect(page.get_by_role("link", name=re.compile("Recevoir.*Rose"))).to_be_visible()
    await context.close()


async def test_sound_can_be_turned_off_and_stays_off(browser: Browser, served: tuple[World, TestServer]) -> None:
    world, server = served
    appointment = await world.book(world.next_start)
    context, page = await new_page(browser)
    await page.add_init_script(COUNT_NOTES)
    await sign_in(page, server)
    await page.get_by_role("button", name="Son activé").click()
    await page.reload()
    await expect(page.get_by_role("button", name="Activer le son")).to_have_attribute("aria-pressed", "false")
    await listening(world)
    await arrive(world, appointment)
    await expect(page.locator("#announce")).to_have_text("Un usager vient d’arriver et vous attend.")
    assert await page.evaluate("window.notes") == 0
    await page.get_by_role("button", name="Activer le son").click()
    await page.wait_for_function("window.notes === 2")
    await context.close()


async def test_minutes_go_by_on_the_screen_even_without_the_network(
    browser: Browser, served: tuple[World, TestServer]
) -> None:
    world, server = served
    await world.arrive(await world.book(world.next_start), world.now)
    context, page = await new_page(browser)
    await page.clock.install()
    await sign_in(page, server)
    await expect(page.get_by_text("vient d’arriver")).to_be_visible()
    await page.route("**/agent", lambda route: route.abort())
    await page.clock.fast_forward("03:00")
    await expect(page.get_by_text("attend depuis 3 min")).to_be_visible()
    await page.clock.fast_forward("01:02:00")
    await expect(page.get_by_text(re.compile("attend depuis 1 h 0[56]"))).to_be_visible()
    await context.close()


async def test_agenda_of_an_ended_session_asks_to_sign_in(browser: Browser, served: tuple[World, TestServer]) -> None:
    world, server = served
    appointment = await world.book(world.next_start)
    context, page = await new_page(browser)
    await sign_in(page, server)
    await listening(world)
    await context.clear_cookies()
    await arrive(world, appointment)
    await page.wait_for_url("**/sign-in?next=**")
    await context.close()


async def test_cancelling_by_keyboard_alone(browser: Browser, served: tuple[World, TestServer]) -> None:
    world, server = served
    appointment = await world.book(world.next_start)
    context, page = await new_page(browser)
    await sign_in(page, server)
    await page.goto(str(server.make_url(url(appointment))))
    opener = page.get_by_role("link", name="Annuler le rendez-vous")
    await opener.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile("Annuler ce rendez-vous"))
    await expect(dialog).to_be_visible()
    await assert_accessible(page)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(opener).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_label("Motif")).to_be_focused()
    await page.keyboard.type("Réunion imprévue")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").get_by_text("Le rendez-vous est annulé")).to_be_visible()
    assert (await Appointment.get(id=appointment.id)).cancel_reason == "Réunion imprévue"
    await context.close()


async def test_outcome_and_follow_up_by_keyboard_alone(browser: Browser, served: tuple[World, TestServer]) -> None:
    world, server = served
    appointment = await world.book(world.next_start)
    await world.arrive(appointment, world.now)
    await world.call(appointment, world.now)
    context, page = await new_page(browser)
    await sign_in(page, server)
    await page.goto(str(server.make_url(url(appointment))))
    await page.get_by_role("radio", name="Demande résolue").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("radio", name="À suivre")).to_be_checked()
    await page.keyboard.press("Tab")
    await page.keyboard.type("Manque l’avis d’imposition.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("L’issue est enregistrée")).to_be_visible()
    # On a slow machine the answer's text shows before the last slots are parsed, and an arrow key has nowhere to go.
    await page.wait_for_load_state()
    slots = page.locator('#slots input[name="start"]')
    await slots.first.focus()
    await page.keyboard.press("ArrowRight")
    await expect(slots.nth(1)).to_be_checked()
    await page.get_by_role("button", name="Réserver ce créneau").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Le rendez-vous de suivi est réservé")).to_be_visible()
    assert await Appointment.filter(follow_up_of_id=appointment.id).count() == 1
    await context.close()


async def test_citizen_can_do_everything_without_scripts(browser: Browser, served: tuple[World, TestServer]) -> None:
    world, server = served
    appointment = await world.book(world.next_start + 4 * STEP)
    context, page = await new_page(browser, java_script_enabled=False, viewport=SCREENS[1])
    await page.goto(str(server.make_url(world.manage_url(appointment))))
    await page.get_by_role("link", name="Déplacer").click()
    await page.locator("#start-1-2").check()
    await page.get_by_role("button", name="Choisir ce créneau").click()
    await expect(page.get_by_text("Votre rendez-vous est déplacé")).to_be_visible()
    await page.get_by_role("link", name="Annuler").click()
    await page.get_by_role("button", name="Oui, annuler").click()
    await expect(page.get_by_text("Votre rendez-vous est annulé")).to_be_visible()
    stored = await Appointment.get(id=appointment.id)
    assert (stored.status, stored.sequence) == ("cancelled", 2)
    await context.close()


@pytest.mark.parametrize("rest", ["", "/pass"])
async def test_code_on_the_screen_is_the_pass(
    browser: Browser, served: tuple[World, TestServer], rest: str, tmp_path: Any
) -> None:
    world, server = served
    appointment = await world.book(world.next_start)
    context, page = await new_page(browser, viewport=SCREENS[1], color_scheme="dark")
    await page.goto(str(server.make_url(world.manage_url(appointment) + rest)))
    picture = tmp_path / "code.png"
    await page.get_by_role("img", name="Code QR de votre rendez-vous").screenshot(path=picture)
    found = zxingcpp.read_barcodes(Image.open(picture))
    assert [code.format for code in found] == [zxingcpp.BarcodeFormat.QRCode]
    assert found[0].text.startswith("TC1:")
    assert read_pass(world.app[SIGNER], found[0].text, world.now) == appointment.id
    await context.close()


async def test_printed_pass_has_only_the_pass(browser: Browser, served: tuple[World, TestServer]) -> None:
    world, server = served
    appointment = await world.book(world.next_start)
    context, page = await new_page(browser)
    await page.goto(str(server.make_url(world.manage_url(appointment) + "/pass")))
    await expect(page.get_by_role("button", name="Imprimer")).to_be_visible()
    await page.emulate_media(media="print")
    for gone in ("banner", "contentinfo", "button"):
        await expect(page.get_by_role(gone)).to_have_count(0)  # type: ignore[arg-type]
    await expect(page.get_by_role("img", name="Code QR de votre rendez-vous")).to_be_visible()
    assert local_day_of(world, appointment.starts_at).strftime("%Y") in await page.locator("main").inner_text()
    await context.close()
