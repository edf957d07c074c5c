"""Peers that are real as far as ICE, DTLS and SRTP go, and send packets made beforehand."""

import contextlib
import random
import time
from struct import Struct
from typing import Any

from aioice import Candidate
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCRtpSender, clock
from aiortc.codecs import is_rtx
from aiortc.rtp import (
    RtcpPacket,
    RtcpRrPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)
from pylibsrtp import ffi, lib

from benchmarks.relay.wire import STAMP, Inbound, WireTransport

HEADER = Struct("!BBHLL")
EXTENSION = Struct("!HHBBBB")
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ROOM_FOR_TAG = 160
CODECS = ("video/VP8", "audio/opus")


class RawReceiver(RTCRtpReceiver):
    """Takes part in negotiation, and leaves the counting to the socket."""

    async def receive(self, parameters: Any) -> None:
        """Nothing runs: no decoder, no jitter buffer."""

    async def stop(self) -> None:
        """Nothing runs."""

    def _handle_disconnect(self) -> None:
        """Nothing runs."""


class RawSender(RTCRtpSender):
    """Sends what it is given, at once."""

    def __init__(self, kind: str, transport: Any) -> None:
        super().__init__(kind, transport)
        self.ready = False
        self.packets = 0
        self.octets = 0
        self.key_frame_wanted = True
        self._sequence = random.randrange(30_000)
        self._start = random.randrange(1 << 31)
        self._clock_rate = 90_000 if kind == "video" else 48_000
        self._length = ffi.new("int *")

    async def send(self, parameters: Any) -> None:
        """Begin to send."""
        if self.ready:
            return
        self.transport._register_rtp_sender(self, parameters)
        codec = next(c for c in parameters.codecs if not is_rtx(c))
        ids = {extension.uri: extension.id for extension in parameters.headerExtensions}
        self.payload_type = codec.payloadType
        self._cname = (parameters.rtcp.cname or "raw").encode()
        self._send_time, self._level = ids.get(SEND_TIME, 0), ids.get(LEVEL, 0)
        self.ready = True

    async def stop(self) -> None:
        """Stop."""
        self.ready = False

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        """Nothing is sent again: nothing is lost on the way up unless the relay loses it."""

    def emit(self, payload: bytes, marker: bool, stamp: bool) -> None:
        """Send a packet; with `stamp` its last bytes are the time, for whoever receives it."""
        session, connection = self.transport._tx_srtp, self.transport.transport._connection
        pair = connection._nominated.get(1)
        if pair is None or session is None:
            return
        buffer = session._buffer
        timestamp = int(self._start + time.monotonic() * self._clock_rate) & 0xFFFFFFFF
        second = self.payload_type | (0x80 if marker else 0)
        HEADER.pack_into(buffer, 0, 0x90, second, self._sequence, timestamp, self._ssrc)
        if self.kind == "video":
            now = clock.current_ntp_time() >> 14 & 0xFFFFFF
            first = self._send_time << 4 | 2 if self._send_time else 0
            EXTENSION.pack_into(buffer, 12, 0xBEDE, 1, first, now >> 16, now >> 8 & 0xFF, now & 0xFF)
        else:
            EXTENSION.pack_into(buffer, 12, 0xBEDE, 1, self._level << 4 if self._level else 0, 40, 0, 0)
        size = 20 + len(payload)
        buffer[20:size] = payload
        if stamp:
            STAMP.pack_into(buffer, size - STAMP.size, time.time_ns())
        self._length[0] = size
        lib.srtp_protect(session._srtp[0], session._cdata, self._length)
        pair.protocol.transport.sendto(buffer[: self._length[0]], pair.remote_addr)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.packets += 1
        self.octets += len(payload)

    def report(self) -> list[RtcpPacket]:
        """Return a sender report with its description."""
        timestamp = int(self._start + time.monotonic() * self._clock_rate) & 0xFFFFFFFF
        info = RtcpSenderInfo(clock.current_ntp_time(), timestamp, self.packets, self.octets & 0xFFFFFFFF)
        chunk = RtcpSourceInfo(ssrc=self._ssrc, items=[(1, self._cname)])
        return [RtcpSrPacket(ssrc=self._ssrc, sender_info=info), RtcpSdesPacket(chunks=[chunk])]


class RawConnection(RTCPeerConnection):
    """A peer connection on one address, with senders and receivers of the above kinds."""

    def __init__(self, address: str) -> None:
        super().__init__(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.inbound = Inbound()
        self._address = address

    def senders(self) -> list[RawSender]:
        """Return the senders that are in use, video first."""
        found = [t.sender for t in self.getTransceivers() if isinstance(t.sender, RawSender) and t.sender.ready]
        return sorted(found, key=lambda sender: sender.kind, reverse=True)

    def listen(self) -> None:
        """Count what comes from now on."""
        for transceiver in self.getTransceivers():
            for codec in transceiver._codecs:
                if codec.mimeType in CODECS:
                    self.inbound.media_types.add(codec.payloadType)
        self.inbound.unprotect = self.getTransceivers()[0].receiver.transport._rx_srtp.unprotect

    async def report(self) -> None:
        """Send the reports that a browser would, once a second."""
        transport = self.getTransceivers()[0].sender.transport
        packets: list[RtcpPacket] = [packet for sender in self.senders() for packet in sender.report()]
        if reports := self.inbound.report():
            packets.insert(0, RtcpRrPacket(ssrc=self.getTransceivers()[0].sender._ssrc, reports=reports))
        if packets:
            with contextlib.suppress(ConnectionError):
                await transport._send_rtp(b"".join(map(bytes, packets)))

    def _RTCPeerConnection__createTransceiver(self, direction: str, kind: str, sender_track: Any = None) -> Any:
        transceiver = super()._RTCPeerConnection__createTransceiver(  # type: ignore[misc]
            direction=direction, kind=kind, sender_track=sender_track
        )
        transport = transceiver.receiver.transport
        sender, receiver = RawSender(kind, transport), RawReceiver(kind, transport)
        sender._stream_id = transceiver.sender._stream_id
        receiver._set_rtcp_ssrc(sender._ssrc)
        transceiver._RTCRtpTransceiver__sender = sender
        transceiver._RTCRtpTransceiver__receiver = receiver
        return transceiver

    def _RTCPeerConnection__createDtlsTransport(self) -> Any:
        transport = super()._RTCPeerConnection__createDtlsTransport()  # type: ignore[misc]
        connection = transport.transport._connection

        async def candidates(component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:  # noqa: ASYNC109
            protocol = StunProtocol(connection)
            wire = WireTransport(protocol, self.inbound, self._address)
            host, port = wire.get_extra_info("sockname")
            protocol.local_candidate = Candidate(
                candidate_foundation("host", "udp", host), component, "udp",
                candidate_priority(component, "host"), host, port, "host",
            )  # fmt: skip
            connection._protocols.append(protocol)
            return [protocol.local_candidate]

        connection.get_component_candidates = candidates
        return transport
