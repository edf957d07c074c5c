"""Garbage and forgery on an encrypted connection harm nobody: what is sent is encrypted with the right keys."""

import asyncio
import time

import pytest
from aiortc.rtp import (
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtpPacket,
    pack_remb_fci,
    unpack_remb_fci,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signaling.relay.rate import MIN_BITRATE, START_BITRATE
from signaling.relay.receiver import LEARNT_STREAMS
from signaling.relay.sender import RETRANSMISSIONS
from tests.signaling.media import Call, sees, until
from tests.signaling.test_relay_packets import VP8, Tap, transport, video_sender
from tests.signaling.wires import SSRC, Pair, Wire, make_pair

QUICK = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(first=st.integers(0x80, 0xBF), rest=st.binary(min_size=11, max_size=60), clear=st.booleans())
async def test_no_rtp_raises_and_what_is_well_formed_goes_on_afterwards(
    pair: Pair, first: int, rest: bytes, clear: bool
) -> None:
    data = bytes([first]) + rest
    if 63 < data[1] & 0x7F < 96:
        data = data[:1] + b"\x61" + data[2:]
    (pair.up.feed if clear else pair.up.feed_rtp)(data)
    before = len(pair.heard())
    number = pair.receiver.streams[0].losses.highest + 1
    pair.up.feed_rtp(pair.packet(number))
    assert len(pair.heard()) == before + 1


@QUICK
@given(kind=st.integers(200, 207), count=st.integers(0, 31), body=st.binary(max_size=80), ssrc=st.booleans())
async def test_no_rtcp_raises(pair: Pair, kind: int, count: int, body: bytes, ssrc: bool) -> None:
    body = (pair.sender._ssrc if ssrc else SSRC).to_bytes(4, "big") * 2 + body
    body += b"\0" * (-len(body) % 4)
    report = bytes([0x80 | count, kind]) + (len(body) // 4).to_bytes(2, "big") + body
    for wire in (pair.up, pair.down):
        wire.feed_rtcp(report)
        wire.feed_rtcp(report[:-3])
        wire.feed(report)


async def test_numbers_and_streams_of_others_are_dropped(pair: Pair) -> None:
    pair.up.feed_rtp(pair.packet(1))
    for stranger in range(2000, 2100):
        pair.up.feed_rtp(pair.packet(1, ssrc=stranger))
    assert len(pair.heard()) == 1
    assert set(pair.up.path.streams) == {SSRC}


async def test_a_client_that_announces_nothing_is_heard_but_fills_no_memory() -> None:
    pair = await make_pair(announced=False)
    for stranger in range(2000, 2100):
        for number in range(3):
            pair.up.feed_rtp(pair.packet(number, ssrc=stranger))
    assert len(pair.up.path.streams) == LEARNT_STREAMS
    heard = pair.heard()
    assert heard
    assert len(set(heard)) == len(heard), "never a number twice: AES-GCM forbids it"
    await pair.sender.stop()
    await pair.receiver.stop()


async def test_late_packets_of_the_last_source_meet_no_number_of_the_next() -> None:
    first, second = await make_pair(), await make_pair()
    for number in (100, 101, 103):
        first.up.feed_rtp(first.packet(number))
    first.sender.attach(second.receiver)
    for number in (500, 498, 501, 497, 499, 502):
        second.up.feed_rtp(second.packet(number))
    first.up.feed_rtp(first.packet(102))
    heard = first.heard()
    assert len(heard) == 6
    assert len(set(heard)) == 6
    for each in (first, second):
        await each.sender.stop()
        await each.receiver.stop()


async def test_asking_for_everything_again_and_again_is_answered_within_bounds(pair: Pair) -> None:
    for number in range(300):
        pair.up.feed_rtp(pair.packet(number))
    heard = pair.heard()
    wanted = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=pair.sender._ssrc, lost=heard)
    for _ in range(20):
        pair.down.feed_rtcp(bytes(wanted))
    repeats = len(pair.down.sent) - len(heard)
    assert 0 < repeats <= RETRANSMISSIONS


def told(wire: Wire) -> list[int]:
    """Return the bitrates that the relay allowed somebody."""
    return [unpack_remb_fci(report.fci)[0] for report in wire.reports if getattr(report, "fmt", 0) == 15]


async def test_a_limit_of_nothing_is_told_at_once_and_does_not_silence_the_sender(pair: Pair) -> None:
    assert told(pair.up)[0] == pytest.approx(START_BITRATE, rel=0.01), "before the first picture"
    assert pair.down.path.downlink.share([pair.sender], time.time()) is None
    for number in range(1, 30):
        pair.up.feed_rtp(pair.packet(number))
    remb = RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=pack_remb_fci(0, [pair.sender._ssrc]))
    pair.down.feed_rtcp(bytes(remb))
    assert pair.down.path.downlink.share([pair.sender], time.time()) == MIN_BITRATE
    assert told(pair.up)[-1] == pytest.approx(MIN_BITRATE, rel=0.01)


async def test_numbers_begin_low_so_that_a_lost_first_packet_hides_no_turn_over() -> None:
    for _ in range(20):
        pair = await make_pair()
        pair.up.feed_rtp(pair.packet(60_000))
        assert pair.heard()[0] < 32_768, "RFC 3711 3.3.1: the receiver guesses the rollover counter by the first number"
        await pair.sender.stop()
        await pair.receiver.stop()


async def test_pictures_begin_with_a_key_frame_and_pause_without_a_gap_in_the_numbers(pair: Pair) -> None:
    delta = b"\x10\x01" + bytes(20)
    pair.up.feed_rtp(pair.packet(1, payload=delta))
    assert pair.heard() == []
    pair.up.feed_rtp(pair.packet(2))
    pair.up.feed_rtp(pair.packet(3, payload=delta))
    pair.sender.pause(True)
    pair.up.feed_rtp(pair.packet(4))
    pair.sender.pause(False)
    pair.up.feed_rtp(pair.packet(5, payload=delta))
    pair.up.feed_rtp(pair.packet(6))
    first, second, third = pair.heard()
    assert ((second - first) % 65536, (third - second) % 65536) == (1, 1)


async def test_speaking_with_anothers_ssrc_is_heard_by_nobody() -> None:
    async with Call() as call:
        citizen, agent = call.join(("citizen", 60), ("agent", 200))
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
        stolen = video_sender(agent)._ssrc
        received = Tap(citizen, outgoing=False)
        number = 7
        while len(received.of(VP8)) < 40:
            number += 1
            forged = RtpPacket(VP8, 1, number, number, stolen, b"\x10\x00forged")
            # in the citizen's own encrypted connection, under the agent's name
            await transport(citizen)._send_rtp(forged.serialize(transport(citizen)._rtp_header_extensions_map))
            await asyncio.sleep(0.02)
        assert not [packet for packet in received.packets if b"forged" in packet.payload]
        backwards = Tap(agent, outgoing=False)
        await until(lambda: len(backwards.of(VP8)) > 20)
        assert not [packet for packet in backwards.packets if b"forged" in packet.payload]
