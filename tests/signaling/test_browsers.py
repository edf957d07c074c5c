"""Two Chromiums in a call through the relay: whose picture arrives is told by its colour."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from teleconsult.settings import Settings
from tests.signaling.app import make_app
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


@pytest.fixture
async def server(sqlite_url: str, tmp_path: Path) -> AsyncIterator[TestServer]:
    settings = Settings(database_url=sqlite_url, data_dir=tmp_path / "data", media_loopback=True)
    server = TestServer(make_app(settings), host="localhost")
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
async def citizen(tmp_path: Path) -> AsyncIterator[Page]:
    async for page in page_of(CITIZEN, tmp_path, {"width": 1080, "height": 1920}):
        yield page


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Page]:
    async for page in page_of(AGENT, tmp_path, {"width": 1440, "height": 900}):
        yield page


async def page_of(person: Person, folder: Path, viewport: dict[str, int]) -> AsyncIterator[Page]:
    """Yield a page in a browser of the person's own, with their camera and microphone."""
    devices = make_devices(person, folder)
    async with running_browser(devices.camera, devices.microphone) as browser:
        context = await browser.new_context(viewport=viewport, permissions=["camera", "microphone"])  # type: ignore[arg-type]
        yield await context.new_page()


async def open_call(page: Page, server: TestServer, who: str, query: str = "") -> None:
    await page.goto(f"http://localhost:{server.port}/call/{ROOM}?as={who}{query}")


async def state(page: Page, expected: str) -> None:
    await page.wait_for_selector(f'html[data-call-state="{expected}"]', state="attached", timeout=25_000)


async def shows(page: Page, person: Person) -> None:
    await page.wait_for_function(SHOWS, arg=[person.name, list(person.colour)], timeout=25_000)


async def in_call(citizen: Page, agent: Page, server: TestServer) -> None:
    """Bring both into the call: the citizen waits, the agent joins and admits in one go."""
    await open_call(citizen, server, "citizen")
    await state(citizen, "lobby")
    await open_call(agent, server, "agent", "&admit=1")
    await shows(citizen, AGENT)
    await shows(agent, CITIZEN)


async def test_both_see_each_other_once_the_agent_admits(server: TestServer, citizen: Page, agent: Page) -> None:
    await open_call(citizen, server, "citizen")
    await state(citizen, "lobby")
    await open_call(agent, server, "agent")
    await agent.wait_for_selector("#waiting-list [data-admit]")
    assert await citizen.evaluate(COLOUR, "agent") is None, "nobody is seen before being admitted"
    await agent.click("#waiting-list [data-admit]")
    await state(citizen, "connected")
    await state(agent, "connected")
    await shows(citizen, AGENT)
    await shows(agent, CITIZEN)
