"""A citizen and an agent look at the citizen's paper together, each points at it, and the agent shows the screen."""

from pathlib import Path

from playwright.async_api import Playwright, expect

from tests.journeys import call
from tests.journeys.pair import in_a_call
from tests.journeys.people import Seat
from tests.support.pointing import marked, press_at, touch_at, watch_marks
from tests.support.server import Server


async def test_a_page_and_then_the_screen_are_looked_at_together(
    server: Server, player: Playwright, tmp_path: Path
) -> None:
    async with in_a_call(player, tmp_path, server.url) as pair:
        citizen, agent = pair.citizen, pair.agent
        names = [
            await seat.page.locator("#tiles .call-tile__name").inner_text()
            for seat in (agent, citizen)  # each reads the other's
        ]
        await call.pass_on(citizen, agent, call.make_pdf(tmp_path))
        await agent.hands.press(agent.page.locator("#viewer-next"))
        await agent.hands.press(agent.page.get_by_role("button", name="Montrer à tout le monde"))
        for seat in (citizen, agent):
            await looks_at(seat, "document")
            await expect(seat.page.locator("#viewer canvas[data-page='2']")).to_be_visible()
        news = citizen.page.locator("#shown-news")
        await expect(news).to_have_text(f"{names[1]} vous montre la page 2 de formulaire.pdf.")
        for seat in (citizen, agent):
            await watch_marks(seat.page)
        await press_at(agent.page, 0.3, 0.1)
        await marked(citizen.page, names[1], 0.3, 0.1)
        await touch_at(citizen.page, 0.6, 0.12)
        await marked(agent.page, names[0], 0.6, 0.12)
        await pair.meet()

        await agent.hands.press(agent.page.get_by_role("button", name="Partager l’écran"))
        await looks_at(citizen, "screen")
        await expect(news).to_have_text(f"{names[1]} vous montre son écran.")
        await citizen.page.wait_for_function(
            "() => document.querySelector('video.call-viewer__screen').getVideoPlaybackQuality().totalVideoFrames > 10"
        )
        await pair.meet()
        await agent.hands.press(agent.page.get_by_role("button", name="Arrêter le partage"))
        for seat in (citizen, agent):
            await expect(seat.page.locator("html:not([data-shown])")).to_have_count(1)
            await expect(seat.page.locator("#shown")).to_be_hidden()
        await pair.meet()


async def looks_at(seat: Seat, what: str) -> None:
    """Wait until this side looks at a `document` or a `screen` together with the other."""
    await expect(seat.page.locator("html")).to_have_attribute("data-shown", what, timeout=call.PATIENCE_MS)
