"""When the relay asks a browser for a key frame: what a call's first picture waits for."""

import asyncio

import pytest
from aiortc.rtp import RTCP_PSFB_PLI, RtcpPsfbPacket

from signaling.relay import receiver as receiver_module
from signaling.relay.sender import ForwardingSender
from tests.signaling.media import until
from tests.signaling.wires import Pair, Wire, listen, make_pair

DELTA = b"\x10\x01" + bytes(20)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver_module, "KEY_FRAME_INTERVAL_SECONDS", 0.1)


def asked(wire: Wire) -> int:
    """How many key frames a speaker was asked for."""
    return [report.fmt for report in wire.reports if isinstance(report, RtcpPsfbPacket)].count(RTCP_PSFB_PLI)


async def another_listener(pair: Pair) -> ForwardingSender:
    sender = ForwardingSender("video", Wire().link)
    sender.attach(pair.receiver)
    await listen(sender)
    return sender


async def test_a_key_frame_is_asked_for_when_the_listener_is_there_and_not_before() -> None:
    pair = await make_pair(listens=False)
    assert asked(pair.up) == 0, "asked for now, it would be gone when the listener is there, and the next one put off"
    await listen(pair.sender)
    assert asked(pair.up) == 1


async def test_a_picture_that_began_is_not_asked_for_again(pair: Pair) -> None:
    assert asked(pair.up) == 1
    pair.up.feed_rtp(pair.packet(1, payload=DELTA))
    pair.up.feed_rtp(pair.packet(2))
    await asyncio.sleep(0.2)
    assert (asked(pair.up), len(pair.heard())) == (1, 1)


async def test_a_key_frame_that_did_not_come_is_asked_for_again(pair: Pair) -> None:
    pair.up.feed_rtp(pair.packet(1, payload=DELTA))
    await until(lambda: asked(pair.up) == 2)


async def test_a_listener_who_comes_just_after_another_waits_for_the_next_turn_and_gets_one(pair: Pair) -> None:
    pair.up.feed_rtp(pair.packet(1))
    late = await another_listener(pair)
    assert asked(pair.up) == 1
    await until(lambda: asked(pair.up) == 2)
    await late.stop()


async def test_who_left_wishes_for_nothing_any_more(pair: Pair) -> None:
    pair.up.feed_rtp(pair.packet(1))
    late = await another_listener(pair)
    await late.stop()
    await asyncio.sleep(0.2)
    assert asked(pair.up) == 1


async def test_what_a_viewer_asks_for_is_asked_for_whether_a_picture_runs_or_not(pair: Pair) -> None:
    pair.up.feed_rtp(pair.packet(1))
    for _ in range(20):
        pair.down.feed_rtcp(bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=pair.sender._ssrc)))
    await until(lambda: asked(pair.up) == 2)
    await asyncio.sleep(0.2)
    assert asked(pair.up) == 2, "twenty wishes within one turn are one"


async def test_a_picture_that_goes_on_after_a_pause_asks_for_its_beginning(pair: Pair) -> None:
    pair.up.feed_rtp(pair.packet(1))
    pair.sender.pause(True)
    await asyncio.sleep(0.15)
    assert asked(pair.up) == 1
    pair.sender.pause(False)
    assert asked(pair.up) == 2
