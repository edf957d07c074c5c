"""Everything that the relay takes from inside aiortc 1.16.0 and aioice 0.13.0, which have no public way for it.

Nothing else in the product touches a private name of theirs, but for the transport's `_send_rtp` and registration,
which receivers and senders of our kind use. tests/signaling/test_hooks.py fails when a version changes any of it.
"""

import contextlib
import random
from functools import partial
from typing import Any

import structlog
from aioice import Candidate
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import Connection, StunProtocol, get_host_addresses
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.codecs import HEADER_EXTENSIONS
from aiortc.exceptions import InvalidStateError
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtptransceiver import RTCRtpTransceiver
from aiortc.rtcsctptransport import Chunk, RTCSctpTransport
from OpenSSL import SSL

from signaling.relay.network import Network
from signaling.relay.path import MediaPath
from signaling.relay.receiver import ForwardingReceiver
from signaling.relay.sender import ForwardingSender, extension_ids
from signaling.relay.udp import UdpTransport

log = structlog.get_logger(__name__)

AIORTC_VERSION = "1.16.0"
AIOICE_VERSION = "0.13.0"
LOOPBACK = "127.0.0.1"
BIND_TRIES = 50

# the relay always offers, so its own numbers are the negotiated ones
EXTENSION_IDS = extension_ids(HEADER_EXTENSIONS["audio"] + HEADER_EXTENSIONS["video"])


class RelayPeerConnection(RTCPeerConnection):
    """An RTCPeerConnection whose transceivers forward, and whose sockets are where the network settings want them."""

    def __init__(self, configuration: RTCConfiguration, network: Network) -> None:
        super().__init__(configuration)
        self._network = network

    def _RTCPeerConnection__createTransceiver(
        self, direction: str, kind: str, sender_track: Any = None
    ) -> RTCRtpTransceiver:
        # as sound: what aiortc makes for a picture, and is thrown away here, is a thousand objects
        transceiver: RTCRtpTransceiver = super()._RTCPeerConnection__createTransceiver(  # type: ignore[misc]
            direction=direction, kind="audio", sender_track=sender_track
        )
        transceiver._RTCRtpTransceiver__kind = kind  # type: ignore[attr-defined]
        transport = transceiver.receiver.transport
        sender = ForwardingSender(kind, transport)
        receiver = ForwardingReceiver(kind, transport)
        receiver._set_rtcp_ssrc(sender._ssrc)
        sender._stream_id = transceiver.sender._stream_id
        transceiver._RTCRtpTransceiver__sender = sender  # type: ignore[attr-defined]
        transceiver._RTCRtpTransceiver__receiver = receiver  # type: ignore[attr-defined]
        return transceiver

    def _RTCPeerConnection__createDtlsTransport(self) -> RTCDtlsTransport:
        transport: RTCDtlsTransport = super()._RTCPeerConnection__createDtlsTransport()  # type: ignore[misc]
        path = transport.media_path = MediaPath(transport, EXTENSION_IDS)  # type: ignore[attr-defined]
        transport._handle_rtp_data = _drop_rtp  # type: ignore[method-assign]
        transport._handle_rtcp_data = _drop_rtcp  # type: ignore[method-assign]
        connection = transport.transport._connection
        connection.get_component_candidates = partial(_gather_hosts, connection, self._network, path)  # type: ignore[method-assign]
        connection.connect = partial(_connect, connection)  # type: ignore[method-assign]
        return transport

    def _RTCPeerConnection__createSctpTransport(self) -> None:
        super()._RTCPeerConnection__createSctpTransport()  # type: ignore[misc]
        sctp: Any = self.sctp
        sctp._send_chunk = partial(_send_chunk, sctp)

    async def _RTCPeerConnection__connect(self) -> None:
        # a client that leaves while it is connected: aiortc's task ends with an error that nobody is there to take
        with contextlib.suppress(InvalidStateError, ConnectionError):
            await super()._RTCPeerConnection__connect()  # type: ignore[misc]

    async def close(self) -> None:
        """Close it, whatever is broken by then.

        aiortc (1.16) stops at the first error, for instance when the client's TLS shut down first while SCTP says
        goodbye: what comes after it would stay open, and whoever closes again would wait for ever.
        """
        if self.sctp is not None:
            # a handshake that ends while this closes would start it, and its timers, after its end
            self.sctp._RTCSctpTransport__started = True  # type: ignore[attr-defined]
        try:
            await super().close()
        except Exception as error:
            log.warning("connection_close_failed", error=type(error).__name__)
            await self._close_transports()

    async def _close_transports(self) -> None:
        used = [transceiver.receiver.transport for transceiver in self.getTransceivers()]
        used += [self.sctp.transport] if self.sctp is not None else []
        for transport in dict.fromkeys(used):
            for stop in (transport.stop, transport.transport.stop):
                try:
                    await stop()
                except Exception as error:
                    log.warning("transport_stop_failed", error=type(error).__name__)
        self.remove_all_listeners()
        closed = self._RTCPeerConnection__isClosed  # type: ignore[attr-defined]
        if closed is not None and not closed.done():
            closed.set_result(True)


