"""The front desk's pages about a failed kiosk in a real browser: by keyboard alone, accessible, fit for a tablet."""

from datetime import timedelta

from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from booking.models import KioskOutage
from teleconsult.clock import utcnow
from tests.kiosks.conftest import Client
from tests.kiosks.house import PASSWORD, World, appointment_at
from tests.support.accessibility import assert_accessible

TABLET = {"width": 820, "height": 1180}


async def test_failure_is_reported_by_keyboard_alone_and_its_pages_are_accessible(
    served: tuple[Client, World], browser: Browser
) -> None:
    client, world = served
    server = client.server
    assert isinstance(server, TestServer)
    start = (utcnow() + timedelta(hours=3)).replace(second=0, microsecond=0)
    stuck = await appointment_at(world, start, kiosk=world.kiosk)
    await appointment_at(world, start, kiosk=world.second_kiosk)
    page = await browser.new_page(locale="fr-FR", viewport=TABLET)  # type: ignore[arg-type]
    await page.goto(str(server.make_url("/sign-in")))
    await page.get_by_label("Adresse électronique").fill(world.adviser.email)
    await page.get_by_label("Mot de passe").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk/**")
    await page.goto(str(server.make_url(f"/desk/{world.here.id}/kiosks")))
    await page.get_by_role("link", name="Signaler une panne").first.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await assert_accessible(page)
    await dialog.get_by_label("Jusqu’à quand").focus()
    await page.keyboard.type("Demain")
    await dialog.get_by_role("button", name="Oui, elle est en panne").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(f'[data-displaced="{stuck.id}"]')).to_be_visible()
    assert await KioskOutage.filter(kiosk_id=world.kiosk.id, ends_at__gt=utcnow()).exists()
    for path in ("", "/kiosks", f"/appointments/{stuck.id}"):
        await page.goto(str(server.make_url(f"/desk/{world.here.id}{path}")))
        await assert_accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
