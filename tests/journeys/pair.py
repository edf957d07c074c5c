"""A citizen and an agent who come into a call, and stay in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Playwright

from tests.journeys import call, kiosk, offices
from tests.journeys.hands import Pointer
from tests.journeys.people import LANDSCAPE, OFFICE, Seat, seated
from tests.support.media import AGENT, CITIZEN

Programs = tuple[Path | None, Path | None]


@dataclass(frozen=True)
class Pair:
    """A citizen and an agent, and the address at which both reach the server."""

    citizen: Seat
    agent: Seat
    url: str

    async def come(self) -> str:
        """Open the kiosk and sign the agent in; return the reference of the appointment that is ready."""
        ready = await kiosk.open_kiosk(self.citizen, self.url)
        await offices.sign_in(self.agent, self.url, "/agent", offices.AGENT_EMAIL)
        return ready.reference

    async def begin(self, reference: str) -> None:
        """Let the citizen arrive and the agent receive them."""
        await kiosk.arrive(self.citizen, reference)
        await call.wait_in_lobby(self.citizen)
        await offices.see_arrival(self.agent)
        await offices.receive(self.agent)
        await self.meet()

    async def meet(self) -> None:
        """Wait until each sees and hears the other."""
        await call.meets(self.citizen, "agent", AGENT)
        await call.meets(self.agent, "citizen", CITIZEN)


@asynccontextmanager
async def seats(player: Playwright, folder: Path, url: str, programs: Programs = (None, None)) -> AsyncIterator[Pair]:
    """Seat a citizen at a kiosk's screen and an agent at a desk; `programs` start the browsers of the two."""
    async with (
        seated(player, CITIZEN, folder, LANDSCAPE, Pointer(), program=programs[0]) as citizen,
        seated(player, AGENT, folder, OFFICE, Pointer(), program=programs[1]) as agent,
    ):
        yield Pair(citizen, agent, url)


@asynccontextmanager
async def in_a_call(
    player: Playwright, folder: Path, url: str, programs: Programs = (None, None)
) -> AsyncIterator[Pair]:
    """Seat a citizen and an agent and bring them into the call of the appointment that is ready."""
    async with seats(player, folder, url, programs) as pair:
        await pair.begin(await pair.come())
        yield pair
