"""SRTP in place (RFC 3711, RFC 7714): libsrtp on buffers of our own, without the copies that pylibsrtp makes."""

from typing import Any

from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

CAPACITY = 2048
TRAILER = 160  # SRTP_MAX_TRAILER_LEN of libsrtp, rounded up
LARGEST = CAPACITY - TRAILER

_unprotect = lib.srtp_unprotect
_protect = lib.srtp_protect


class Buffer:
    """Memory that Python and libsrtp both see."""

    __slots__ = ("data", "length", "view")

    def __init__(self) -> None:
        self.data = ffi.new("unsigned char[]", CAPACITY)
        self.view = memoryview(ffi.buffer(self.data)).cast("B")
        self.length = ffi.new("int *")


def unprotect(session: Session, buffer: Buffer, size: int) -> int:
    """Decrypt a packet where it is; return its size, or 0 for one that is forged, damaged or was seen before."""
    length = buffer.length
    length[0] = size
    return 0 if _unprotect(session._srtp[0], buffer.data, length) else length[0]


def protect(session: Session, buffer: Buffer, size: int) -> int:
    """Encrypt a packet of at most LARGEST octets where it is; return its size, or 0 when libsrtp refuses."""
    length = buffer.length
    length[0] = size
    return 0 if _protect(session._srtp[0], buffer.data, length) else length[0]


def sessions(transport: Any) -> tuple[Session | None, Session | None]:
    """Return an RTCDtlsTransport's sessions for what comes and for what goes; None before the handshake is done."""
    return transport._rx_srtp, transport._tx_srtp
