"""UDP sockets of the relay: media is read in place and handed over at once, everything else goes to aioice."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from aioice.ice import StunProtocol

from signaling.relay.srtp import Buffer

READS = 32
SMALL = 500
MARKER = 0x80
BACKLOG = 512
SOCKET_BUFFER = 1 << 20

Address = tuple[Any, ...]


class UdpTransport:
    """What aioice and asyncio call a datagram transport, without a copy or an object for each packet of media.

    `media` takes what is neither STUN nor DTLS (RFC 7983: first byte 128 to 191), with its size in octets; False from
    it means that there are no keys yet.
    """

    def __init__(self, protocol: StunProtocol, address: str, port: int, media: Callable[[Buffer, int], bool]) -> None:
        """Bind a socket. Raises OSError when the address and port cannot be had."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            # bursts of a key frame or of a document must not overflow the system's small default
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
            self._socket.bind((address, port))
        except OSError:
            self._socket.close()
            raise
        self._protocol = protocol
        self._media = media
        self._buffer = Buffer()
        self._waiting: deque[tuple[bytes, Address]] = deque(maxlen=BACKLOG)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._read)
        protocol.connection_made(self)  # type: ignore[arg-type]

    def get_extra_info(self, name: str) -> Any:
        """Return `sockname`, the address and port; nothing else is known."""
        return self._socket.getsockname() if name == "sockname" else None

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self._socket.fileno() < 0

    def sendto(self, data: Any, address: Address) -> None:
        """Send a datagram now, or as soon as the socket takes it; beyond BACKLOG the oldest is lost, as UDP may."""
        try:
            if not self._waiting:
                self._socket.sendto(data, address)
                return
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._flush)
        except OSError:
            # an unreachable network, or closed meanwhile: ICE notices by itself
            return
        self._waiting.append((bytes(data), address))

    def close(self) -> None:
        """Close the socket; the protocol is told soon."""
        if self.is_closing():
            return
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """Close it."""
        self.close()

    def _flush(self) -> None:
        try:
            while self._waiting:
                self._socket.sendto(*self._waiting[0])
                self._waiting.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._waiting.clear()
        self._loop.remove_writer(self._socket)

    def _read(self) -> None:
        """Read a sound, or a picture to its end: what follows comes with the next call, and asking in vain costs."""
        buffer = self._buffer
        view = buffer.view
        for _ in range(READS):
            try:
                size, address = self._socket.recvfrom_into(view)
            except OSError:
                return
            if size and 127 < view[0] < 192 and self._media(buffer, size):
                if size < SMALL or view[1] & MARKER:
                    return
            else:
                self._protocol.datagram_received(bytes(view[:size]), address)
                return
