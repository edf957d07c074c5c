"""What the relay takes from inside aiortc and aioice is still there; if not, read signaling/relay/hooks.py."""

import asyncio
import importlib.metadata
import inspect

import aiortc
from aioice.ice import Connection, StunProtocol
from aiortc import RTCConfiguration
from aiortc.rate import OveruseDetector, OveruseEstimator
from aiortc.rtcdtlstransport import RTCDtlsTransport, RtpRouter
from aiortc.rtcpeerconnection import RTCPeerConnection
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters, RTCRtpSendParameters
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtcrtptransceiver import RTCRtpTransceiver
from aiortc.rtcsctptransport import AbortChunk, RTCSctpTransport
from aiortc.rtp import RtpPacket
from OpenSSL import SSL
from pylibsrtp import Policy, Session

from signaling.relay import hooks, srtp
from signaling.relay.network import Network
from signaling.relay.peer import Peer
from signaling.relay.receiver import ForwardingReceiver
from signaling.relay.sender import ForwardingSender
from tests.signaling.media import Call, sees, until

LOCAL = "127.0.0.1"


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_the_versions_are_those_that_the_hooks_were_written_for() -> None:
    assert aiortc.__version__ == hooks.AIORTC_VERSION
    assert importlib.metadata.version("aioice") == hooks.AIOICE_VERSION


def test_what_is_overridden_is_still_called_so() -> None:
    create = RTCPeerConnection._RTCPeerConnection__createTransceiver  # type: ignore[attr-defined]
    assert parameters(create) == ["self", "direction", "kind", "sender_track"]
    assert parameters(RTCPeerConnection._RTCPeerConnection__createDtlsTransport) == ["self"]  # type: ignore[attr-defined]
    assert parameters(RTCDtlsTransport._handle_rtp_data) == ["self", "data", "arrival_time_ms"]
    assert parameters(Connection.get_component_candidates) == ["self", "component", "addresses", "timeout"]
    assert parameters(Connection.connect) == ["self"]
    assert parameters(RTCSctpTransport._send_chunk) == ["self", "chunk"]
    assert parameters(RTCPeerConnection._RTCPeerConnection__createSctpTransport) == ["self"]  # type: ignore[attr-defined]
    assert parameters(RTCDtlsTransport._handle_rtcp_data) == ["self", "data"]
    for ours, theirs in ((ForwardingReceiver, RTCRtpReceiver), (ForwardingSender, RTCRtpSender)):
        assert parameters(ours.stop) == parameters(theirs.stop)
    assert parameters(ForwardingReceiver.receive) == parameters(RTCRtpReceiver.receive)
    assert parameters(ForwardingSender.send) == parameters(RTCRtpSender.send)


def test_what_is_called_is_still_there() -> None:
    for name in (
        "_register_rtp_sender",
        "_unregister_rtp_sender",
        "_register_rtp_receiver",
        "_unregister_rtp_receiver",
    ):
        assert inspect.isfunction(getattr(RTCDtlsTransport, name))
    assert parameters(RtpRouter.route_rtcp) == ["self", "packet"]
    assert parameters(StunProtocol.__init__) == ["self", "receiver"]
    assert parameters(StunProtocol.datagram_received) == ["self", "data", "addr"]
    assert parameters(OveruseEstimator.update)[1:] == [
        "time_delta_ms", "timestamp_delta_ms", "size_delta", "current_hypothesis", "now_ms",
    ]  # fmt: skip
    assert parameters(OveruseDetector.detect)[1:] == ["offset", "timestamp_delta_ms", "num_of_deltas", "now_ms"]
    assert isinstance(inspect.getattr_static(RTCRtpTransceiver, "sender"), property)


def test_packets_are_encrypted_and_decrypted_in_place_as_pylibsrtp_would() -> None:
    key = bytes(range(44))
    policies = [
        Policy(key=key, ssrc_type=kind, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM)
        for kind in (
            Policy.SSRC_ANY_OUTBOUND,
            Policy.SSRC_ANY_OUTBOUND,
            Policy.SSRC_ANY_INBOUND,
            Policy.SSRC_ANY_INBOUND,
        )
    ]
    theirs_out, ours_out, theirs_in, ours_in = map(Session, policies)
    plain = RtpPacket(97, 0, 1, 2, 3, b"sound and picture").serialize()
    buffer = srtp.Buffer()
    buffer.view[: len(plain)] = plain
    keys = srtp.Keys(ours_in, ours_out)
    size = keys.protect(buffer, len(plain))
    secret = bytes(buffer.view[:size])
    assert secret == theirs_out.protect(plain)
    assert theirs_in.unprotect(secret) == plain
    assert bytes(buffer.view[: keys.unprotect(buffer, size)]) == plain
    buffer.view[:size] = secret
    assert keys.unprotect(buffer, size) == 0, "a second time"
    assert keys.unprotect(buffer, 5) == 0


