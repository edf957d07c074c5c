"""TURN credentials: a real coturn believes them, and media gets through it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aioice.turn import create_turn_endpoint
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCIceTransportPolicy, RTCPeerConnection

from signaling.relay.network import Network
from signaling.relay.turn import LIFETIME, ice_servers
from teleconsult.clock import utcnow
from tests.signaling.media import Call, RelayParticipant, sees
from tests.support.ports import free_port

SECRET = "shared-with-coturn"
INSTALL = "coturn is missing: `apt-get install coturn` (or `make test`, which does it)"


@asynccontextmanager
async def running_coturn(folder: Path) -> AsyncIterator[int]:
    """Yield the port of a TURN server on loopback that shares SECRET with us."""
    program = shutil.which("turnserver")
    if program is None:
        raise FileNotFoundError(INSTALL)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        program,
        *("-n", "--no-cli", "--no-tls", "--no-dtls", "--use-auth-secret", f"--static-auth-secret={SECRET}"),
        *("--realm=test", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}"),
        *("--allow-loopback-peers", "--log-file=stdout", "--simple-log", f"--pidfile={folder / 'turn.pid'}"),
        *(f"--userdb={folder / 'turn.db'}",),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    drain = asyncio.create_task(process.stdout.read())
    try:
        await _listening(port)
        yield port
    finally:
        process.terminate()
        await process.wait()
        await drain


async def _listening(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@pytest.fixture
async def coturn(tmp_path: Path) -> AsyncIterator[int]:
    async with running_coturn(tmp_path) as port:
        yield port


def network_with(port: int, secret: str = SECRET) -> Network:
    url = f"turn:127.0.0.1:{port}?transport=udp"
    return Network(addresses=("127.0.0.1",), turn_urls=(url,), turn_secret=secret)


async def allocate(port: int, network: Network, *, age: timedelta = timedelta(0)) -> None:
    """Ask coturn for an allocation with credentials minted some time ago."""
    (server,) = ice_servers(network, now=utcnow() - age, participant="citizen:1")
    transport, _ = await create_turn_endpoint(
        asyncio.DatagramProtocol,
        server_addr=("127.0.0.1", port),
        username=server.username,
        password=server.credential,
    )
    transport.close()


async def test_coturn_believes_fresh_credentials_and_no_others(coturn: int) -> None:
    await allocate(coturn, network_with(coturn))
    with pytest.raises(Exception, match=r"401|438|Unauthorized|STUN"):
        await allocate(coturn, network_with(coturn), age=LIFETIME + timedelta(minutes=1))
    with pytest.raises(Exception, match=r"401|438|Unauthorized|STUN"):
        await allocate(coturn, network_with(coturn, "guessed"))


def test_without_a_turn_server_there_are_no_credentials() -> None:
    assert ice_servers(Network(), now=utcnow(), participant="x") == ()


class FirewalledParticipant(RelayParticipant):
    """Somebody whose network lets nothing out but to the TURN server."""

    def make_connection(self) -> RTCPeerConnection:
        (server,) = self.offers[-1][1].ice_servers
        return RTCPeerConnection(
            RTCConfiguration(
                iceServers=[RTCIceServer(list(server.urls), server.username, server.credential)],
                iceTransportPolicy=RTCIceTransportPolicy.RELAY,
                bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
            )
        )


async def test_media_gets_through_turn_alone(coturn: int) -> None:
    async with Call(network_with(coturn)) as call:
        citizen, agent = FirewalledParticipant("citizen", 60), RelayParticipant("agent", 200)
        call.add(citizen, agent)
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
