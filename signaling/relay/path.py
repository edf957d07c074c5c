"""The way of one peer connection's media: in from the socket, to the streams it belongs to, and out again."""

import contextlib
import time
from struct import error as StructError
from typing import Any, Protocol

from aiortc.rtp import AnyRtcpPacket, RtcpPacket
from pylibsrtp import Error as SrtpError

from signaling.relay.rtp import FIXED_HEADER, ExtensionIds, Octets, read_body
from signaling.relay.srtp import Buffer, sessions, unprotect
from signaling.relay.stream import Repair, Stream

COMPONENT = 1


class StreamReceiver(Protocol):
    """Opens streams that were not announced."""

    def learn(self, ssrc: int, payload_type: int) -> Stream | None:
        """Return a new stream, or None."""


class MediaPath:
    """Decrypts once, finds the stream by its SSRC, and sends what senders have encrypted.

    A packet belongs to the connection that it came on, whatever SSRC it claims: nobody can speak for somebody else.
    """

    def __init__(self, transport: Any, ids: ExtensionIds) -> None:
        self.streams: dict[int, Stream | Repair] = {}
        self.receivers: list[Any] = []
        self.packets = 0
        self.refused = 0
        self._transport = transport
        self._connection = transport.transport._connection
        self._ids = ids
        self._pair: Any = None
        self._sendto: Any = None
        self._address: Any = None

    def receive(self, buffer: Buffer, size: int) -> bool:
        """Take a datagram that came; return False when there are no keys for it yet."""
        session, _ = sessions(self._transport)
        if session is None:
            return False
        self.packets += 1
        view = buffer.view
        if 63 < view[1] & 0x7F < 96:
            self._receive_report(bytes(view[:size]), session)
            return True
        size = unprotect(session, buffer, size)
        body = read_body(view, size, self._ids) if size else None
        if body is None:
            self.refused += 1
            return True
        _, second, sequence_number, timestamp, ssrc = FIXED_HEADER.unpack_from(view)
        stream = self.streams.get(ssrc) or self._learn(ssrc, second & 0x7F)
        if stream is not None:
            stream.take(second, sequence_number, timestamp, view, body, time.time())
        return True

    def send(self, packet: Octets) -> None:
        """Send what is encrypted to where ICE has found the participant; nowhere when it has not."""
        pair = self._connection._nominated.get(COMPONENT)
        if pair is not self._pair:
            self._pair = pair
            self._sendto, self._address = (pair.protocol.transport.sendto, pair.remote_addr) if pair else (None, None)
        if self._sendto is not None:
            self._sendto(packet, self._address)

    def send_report(self, report: bytes) -> None:
        """Encrypt and send RTCP."""
        _, session = sessions(self._transport)
        if session is not None:
            with contextlib.suppress(SrtpError, ValueError):
                self.send(session.protect_rtcp(report))

    def forget(self, receiver: Any) -> None:
        """Drop a receiver's streams."""
        if receiver in self.receivers:
            self.receivers.remove(receiver)
        mine = set(map(id, receiver.streams))
        self.streams = {
            ssrc: stream
            for ssrc, stream in self.streams.items()
            if id(stream) not in mine and not (isinstance(stream, Repair) and stream.belongs_to(receiver))
        }

    def _learn(self, ssrc: int, payload_type: int) -> Stream | None:
        for receiver in self.receivers:
            if stream := receiver.learn(ssrc, payload_type):
                return stream  # type: ignore[no-any-return]
        return None

    def _receive_report(self, data: bytes, session: Any) -> None:
        try:
            packets: list[AnyRtcpPacket] = RtcpPacket.parse(session.unprotect_rtcp(data))
        except (SrtpError, ValueError, IndexError, StructError):
            self.refused += 1
            return
        now = time.time()
        for packet in packets:
            for recipient in self._transport._rtp_router.route_rtcp(packet):
                recipient.take_report(packet, now)
