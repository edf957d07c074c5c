"""An adviser books for someone, records an arrival, and the kiosk's screen moves on by itself."""

from pathlib import Path

from playwright.async_api import Playwright, expect

from tests.journeys import call, kiosk, offices
from tests.journeys.hands import Pointer
from tests.journeys.people import LANDSCAPE, OFFICE, seated
from tests.support.media import ADVISER, CITIZEN
from tests.support.server import Server


async def test_adviser_books_and_checks_in_for_someone(server: Server, player: Playwright, tmp_path: Path) -> None:
    async with (
        seated(player, CITIZEN, tmp_path, LANDSCAPE, Pointer(), judged=True) as screen,
        seated(player, ADVISER, tmp_path, OFFICE, Pointer(), judged=True) as adviser,
    ):
        ready = await kiosk.open_kiosk(screen, server.url)
        await offices.sign_in(adviser, server.url, "/desk", offices.ADVISER_EMAIL)
        await offices.go_to_house(adviser, ready.house)
        await kiosk.book_for_someone(adviser)
        await adviser.hands.press(adviser.page.get_by_role("link", name="Revenir au tableau"))
        await expect(adviser.page.get_by_role("heading", name=ready.house)).to_be_visible()

        row = adviser.page.locator("tr[data-appointment]", has_text=ready.reference)
        await adviser.hands.press(row.get_by_role("link"))
        await adviser.look()
        await adviser.hands.press(adviser.page.get_by_role("button", name="Enregistrer l’arrivée"))
        await screen.page.wait_for_url("**/call/**", timeout=call.PATIENCE_MS)
        await call.wait_in_lobby(screen)
        await expect(row).to_have_attribute("data-status", "checked_in")
        await expect(adviser.page.locator("[data-kiosk][data-state=waiting]")).to_be_visible(timeout=call.PATIENCE_MS)
        await adviser.look()
