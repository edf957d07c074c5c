"""The relay's end of what one participant sends: acknowledges, asks again for what is lost, hands packets on."""

import asyncio
import time
from typing import Any

from aiortc import RTCRtpReceiver
from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    pack_remb_fci,
)

from signaling.relay.bandwidth import BandwidthEstimator
from signaling.relay.downlink import Downlink
from signaling.relay.loss import RETRY_SECONDS
from signaling.relay.rate import MIN_BITRATE
from signaling.relay.stream import Repair, Sink, Stream

# libwebrtc answers one request in 300 ms, and forgets those that come sooner.
KEY_FRAME_INTERVAL_SECONDS = 0.35
LEARNT_STREAMS = 4
REPEAT_SECONDS = 1.0  # draft-ietf-rmcat-gcc-02 5.5: at least so often


class ForwardingReceiver(RTCRtpReceiver):
    """An RTCRtpReceiver without decoder and jitter buffer, fed by a MediaPath (see hooks)."""

    def __init__(self, kind: str, transport: Any) -> None:
        # as sound, whatever it is: for pictures aiortc keeps an estimate of a thousand objects that nobody asks
        super().__init__("audio", transport)
        self._link = transport
        self.kind = kind
        self.sinks: tuple[Sink, ...] = ()
        self.media_types: frozenset[int] = frozenset()
        self.keeps_history = kind == "video"
        self.streams: list[Stream] = []
        self.own_ssrc = 0
        self._rates: dict[int, int] = {}
        self._announced = False
        self._estimator = BandwidthEstimator() if kind == "video" else None
        self._told = (0, float("-inf"))
        # other pictures of the same participant, beside which this one is sent: a screen beside the camera
        self._led: list[ForwardingReceiver] = []
        self._leader: ForwardingReceiver | None = None
        self._key_frame_asked_at = float("-inf")
        self._waiting: set[Sink] = set()
        self._wanted = False
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._path: Any = None
        self._stopped = False

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self.own_ssrc = ssrc

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Begin to receive; a second call changes nothing, nor one after `stop`, as when a handshake ends too late."""
        if self._path is not None or self._stopped:
            return
        self._path = path = self._link.media_path
        self._rates = {c.payloadType or 0: c.clockRate for c in parameters.codecs if not is_rtx(c)}
        self.media_types = frozenset(self._rates)
        originals = {c.payloadType or 0: int(c.parameters["apt"] or 0) for c in parameters.codecs if is_rtx(c)}
        self.transport._register_rtp_receiver(self, parameters)
        for encoding in parameters.encodings:
            if encoding.ssrc and (stream := self._open(encoding.ssrc)) and encoding.rtx:
                path.streams.setdefault(encoding.rtx.ssrc, Repair(stream, self, originals))
        self._announced = bool(self.streams)
        path.add(self)
        if self._estimator is not None and self._leader is None:
            # before the first picture: from then on browsers grow by a few percent a second only
            self._tell(self._estimator.estimate, time.time())

    async def stop(self) -> None:
        """Stop for good."""
        self._stopped = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._path is not None:
            self.transport._unregister_rtp_receiver(self)
            self._path.forget(self)
        # a closed connection waits for the search for garbage: what was kept for retransmissions is not to wait with it
        self.streams.clear()
        self._waiting.clear()

    def _handle_disconnect(self) -> None:
        """Nothing to stop: there is no decoder."""

    def learn(self, ssrc: int, payload_type: int) -> Stream | None:
        """Open a stream that was not announced, for clients whose descriptions name none. None: not wanted.

        What was announced is all there is, and of strangers only LEARNT_STREAMS are let in: memory is for people.
        """
        if self._leader is not None:
            return None  # nothing tells an unannounced screen from an unannounced camera
        if self._announced or payload_type not in self.media_types or len(self.streams) >= LEARNT_STREAMS:
            return None
        stream = self._open(ssrc, payload_type)
        if stream is not None:
            self.transport._rtp_router.ssrc_table[ssrc] = self
        return stream

    def _open(self, ssrc: int, payload_type: int | None = None) -> Stream | None:
        if ssrc in self._path.streams:
            return None
        rate = self._rates.get(payload_type or 0) or next(iter(self._rates.values()), 90000)
        stream = self._path.streams[ssrc] = Stream(self, ssrc, rate)
        self.streams.append(stream)
        return stream

    def lead(self, other: "ForwardingReceiver") -> None:
        """Estimate for another picture of the same participant too: there is one way in, and browsers take what they
        are told for all that they send. Of two estimates the one of a still screen, which sends next to nothing, would
        starve the camera, and together they would claim the way in twice.
        """
        self._led.append(other)
        other._leader = self

    def add_sink(self, sink: Sink) -> None:
        """Hand packets to a sink from now on."""
        self.sinks = (*self.sinks, sink)

    def remove_sink(self, sink: Sink) -> None:
        """Hand no more packets to a sink."""
        self.sinks = tuple(each for each in self.sinks if each is not sink)
        self._waiting.discard(sink)

    def request_key_frame(self, sink: Sink | None = None) -> None:
        """Ask the source for a key frame, once per KEY_FRAME_INTERVAL_SECONDS; a second wish waits until then.

        A `sink` that cannot begin without one wishes no longer once it `began`; what is wished for nobody's sake is
        asked for in any case.
        """
        if self.kind != "video" or not self.streams:
            return
        if sink is None:
            self._wanted = True
        else:
            self._waiting.add(sink)
        wait = self._key_frame_asked_at + KEY_FRAME_INTERVAL_SECONDS - time.monotonic()
        if wait > 0:
            self._later("key_frame", wait, self._ask_for_key_frame)
        else:
            self._ask_for_key_frame()

    def began(self, sink: Sink) -> None:
        """A sink has what it waited for."""
        self._waiting.discard(sink)

    def _ask_for_key_frame(self) -> None:
        if not self._wanted and not self._waiting:
            return
        self._wanted = False
        self._key_frame_asked_at = time.monotonic()
        self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self.own_ssrc, media_ssrc=self.streams[-1].ssrc))

    def observe(self, send_time: int, now: float, size: int) -> None:
        """Note when a packet was sent and came; tell the sender when the path carries more or less than thought."""
        if self._leader is not None:
            self._leader.observe(send_time, now, size)
            return
        if self._estimator is None:
            return
        estimate = self._estimator.add(send_time, int(now * 1000), size)
        if estimate is not None:
            self._tell(estimate, now)

    def limit_fell(self, now: float) -> None:
        """Tell the sender at once when a receiver's line takes less than thought."""
        if self._leader is not None:
            self._leader.limit_fell(now)
        elif self._estimator is not None:
            self._tell(self._estimator.estimate, now)

    def _tell(self, estimate: int, now: float) -> None:
        pictures = [self, *self._led]
        lines: dict[Downlink, list[Sink]] = {}
        for picture in pictures:
            for sink in picture.sinks:
                if sink.downlink is not None:
                    lines.setdefault(sink.downlink, []).append(sink)
        # all of them together, as the weakest receiver can take them
        limits = [limit for line, sinks in lines.items() if (limit := line.share(sinks, now)) is not None]
        allowed = max(MIN_BITRATE, min([estimate, *limits]))
        ssrcs = [stream.ssrc for picture in pictures for stream in picture.streams]
        told, told_at = self._told
        if ssrcs and (allowed != told or now - told_at >= REPEAT_SECONDS):
            self._told = (allowed, now)
            fci = pack_remb_fci(allowed, ssrcs)
            self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self.own_ssrc, media_ssrc=0, fci=fci))

    def take_report(self, packet: AnyRtcpPacket, now: float) -> None:
        """Take what the far end says about the streams that it sends."""
        if isinstance(packet, RtcpSrPacket):
            for stream in self.streams:
                if stream.ssrc == packet.ssrc:
                    stream.note_report(packet.sender_info.ntp_timestamp, now)
                    for sink in self.sinks:
                        sink.relay_report(stream, packet, now)

    def figures(self) -> list[tuple[str, float, float]]:
        """Return the kind, the share lost (0 to 1) and the jitter (seconds) of each stream, as last reported."""
        if self._path is None:
            return []
        return [
            (self.kind, self._path.reports[stream.ssrc].fraction_lost / 256, stream.jitter_seconds)
            for stream in self.streams
            if stream.ssrc in self._path.reports
        ]

    def ask_for_lost(self) -> None:
        """Ask for what is missing and was not asked for just now, and again later until it came or was given up."""
        again = False
        for stream in self.streams:
            lost = stream.losses.due(time.monotonic())
            if lost:
                self._send(
                    RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self.own_ssrc, media_ssrc=stream.ssrc, lost=sorted(lost))
                )
            again = again or bool(stream.losses.missing)
        if again:
            self._later("lost", RETRY_SECONDS, self.ask_for_lost)

    def _later(self, name: str, seconds: float, call: Any) -> None:
        if name not in self._timers and not self._stopped:
            self._timers[name] = asyncio.get_running_loop().call_later(seconds, self._run, name, call)

    def _run(self, name: str, call: Any) -> None:
        self._timers.pop(name, None)
        call()

    def _send(self, packet: AnyRtcpPacket) -> None:
        if self._path is not None:
            self._path.send_report(bytes(packet))