async def _drop_rtp(data: bytes, arrival_time_ms: int) -> None:
    """Take the place of RTCDtlsTransport._handle_rtp_data, which gets only what came before there were keys."""


async def _drop_rtcp(data: bytes) -> None:
    """Take the place of RTCDtlsTransport._handle_rtcp_data, likewise."""


async def _send_chunk(sctp: RTCSctpTransport, chunk: Chunk) -> None:
    """Take the place of RTCSctpTransport._send_chunk: a chunk that cannot be sent is one that got lost.

    aiortc sends from tasks whose errors nobody takes, and OpenSSL has its own for a client that said goodbye.
    """
    with contextlib.suppress(ConnectionError, SSL.Error):
        await RTCSctpTransport._send_chunk(sctp, chunk)


async def _connect(connection: Connection) -> None:
    """Take the place of Connection.connect. Raises ConnectionError when there is no path, or nobody wants one any more.

    aioice (0.13) begins to ask for consent (RFC 7675) even when it was closed between the last check and the end of
    its `connect`: with nobody left to ask it would go on for ever, and hold all that the call had.
    """
    await Connection.connect(connection)
    consent = connection._query_consent_task
    if connection._closing and consent is not None:
        consent.cancel()
        raise ConnectionError("closed while it was connecting")


async def _gather_hosts(
    connection: Connection,
    network: Network,
    path: MediaPath,
    component: int,
    addresses: list[str],
    timeout: int = 5,  # noqa: ASYNC109 (aioice's signature)
) -> list[Candidate]:
    """Take the place of Connection.get_component_candidates: host addresses only, in the configured range of ports.

    The relay needs no STUN or TURN of its own: it has an address, and participants who cannot reach it use their TURN.
    """
    candidates = []
    for address in local_addresses(network):
        protocol = _bind(connection, path, address, network.ports)
        host, port = protocol.transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = _candidate("host", component, host, port)
        connection._protocols.append(protocol)
        candidates.append(protocol.local_candidate)
        if _stands_for(network.public_address, address):
            # behind a one-to-one NAT: what a STUN server would have told (RFC 8445 5.1.1.2)
            candidates.append(_candidate("srflx", component, str(network.public_address), port, related=(host, port)))
    return candidates


def _stands_for(public: str | None, address: str) -> bool:
    """Whether the public address is that of a socket here: translation is from IPv4 to IPv4, or from IPv6 to IPv6."""
    return public is not None and address != LOOPBACK and (":" in public) == (":" in address)


def local_addresses(network: Network) -> list[str]:
    """Return the addresses to listen on. aioice leaves 127.0.0.1 out, which a demo on one machine may depend on."""
    if network.addresses is not None:
        return list(network.addresses)
    addresses = get_host_addresses(use_ipv4=True, use_ipv6=True)
    return [*addresses, LOOPBACK] if network.loopback or not addresses else addresses


def _bind(connection: Connection, path: MediaPath, address: str, ports: tuple[int, int] | None) -> StunProtocol:
    """Return a STUN protocol bound to an address, on a free port of the range. Raises OSError when none is free."""
    choices = [0]
    if ports is not None:
        span = range(ports[0], ports[1] + 1)
        choices = random.sample(span, min(BIND_TRIES, len(span)))
    for port in choices:
        protocol = StunProtocol(connection)
        try:
            UdpTransport(protocol, address, port, path.receive)
        except OSError:
            if port == choices[-1]:
                raise
        else:
            return protocol
    raise OSError("empty range of ports")


def _candidate(kind: str, component: int, host: str, port: int, related: tuple[str, int] | None = None) -> Candidate:
    return Candidate(
        foundation=candidate_foundation(kind, "udp", host),
        component=component,
        transport="udp",
        priority=candidate_priority(component, kind),
        host=host,
        port=port,
        type=kind,
        related_address=related[0] if related else None,
        related_port=related[1] if related else None,
    )


def received_packets(connection: RTCPeerConnection) -> int:
    """Return how many packets of any kind but STUN came in, to tell a silent path from a live one."""
    transports = {t.receiver.transport for t in connection.getTransceivers()}
    return sum(t._RTCDtlsTransport__rx_packets + t.media_path.packets for t in transports)  # type: ignore[attr-defined]


def selected_path(connection: RTCPeerConnection) -> str | None:
    """Return `turn` when a participant is reached through a TURN server, `udp` when straight, None when not at all."""
    ice = connection.getTransceivers()[0].receiver.transport.transport._connection
    pair = ice._nominated.get(1)
    if pair is None:
        return None
    # a check may come in before the candidate that it comes from is told of, and looks like a host of its own then
    relayed = {(c.host, c.port) for c in ice.remote_candidates if c.type == "relay"}
    return "turn" if pair.remote_candidate.type == "relay" or pair.remote_addr in relayed else "udp"


def set_stream(transceiver: RTCRtpTransceiver, stream: str) -> None:
    """Name the MediaStream (msid, RFC 8830) of a transceiver: sound and picture of one name are kept in sync."""
    # token characters only (RFC 8830 2), which leaves out the colon
    transceiver.sender._stream_id = stream.replace(":", "-")
