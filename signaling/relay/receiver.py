"""The relay's end of what one participant sends: acknowledges, asks again for what is lost, hands packets on."""

import asyncio
import contextlib
import random
import time
from typing import Any, Protocol

from aiortc import RTCRtpReceiver
from aiortc.codecs import is_rtx
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    pack_remb_fci,
)

from signaling.relay.loss import RETRY_SECONDS, LossTracker
from signaling.relay.rtp import Packet

KEY_FRAME_INTERVAL_SECONDS = 0.5
NTP_FRACTION = 65536


class Sink(Protocol):
    """Takes what a receiver hands on."""

    @property
    def bitrate_limit(self) -> int | None:
        """Bits a second that the far end can take; None when it has not said."""

    async def relay(self, packet: Packet) -> None:
        """Forward one packet."""

    async def relay_report(self, report: RtcpSrPacket) -> None:
        """Forward a sender report, for lip sync."""


class ForwardingReceiver(RTCRtpReceiver):
    """An RTCRtpReceiver without decoder and jitter buffer. Its transport calls it with `rtp.Packet`s (see hooks)."""

    def __init__(self, kind: str, transport: Any) -> None:
        super().__init__(kind, transport)
        self.kind = kind
        self.sinks: list[Sink] = []
        self.packets = 0
        self._codecs: dict[int, Any] = {}
        self._originals: dict[int, int] = {}
        self._ssrc = 0
        self._media_ssrc: int | None = None
        self._losses: dict[int, LossTracker] = {}
        self._streams: dict[int, StreamStatistics] = {}
        self._reports: dict[int, tuple[int, float]] = {}
        self._estimator = RemoteBitrateEstimator() if kind == "video" else None
        self._key_frame_asked_at = float("-inf")
        self._key_frame_timer: asyncio.TimerHandle | None = None
        self._key_frame_task: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._ssrc = ssrc

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Begin to receive; a second call changes nothing."""
        if self._task is not None:
            return
        self._codecs = {codec.payloadType or 0: codec for codec in parameters.codecs}
        self._originals = {e.rtx.ssrc or 0: e.ssrc or 0 for e in parameters.encodings if e.rtx}
        self._media_ssrc = next((e.ssrc for e in parameters.encodings), None)
        self.transport._register_rtp_receiver(self, parameters)
        self._task = asyncio.create_task(self._report_loop())
        if self.sinks:
            await self.request_key_frame()

    async def stop(self) -> None:
        """Stop for good, and wait until it is done."""
        if self._key_frame_timer is not None:
            self._key_frame_timer.cancel()
        if self._task is None:
            return
        self.transport._unregister_rtp_receiver(self)
        for task in (self._task, self._key_frame_task):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _handle_disconnect(self) -> None:
        """Nothing to stop: there is no decoder."""

    async def request_key_frame(self) -> None:
        """Ask the source for a key frame, once per KEY_FRAME_INTERVAL_SECONDS; a second wish waits until then."""
        if self.kind != "video" or self._media_ssrc is None or self._task is None:
            return
        wait = self._key_frame_asked_at + KEY_FRAME_INTERVAL_SECONDS - time.monotonic()
        if wait > 0:
            if self._key_frame_timer is None:
                self._key_frame_timer = asyncio.get_running_loop().call_later(wait, self._ask_again)
            return
        self._key_frame_asked_at = time.monotonic()
        await self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._ssrc, media_ssrc=self._media_ssrc))

    def _ask_again(self) -> None:
        self._key_frame_timer = None
        self._key_frame_task = asyncio.create_task(self.request_key_frame())

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket):
            # RFC 3550 6.4.1: the middle 32 bits come back in our reports, with the delay since
            self._reports[packet.ssrc] = ((packet.sender_info.ntp_timestamp >> 16) & 0xFFFFFFFF, time.time())
            for sink in tuple(self.sinks):
                await sink.relay_report(packet)

    async def _handle_rtp_packet(self, packet: Any, arrival_time_ms: int) -> None:
        codec = self._codecs.get(packet.payload_type)
        if codec is None:
            return
        if self._estimator is not None and packet.abs_send_time is not None:
            await self._estimate(self._estimator, packet, arrival_time_ms)
        stream = self._streams.get(packet.ssrc)
        if stream is None:
            stream = self._streams[packet.ssrc] = StreamStatistics(codec.clockRate)
        stream.add(packet)
        if is_rtx(codec) and not self._unwrap(packet, codec):
            return
        await self._hand_on(packet)

    def _unwrap(self, packet: Packet, codec: Any) -> bool:
        """Turn a retransmission into the packet that it repeats (RFC 4588 4); False for padding and strangers."""
        original = self._originals.get(packet.ssrc)
        if original is None or len(packet.payload) < 2:
            return False
        packet.ssrc = original
        packet.payload_type = codec.parameters["apt"]
        packet.sequence_number = int.from_bytes(packet.payload[:2], "big")
        packet.payload = packet.payload[2:]
        return True

    async def _hand_on(self, packet: Packet) -> None:
        losses = self._losses.get(packet.ssrc)
        if losses is None:
            losses = self._losses[packet.ssrc] = LossTracker()
        if not losses.add(packet.sequence_number):
            return
        self._media_ssrc = packet.ssrc
        self.packets += 1
        if self.kind == "video":
            await self._ask_for_lost(packet.ssrc, losses)
        # padding on the media SSRC is forwarded empty: leaving it out would look like loss to the far end
        for sink in tuple(self.sinks):
            await sink.relay(packet)

    async def _ask_for_lost(self, ssrc: int, losses: LossTracker) -> None:
        lost = losses.due(time.monotonic())
        if lost:
            await self._send(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._ssrc, media_ssrc=ssrc, lost=sorted(lost)))

    async def _estimate(self, estimator: RemoteBitrateEstimator, packet: Packet, arrival_time_ms: int) -> None:
        estimate = estimator.add(
            abs_send_time=packet.abs_send_time or 0,
            arrival_time_ms=arrival_time_ms,
            payload_size=len(packet.payload) + packet.padding_size,
            ssrc=packet.ssrc,
        )
        if estimate is None:
            return
        bitrate, ssrcs = estimate
        limits = [sink.bitrate_limit for sink in self.sinks if sink.bitrate_limit is not None]
        fci = pack_remb_fci(min([bitrate, *limits]), ssrcs)
        await self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._ssrc, media_ssrc=0, fci=fci))

    async def _report_loop(self) -> None:
        report_at = time.monotonic()
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            if self.kind == "video":
                for ssrc, losses in list(self._losses.items()):
                    await self._ask_for_lost(ssrc, losses)
            if time.monotonic() >= report_at:
                # RFC 3550 6.2: the interval varies at random, so that reports of many do not coincide
                report_at = time.monotonic() + random.uniform(0.5, 1.5)  # noqa: S311
                await self._report()

    async def _report(self) -> None:
        reports = []
        for ssrc, stream in self._streams.items():
            last_report, heard_at = self._reports.get(ssrc, (0, 0.0))
            delay = int((time.time() - heard_at) * NTP_FRACTION) & 0xFFFFFFFF if last_report else 0
            reports.append(
                RtcpReceiverInfo(
                    ssrc=ssrc,
                    fraction_lost=stream.fraction_lost,
                    packets_lost=stream.packets_lost,
                    highest_sequence=stream.max_seq or 0,
                    jitter=stream.jitter,
                    lsr=last_report,
                    dlsr=delay,
                )
            )
        if reports:
            await self._send(RtcpRrPacket(ssrc=self._ssrc, reports=reports))

    async def _send(self, packet: AnyRtcpPacket) -> None:
        with contextlib.suppress(ConnectionError):
            await self.transport._send_rtp(bytes(packet))
