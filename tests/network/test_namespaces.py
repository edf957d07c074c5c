"""Kiosk, agent and server on networks of their own: translated, losing packets, changing, of two kinds."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.signaling.processes import Node
from tests.signaling.processes import until as until_now
from tests.signaling.seats import ROOM, page_of, state
from tests.support.enclosed import enclosed_chromium
from tests.support.media import AGENT, CITIZEN, Person
from tests.support.namespaces import Host, hosts
from tests.support.paths import KEEP_CONNECTIONS, Way, way_of
from tests.support.pauses import pauses
from tests.support.senses import hears, sees
from tests.support.waiting import until

PORTS = range(41000, 41020)
PUBLIC = "203.0.113.30"
SEEN = """() => {
  window.states = [];
  const root = document.documentElement;
  new MutationObserver(() => window.states.push(root.dataset.callState)).observe(
    root, { attributes: true, attributeFilter: ["data-call-state"] });
}"""
LOST = """async () => {
  let lost = 0;
  for (const each of (await window.connections.at(-1).getStats()).values())
    if (each.type === "inbound-rtp") lost += each.packetsLost;
  return lost;
}"""


@dataclass(frozen=True)
class Town:
    """A kiosk behind an office's address translation, an agent in the open, a server behind a one-to-one one."""

    kiosk: Host
    office: Host
    agent: Host
    server: Host


@pytest.fixture
def town() -> Iterator[Town]:
    with hosts("net", "office", "kiosk", "agent", "hosting", "server") as (net, office, kiosk, agent, hosting, server):
        places = ((office, "203.0.113.10"), (agent, "203.0.113.20"), (hosting, PUBLIC))
        for number, (host, address) in enumerate(places):
            host.connect(net, f"wan{number}")
            host.add_address(f"{address}/24", f"wan{number}")
        net.bridge("wan0", "wan1", "wan2")
        kiosk.connect(office, "lan", ("192.168.7.2/24", "192.168.7.1/24"))
        kiosk.go_by("192.168.7.1")
        office.hide("wan0")
        server.connect(hosting, "lan", ("10.9.0.2/24", "10.9.0.1/24"))
        server.go_by("10.9.0.1")
        hosting.stand_for(PUBLIC, "10.9.0.2", "wan2")
        yield Town(kiosk, office, agent, server)


@asynccontextmanager
async def serving(host: Host, folder: Path, database_url: str, **settings: str) -> AsyncIterator[Node]:
    """Serve signaling alone on a host."""
    node = Node(folder, database_url, within=host.within, media_ports=f"{PORTS[0]}-{PORTS[-1]}", **settings)
    try:
        await until_now(lambda: "serving" in node.log)
        yield node
    finally:
        node.kill()


@asynccontextmanager
async def browsing(host: Host, person: Person, folder: Path, origin: str) -> AsyncIterator[Page]:
    """Open a browser on a host, which believes an address without TLS to be safe enough for a camera."""
    program = enclosed_chromium(folder / f"{person.name}-browser", within=host.within)
    options = (f"--unsafely-treat-insecure-origin-as-secure={origin}",)
    async with asynccontextmanager(page_of)(
        person, folder, {"width": 1280, "height": 800}, program=program, options=options
    ) as page:
        await page.add_init_script(KEEP_CONNECTIONS)
        yield page


async def in_call(citizen: Page, agent: Page, origins: tuple[str, str]) -> None:
    """Bring both into the call."""
    await citizen.goto(f"{origins[0]}/call/{ROOM}?as=citizen")
    await state(citizen, "lobby")
    await agent.goto(f"{origins[1]}/call/{ROOM}?as=agent&admit=1")
    await meet(citizen, agent)


async def meet(citizen: Page, agent: Page) -> None:
    """Wait until each sees and hears the other, and goes on to."""
    for page, role, person in ((citizen, "agent", AGENT), (agent, "citizen", CITIZEN)):
        await state(page, "connected")
        other = page.locator(f"#tiles video[data-role={role}]")
        await sees(other, person)
        await hears(other, person)


async def loses(page: Page, packets: int) -> None:
    """Wait until so many packets on their way to this page were lost."""

    async def lost() -> bool:
        return bool(await page.evaluate(LOST) > packets)

    await until(lost, f"{packets} packets lost")


async def way(page: Page) -> Way:
    found = await way_of(page)
    assert found is not None
    return found


async def test_a_call_behind_address_translation(town: Town, sqlite_url: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(serving(town.server, tmp_path, sqlite_url, media_address=PUBLIC))
        origin = f"http://{PUBLIC}:{node.port}"
        citizen = await stack.enter_async_context(browsing(town.kiosk, CITIZEN, tmp_path, origin))
        agent = await stack.enter_async_context(browsing(town.agent, AGENT, tmp_path, origin))
        await in_call(citizen, agent, (origin, origin))
        for page in (citizen, agent):
            found = await way(page)
            assert (found.over, found.remote) == ("udp", PUBLIC)
            assert found.port in PORTS
            await page.evaluate(SEEN)

        for share in (0.03, 0.1):
            town.office.lose(share)
            lost = [await page.evaluate(LOST) for page in (citizen, agent)]
            for page, before in zip((citizen, agent), lost, strict=True):
                await loses(page, before + 20)
            await hears(citizen.locator("#tiles video[data-role=agent]"), AGENT)
            await hears(agent.locator("#tiles video[data-role=citizen]"), CITIZEN)
        town.office.lose(0)
        await meet(citizen, agent)
        for page in (citizen, agent):
            assert await page.evaluate("window.states") == [], "nobody was ever out of the call"

        async with pauses("another address of the kiosk", citizen, agent):
            town.kiosk.drop_address("192.168.7.2/24", "lan")
            town.kiosk.add_address("192.168.7.9/24", "lan")
            town.kiosk.go_by("192.168.7.1")
            await state(citizen, "reconnecting")
            await meet(citizen, agent)

        await agent.click("#hang-up")
        await agent.click("#hang-up-confirm")
        for page in (citizen, agent):
            await state(page, "ended")
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite://"))) as database:
            ways = dict(database.execute("SELECT role, path FROM call_participation"))
        assert ways == {"citizen": "udp", "agent": "udp"}


async def test_a_call_between_a_network_of_ipv6_and_one_of_ipv4(sqlite_url: str, tmp_path: Path) -> None:
    with hosts("server", "kiosk", "agent") as (server, kiosk, agent):
        server.connect(kiosk, "new", ("fd00:5::1/64", "fd00:5::2/64"))
        server.connect(agent, "old", ("198.51.100.1/24", "198.51.100.2/24"))
        async with AsyncExitStack() as stack:
            # a translated address of IPv4, which says nothing of IPv6
            node = await stack.enter_async_context(serving(server, tmp_path, sqlite_url, media_address=PUBLIC))
            origins = f"http://[fd00:5::1]:{node.port}", f"http://198.51.100.1:{node.port}"
            citizen, other = [
                await stack.enter_async_context(browsing(host, person, tmp_path, origin))
                for host, person, origin in zip((kiosk, agent), (CITIZEN, AGENT), origins, strict=True)
            ]
            await in_call(citizen, other, origins)
            for page, near, far in ((citizen, "fd00:5::2", "fd00:5::1"), (other, "198.51.100.2", "198.51.100.1")):
                found = await way(page)
                assert (found.over, found.address, found.remote) == ("udp", near, far)
                assert found.port in PORTS
                offered = await page.evaluate("window.connections.at(-1).remoteDescription.sdp")
                assert f" {PUBLIC} " in offered
                assert "raddr fd00:" not in offered, "an address of IPv4 stands for no socket of IPv6"
