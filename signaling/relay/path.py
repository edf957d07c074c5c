"""The way of one peer connection's media: in from the socket, to the streams it belongs to, and out again."""

import asyncio
import contextlib
import random
import time
from struct import error as StructError
from typing import Any, Protocol

from aiortc.rtp import AnyRtcpPacket, RtcpPacket, RtcpReceiverInfo, RtcpRrPacket
from pylibsrtp import Error as SrtpError

from signaling.relay.downlink import Downlink
from signaling.relay.rtp import FIXED_HEADER, ExtensionIds, Octets, read_body
from signaling.relay.srtp import Buffer, Keys, keys_of
from signaling.relay.stream import Repair, Stream

COMPONENT = 1


REPORT_SECONDS = (0.75, 1.25)
MAX_REPORTS = 31


class StreamReceiver(Protocol):
    """Takes the streams of one section."""

    own_ssrc: int
    streams: list[Stream]

    def learn(self, ssrc: int, payload_type: int) -> Stream | None:
        """Return a new stream, or None."""


class MediaPath:
    """Decrypts once, finds the stream by its SSRC, and sends what senders have encrypted.

    A packet belongs to the connection that it came on, whatever SSRC it claims: nobody can speak for somebody else.
    """

    def __init__(self, transport: Any, ids: ExtensionIds) -> None:
        self.streams: dict[int, Stream | Repair] = {}
        self.receivers: list[StreamReceiver] = []
        self.reports: dict[int, RtcpReceiverInfo] = {}
        self.downlink = Downlink()
        self._timer: asyncio.TimerHandle | None = None
        self.packets = 0
        self.refused = 0
        self.keys: Keys | None = None
        self._transport = transport
        self._connection = transport.transport._connection
        self._ids = ids
        self._pair: Any = None
        self._sendto: Any = None
        self._address: Any = None

    def receive(self, buffer: Buffer, size: int) -> bool:
        """Take a datagram that came; return False when there are no keys for it yet."""
        keys = self.keys or self.take_keys()
        if keys is None:
            return False
        self.packets += 1
        view = buffer.view
        if 63 < view[1] & 0x7F < 96:
            self._receive_report(bytes(view[:size]), keys)
            return True
        size = keys.unprotect(buffer, size)
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
        keys = self.keys or self.take_keys()
        if keys is not None:
            with contextlib.suppress(SrtpError, ValueError):
                self.send(keys.protect_report(report))

    def take_keys(self) -> Keys | None:
        """Return the keys, if the handshake is done by now."""
        self.keys = keys_of(self._transport)
        return self.keys

    def add(self, receiver: StreamReceiver) -> None:
        """Report on a receiver's streams from now on."""
        self.receivers.append(receiver)
        if self._timer is None:
            self._report_later()

    def forget(self, receiver: StreamReceiver) -> None:
        """Drop a receiver's streams."""
        if receiver in self.receivers:
            self.receivers.remove(receiver)
        if not self.receivers and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        mine = set(map(id, receiver.streams))
        for stream in receiver.streams:
            self.reports.pop(stream.ssrc, None)
        self.streams = {
            ssrc: stream
            for ssrc, stream in self.streams.items()
            if id(stream) not in mine and not (isinstance(stream, Repair) and stream.belongs_to(receiver))
        }

    def _report_later(self) -> None:
        # RFC 3550 6.2: the interval varies at random, so that reports of many do not coincide
        seconds = random.uniform(*REPORT_SECONDS)  # noqa: S311
        self._timer = asyncio.get_running_loop().call_later(seconds, self._report)

    def _report(self) -> None:
        self._report_later()
        now = time.time()
        for receiver in self.receivers:
            for stream in receiver.streams:
                if (report := stream.report(now)) is not None:
                    self.reports[stream.ssrc] = report
        reports = list(self.reports.values())[:MAX_REPORTS]
        if reports:
            self.send_report(bytes(RtcpRrPacket(ssrc=self.receivers[0].own_ssrc, reports=reports)))

    def _learn(self, ssrc: int, payload_type: int) -> Stream | None:
        for receiver in self.receivers:
            if stream := receiver.learn(ssrc, payload_type):
                return stream
        return None

    def _receive_report(self, data: bytes, keys: Keys) -> None:
        try:
            packets: list[AnyRtcpPacket] = RtcpPacket.parse(keys.unprotect_report(data))
        except (SrtpError, ValueError, IndexError, StructError):
            self.refused += 1
            return
        now = time.time()
        for packet in packets:
            for recipient in self._transport._rtp_router.route_rtcp(packet):
                recipient.take_report(packet, now)
