"""A call outlives what goes wrong: the connection is cut, a tab is lost, the server is started anew."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Playwright, expect

from tests.journeys import call, offices
from tests.journeys.pair import Pair, in_a_call
from tests.support.pauses import pauses
from tests.support.ports import free_port
from tests.support.proxy import Proxy, running_proxy
from tests.support.redis import RedisServer
from tests.support.server import Server
from tests.support.waiting import until


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
        async with pauses("service stopped, started again", pair.citizen.page, pair.agent.page):
            assert server.stop() == 0
            await told_to_wait(pair)
            server.start()
            await pair.meet()
        await call.hang_up(pair.agent)
        await call.sees_it_is_over(pair.citizen)
        await offices.note_outcome(pair.agent)


async def told_to_wait(pair: Pair) -> None:
    """Wait until both pages say in words that they are coming back by themselves."""
    for seat in (pair.citizen, pair.agent):
        await call.in_state(seat, "reconnecting")
        await expect(seat.page.locator("#call-status")).to_contain_text("Reconnexion en cours")


async def test_a_call_comes_back_to_several_processes(
    redis: RedisServer, postgres_url: str, player: Playwright, tmp_path: Path
) -> None:
    where = {"database_url": postgres_url, "redis_url": redis.url, "media_loopback": "true"}
    alone = Server(tmp_path / "data", **where)
    both = Server(tmp_path / "data", command="serve", options=("--workers", "2"), port=alone.port, **where)
    alone.start()
    try:
        async with in_a_call(player, tmp_path, alone.url) as pair:
            assert alone.stop() == 0
            await told_to_wait(pair)
            both.start()
            await pair.meet()
            # the one that has the sockets of the relay
            (holder,) = (each for each in psutil.Process(both.pid).children() if each.net_connections("udp"))
            async with pauses("one of two processes killed", pair.citizen.page, pair.agent.page):
                os.kill(holder.pid, signal.SIGKILL)
                await told_to_wait(pair)
                await pair.meet()
            assert both.stop() == 0
            await told_to_wait(pair)
            both.start()
            await pair.meet()
    finally:
        alone.kill()
        both.kill()
