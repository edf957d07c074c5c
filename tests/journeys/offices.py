"""What an agent, an adviser and an administrator do at their desks."""

import csv
import io
from datetime import datetime
from pathlib import Path

from playwright.async_api import expect

from tests.journeys.people import Seat

PASSWORD = "demo"
AGENT_EMAIL = "agent@demo.example"
COLLEAGUE_EMAIL = "agent2@demo.example"
ADVISER_EMAIL = "conseiller@demo.example"
ADMINISTRATOR_EMAIL = "admin@demo.example"


async def sign_in(seat: Seat, url: str, path: str, email: str) -> None:
    """Ask for a page, be led to the sign-in page, sign in, and be where one wanted to go."""
    page, hands = seat.page, seat.hands
    await page.goto(url + path)
    await expect(page.get_by_role("heading", name="Connexion")).to_be_visible()
    await seat.look()
    await hands.type(page.get_by_label("Adresse électronique"), email)
    await hands.type(page.get_by_label("Mot de passe"), PASSWORD)
    await hands.press(page.get_by_role("button", name="Se connecter"))
    await page.wait_for_url(f"{url}{path}**")
    await seat.look()


async def go_to_house(seat: Seat, name: str) -> None:
    """Say at the front desk in which of one's houses one is today."""
    await seat.hands.press(seat.page.locator("main").get_by_role("link", name=name))
    await expect(seat.page.get_by_role("heading", name=name)).to_be_visible()
    await seat.look()


async def see_arrival(seat: Seat) -> None:
    """Wait until the agenda says by itself that somebody has arrived."""
    await expect(seat.page.get_by_role("heading", name="Un usager vous attend")).to_be_visible(timeout=15_000)
    await expect(seat.page.locator("[data-waiting] [data-since]")).to_be_visible()
    await seat.look()


async def receive(seat: Seat) -> None:
    """Admit the citizen who waits: one click."""
    await seat.hands.press(seat.page.locator("[data-waiting]").get_by_role("link", name="Recevoir"))
    await seat.page.wait_for_url("**/call/**")


async def note_outcome(seat: Seat) -> None:
    """Note on the appointment's page that the matter is to be followed up."""
    page, hands = seat.page, seat.hands
    await page.wait_for_url("**/agent/appointments/**", timeout=30_000)
    await expect(page.get_by_role("heading", name="Noter l’issue")).to_be_visible()
    await seat.look()
    await hands.choose(page.locator("input[name=outcome][value=follow_up]"))
    await hands.type(page.get_by_label("Note", exact=False).last, "Attestation à compléter.")
    await hands.press(page.get_by_role("button", name="Enregistrer l’issue"))
    await expect(page.get_by_text("L’issue est enregistrée")).to_be_visible()
    await seat.look()


async def book_follow_up(seat: Seat) -> datetime:
    """Book the follow-up on the spot and return its start."""
    page, hands = seat.page, seat.hands
    slot = page.locator("input[name=start]").first
    starts_at = datetime.fromisoformat(await slot.get_attribute("value") or "")
    await hands.choose(slot)
    await hands.press(page.get_by_role("button", name="Réserver ce créneau"))
    await expect(page.get_by_text("Le rendez-vous de suivi est réservé")).to_be_visible()
    await seat.look()
    return starts_at


async def cancel(seat: Seat, day: datetime, name: str, reason: str) -> None:
    """Cancel the appointment of a day that is someone's."""
    page, hands = seat.page, seat.hands
    await page.goto(page.url.partition("/agent")[0] + f"/agent?day={day.date()}")
    await hands.press(page.get_by_role("link", name=name).last)
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    await hands.press(page.get_by_role("link", name="Annuler le rendez-vous"))
    await hands.type(page.get_by_label("Motif"), reason)
    await seat.look()
    await hands.press(page.get_by_role("dialog").get_by_role("button", name="Annuler le rendez-vous"))
    await expect(page.get_by_text("Le rendez-vous est annulé")).to_be_visible()


async def figures(seat: Seat, url: str, folder: Path) -> dict[str, float]:
    """Return the totals of the statistics, as the page and the downloaded CSV both say them."""
    page = seat.page
    await page.goto(f"{url}/admin")
    section = page.locator("section", has=page.locator("#table-service"))
    headings = [text.strip() for text in await section.locator("thead th").all_inner_texts()]
    totals = [text.strip() for text in await section.locator("tfoot th, tfoot td").all_inner_texts()]
    shown = dict(zip(headings[1:], totals[1:], strict=True))
    async with page.expect_download() as downloading:
        await seat.hands.press(section.get_by_role("link", name="Télécharger en CSV"))
    file = folder / "service.csv"
    await (await downloading.value).save_as(file)
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")), delimiter=";"))
    downloaded = {heading: number(cell) for heading, cell in zip(rows[0][1:], rows[-1][1:], strict=True)}
    for heading, text in shown.items():
        if heading in downloaded and "%" not in text and downloaded[heading] is not None:
            assert abs(number(text) - downloaded[heading]) <= 0.5, f"{heading}: page {text}, CSV {downloaded[heading]}"
    return downloaded


def number(text: str) -> float:
    """Read a number as the French write it; 0 for an empty cell."""
    digits = "".join(character for character in text if character.isdigit() or character in ",-")
    return float(digits.replace(",", ".") or 0)
