"""A served kiosk, and browsers that are its screens."""

from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, expect

from kiosks import terminals
from teleconsult.clock import utcnow
from tests.kiosks.house import PASSWORD, World

PORTRAIT = {"width": 1080, "height": 1920}
LANDSCAPE = {"width": 1920, "height": 1080}


class Booth:
    """A served kiosk: its address, its world, and browsers enrolled as its screens."""

    def __init__(self, app: web.Application, url: str, world: World) -> None:
        self.app, self.url, self.world = app, url, world

    async def screen(self, browser: Browser, size: dict[str, int] = PORTRAIT) -> Page:
        """Return a page of a new browser that is enrolled as the screen of the first kiosk."""
        context = await browser.new_context(viewport=size, locale="fr-FR")  # type: ignore[arg-type]
        await self.enrol(context)
        page = await context.new_page()
        await page.goto(f"{self.url}/kiosk")
        return page

    async def enrol(self, context: BrowserContext) -> None:
        """Give a browser the cookie of the first kiosk."""
        enrolled = await terminals.enrol_demo(now=utcnow(), kiosk_id=self.world.kiosk.id)
        await context.add_cookies([{"name": terminals.COOKIE, "value": enrolled.token, "url": self.url}])

    async def to_person(self, page: Page) -> None:
        """Choose a service and the third free time."""
        await page.get_by_role("button", name="Prendre rendez-vous").click()
        await page.get_by_role("button", name="Aide pour mon logement").click()
        await page.locator("button.kiosk-time").nth(2).click()
        await expect(page.locator("#given_name")).to_be_visible()
        # what is typed is kept by a script, which must be there first
        await page.wait_for_load_state("load")

    async def desk(self, browser: Browser) -> Page:
        """Return a page of a new browser at which the house's adviser is signed in, on the board."""
        page = await (await browser.new_context(locale="fr-FR")).new_page()
        await page.goto(f"{self.url}/desk")
        await page.locator("#email").fill(self.world.adviser.email)
        await page.locator("#password").fill(PASSWORD)
        await page.locator("#password").press("Enter")
        await page.wait_for_url("**/desk/*")
        return page
