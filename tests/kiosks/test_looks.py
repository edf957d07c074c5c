"""Every screen in a real Chromium: accessible (axe-core), pressed by any finger, within the screen."""

from datetime import timedelta

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from teleconsult.clock import utcnow
from tests.kiosks.booth import LANDSCAPE, PORTRAIT, Booth
from tests.kiosks.house import appointment_at

SMALLEST_TARGET = 64  # CSS pixels, for a finger that is not steady


async def look_closely(page: Page, size: dict[str, int]) -> None:
    """Fail on any accessibility violation, any target too small for a finger, and anything wider than the screen."""
    found = await Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, page.url
    targets = page.locator("button:visible, a:visible, input:visible:not([type=radio]):not([type=checkbox])")
    for target in await targets.all():
        box = await target.bounding_box()
        if not box or box["y"] < 0:  # the link that skips to the content
            continue
        small = min(box["width"], box["height"]) < SMALLEST_TARGET - 0.5
        assert not small, (page.url, await target.inner_text(), box, size)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
async def test_every_screen_can_be_read_and_pressed_by_all(
    booth: Booth, browser: Browser, size: dict[str, int], language: str
) -> None:
    early = await appointment_at(booth.world, utcnow() + timedelta(hours=3), kiosk=booth.world.kiosk)
    page = await booth.screen(browser, size)
    await page.goto(f"{booth.url}/kiosk?lang={language}")
    await look_closely(page, size)
    await page.goto(f"{booth.url}/kiosk/arrival")
    await look_closely(page, size)
    await page.locator("#code").fill(early.reference)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/answer")
    await look_closely(page, size)
    await page.goto(f"{booth.url}/kiosk")
    await page.locator("form[action='/kiosk/booking/start'] button").click()
    await look_closely(page, size)
    await page.locator("#services button").first.click()
    await look_closely(page, size)
    await page.locator("button.kiosk-time").first.click()
    await page.locator("#given_name").click()
    await look_closely(page, size)
    await page.locator("#family_name").fill("Durand")
    await page.keyboard.press("Enter")
    await expect(page.locator(".fr-error-text")).to_be_visible()
    await look_closely(page, size)
    await page.locator("#given_name").fill("Jeanne")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/check")
    await look_closely(page, size)
    await page.evaluate("document.getElementById('idle-dialog').showModal()")
    await look_closely(page, size)
    await page.keyboard.press("Escape")
    await page.locator("form[data-once] button").click()
    await page.wait_for_url("**/done")
    await look_closely(page, size)
    controls = await page.locator(".kiosk-actions--stays .fr-btn:visible").all()
    assert controls
    for control in controls:
        await expect(control).to_be_in_viewport(ratio=1)
    await page.goto(f"{booth.url}/kiosk/goodbye")
    await look_closely(page, size)
    await page.context.clear_cookies()
    await page.goto(f"{booth.url}/kiosk?lang={language}")
    await expect(page.locator("#code")).to_be_visible()
    await look_closely(page, size)


async def test_the_desks_pages_have_no_accessibility_violation(booth: Booth, browser: Browser) -> None:
    appointment = await appointment_at(booth.world, utcnow() + timedelta(minutes=5), kiosk=booth.world.kiosk)
    kiosk = await booth.screen(browser)
    await kiosk.get_by_role("button", name="Aide").click()
    page = await booth.desk(browser)
    house = page.url
    one = f"{house}/appointments/{appointment.id}"
    for address in (house, one, f"{one}?ask=cancel", f"{one}/slip", f"{house}/kiosks"):
        await page.goto(address)
        found = await Axe().run(page)
        assert found.violations_count == 0, f"{address}\n{found.generate_report()}"
