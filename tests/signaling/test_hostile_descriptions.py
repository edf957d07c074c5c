"""Answers and candidates that no browser sends: whatever aiortc makes of them, the participant's line goes on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiortc import RTCSessionDescription
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from benchmarks.relay.raw import RawConnection
from signaling.relay.descriptions import MAX_OF_A_KIND, MAX_SECTIONS, assert_plausible
from signaling.relay.line import Line
from signaling.relay.relay import RelayPorts, RoomRelay
from signaling.wire.messages import Body
from signaling.wire.replies import Offer, Refused
from tests.signaling.media import LOOPBACK

QUICK = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
GARBAGE = st.sampled_from(
    [
        "a=ssrc:99999999999 cname:x", "a=fingerprint:sha-256 00", "a=fingerprint:md4", "a=setup:actpass", "a=setup:",
        "a=ice-ufrag:", "a=mid:9", "a=mid:", "a=rtpmap:x VP8/90000", "a=rtpmap:97", "a=fmtp:97", "a=extmap:0 urn:x",
        "a=candidate:1 1 udp", "a=candidate:1 1 udp 1 256.0.0.1 99999 typ host", "a=sctp-port:x", "a=group:BUNDLE 0 7",
        "a=rtcp-fb:* nack", "a=ssrc-group:FID 1", "a=sctpmap:1", "m=", "m=video", "m=video 0 UDP/TLS/RTP/SAVPF 97",
        "m=nonsense 9 x 1", "c=IN IP4", "a=recvonly", "a=inactive", "a=max-message-size:-1", "\0", "a=",
    ]
)  # fmt: skip


class Room:
    """A relay with one participant, and what it sends them."""

    def __init__(self) -> None:
        self.offers: asyncio.Queue[tuple[Offer, int]] = asyncio.Queue()
        self.refused = 0
        self._generation = 0
        self.relay = RoomRelay(
            LOOPBACK,
            RelayPorts(
                next_generation=self._next, send=self._send, reachable=lambda who: False, sends=lambda who: False
            ),
        )

    def _next(self, participant: str) -> int:
        self._generation += 1
        return self._generation

    def _send(self, participant: str, body: Body, generation: int) -> None:
        if isinstance(body, Offer):
            self.offers.put_nowait((body, generation))
        elif isinstance(body, Refused):
            self.refused += 1

    @property
    def line(self) -> Line:
        return self.relay._lines["p"]

    async def offer(self) -> tuple[Offer, int]:
        """Ask for a new connection and return its offer."""
        self.relay.restart("p")
        return await asyncio.wait_for(self.offers.get(), 10)

    async def idle(self) -> None:
        """Wait until the line has done all it was told."""
        done = asyncio.Event()

        async def end() -> None:
            done.set()

        self.line._do(end)
        await asyncio.wait_for(done.wait(), 10)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    made.relay.set_members({"p"})
    await made.offers.get()
    yield made
    assert not made.line._task.done(), "the line is alive to the end"
    await made.relay.close()


async def answer_to(offer: Offer) -> str:
    """Return what a client would answer."""
    connection = RawConnection("127.0.0.1")
    await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    sdp = str(connection.localDescription.sdp)
    await connection.close()
    return sdp


def mutated(data: st.DataObject, sdp: str) -> str:
    """Return an answer with lines dropped, doubled, exchanged, cut off, or replaced by garbage."""
    lines = sdp.split("\r\n")
    for _ in range(data.draw(st.integers(1, 4), label="changes")):
        assume(lines)
        at = data.draw(st.integers(0, len(lines) - 1), label="line")
        other = data.draw(st.integers(0, len(lines) - 1), label="other")
        way = data.draw(st.sampled_from(["drop", "double", "swap", "cut", "garbage", "end"]), label="way")
        if way == "drop":
            del lines[at]
        elif way == "double":
            lines.insert(other, lines[at])
        elif way == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        elif way == "cut":
            lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])), label="to")]
        elif way == "garbage":
            lines.insert(at, data.draw(GARBAGE, label="garbage"))
        else:
            del lines[at:]
    return "\r\n".join(lines)


@QUICK
@given(data=st.data())
async def test_no_answer_ends_a_line(room: Room, data: st.DataObject) -> None:
    offer, generation = await room.offer()
    room.relay.answer("p", generation, mutated(data, await answer_to(offer)))
    room.relay.candidate("p", generation, None, None)
    await room.idle()
    # and then one may go on as if nothing had been
    fresh, later = await room.offer()
    before = room.refused
    room.relay.answer("p", later, await answer_to(fresh))
    await room.idle()
    assert room.refused == before
    assert room.line._next is not None
    assert room.line._next._connection.signalingState == "stable"


CANDIDATES = st.one_of(
    st.text(max_size=80),
    st.builds(
        "candidate:{} {} {} {} {} {} typ {}".format,
        st.sampled_from(["1", "", "x" * 40]), st.integers(-1, 300), st.sampled_from(["udp", "tcp", "UDP", "sctp"]),
        st.integers(-1, 2**33), st.sampled_from(["192.0.2.1", "::1", "999.1.1.1", "x.local", "localhost", "0.0.0.0"]),
        st.integers(-1, 70_000), st.sampled_from(["host", "srflx", "relay", "x"]),
    ),
)  # fmt: skip


@QUICK
@given(candidates=st.lists(st.tuples(CANDIDATES, st.none() | st.sampled_from(["0", "99", "x"])), max_size=6))
async def test_no_candidate_ends_a_line(room: Room, candidates: list[tuple[str, Any]]) -> None:
    offer, generation = await room.offer()
    room.relay.answer("p", generation, await answer_to(offer))
    for candidate, mid in [*candidates, (None, None)]:
        room.relay.candidate("p", generation, candidate, mid)
    await room.idle()
    await room.offer()


async def test_what_clients_answer_is_plausible_and_what_would_hold_everybody_up_is_not(room: Room) -> None:
    offer, _ = await room.offer()
    answer = await answer_to(offer)
    assert_plausible(answer)
    for kind, most in MAX_OF_A_KIND.items():
        with pytest.raises(ValueError, match=r"too many"):
            assert_plausible(answer + f"a={kind}:1 x\r\n" * (most + 1))
    with pytest.raises(ValueError, match="too long"):
        assert_plausible(answer + "m=audio 9 x 0\r\n" * MAX_SECTIONS)


async def test_a_bad_answer_is_read_once(room: Room) -> None:
    _, generation = await room.offer()
    for _ in range(20):
        room.relay.answer("p", generation, "v=0\r\nm=nonsense")
    await room.idle()
    assert room.refused == 1


async def test_who_comes_and_goes_while_a_client_has_closed_its_side_is_no_failure_of_theirs(room: Room) -> None:
    await room.offer()
    assert room.line._next is not None
    await room.line._next._connection.close()
    room.relay.set_members({"p", "q"})
    await room.idle()
    assert room.refused == 0
