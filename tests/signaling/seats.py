"""Pages of a call in real browsers, one person each: whose picture arrives is told by its colour."""

from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.support.browsers import running_browser
from tests.support.media import AGENT, CITIZEN, Person, make_devices

ROOM = "room1"
TOLERANCE = 45

# The mean colour of the lower half of a participant's decoded picture.
COLOUR = """role => {
  const video = document.querySelector(`video[data-role="${role}"]`);
  if (!video || !video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  canvas.width = 32; canvas.height = 32;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 32, 32);
  const pixels = context.getImageData(8, 20, 16, 8).data;
  const sums = [0, 0, 0];
  for (let i = 0; i < pixels.length; i += 4) for (let c = 0; c < 3; c++) sums[c] += pixels[i + c];
  return sums.map(sum => Math.round(sum / (pixels.length / 4)));
}"""
SHOWS = f"""([role, colour]) => {{
  const found = ({COLOUR})(role);
  return found !== null && found.every((value, i) => Math.abs(value - colour[i]) <= {TOLERANCE});
}}"""


async def page_of(
    person: Person,
    folder: Path,
    viewport: dict[str, int],
    *,
    program: Path | None = None,
    options: tuple[str, ...] = (),
) -> AsyncIterator[Page]:
    """Yield a page in a browser of the person's own, with their camera and microphone."""
    devices = make_devices(person, folder)
    async with running_browser(devices.camera, devices.microphone, program=program, options=options) as browser:
        context = await browser.new_context(
            viewport=viewport,  # type: ignore[arg-type]
            permissions=["camera", "microphone"],
            locale="fr-FR",
        )
        yield await context.new_page()


async def open_call(page: Page, server: TestServer, who: str, query: str = "") -> None:
    await page.goto(f"http://localhost:{server.port}/call/{ROOM}?as={who}{query}")


async def state(page: Page, expected: str) -> None:
    await page.wait_for_selector(f'html[data-call-state="{expected}"]', state="attached", timeout=25_000)


async def shows(page: Page, person: Person) -> None:
    await page.wait_for_function(SHOWS, arg=[person.name, list(person.colour)], timeout=25_000)


async def shows_as(page: Page, role: str, person: Person) -> None:
    """Wait until the tile of a role shows a person: roles change hands."""
    await page.wait_for_function(SHOWS, arg=[role, list(person.colour)], timeout=25_000)


async def in_call(citizen: Page, agent: Page, server: TestServer) -> None:
    """Bring both into the call: the citizen waits, the agent joins and admits in one go."""
    await open_call(citizen, server, "citizen")
    await state(citizen, "lobby")
    await open_call(agent, server, "agent", "&admit=1")
    await shows(citizen, AGENT)
    await shows(agent, CITIZEN)


async def assert_accessible(page: Page) -> None:
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
