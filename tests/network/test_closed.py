"""A network that lets no UDP through: the call takes TURN over TLS or TCP, and the check says so in plain words."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer
from playwright.async_api import Page, Playwright, expect

from signaling.models import CallParticipation
from teleconsult.settings import Settings
from tests.journeys.pair import seats
from tests.signaling.app import make_app
from tests.signaling.seats import ROOM, assert_accessible, in_call, page_of, state
from tests.support.authority import Certificate
from tests.support.coturn import SECRET, Coturn
from tests.support.enclosed import NO_UDP, enclosed_chromium
from tests.support.http_proxy import running_http_proxy
from tests.support.media import AGENT, CITIZEN
from tests.support.paths import KEEP_CONNECTIONS, way_of
from tests.support.pauses import pauses
from tests.support.ports import free_port
from tests.support.senses import hears, sees
from tests.support.server import Server

CHECK_MS = 90_000


def three_ways(coturn: Coturn, *, tcp_port: int | None = None) -> str:
    """Return the addresses that a service offers: UDP and TLS, and TCP on a port where perhaps nobody listens."""
    return (
        f"turn:localhost:{coturn.port}?transport=udp,turn:localhost:{tcp_port or coturn.port}?transport=tcp,"
        f"turns:localhost:{coturn.tls_port}?transport=tcp"
    )


async def check(page: Page, url: str) -> dict[str, Any]:
    """Run the test before the call and return its report."""
    await page.goto(url)
    await page.click("#check-run")
    await expect(page.locator("#check-download")).to_be_visible(timeout=CHECK_MS)
    return dict(json.loads(await page.locator("#check-report").text_content() or ""))


async def test_a_whole_call_where_only_turn_over_tls_is_left(
    coturn: Coturn, certificate: Certificate, player: Playwright, tmp_path: Path
) -> None:
    urls = three_ways(coturn, tcp_port=free_port())
    server = Server(tmp_path / "data", turn_urls=urls, turn_secret=SECRET)
    server.start()
    try:
        closed = enclosed_chromium(tmp_path / "closed", policy=NO_UDP, trusts=certificate.authority)
        async with seats(player, tmp_path, server.url, (closed, closed)) as pair:
            for seat in (pair.citizen, pair.agent):
                await seat.context.add_init_script(KEEP_CONNECTIONS)
            reference = await pair.come()
            await asyncio.gather(
                says_only_tls(pair.citizen.page, f"{server.url}/kiosk/check"),
                says_only_tls(pair.agent.page, f"{server.url}/agent/check"),
            )
            await pair.citizen.page.goto(f"{server.url}/kiosk")
            await pair.agent.page.goto(f"{server.url}/agent")
            await pair.begin(reference)
            for seat in (pair.citizen, pair.agent):
                way = await way_of(seat.page)
                assert way is not None
                assert (way.kind, way.over) == ("relay", "tls")
                # the browser has told the server, which tells it whose network is closed
                closed_here = seat.page.locator("#self-quality .call-quality__more")
                await expect(closed_here).to_have_text("réseau fermé, appel par un détour")
    finally:
        server.kill()


async def says_only_tls(page: Page, url: str) -> None:
    """Run a check that must find TURN over TLS, and nothing else."""
    report = await check(page, url)
    await expect(page.locator("[data-step=path]")).to_contain_text("seul le secours chiffré (TLS) passe")
    for step, light in (("turn_udp", "orange"), ("turn_tcp", "orange"), ("turn_tls", "green"), ("quality", "green")):
        await expect(page.locator(f"[data-step={step}]")).to_have_attribute("data-light", light)
    assert report["pair"]["relay"] == "tls"
    assert {way["way"]: way["open"] for way in report["ways"]} == {
        "turn_udp": False, "turn_tcp": False, "turn_tls": True,
    }  # fmt: skip


@asynccontextmanager
async def serving(url: str, folder: Path, turn_urls: str) -> AsyncIterator[TestServer]:
    """Serve signaling alone, which offers these TURN servers."""
    settings = Settings(
        database_url=url, data_dir=folder / "data", media_loopback=True, turn_urls=turn_urls, turn_secret=SECRET
    )
    server = TestServer(make_app(settings), host="localhost")
    await server.start_server()
    try:
        yield server
    finally:
        await server.close()


async def test_the_check_says_that_a_certificate_is_not_trusted(
    coturn: Coturn, sqlite_url: str, tmp_path: Path
) -> None:
    closed = enclosed_chromium(tmp_path / "closed", policy=NO_UDP)
    urls = three_ways(coturn, tcp_port=free_port())
    async with (
        serving(sqlite_url, tmp_path, urls) as server,
        asynccontextmanager(page_of)(AGENT, tmp_path, {"width": 1280, "height": 800}, program=closed) as page,
    ):
        report = await check(page, f"http://localhost:{server.port}/check")
        await expect(page.locator("[data-step=turn_tls]")).to_contain_text("refuse son certificat")
        await expect(page.locator("[data-step=path]")).to_contain_text("refuse le certificat du secours chiffré")
        for step in ("turn_tls", "path", "quality"):
            await expect(page.locator(f"[data-step={step}]")).to_have_attribute("data-light", "red")
        await expect(page.locator("#check-result")).to_contain_text("n’est pas possible")
        (tls,) = (way for way in report["ways"] if way["way"] == "turn_tls")
        assert (tls["open"], tls["certificate"]) == (False, True)
        assert tls["errors"], "the administrator's report has the browser's own words"
        await page.goto(f"http://localhost:{server.port}/call/{ROOM}?as=agent&admit=1")
        await expect(page.locator("#call-status")).to_contain_text(
            "le réseau d’ici est sans doute fermé", timeout=CHECK_MS
        )
        await assert_accessible(page)


@asynccontextmanager
async def in_closed_networks(
    urls: str, database_url: str, folder: Path, *, trusts: Path | None = None, options: tuple[str, ...] = ()
) -> AsyncIterator[tuple[Page, Page]]:
    """Bring a citizen and an agent, to whom no UDP is open, into a call; these TURN servers are offered to them."""
    closed = enclosed_chromium(folder / "closed", policy=NO_UDP, trusts=trusts)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(database_url, folder, urls))
        pages = [
            await stack.enter_async_context(
                asynccontextmanager(page_of)(
                    person, folder, {"width": 1280, "height": 800}, program=closed, options=options
                )
            )
            for person in (CITIZEN, AGENT)
        ]
        for page in pages:
            await page.add_init_script(KEEP_CONNECTIONS)
        citizen, agent = pages
        await in_call(citizen, agent, server)
        yield citizen, agent


async def meet_by(over: str, citizen: Page, agent: Page) -> None:
    """Wait until each sees and hears the other, by TURN over `tcp` or `tls`."""
    for page, role, person in ((citizen, "agent", AGENT), (agent, "citizen", CITIZEN)):
        await state(page, "connected")
        other = page.locator(f"#tiles video[data-role={role}]")
        await sees(other, person)
        await hears(other, person)
        way = await way_of(page)
        assert way is not None
        assert (way.kind, way.over) == ("relay", over)


async def test_a_call_through_an_http_proxy(
    coturn: Coturn, certificate: Certificate, sqlite_url: str, tmp_path: Path
) -> None:
    urls = f"turns:localhost:{coturn.tls_port}?transport=tcp"
    async with (
        running_http_proxy() as proxy,
        in_closed_networks(urls, sqlite_url, tmp_path, trusts=certificate.authority, options=proxy.options) as (
            citizen,
            agent,
        ),
    ):
        await meet_by("tls", citizen, agent)
        assert proxy.tunnels.count(coturn.tls_port) >= 2, "the media of both go through the proxy"


async def test_a_call_by_turn_over_tcp_outlives_its_turn_server(
    coturn: Coturn, sqlite_url: str, tmp_path: Path
) -> None:
    urls = f"turn:localhost:{coturn.port}?transport=tcp"
    async with in_closed_networks(urls, sqlite_url, tmp_path) as (citizen, agent):
        await meet_by("tcp", citizen, agent)
        async with pauses("TURN server killed, started again, TCP alone", citizen, agent):
            coturn.kill()
            for page in (citizen, agent):
                await state(page, "reconnecting")
                await expect(page.locator("#call-status")).to_contain_text("reviennent dans un instant")
            coturn.start()
            await meet_by("tcp", citizen, agent)
        await agent.click("#hang-up")
        await agent.click("#hang-up-confirm")
        for page in (citizen, agent):
            await state(page, "ended")
        ways = {each.role: each.path for each in await CallParticipation.all()}
        assert ways == {"citizen": "turn-tcp", "agent": "turn-tcp"}
