"""Take the screenshots of README.md and docs/ from a running demonstration, with a call in it.

usage: .venv/bin/python -m scripts.screenshots       (writes docs/images/*.png)
"""

import asyncio
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.async_api import Page, async_playwright, expect

from tests.journeys import call, kiosk, offices
from tests.journeys.hands import Pointer
from tests.journeys.people import LANDSCAPE, Table, everybody
from tests.support import media
from tests.support.media import AGENT, CITIZEN, FRAMES_A_SECOND, Person
from tests.support.server import ROOT, Server

IMAGES = ROOT / "docs" / "images"
COLOURS = 128
WIDTH, HEIGHT = 640, 480
WIDTH_SAVED = 1366
PORTRAITS = {
    CITIZEN.name: ((226, 214, 196), (176, 84, 66), (236, 188, 160), (120, 84, 60)),
    AGENT.name: ((206, 220, 230), (52, 74, 120), (198, 142, 108), (36, 28, 26)),
}


def portrait(person: Person) -> Image.Image:
    """Draw somebody in front of a wall."""
    wall, clothes, skin, hair = PORTRAITS.get(person.name, (person.colour,) * 4)
    picture = Image.new("RGB", (WIDTH, HEIGHT), wall)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((40, 40, 180, 240), fill=tuple(part - 18 for part in wall))
    draw.ellipse((140, 350, 500, 760), fill=clothes)
    draw.ellipse((222, 92, 418, 330), fill=hair)
    draw.rounded_rectangle((286, 290, 354, 390), 30, fill=tuple(part - 20 for part in skin))
    draw.ellipse((238, 120, 402, 340), fill=skin)
    for left in (280, 342):
        draw.ellipse((left, 212, left + 18, 230), fill=(40, 32, 30))
    draw.arc((284, 234, 356, 296), 20, 160, fill=(140, 60, 56), width=6)
    return picture


def write_portrait(person: Person, path: Path) -> None:
    """Write a camera's film of the portrait (YUV4MPEG2)."""
    luma, blue, red = portrait(person).convert("YCbCr").split()
    luma = luma.point(lambda value: 16 + value * 219 // 255)
    half = (WIDTH // 2, HEIGHT // 2)
    frame = luma.tobytes() + blue.resize(half).tobytes() + red.resize(half).tobytes()
    header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n"
    path.write_bytes(header.encode() + (b"FRAME\n" + frame) * 2)


def form(folder: Path) -> Path:
    """Draw the paper that the citizen shows."""
    page = Image.new("RGB", (1240, 1500), "white")
    draw = ImageDraw.Draw(page)
    title, text = ImageFont.load_default(56), ImageFont.load_default(30)
    draw.text((100, 110), "DEVIS N° 2026-118", fill="black", font=title)
    for row, line in enumerate(
        (
            "Isolation des combles perdus, 82 m2",
            "Laine de bois, 300 mm ..................... 3 280,00 EUR",
            "Pose et protection des conduits ......... 1 150,00 EUR",
            "TVA 5,5 % ....................................... 243,65 EUR",
            "",
            "TOTAL TTC ................................... 4 673,65 EUR",
            "",
            "Bon pour accord, le 12 novembre 2026",
        )
    ):
        draw.text((100, 260 + row * 74), line, fill=(40, 40, 40), font=text)
    draw.line((100, 210, 1140, 210), fill=(60, 60, 120), width=4)
    file = folder / "devis-isolation.pdf"
    page.save(file)
    return file


async def shoot(page: Page, name: str) -> None:
    """Save what a page shows, with few colours: these files go into the repository."""
    file = IMAGES / f"{name}.png"
    await page.wait_for_load_state("load")
    await page.screenshot(path=file, animations="disabled")
    picture = Image.open(file).convert("RGB")
    if picture.width > WIDTH_SAVED:
        picture = picture.resize((WIDTH_SAVED, picture.height * WIDTH_SAVED // picture.width), Image.Resampling.LANCZOS)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file.relative_to(ROOT)}  {file.stat().st_size // 1024} KB")


async def tour(people: Table, server: Server, folder: Path) -> None:
    """Walk through the product and take pictures on the way."""
    citizen, agent, adviser, administrator = people.citizen, people.agent, people.adviser, people.administrator
    ready = await kiosk.open_kiosk(citizen, server.url)
    await shoot(citizen.page, "kiosk-first")
    await citizen.page.get_by_role("button", name="Prendre rendez-vous").click()
    await shoot(citizen.page, "kiosk-services")
    await citizen.page.locator("#services button").first.click()
    await shoot(citizen.page, "kiosk-slots")
    await citizen.page.goto(f"{server.url}/kiosk")
    await kiosk.book(citizen)
    await shoot(citizen.page, "kiosk-pass")
    await kiosk.leave(citizen)
    await offices.sign_in(agent, server.url, "/agent", offices.AGENT_EMAIL)
    await offices.sign_in(adviser, server.url, "/desk", offices.ADVISER_EMAIL)
    await offices.go_to_house(adviser, ready.house)
    await kiosk.arrive(citizen, ready.reference)
    await call.in_state(citizen, "lobby")
    await citizen.page.wait_for_function("() => document.querySelector('#self').videoWidth > 0")
    await shoot(citizen.page, "kiosk-waiting")
    await offices.see_arrival(agent)
    await shoot(agent.page, "agent-agenda")
    await offices.receive(agent)
    for seat, role in ((citizen, "agent"), (agent, "citizen")):
        await call.in_state(seat, "connected")
        await seat.page.wait_for_function("() => document.querySelector('#tiles video')?.videoWidth > 0")
        await expect(call.picture_of(seat, role)).to_be_visible()
    await citizen.hands.give_file(citizen.page.locator("#send-document"), form(folder))
    await expect(agent.page.locator("#viewer-page canvas")).to_be_visible(timeout=call.PATIENCE_MS)
    await shoot(agent.page, "call-agent")
    await shoot(citizen.page, "call-kiosk")
    await citizen.page.locator("#ask-help").click()
    await expect(adviser.page.get_by_role("heading", name="On vous demande")).to_be_visible(timeout=call.PATIENCE_MS)
    await shoot(adviser.page, "desk")
    await call.hang_up(agent)
    await agent.page.wait_for_url("**/agent/appointments/**", timeout=call.PATIENCE_MS)
    await shoot(agent.page, "agent-outcome")
    await expect(citizen.page.get_by_role("heading", name="De façon générale")).to_be_visible(timeout=call.PATIENCE_MS)
    await shoot(citizen.page, "kiosk-feedback")
    await offices.sign_in(administrator, server.url, "/admin", offices.ADMINISTRATOR_EMAIL)
    await administrator.page.wait_for_load_state("networkidle")
    await shoot(administrator.page, "admin")
    await administrator.page.goto(f"{server.url}/demo/mailbox")
    await shoot(administrator.page, "mailbox")


async def main() -> None:
    """Start the demonstration, take the pictures, stop it."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    media.write_camera = write_portrait
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = Server(folder / "data")
        server.start()
        try:
            async with (
                async_playwright() as player,
                everybody(player, folder, LANDSCAPE, Pointer(), judged=False) as people,
            ):
                await tour(people, server, folder)
        finally:
            server.stop()


if __name__ == "__main__":
    asyncio.run(main())
