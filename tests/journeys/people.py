"""The people of a journey: each with a browser process, a camera and a microphone of their own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Playwright, ViewportSize

from tests.journeys.hands import Hands
from tests.support.accessibility import assert_accessible
from tests.support.browsers import launch
from tests.support.media import ADMINISTRATOR, ADVISER, AGENT, CITIZEN, Person, make_devices

PORTRAIT: ViewportSize = {"width": 1080, "height": 1920}
LANDSCAPE: ViewportSize = {"width": 1920, "height": 1080}
OFFICE: ViewportSize = {"width": 1366, "height": 900}


@dataclass
class Seat:
    """Where someone sits: a page in a browser of their own, and how they use it.

    `judged`: axe-core looks at every page of this journey. `faults` are failures of scripts and what the content
    security policy refused.
    """

    person: Person
    browser: Browser
    context: BrowserContext
    page: Page
    hands: Hands
    judged: bool
    faults: list[str] = field(default_factory=list)

    async def look(self) -> None:
        """Let axe-core judge the page as it stands, where this journey does so."""
        if self.judged:
            await assert_accessible(self.page)

    async def new_tab(self) -> None:
        """Open another tab in the same browser, as somebody does whose tab was lost."""
        self.page = await self.context.new_page()
        self._watch()

    async def kill_tab(self) -> None:
        """End the tab as a crash does: nothing in it runs on, nothing is told to the server."""
        killed = self.page
        with suppress(Error):  # what asks for the crash does not outlive it
            await killed.goto("chrome://crash")
        await killed.close()

    def _watch(self) -> None:
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("console", self._note_refusals)

    def _note_refusals(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.faults.append(f"{self.page.url}: {message.text}")


@asynccontextmanager
async def seated(
    player: Playwright,
    person: Person,
    folder: Path,
    viewport: ViewportSize,
    hands: Hands,
    *,
    judged: bool = False,
    program: Path | None = None,
) -> AsyncIterator[Seat]:
    """Open a browser process for someone; at the end nothing in their pages may have failed."""
    devices = make_devices(person, folder)
    browser = await launch(player, devices.camera, devices.microphone, program=program)
    try:
        context = await browser.new_context(
            viewport=viewport, locale="fr-FR", timezone_id="Europe/Paris", permissions=["camera", "microphone"]
        )
        seat = Seat(person, browser, context, await context.new_page(), hands, judged)
        seat._watch()
        yield seat
        assert not seat.faults, "\n".join(seat.faults)
    finally:
        await browser.close()


@dataclass(frozen=True)
class Table:
    """The seats of everybody who takes part in a whole consultation."""

    citizen: Seat
    agent: Seat
    adviser: Seat
    administrator: Seat


@asynccontextmanager
async def everybody(
    player: Playwright, folder: Path, screen: ViewportSize, hands: Hands, *, judged: bool
) -> AsyncIterator[Table]:
    """Open a browser process for each of the four; the citizen's is a kiosk's screen."""
    async with AsyncExitStack() as stack:
        places = ((CITIZEN, screen), (AGENT, OFFICE), (ADVISER, OFFICE), (ADMINISTRATOR, OFFICE))
        seats = [
            await stack.enter_async_context(seated(player, person, folder, viewport, hands, judged=judged))
            for person, viewport in places
        ]
        yield Table(*seats)
