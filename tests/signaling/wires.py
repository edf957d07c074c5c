"""A speaker and a listener of the relay without sockets: what goes in and comes out, packet by packet."""

import os
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from aiortc.codecs import HEADER_EXTENSIONS
from aiortc.rtcdtlstransport import RtpRouter
from aiortc.rtcrtpparameters import (
    RTCRtcpParameters,
    RTCRtpCodecParameters,
    RTCRtpDecodingParameters,
    RTCRtpReceiveParameters,
    RTCRtpSendParameters,
)
from aiortc.rtp import (
    RtcpPacket,
    RtpPacket,
)
from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from signaling.relay.hooks import EXTENSION_IDS
from signaling.relay.path import MediaPath
from signaling.relay.receiver import ForwardingReceiver
from signaling.relay.sender import ForwardingSender
from signaling.relay.srtp import Buffer

SSRC, REPEAT_SSRC = 1000, 1001
PROFILE = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
CODECS = [
    RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90000, payloadType=97),
    RTCRtpCodecParameters(mimeType="video/rtx", clockRate=90000, payloadType=98, parameters={"apt": 97}),
]
KEY_FRAME = b"\x10\x00" + bytes(20)


def session(key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=PROFILE)
    policy.allow_repeat_tx = True
    policy.window_size = 1024
    return Session(policy)


@dataclass
class Wire:
    """One participant's end of a path: keys without a handshake, and what the relay sent to them, decrypted."""

    announced: bool = True
    sent: list[bytes] = field(default_factory=list)
    reports: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        up, down = os.urandom(44), os.urandom(44)
        self.client = session(up, Policy.SSRC_ANY_OUTBOUND)
        self._opener = session(down, Policy.SSRC_ANY_INBOUND)
        target = SimpleNamespace(transport=SimpleNamespace(sendto=self._take))
        pair = SimpleNamespace(protocol=target, remote_addr=("192.0.2.1", 9))
        self.link: Any = SimpleNamespace(
            _rx_srtp=session(up, Policy.SSRC_ANY_INBOUND),
            _tx_srtp=session(down, Policy.SSRC_ANY_OUTBOUND),
            _rtp_router=RtpRouter(),
            state="connected",
            transport=SimpleNamespace(_connection=SimpleNamespace(_nominated={1: pair})),
        )
        self.link._register_rtp_receiver = lambda receiver, parameters: self.link._rtp_router.register_receiver(
            receiver, [e.ssrc for e in parameters.encodings], [97, 98]
        )
        self.link._register_rtp_sender = lambda s, p: self.link._rtp_router.register_sender(s, s._ssrc)
        self.link._unregister_rtp_receiver = self.link._rtp_router.unregister_receiver
        self.link._unregister_rtp_sender = self.link._rtp_router.unregister_sender
        self.path = self.link.media_path = MediaPath(self.link, EXTENSION_IDS)
        self._buffer = Buffer()

    def _take(self, data: Any, address: object) -> None:
        packet = bytes(data)
        if 63 < packet[1] & 0x7F < 96:
            self.reports.extend(RtcpPacket.parse(self._opener.unprotect_rtcp(packet)))
        else:
            self.sent.append(self._opener.unprotect(packet))

    def feed(self, data: bytes) -> None:
        """Let the relay receive a datagram."""
        self._buffer.view[: len(data)] = data
        assert self.path.receive(self._buffer, len(data))

    def feed_rtp(self, packet: bytes) -> None:
        """Let it receive RTP, encrypted."""
        try:
            self.feed(self.client.protect(packet))
        except SrtpError:
            self.feed(packet)  # what libsrtp would not encrypt comes as it is

    def feed_rtcp(self, packet: bytes) -> None:
        """Let it receive RTCP, encrypted."""
        self.feed(self.client.protect_rtcp(packet))


@dataclass
class Pair:
    """A speaker and a listener."""

    up: Wire
    down: Wire
    receiver: ForwardingReceiver
    sender: ForwardingSender

    def packet(self, number: int, ssrc: int = SSRC, payload: bytes = KEY_FRAME) -> bytes:
        return RtpPacket(97, 1, number % 65536, number * 3000 % 2**32, ssrc, payload).serialize()

    def heard(self) -> list[int]:
        """Return the sequence numbers that the listener got of the picture itself."""
        packets = [RtpPacket.parse(data) for data in self.down.sent]
        return [packet.sequence_number for packet in packets if packet.payload_type == 97]


COMMON: dict[str, Any] = {
    "codecs": CODECS, "headerExtensions": HEADER_EXTENSIONS["video"], "muxId": "0",
    "rtcp": RTCRtcpParameters(cname="c"),
}  # fmt: skip


async def make_pair(*, announced: bool = True, listens: bool = True) -> Pair:
    """Connect a speaker and a listener; without `listens` the listener's own connection is not there yet."""
    up, down = Wire(), Wire()
    receiver, sender = ForwardingReceiver("video", up.link), ForwardingSender("video", down.link)
    encodings = [RTCRtpDecodingParameters(ssrc=SSRC, payloadType=97)] if announced else []
    await receiver.receive(RTCRtpReceiveParameters(encodings=encodings, **COMMON))
    if listens:
        await listen(sender)
    sender.attach(receiver)
    return Pair(up, down, receiver, sender)


async def listen(sender: ForwardingSender) -> None:
    """A listener's connection is there."""
    await sender.send(RTCRtpSendParameters(**COMMON))
