"""The pages of feeds and of unwanted mails in a real browser: accessible at every width, and they ask first."""

import re
from datetime import timedelta

from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from booking.models import Feed, Organisation, Room, Workplace
from booking.notifications.kinds import Kind
from booking.notifications.refusals import issue_refusal
from teleconsult.clock import utcnow
from teleconsult.web.tokens import SIGNER
from tests.booking.agenda_world import PASSWORD, World
from tests.support.accessibility import assert_accessible

WIDTHS = (1366, 320)


async def sign_in(page: Page, server: TestServer, who: str) -> None:
    await page.goto(str(server.make_url("/sign-in")))
    await page.get_by_label("Adresse électronique").fill(f"{who}@example.org")
    await page.get_by_label("Mot de passe").fill(PASSWORD)
    await page.get_by_role("button", name="Se connecter", exact=True).click()
    await page.wait_for_url("**/a*")


async def looks_right(page: Page) -> None:
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        # the browser lays the page out anew in its own time
        await page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")
    await assert_accessible(page)


async def test_an_agent_shares_their_agenda_and_ends_it(served: tuple[World, TestServer], browser: Browser) -> None:
    world, server = served
    context = await browser.new_context(locale="fr-FR")
    page = await context.new_page()
    await sign_in(page, server, "claire")
    await page.goto(str(server.make_url("/agent/calendar")))
    await page.get_by_role("link", name="Partager mon agenda").click()
    await looks_right(page)
    await page.get_by_role("button", name="Créer l’adresse").press("Enter")
    await expect(page.get_by_label("Adresse du calendrier")).to_have_value(
        re.compile(r"/calendar/feed-[\w-]{43}\.ics$")
    )
    await looks_right(page)
    await page.get_by_role("link", name="Revenir").click()
    await looks_right(page)
    await page.get_by_role("link", name="Ne plus partager").press("Enter")
    assert await Feed.filter(agent_id=world.agent.id, revoked_at=None).exists(), "it asks first"
    await looks_right(page)
    await page.get_by_role("button", name="Oui, ne plus partager").press("Enter")
    await expect(page.get_by_text("Aucun logiciel ne peut s’y abonner")).to_be_visible()
    assert not await Feed.filter(revoked_at=None).exists()
    await context.close()


async def test_the_other_pages_are_accessible_and_fit(served: tuple[World, TestServer], browser: Browser) -> None:
    world, server = served
    workplace = await Workplace.create(organisation=await Organisation.first(), name="Cité administrative")
    for name in ("Salle Loire", "Salle Cher"):
        room = await Room.create(workplace=workplace, name=name)
    await Feed.create(room=room, token_hash="0" * 64, created_at=world.now, read_at=world.now)
    await Feed.create(agent=world.agent, token_hash="1" * 64, created_at=world.now)
    context = await browser.new_context(locale="fr-FR")
    page = await context.new_page()
    token = issue_refusal(
        world.app[SIGNER], kind=Kind.AGENDA, subject_id=world.agent.id, until=utcnow() + timedelta(hours=1)
    )
    await page.goto(str(server.make_url(f"/rdv/mails/{token}")))
    await looks_right(page)
    await page.get_by_role("button", name="Ne plus les recevoir").press("Enter")
    await expect(page.get_by_role("button", name="Les recevoir de nouveau")).to_be_visible()
    await looks_right(page)
    await sign_in(page, server, "admin")
    for path in ("/admin/feeds", f"/admin/feeds?ask={room.id}"):
        await page.goto(str(server.make_url(path)))
        await looks_right(page)
    await context.close()
