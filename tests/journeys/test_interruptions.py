"""A call outlives what goes wrong: the connection is cut, a tab is lost, the server is started anew."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Playwright, expect

from tests.journeys import call, kiosk, offices
from tests.journeys.hands import Pointer
from tests.journeys.people import LANDSCAPE, OFFICE, Seat, seated
from tests.support.media import AGENT, CITIZEN
from tests.support.ports import free_port
from tests.support.proxy import Proxy, running_proxy
from tests.support.server import Server
from tests.support.waiting import until


@dataclass(frozen=True)
class Pair:
    """A citizen and an agent in a call, and the address at which both reach the server."""

    citizen: Seat
    agent: Seat
    url: str

    async def meet(self) -> None:
        """Wait until each sees and hears the other."""
        await call.meets(self.citizen, "agent", AGENT)
        await call.meets(self.agent, "citizen", CITIZEN)


@asynccontextmanager
async def in_a_call(player: Playwright, folder: Path, url: str) -> AsyncIterator[Pair]:
    """Seat a citizen and an agent and bring them into the call of the appointment that is ready."""
    async with (
        seated(player, CITIZEN, folder, LANDSCAPE, Pointer()) as citizen,
        seated(player, AGENT, folder, OFFICE, Pointer()) as agent,
    ):
        ready = await kiosk.open_kiosk(citizen, url)
        await offices.sign_in(agent, url, "/agent", offices.AGENT_EMAIL)
        await kiosk.arrive(citizen, ready.reference)
        await call.wait_in_lobby(citizen)
        await offices.see_arrival(agent)
        await offices.receive(agent)
        pair = Pair(citizen, agent, url)
        await pair.meet()
        yield pair


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[tuple[Server, Proxy]]:
    """The demonstration behind a connection that can be cut."""
    port = free_port()
    async with running_proxy(port) as proxy:
        server = Server(tmp_path / "data", port=port, public_url=proxy.url)
        server.start()
        yield server, proxy
        server.kill()


async def test_cut_sockets_and_lost_tabs_come_back(
    proxied: tuple[Server, Proxy], player: Playwright, tmp_path: Path
) -> None:
    _, proxy = proxied
    async with in_a_call(player, tmp_path, proxy.url) as pair:
        opened = proxy.sockets()
        proxy.cut()

        async def both_are_back() -> bool:
            return proxy.sockets() >= opened + 2

        await until(both_are_back, "both sockets opened anew")
        await pair.meet()

        await pair.citizen.kill_tab()
        tile = pair.agent.page.locator("#tiles figure", has=pair.agent.page.locator("video[data-role=citizen]"))
        await expect(tile).to_have_attribute("data-connected", "false", timeout=60_000)
        await pair.citizen.new_tab()
        await pair.citizen.page.goto(f"{pair.url}/kiosk")
        await pair.meet()

        await pair.agent.kill_tab()
        await pair.agent.new_tab()
        await pair.agent.page.goto(f"{pair.url}/agent")
        await pair.agent.hands.press(pair.agent.page.get_by_role("link", name="Reprendre l’entretien").first)
        await pair.meet()


async def test_a_call_comes_back_after_the_server_was_started_anew(
    server: Server, player: Playwright, tmp_path: Path
) -> None:
    async with in_a_call(player, tmp_path, server.url) as pair:
        assert server.stop() == 0
        for seat in (pair.citizen, pair.agent):
            await call.in_state(seat, "reconnecting")
            await expect(seat.page.locator("#call-status")).to_contain_text("Reconnexion en cours")
        server.start()
        await pair.meet()
        await call.hang_up(pair.agent)
        await call.sees_it_is_over(pair.citizen)
        await offices.note_outcome(pair.agent)
