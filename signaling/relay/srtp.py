"""SRTP in place (RFC 3711, RFC 7714): libsrtp on buffers of our own, without the copies that pylibsrtp makes."""

from typing import Any

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


class Keys:
    """The two SRTP contexts of an RTCDtlsTransport whose handshake is done."""

    __slots__ = ("_incoming", "_outgoing", "_sessions")

    def __init__(self, incoming: Any, outgoing: Any) -> None:
        # pylibsrtp frees what these point to together with its sessions
        self._sessions = (incoming, outgoing)
        self._incoming = incoming._srtp[0]
        self._outgoing = outgoing._srtp[0]

    def unprotect(self, buffer: Buffer, size: int) -> int:
        """Decrypt a packet where it is; return its size, or 0 for one that is forged, damaged or was seen before."""
        length = buffer.length
        length[0] = size
        return 0 if _unprotect(self._incoming, buffer.data, length) else length[0]

    def protect(self, buffer: Buffer, size: int) -> int:
        """Encrypt a packet of at most LARGEST octets where it is; return its size, or 0 when libsrtp refuses."""
        length = buffer.length
        length[0] = size
        return 0 if _protect(self._outgoing, buffer.data, length) else length[0]

    def unprotect_report(self, data: bytes) -> bytes:
        """Decrypt RTCP. Raises pylibsrtp.Error, ValueError."""
        return bytes(self._sessions[0].unprotect_rtcp(data))

    def protect_report(self, data: bytes) -> bytes:
        """Encrypt RTCP. Raises pylibsrtp.Error, ValueError."""
        return bytes(self._sessions[1].protect_rtcp(data))


def keys_of(transport: Any) -> Keys | None:
    """Return an RTCDtlsTransport's keys; None before its handshake is done."""
    if transport._rx_srtp is None or transport._tx_srtp is None:
        return None
    return Keys(transport._rx_srtp, transport._tx_srtp)
