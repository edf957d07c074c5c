"""The web journey in a real browser, as wide as a phone: accessible, held while one types, and without scripts."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from booking.journey.fair_play import CALM_FROM_A_NETWORK, SECONDS
from booking.models import Appointment, Hold
from teleconsult.clock import utcnow
from teleconsult.web.throttle import THROTTLE
from tests.booking.agenda_world import World
from tests.support.accessibility import assert_accessible
from tests.support.waiting import until

PHONE = {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 700}


@pytest.fixture
async def phone(browser: Browser) -> Any:
    context = await browser.new_context(locale="fr-FR", viewport=PHONE)
    yield await context.new_page()
    await context.close()


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


async def choose(page: Page, server: TestServer) -> None:
    """Search, choose the service, the town and a time."""
    await page.goto(str(server.make_url("/rdv")))
    await page.get_by_label("Quelle démarche").fill("logemant")
    await page.get_by_label("Votre commune").fill("briare")
    await page.get_by_role("button", name="Chercher").click()
    await page.get_by_role("link", name="Aides au logement").click()
    await page.locator(".rdv-time").nth(3).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Pour qui est ce rendez-vous"))


async def test_the_whole_journey_on_a_phone(phone: Page, served: tuple[World, TestServer]) -> None:
    _, server = served
    page = phone
    await page.goto(str(server.make_url("/rdv?q=logement&near=briare")))
    await assert_accessible(page)
    assert await fits(page)
    await page.get_by_role("link", name="Aides au logement").click()
    await assert_accessible(page)
    assert await fits(page)
    await page.locator(".rdv-time").nth(3).click()
    await expect(page.locator("#hold-text")).to_have_text(re.compile(r"Cet horaire vous est gardé encore [45]:\d\d\."))
    await expect(page.get_by_label("Votre nom")).to_be_hidden()
    await page.get_by_role("radio", name="pour quelqu’un d’autre").check()
    await expect(page.get_by_label("Votre nom")).to_be_visible()
    await assert_accessible(page)
    assert await fits(page)
    await page.set_viewport_size(NARROWEST)
    assert await fits(page)
    await page.get_by_label("Votre nom").fill("Louis Noir")
    await page.get_by_label("Cette personne est d’accord").check()
    await page.get_by_label("Prénom").fill("Rose")
    await page.get_by_label("Nom de famille").fill("Noir")
    # the Enter key confirms
    await page.get_by_label("Nom de famille").press("Enter")
    await expect(page.get_by_text("Votre rendez-vous est confirmé")).to_be_visible()
    await assert_accessible(page)
    booked = await Appointment.get(given_name="Rose")
    assert booked.booked_by == "Louis Noir"
    assert await Hold.all().count() == 0


async def test_the_countdown_warns_and_is_extended(phone: Page, served: tuple[World, TestServer]) -> None:
    _, server = served
    await phone.clock.install()
    async with phone.expect_response("**/rdv/book/keep"):
        await choose(phone, server)
    longer = phone.get_by_role("button", name="Garder cet horaire plus longtemps")
    await expect(longer).to_be_hidden()
    await phone.clock.fast_forward("04:20")
    await Hold.all().update(expires_at=utcnow() + timedelta(seconds=40))
    await expect(phone.locator("#hold-text")).to_have_text(re.compile(r"encore 0:\d\d\."))
    await expect(phone.locator("#hold-said")).to_have_text(re.compile("Un bouton permet de le garder plus longtemps"))
    await longer.click()
    await expect(phone.locator("#hold-text")).to_have_text(re.compile(r"encore [45]:\d\d\."))
    await expect(phone.locator("#hold-said")).to_have_text("Cet horaire vous est gardé de nouveau.")
    assert (await Hold.get()).expires_at > utcnow() + timedelta(seconds=200)


async def test_who_leaves_gives_it_back_and_who_reloads_keeps_it(phone: Page, served: tuple[World, TestServer]) -> None:
    _, server = served
    await choose(phone, server)

    async def kept() -> bool:
        return (await Hold.get()).expires_at > utcnow() + timedelta(seconds=200)

    async def given_back() -> bool:
        return (await Hold.get()).expires_at < utcnow() + timedelta(seconds=21)

    async with phone.expect_response("**/rdv/book/keep"):
        await phone.reload()
    await until(kept, "the page that came back keeps its slot")
    await phone.goto(str(server.make_url("/rdv")))
    await until(given_back, "the slot is nearly free")


async def test_a_taken_slot_is_said_at_once(phone: Page, served: tuple[World, TestServer]) -> None:
    world, server = served
    await choose(phone, server)
    start = (await Hold.get()).starts_at
    await Hold.all().delete()
    await world.book(start, agent_id=None, at=utcnow())
    await phone.reload()
    await expect(phone.locator("#hold-text")).to_have_text(re.compile("vient d’être pris par quelqu’un d’autre"))


async def test_a_burst_is_proved_without_a_word(phone: Page, served: tuple[World, TestServer]) -> None:
    world, server = served
    for _ in range(CALM_FROM_A_NETWORK):
        world.app[THROTTLE].take("hold-calm:127.0.0.1", CALM_FROM_A_NETWORK, SECONDS, time.monotonic())
    await choose(phone, server)
    assert await Hold.all().count() == 1


async def test_without_scripts_one_books_all_the_same(browser: Browser, served: tuple[World, TestServer]) -> None:
    _, server = served
    context = await browser.new_context(locale="fr-FR", viewport=PHONE, java_script_enabled=False)
    page = await context.new_page()
    await choose(page, server)
    await expect(page.locator("#hold-text")).to_have_text(re.compile("Cet horaire vous est gardé jusqu’à"))
    await page.get_by_label("Prénom").fill("Rose")
    await page.get_by_label("Nom de famille").fill("Noir")
    await page.get_by_role("button", name="Confirmer le rendez-vous").last.click()
    await expect(page.get_by_text("Votre rendez-vous est confirmé")).to_be_visible()
    await context.close()
