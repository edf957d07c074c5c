"""The load generator's sockets: RTP is counted as it comes, everything else is aiortc's and aioice's business.

Each datagram bears the kernel's time of arrival, so that a busy generator does not look like a slow relay.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from aioice.ice import StunProtocol
from aiortc.rtp import RtcpReceiverInfo

SO_TIMESTAMPNS = 35
TIME = struct.Struct("ll")
STAMP = struct.Struct("!Q")
ANCILLARY = socket.CMSG_SPACE(TIME.size)
READS = 32
BUFFER = 4 << 20
NANOSECONDS = 1_000_000_000
SAMPLE = 8


class Inbound:
    """What one peer connection received: packets by SSRC, and how long a sample of them was under way."""

    def __init__(self) -> None:
        self.packets = 0
        self.twice = 0
        self.retransmitted = 0
        self.delays: list[int] = []
        self.last: dict[bytes, int] = {}
        self.media_types: set[int] = set()
        self.unprotect: Callable[[bytes], bytes] | None = None

    def count(self, data: bytes, arrived: int) -> None:
        """Note a packet; the nanoseconds from its sending to `arrived` when it is one of the sample."""
        if data[1] & 0x7F not in self.media_types:
            self.retransmitted += 1
            return
        self.packets += 1
        sequence_number, ssrc = data[2] << 8 | data[3], data[8:12]
        if self.last.get(ssrc) == sequence_number:
            self.twice += 1
        self.last[ssrc] = sequence_number
        if sequence_number % SAMPLE == 0 and self.unprotect is not None:
            sent = STAMP.unpack_from(self.unprotect(data)[-STAMP.size :])[0]
            self.delays.append(arrived - sent)

    def report(self) -> list[RtcpReceiverInfo]:
        """Return a loss-free report on each stream."""
        return [RtcpReceiverInfo(int.from_bytes(ssrc, "big"), 0, 0, last, 0, 0, 0) for ssrc, last in self.last.items()]


class WireTransport:
    """A UDP socket with what aioice wants of a datagram transport."""

    def __init__(self, protocol: StunProtocol, inbound: Inbound, address: str) -> None:
        self._protocol = protocol
        self._inbound = inbound
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._socket.bind((address, 0))
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._read)
        self.refused = 0
        protocol.connection_made(self)  # type: ignore[arg-type]

    def sendto(self, data: Any, address: tuple[str, int]) -> None:
        """Send a datagram; one that the kernel has no room for is counted as `refused`."""
        try:
            self._socket.sendto(data, address)
        except BlockingIOError:
            self.refused += 1

    def get_extra_info(self, name: str) -> Any:
        """Return `sockname`, all that is asked for."""
        return self._socket.getsockname() if name == "sockname" else None

    def close(self) -> None:
        """Close the socket."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._loop.call_soon(self._protocol.connection_lost, None)

    def _read(self) -> None:
        for _ in range(READS):
            if self._socket.fileno() < 0:
                return
            try:
                data, ancillary, _, address = self._socket.recvmsg(2048, ANCILLARY)
            except (BlockingIOError, ConnectionError):
                return
            if len(data) > 12 and 127 < data[0] < 192 and not 63 < data[1] & 0x7F < 96:
                seconds, rest = TIME.unpack(ancillary[0][2]) if ancillary else (0, time.time_ns())
                self._inbound.count(data, seconds * NANOSECONDS + rest)
            else:
                self._protocol.datagram_received(data, address)
