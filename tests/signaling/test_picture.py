"""How large pictures are in real browsers, and that they make way for the sound on a line that does not carry them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from tests.signaling.seats import in_call, page_of
from tests.support.media import AGENT
from tests.support.narrow_line import NarrowLine
from tests.support.waiting import until

PATIENCE_SECONDS = 90.0
NARROW = 400_000
KEEP = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...a) { super(...a); window.connections.push(this); }
};
"""
TARGET = """async () => {
  const stats = await window.connections.at(-1).getStats();
  const pictures = [...stats.values()].filter((each) => each.type === "outbound-rtp" && each.kind === "video");
  return Math.max(0, ...pictures.map((each) => each.targetBitrate || 0));
}"""
RECEIVED = """async ([kind, name]) => {
  const stats = await window.connections.at(-1).getStats();
  for (const each of stats.values()) if (each.type === "inbound-rtp" && each.kind === kind) return each[name] || 0;
  return 0;
}"""


@pytest.fixture
async def line() -> AsyncIterator[NarrowLine]:
    line = NarrowLine()
    yield line
    line.close()


async def received(page: Page, kind: str, name: str) -> float:
    return float(await page.evaluate(RECEIVED, [kind, name]))


async def goes_on(page: Page, kind: str, name: str, more: float) -> None:
    """Wait until a counter of what is received has grown by so much."""
    before = await received(page, kind, name)

    async def grown() -> bool:
        return await received(page, kind, name) >= before + more

    await until(grown, f"{more} more {kind} {name}", PATIENCE_SECONDS)


@pytest.fixture
async def sharp(tmp_path: Path) -> AsyncIterator[Page]:
    """An agent whose camera gives 720 lines."""
    async for page in page_of(replace(AGENT, camera=(1280, 720), grain=6), tmp_path, {"width": 1440, "height": 900}):
        yield page


async def test_a_picture_is_as_large_as_the_camera_gives_it(server: TestServer, citizen: Page, sharp: Page) -> None:
    await in_call(citizen, sharp, server)
    await citizen.wait_for_function(
        """document.querySelector('video[data-role="agent"]').videoHeight >= 720""", timeout=1000 * PATIENCE_SECONDS
    )


async def test_pictures_shrink_and_then_make_way_for_the_sound_and_come_back(
    server: TestServer, citizen: Page, sharp: Page, line: NarrowLine
) -> None:
    await line.lay(citizen)
    await sharp.add_init_script(KEEP)
    line.down.bitrate = NARROW
    await in_call(citizen, sharp, server)

    async def shrunk() -> bool:
        return 0 < await sharp.evaluate(TARGET) < NARROW

    await until(shrunk, "it is told to send less than the line takes", PATIENCE_SECONDS)
    await goes_on(citizen, "video", "framesDecoded", 30)
    await goes_on(citizen, "audio", "packetsReceived", 150)

    line.down.bitrate, line.down.lost = None, 0.3
    await citizen.wait_for_selector('.call-tile[data-pictures="paused"]', timeout=1000 * PATIENCE_SECONDS)
    await goes_on(citizen, "audio", "packetsReceived", 30)
    before = await received(citizen, "video", "framesReceived")
    await goes_on(citizen, "audio", "packetsReceived", 100)
    assert await received(citizen, "video", "framesReceived") == before, "the sound alone is sent"

    line.down.lost = 0.0
    await citizen.wait_for_selector('.call-tile[data-pictures="on"]', timeout=1000 * PATIENCE_SECONDS)
    await goes_on(citizen, "video", "framesDecoded", 30)
