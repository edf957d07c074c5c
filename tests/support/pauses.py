"""For how long a picture stood still around an interruption: printed (`pytest -s`), and never judged."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page

# what the page saw before it was left does not count: a tab that is opened anew begins from nothing
WATCH = """() => {
  const frames = () => [...document.querySelectorAll("video[data-role]")]
    .reduce((sum, video) => sum + video.getVideoPlaybackQuality().totalVideoFrames, 0);
  const seen = { longest: 0, at: performance.now(), frames: frames() };
  clearInterval(window.watchingPauses);
  window.watchingPauses = setInterval(() => {
    const now = performance.now();
    const count = frames();
    if (count === seen.frames) return;
    seen.longest = Math.max(seen.longest, now - seen.at);
    [seen.frames, seen.at] = [count, now];
  }, 40);
  window.longestPause = () => Math.max(seen.longest, performance.now() - seen.at);
}"""


@asynccontextmanager
async def pauses(what: str, *pages: Page) -> AsyncIterator[None]:
    """Print at the end the longest time that each page showed no new picture of anybody else."""
    for page in pages:
        await page.evaluate(WATCH)
    yield
    seconds = [await page.evaluate("window.longestPause()") / 1000 for page in pages]
    times = ", ".join(f"{each:.1f} s" for each in seconds)
    print(f"\npicture away, {what}: {times} (load average {os.getloadavg()[0]:.0f})")
