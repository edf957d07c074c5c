"""The system's Chromium, driven by playwright."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Playwright, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL = "Chromium is missing: `apt-get install chromium` (or `make test`, which does it)"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


def find_chromium() -> str:
    """Return the path of Chromium; raises FileNotFoundError with the command that installs it."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise FileNotFoundError(INSTALL)


async def launch(
    player: Playwright,
    camera: Path | None = None,
    microphone: Path | None = None,
    *,
    program: Path | None = None,
    options: tuple[str, ...] = (),
) -> Browser:
    """Start a browser process of its own; its camera shows a .y4m or .mjpeg file and its microphone plays a .wav.

    `program` starts it in surroundings of its own (see enclosed.py); `options` are more of the browser's.
    """
    arguments = [*ARGUMENTS, *options]
    if camera is not None:
        arguments.append(f"--use-file-for-fake-video-capture={camera}")
    if microphone is not None:
        arguments.append(f"--use-file-for-fake-audio-capture={microphone}")
    return await player.chromium.launch(executable_path=str(program or find_chromium()), args=arguments)


@asynccontextmanager
async def running_browser(
    camera: Path | None = None,
    microphone: Path | None = None,
    *,
    program: Path | None = None,
    options: tuple[str, ...] = (),
) -> AsyncIterator[Browser]:
    """Yield a browser process of its own and end it afterwards."""
    async with async_playwright() as player:
        browser = await launch(player, camera, microphone, program=program, options=options)
        try:
            yield browser
        finally:
            await browser.close()
