"""TURN credentials: a real coturn believes them, and media gets through it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from aioice.turn import create_turn_endpoint
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCIceTransportPolicy, RTCPeerConnection

from signaling.relay.network import Network
from signaling.relay.turn import LIFETIME, ice_servers
from teleconsult.clock import utcnow
from tests.signaling.media import Call, RelayParticipant, sees
from tests.support.coturn import SECRET, Coturn


@pytest.fixture
def coturn(tmp_path: Path) -> Iterator[int]:
    """The port of a TURN server."""
    server = Coturn(tmp_path)
    server.start()
    yield server.port
    server.kill()


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
