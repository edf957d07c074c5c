"""What a citizen does at a kiosk."""

import re
from dataclasses import dataclass
from datetime import datetime

from playwright.async_api import expect

from tests.journeys.people import Seat

GIVEN_NAME, FAMILY_NAME = "Zoé", "d’Été-Lefèvre"
EMAIL = "zoe@citizen.example"


@dataclass(frozen=True)
class Booked:
    """What the last screen of a booking says."""

    reference: str
    starts_at: datetime


@dataclass(frozen=True)
class Demonstration:
    """What the first screen says: the reference of what is ready, and the house in which the kiosk stands."""

    reference: str
    house: str


async def open_kiosk(seat: Seat, url: str) -> Demonstration:
    """Open the first screen and read it."""
    await seat.page.goto(f"{url}/kiosk")
    await expect(seat.page.get_by_role("heading", name="Bonjour et bienvenue")).to_be_visible()
    await seat.look()
    reference = await seat.page.locator("#demo-reference").inner_text()
    house, _, _ = (await seat.page.locator(".kiosk-house").inner_text()).partition(" · ")
    return Demonstration(reference, house)


async def book(seat: Seat) -> Booked:
    """Book an appointment from the first screen to the last, going back once on the way."""
    await seat.hands.press(seat.page.get_by_role("button", name="Prendre rendez-vous"))
    return await _book(seat, "Qui êtes-vous")


async def book_for_someone(seat: Seat) -> Booked:
    """Book for someone at the front desk: the same screens."""
    await seat.hands.press(seat.page.get_by_role("button", name="Prendre rendez-vous pour quelqu’un"))
    return await _book(seat, "Pour qui")


async def _book(seat: Seat, who: str) -> Booked:
    page, hands = seat.page, seat.hands
    await expect(page.get_by_role("heading", name="Pour quelle démarche")).to_be_visible()
    await seat.look()
    await hands.press(page.locator("#services button").first)
    await expect(page.get_by_role("heading", name="Quel jour, à quelle heure")).to_be_visible()
    await expect(page.get_by_role("heading", name="Dans une autre maison")).to_be_visible()
    await seat.look()
    slot = page.locator("button.kiosk-time").first
    starts_at = datetime.fromisoformat((await slot.get_attribute("value") or "").partition("|")[2])
    await hands.press(slot)
    await expect(page.get_by_role("heading", name=who)).to_be_visible()
    await seat.look()
    await _say_who(seat)
    await _go_back_and_forth(seat)
    await hands.press(page.get_by_role("button", name="Confirmer le rendez-vous"))
    await expect(page.locator("#reference")).to_be_visible()
    await expect(page.locator(".kiosk-qr svg")).to_be_visible()
    await seat.look()
    reference = await page.locator("#reference").inner_text()
    assert re.fullmatch(r"[A-Z0-9]{3}-[A-Z0-9]{3}", reference)
    return Booked(reference, starts_at)


async def _say_who(seat: Seat) -> None:
    page, hands = seat.page, seat.hands
    await hands.type(page.get_by_label("Prénom"), GIVEN_NAME)
    await hands.type(page.get_by_label("Nom de famille"), FAMILY_NAME)
    await hands.type(page.get_by_label("Adresse électronique"), EMAIL)
    await hands.press(page.locator("main").get_by_role("button", name="Continuer"))
    await expect(page.get_by_role("heading", name="Tout est juste")).to_be_visible()
    await seat.look()


async def _go_back_and_forth(seat: Seat) -> None:
    page, hands = seat.page, seat.hands
    await hands.press(page.get_by_role("link", name="Retour"))
    await expect(page.get_by_label("Nom de famille")).to_have_value(FAMILY_NAME)
    await expect(page.get_by_label("Adresse électronique")).to_have_value(EMAIL)
    await hands.press(page.locator("main").get_by_role("button", name="Continuer"))
    await expect(page.get_by_text(f"{GIVEN_NAME} {FAMILY_NAME}")).to_be_visible()


async def leave(seat: Seat) -> None:
    """Finish on the last screen of a booking and wait for the first screen to come back, empty."""
    await seat.hands.press(seat.page.get_by_role("link", name="Terminer"))
    await expect(seat.page.get_by_role("heading", name="Merci et à bientôt")).to_be_visible()
    await seat.look()
    await seat.hands.press(seat.page.get_by_role("link", name="Revenir à l’accueil"))
    await at_first_screen(seat)


async def at_first_screen(seat: Seat) -> None:
    """Wait for the first screen, on which nothing of the visit is left, not even behind the Back button."""
    page = seat.page
    await expect(page.get_by_role("heading", name="Bonjour et bienvenue")).to_be_visible(timeout=30_000)
    await expect(page.get_by_text("La reprendre")).to_have_count(0)
    await expect(page.get_by_role("button", name="Tout effacer et quitter")).to_have_count(0)
    assert await page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


async def arrive(seat: Seat, reference: str) -> None:
    """Type the reference as a citizen does (small letters, no dash) and wait in front of the waiting screen."""
    page, hands = seat.page, seat.hands
    await hands.press(page.get_by_role("link", name="J’ai un rendez-vous"))
    await expect(page.get_by_role("heading", name="J’ai un rendez-vous")).to_be_visible()
    await seat.look()
    await hands.type(page.locator("#code"), reference.replace("-", "").lower())
    await hands.press(page.locator("main").get_by_role("button", name="Valider"))
    await page.wait_for_url("**/call/**")


async def arrive_too_early(seat: Seat, reference: str) -> None:
    """Type the reference of an appointment that lies days ahead and go home again."""
    page, hands = seat.page, seat.hands
    await hands.press(page.get_by_role("link", name="J’ai un rendez-vous"))
    await hands.type(page.locator("#code"), reference)
    await hands.press(page.locator("main").get_by_role("button", name="Valider"))
    await expect(page.get_by_role("heading", name="Vous êtes en avance")).to_be_visible()
    await seat.look()
    await hands.press(page.get_by_role("link", name="Revenir à l’accueil"))
    await at_first_screen(seat)


async def say_how_it_went(seat: Seat) -> None:
    """Tap the good face, and wait until the kiosk is back at its first screen."""
    page = seat.page
    await expect(page.get_by_role("heading", name="De façon générale")).to_be_visible(timeout=30_000)
    await seat.look()
    await seat.hands.press(page.get_by_role("button", name="Bien", exact=True))
    await expect(page.get_by_role("heading", name="Merci et à bientôt")).to_be_visible()
    # Nobody touches it: it goes back by itself.
    await at_first_screen(seat)
