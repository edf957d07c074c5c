"""From the click on "let in" to the first picture, in two Chromiums, over the whole service."""

import asyncio
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer
from playwright.async_api import BrowserContext, Page

from benchmarks.signaling.load import percentile
from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.signaling.seats import page_of, state
from tests.support.databases import migrate_now
from tests.support.media import AGENT, CITIZEN

PATIENCE_MS = 30_000
VIEWPORT = {"width": 1280, "height": 800}
# When the first frame of somebody else's picture was presented, by the wall clock that both browsers share.
WATCH = """
window.opened = performance.timeOrigin;
window.firstFrame = new Promise((resolve) => {
  const found = new Set();
  const look = () => {
    for (const video of document.querySelectorAll("video[data-role]")) {
      if (found.has(video)) continue;
      found.add(video);
      video.requestVideoFrameCallback((now) => resolve(performance.timeOrigin + now));
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-admit]")) window.clicked = performance.timeOrigin + performance.now();
}, true);
"""


async def calls(count: int) -> dict[str, Any]:
    """Make so many calls, one after the other, and return the figures (milliseconds)."""
    clicks: list[float] = []
    pages: list[float] = []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="teleconsult-bench-")))
        url = f"sqlite://{folder / 'calls.sqlite3'}"
        await asyncio.to_thread(migrate_now, url)
        settings = Settings(database_url=url, data_dir=folder, media_loopback=True)
        server = TestServer(make_app(settings), host="localhost")
        await server.start_server()
        stack.push_async_callback(server.close)
        citizen, agent = [
            (await stack.enter_async_context(asynccontextmanager(page_of)(who, folder, VIEWPORT))).context
            for who in (CITIZEN, AGENT)
        ]
        for number in range(count + 1):
            click, page = await _call(server, citizen, agent, f"call{number}")
            if number:  # the first one warms up
                clicks += click
                pages += page
    return {
        "calls": count, "click p50 ms": round(percentile(clicks, 0.5)), "click p95 ms": round(percentile(clicks, 0.95)),
        "page p50 ms": round(percentile(pages, 0.5)), "page p95 ms": round(percentile(pages, 0.95)),
    }  # fmt: skip


async def _call(
    server: TestServer, citizen: BrowserContext, agent: BrowserContext, room: str
) -> tuple[list[float], list[float]]:
    """Return milliseconds to the first frame, on either side: from the click, then from the page's opening."""
    waiting, admitting = await citizen.new_page(), await agent.new_page()
    try:
        for page in (waiting, admitting):
            await page.add_init_script(WATCH)
        await _open(waiting, server, room, "citizen")
        await state(waiting, "lobby")
        await _open(admitting, server, room, "agent")
        await admitting.click("#waiting-list [data-admit]", timeout=PATIENCE_MS)
        clicked = float(await admitting.evaluate("window.clicked"))
        frames = [float(await page.evaluate("window.firstFrame")) for page in (waiting, admitting)]
        opened = float(await admitting.evaluate("window.opened"))
        return [frame - clicked for frame in frames], [frame - opened for frame in frames]
    finally:
        await waiting.close()
        await admitting.close()


async def _open(page: Page, server: TestServer, room: str, who: str) -> None:
    await page.goto(f"http://localhost:{server.port}/call/{room}?as={who}")
