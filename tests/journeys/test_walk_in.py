"""Without an appointment, in real browsers: from the kiosk's first screen to the call, by a finger."""

import re
from pathlib import Path

from playwright.async_api import Playwright, expect

from teleconsult.demo.people import WALK_IN_EMAIL
from tests.journeys import call, kiosk, offices
from tests.journeys.hands import Pointer
from tests.journeys.people import OFFICE, PORTRAIT, Seat, seated
from tests.support.media import AGENT, CITIZEN
from tests.support.server import Server

IN_LINE = re.compile("waiting|ringing")
SERVICE = "Rénover ou adapter mon logement"


async def test_received_now(server: Server, player: Playwright, tmp_path: Path) -> None:
    async with (
        seated(player, CITIZEN, tmp_path, PORTRAIT, Pointer(), judged=True) as citizen,
        seated(player, AGENT, tmp_path, OFFICE, Pointer(), judged=True) as agent,
    ):
        await offices.sign_in(agent, server.url, "/agent", WALK_IN_EMAIL)
        await agent.hands.press(agent.page.get_by_role("button", name="Ne plus m’appeler"))
        await expect(agent.page.get_by_role("button", name="Me rendre disponible")).to_be_visible()
        await kiosk.open_kiosk(citizen, server.url)
        await join_the_queue(citizen)
        await wait_over_a_restart(citizen, server)
        await is_rung(agent)
        await agent.hands.press(agent.page.get_by_role("button", name="Recevoir maintenant"))
        await agent.page.wait_for_url("**/call/**", timeout=30_000)
        await citizen.page.wait_for_url("**/call/**", timeout=30_000)
        await call.meets(citizen, "agent", AGENT)
        await call.meets(agent, "citizen", CITIZEN)
        await call.hang_up(agent)
        await call.sees_it_is_over(citizen)
        await kiosk.say_how_it_went(citizen)


async def join_the_queue(seat: Seat) -> None:
    """Say for what, that it is now, and who one is; then wait."""
    page, hands = seat.page, seat.hands
    await hands.press(page.get_by_role("button", name="Prendre rendez-vous"))
    await hands.press(page.get_by_role("button", name=SERVICE))
    await expect(page.get_by_role("heading", name="Maintenant, sans rendez-vous")).to_be_visible()
    await seat.look()
    await hands.press(page.get_by_role("button", name="Être reçu maintenant"))
    await hands.type(page.get_by_label("Prénom"), kiosk.GIVEN_NAME)
    await hands.type(page.get_by_label("Nom de famille"), kiosk.FAMILY_NAME)
    await hands.press(page.locator("main").get_by_role("button", name="Continuer"))
    await expect(page.get_by_text("Maintenant, dès qu’un agent est libre")).to_be_visible()
    await seat.look()
    await hands.press(page.get_by_role("button", name="Entrer dans la file"))
    await page.wait_for_url("**/kiosk/walk-in")
    await seat.look()


async def wait_over_a_restart(seat: Seat, server: Server) -> None:
    """The service falls and comes back: the place in the queue is still there."""
    server.kill()
    server.start()
    await seat.page.reload()
    await expect(seat.page.locator("#queue")).to_have_attribute("data-state", IN_LINE)
    await seat.look()


async def is_rung(seat: Seat) -> None:
    """Be available again, and wait until the agenda rings by itself."""
    page = seat.page
    await seat.hands.press(page.get_by_role("button", name="Me rendre disponible"))
    heading = page.get_by_role("heading", name="Quelqu’un est là, sans rendez-vous")
    # the other agent who is on duty may be rung first
    await expect(heading).to_be_visible(timeout=90_000)
    await expect(page.get_by_text(f"{kiosk.GIVEN_NAME} {kiosk.FAMILY_NAME}").first).to_be_visible()
    await seat.look()
