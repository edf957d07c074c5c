"""What the relay owes both sides, looked at packet by packet on real connections."""

import asyncio
from collections import Counter
from typing import Any

from aiortc.rtp import RtcpSrPacket, RtpPacket, is_rtcp

from tests.signaling.media import Call, RelayParticipant, sees, until

VP8 = 97
RTX = 98
OPUS = 96
SECOND = 90_000


def transport(participant: RelayParticipant) -> Any:
    assert participant.connection is not None
    return participant.connection.getTransceivers()[0].receiver.transport


def video_sender(participant: RelayParticipant) -> Any:
    assert participant.connection is not None
    return next(t.sender for t in participant.connection.getTransceivers() if t.kind == "video" and t.sender.track)


class Tap:
    """Listens to the RTP of a participant; drops every so-many-th video packet when asked to."""

    def __init__(self, participant: RelayParticipant, *, outgoing: bool, drop_every: int = 0) -> None:
        self.packets: list[RtpPacket] = []
        self.dropped: list[int] = []
        self._drop_every = drop_every
        self._seen = 0
        end = transport(participant)
        self._map = end._rtp_header_extensions_map
        if outgoing:
            self._pass_on = end._send_rtp
            end._send_rtp = self._send
        else:
            self._pass_on = end._handle_rtp_data
            end._handle_rtp_data = self._receive

    async def _send(self, data: bytes) -> None:
        if is_rtcp(data) or self._keep(data):
            await self._pass_on(data)

    async def _receive(self, data: bytes, arrival_time_ms: int) -> None:
        if self._keep(data):
            await self._pass_on(data, arrival_time_ms=arrival_time_ms)

    def _keep(self, data: bytes) -> bool:
        packet = RtpPacket.parse(data, self._map)
        if packet.payload_type == VP8 and self._drop_every:
            self._seen += 1
            if self._seen % self._drop_every == 0:
                self.dropped.append(packet.sequence_number)
                return False
        self.packets.append(packet)
        return True

    def of(self, payload_type: int) -> list[RtpPacket]:
        return [packet for packet in self.packets if packet.payload_type == payload_type]

    def repeated(self) -> set[int]:
        """Return the original numbers of what came as a retransmission (RFC 4588 4)."""
        return {int.from_bytes(packet.payload[:2], "big") for packet in self.of(RTX) if len(packet.payload) > 2}


async def two(call: Call) -> tuple[RelayParticipant, RelayParticipant]:
    citizen, agent = call.join(("citizen", 60), ("agent", 200))
    await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
    return citizen, agent


async def test_media_arrives_unchanged_under_the_relays_own_numbers() -> None:
    async with Call() as call:
        citizen, agent = await two(call)
        sent, received = Tap(agent, outgoing=True), Tap(citizen, outgoing=False)
        await until(lambda: len(received.of(VP8)) > 30 and len(received.of(OPUS)) > 30)
        for payload_type in (VP8, OPUS):
            payloads = [packet.payload for packet in sent.of(payload_type)]
            arrived = [packet.payload for packet in received.of(payload_type)]
            first = payloads.index(arrived[0]) if arrived[0] in payloads else payloads.index(arrived[1]) - 1
            assert arrived[1:20] == payloads[first + 1 : first + 20], "the same bytes in the same order"
            ssrcs = {packet.ssrc for packet in received.of(payload_type)}
            assert len(ssrcs) == 1
            assert not ssrcs & {packet.ssrc for packet in sent.packets}
            mids = {packet.extensions.mid for packet in received.of(payload_type)}
            slot = citizen.offers[-1][1].slots[0]
            assert mids == {slot.video_mid if payload_type == VP8 else slot.audio_mid}


async def test_what_is_lost_on_the_way_down_is_repeated_by_the_relay() -> None:
    async with Call() as call:
        citizen, _ = await two(call)
        lossy = Tap(citizen, outgoing=False, drop_every=10)
        await until(lambda: len(lossy.dropped) > 5 and set(lossy.dropped[:5]) <= lossy.repeated())


async def test_what_is_lost_on_the_way_up_is_asked_for_by_the_relay() -> None:
    async with Call() as call:
        citizen, agent = await two(call)
        received = Tap(citizen, outgoing=False)
        lossy = Tap(agent, outgoing=True, drop_every=10)

        def whole() -> bool:
            numbers = {packet.sequence_number for packet in received.of(VP8)}
            first = received.of(VP8)[0].sequence_number if numbers else 0
            return len(lossy.dropped) > 5 and all((first + step) % 65536 in numbers for step in range(50))

        await until(whole)
        assert set(lossy.dropped[:4]) <= lossy.repeated()


async def test_what_comes_twice_goes_out_once() -> None:
    async with Call() as call:
        citizen, agent = await two(call)
        received, sent = Tap(citizen, outgoing=False), Tap(agent, outgoing=True)
        sender = video_sender(agent)
        for _ in range(5):
            count = len(sent.of(VP8))
            await until(lambda count=count: len(sent.of(VP8)) > count + 3)
            for packet in sent.of(VP8)[-3:]:
                await sender._retransmit(packet.sequence_number)
        assert len(sent.of(RTX)) >= 15
        last = sent.of(VP8)[-1].payload
        await until(lambda: last in [packet.payload for packet in received.of(VP8)])
        assert not received.of(RTX)
        counts = Counter(packet.sequence_number for packet in received.of(VP8))
        assert set(counts.values()) == {1}


async def test_a_wish_for_a_key_frame_reaches_the_source_but_not_each_of_them() -> None:
    async with Call() as call:
        citizen, agent = await two(call)
        asked = 0
        sender = video_sender(agent)
        original = sender._send_keyframe

        def count() -> None:
            nonlocal asked
            asked += 1
            original()

        sender._send_keyframe = count
        slot = citizen.offers[-1][1].slots[0]
        assert citizen.connection is not None
        receiver = next(t.receiver for t in citizen.connection.getTransceivers() if t.mid == slot.video_mid)
        ssrc = next(iter(receiver._RTCRtpReceiver__remote_streams))
        for _ in range(40):
            await receiver._send_rtcp_pli(ssrc)
        await until(lambda: asked > 0)
        assert asked < 20


async def test_sender_reports_speak_of_the_numbers_that_are_sent() -> None:
    async with Call() as call:
        citizen, _ = await two(call)
        received = Tap(citizen, outgoing=False)
        reports: list[RtcpSrPacket] = []
        assert citizen.connection is not None
        slot = citizen.offers[-1][1].slots[0]
        receiver = next(t.receiver for t in citizen.connection.getTransceivers() if t.mid == slot.video_mid)
        original = receiver._handle_rtcp_packet

        async def note(packet: Any) -> None:
            if isinstance(packet, RtcpSrPacket):
                reports.append(packet)
            await original(packet)

        receiver._handle_rtcp_packet = note  # type: ignore[method-assign]
        await until(lambda: len(reports) > 1 and bool(received.of(VP8)))
        packet = received.of(VP8)[-1]
        report = reports[-1]
        assert report.ssrc == packet.ssrc
        distance = (packet.timestamp - report.sender_info.rtp_timestamp) % 2**32
        assert min(distance, 2**32 - distance) < 30 * SECOND
        assert report.sender_info.packet_count > 0