async def test_transceivers_are_ours_and_no_decoder_runs() -> None:
    peer = Peer(1, Network(addresses=("127.0.0.1",)), on_state=print, on_channel=print, on_data=print)
    peer.set_slots({"other": False})
    sdp = await peer.offer()
    for transceiver in peer._connection.getTransceivers():
        assert isinstance(transceiver.sender, ForwardingSender)
        assert isinstance(transceiver.receiver, ForwardingReceiver)
        assert transceiver.receiver._RTCRtpReceiver__decoder_thread is None  # type: ignore[attr-defined]
        assert f"a=ssrc:{transceiver.sender._ssrc} " in sdp, "what is announced is what will be sent"
    assert peer.received == 0
    await peer.close()


async def test_sockets_are_where_the_settings_want_them() -> None:
    network = Network(addresses=("127.0.0.1",), ports=(42000, 42099), public_address="203.0.113.7")
    assert hooks.local_addresses(Network(loopback=True))[-1] == "127.0.0.1"
    peer = Peer(1, network, on_state=print, on_channel=print, on_data=print)
    lines = [line.split() for line in (await peer.offer()).splitlines() if line.startswith("a=candidate")]
    await peer.close()
    assert {line[4] for line in lines} == {"127.0.0.1"}
    assert all(42000 <= int(line[5]) <= 42099 for line in lines)


async def test_ipv6_and_ipv4_are_offered_side_by_side() -> None:
    network = Network(addresses=("127.0.0.1", "::1"))
    peer = Peer(1, network, on_state=print, on_channel=print, on_data=print)
    lines = [line.split() for line in (await peer.offer()).splitlines() if line.startswith("a=candidate")]
    assert {line[4] for line in lines} == {"127.0.0.1", "::1"}
    assert peer.path is None, "nobody is connected yet"
    await peer.close()


async def test_a_public_address_is_advertised_for_every_address_but_loopback() -> None:
    addresses = [address for address in hooks.local_addresses(Network()) if address != hooks.LOOPBACK][:1]
    network = Network(addresses=tuple(addresses) or ("127.0.0.2",), public_address="203.0.113.7")
    peer = Peer(1, network, on_state=print, on_channel=print, on_data=print)
    candidates = [line for line in (await peer.offer()).splitlines() if line.startswith("a=candidate")]
    await peer.close()
    assert any(" 203.0.113.7 " in line and " typ srflx " in line for line in candidates)


async def test_a_connection_whose_goodbye_fails_is_closed_all_the_same() -> None:
    async with Call() as call:
        citizen, agent = call.join(("citizen", 60), ("agent", 200))
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
        line = call.relay._lines["citizen"]
        assert line.current is not None
        connection = line.current._connection
        sctp = connection.sctp
        assert sctp is not None

        async def fail(chunk: object) -> None:
            raise SSL.Error([("SSL routines", "", "protocol is shutdown")])

        sctp._send_chunk = fail  # type: ignore[method-assign]
        await asyncio.wait_for(connection.close(), 10)
        # what aiortc had begun to close and left so would keep whoever closes again waiting
        await asyncio.wait_for(connection.close(), 10)
        assert sctp.transport.transport.state == "closed"


async def test_nobody_is_asked_for_consent_after_a_close_that_met_the_last_check() -> None:
    call, other = (RTCPeerConnection(), hooks.RelayPeerConnection(RTCConfiguration([]), Network(addresses=(LOCAL,))))
    other.createDataChannel("any")
    await other.setLocalDescription(await other.createOffer())
    await call.setRemoteDescription(other.localDescription)
    await call.setLocalDescription(await call.createAnswer())
    assert other.sctp is not None
    ice = other.sctp.transport.transport._connection
    told, closing = ice._check_list_state.put_nowait, []

    def close_first(state: int) -> None:
        # whoever closes is a step ahead of whoever waits for the checks to be over
        closing.append(asyncio.create_task(other.close()))
        told(state)

    ice._check_list_state.put_nowait = close_first  # type: ignore[method-assign]
    await other.setRemoteDescription(call.localDescription)
    await until(lambda: closing and closing[0].done())
    await call.close()
    await asyncio.sleep(0.1)
    assert ice._check_list_done
    names = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]  # type: ignore[union-attr]
    assert not [name for name in names if name.startswith("Connection.")], names


async def test_a_handshake_that_ends_while_the_connection_closes_starts_nothing() -> None:
    peer = Peer(1, Network(addresses=(LOCAL,)), on_state=print, on_channel=print, on_data=print)
    peer.set_slots({"other": False})
    await peer.offer()
    connection = peer._connection
    await peer.close()
    for transceiver in connection.getTransceivers():
        await transceiver.receiver.receive(RTCRtpReceiveParameters())
        await transceiver.sender.send(RTCRtpSendParameters())
    sctp = connection.sctp
    assert sctp is not None
    await sctp.start(sctp.getCapabilities(), 5000)
    path = sctp.transport.media_path  # type: ignore[attr-defined]
    assert path.receivers == path.downlink._pictures == []
    assert path._timer is sctp._t1_handle is None


async def test_a_chunk_that_cannot_be_sent_is_as_good_as_lost() -> None:
    peer = Peer(1, Network(addresses=(LOCAL,)), on_state=print, on_channel=print, on_data=print)
    sctp = peer._connection.sctp
    assert sctp is not None
    sctp._remote_port = 5000
    await sctp._send_chunk(AbortChunk())
    await peer.close()
