"""What people do in a call, and what they see, hear and receive there."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.async_api import Locator, expect

from tests.journeys.people import Seat
from tests.support.media import Person
from tests.support.senses import hears, sees

PATIENCE_MS = 30_000


HASH_OF_SHOWN = """async image => {
    const bytes = await (await fetch(image.src)).arrayBuffer();
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, "0")).join("");
}"""
MIDDLE_OF_PAGE = """canvas => Array.from(
    canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data.slice(0, 3)
)"""
GREEN = (10, 90, 40)


@dataclass(frozen=True)
class Paper:
    """A document that somebody sends, with the hash that it must have on the other side."""

    file: Path
    sha256: str


def make_photo(folder: Path) -> Paper:
    """Draw a photo of half a megabyte or more, as a telephone takes it."""
    noise = Image.effect_noise((1600, 1200), 90).convert("RGB")
    ImageDraw.Draw(noise).rectangle((200, 200, 900, 700), fill=(250, 220, 40))
    return _saved(noise, folder / "justificatif été.jpg", quality=92)


def make_pdf(folder: Path) -> Paper:
    """Draw a PDF of two pages whose middle is dark green."""
    pages = [Image.new("RGB", (1240, 1754), "white") for _ in range(2)]
    for page in pages:
        ImageDraw.Draw(page).rectangle((100, 100, 1140, 1654), fill=GREEN)
    return _saved(pages[0], folder / "formulaire.pdf", save_all=True, append_images=pages[1:])


def _saved(image: Image.Image, file: Path, **options: Any) -> Paper:
    image.save(file, **options)
    return Paper(file, hashlib.sha256(file.read_bytes()).hexdigest())


def picture_of(seat: Seat, role: str) -> Locator:
    """Return the tile of someone else."""
    return seat.page.locator(f"#tiles video[data-role={role}]")


async def in_state(seat: Seat, state: str) -> None:
    """Wait until the page of the call is `lobby`, `connected`, `reconnecting` or `ended`."""
    await expect(seat.page.locator("html")).to_have_attribute("data-call-state", state, timeout=PATIENCE_MS)


async def wait_in_lobby(seat: Seat) -> None:
    """Be in front of the waiting screen: in nobody's sight but one's own."""
    await in_state(seat, "lobby")
    await expect(seat.page.locator("#lobby")).to_be_visible()
    await sees(seat.page.locator("#self"), seat.person)
    assert await seat.page.locator("#tiles video").count() == 0
    await seat.look()


async def meets(seat: Seat, role: str, person: Person) -> None:
    """Wait until this side sees and hears that other side."""
    await in_state(seat, "connected")
    await sees(picture_of(seat, role), person)
    await hears(picture_of(seat, role), person)


async def toggle(seat: Seat, device: str, state: str) -> None:
    """Press the button of the `microphone` or the `camera`; it must then be `on` or `off`."""
    button = seat.page.locator(f"#toggle-{device}")
    await seat.hands.press(button)
    await expect(button).to_have_attribute("data-state", state)


async def pass_on(sender: Seat, receiver: Seat, paper: Paper) -> None:
    """Send a document and wait until the other side has it, whole, verified, and shown beside the picture."""
    await sender.hands.give_file(sender.page.locator("#send-document"), paper.file)
    for seat, direction in ((sender, "out"), (receiver, "in")):
        row = seat.page.locator(f"#documents-list li[data-direction={direction}][data-name='{paper.file.name}']")
        await expect(row).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
        await expect(row).to_have_attribute("data-sha256", paper.sha256)
    await expect(receiver.page.locator("html")).to_have_attribute("data-document", paper.sha256, timeout=PATIENCE_MS)
    shown = receiver.page.locator("#viewer-page").locator("img, canvas")
    await expect(shown).to_be_visible()
    if paper.file.suffix == ".pdf":
        middle = await shown.evaluate(MIDDLE_OF_PAGE)
        assert all(abs(one - other) < 12 for one, other in zip(middle, GREEN, strict=True)), f"drawn: {middle}"
    else:
        assert await shown.evaluate(HASH_OF_SHOWN) == paper.sha256
    await receiver.look()


async def hang_up(seat: Seat) -> None:
    """End the call (an agent) or leave it (anybody else), and confirm."""
    await seat.hands.press(seat.page.locator("#hang-up"))
    await expect(seat.page.locator("#hang-up-dialog")).to_be_visible()
    await seat.look()
    await seat.hands.press(seat.page.locator("#hang-up-confirm"))


async def sees_it_is_over(seat: Seat) -> None:
    """Wait for the end: nothing of the documents is left on the page."""
    await in_state(seat, "ended")
    await expect(seat.page.locator("#over")).to_be_visible()
    await expect(seat.page.locator("#documents-list li")).to_have_count(0)
    await expect(seat.page.locator("#viewer")).to_be_hidden()
