"""A screen beside the camera, through the relay, with real aiortc participants over loopback."""

import asyncio
from typing import Any

from aiortc.rtp import RTCP_PSFB_APP, RtcpPacket, RtcpPsfbPacket, unpack_remb_fci

from tests.signaling.media import Call, RelayParticipant, sees, until
from tests.signaling.test_relay_packets import Tap, transport


async def in_call(call: Call) -> tuple[RelayParticipant, RelayParticipant]:
    """A citizen, and an agent who may share the screen: both see each other."""
    call.sharers = {"agent", "colleague"}
    citizen, agent = call.join(("citizen", 60), ("agent", 200))
    await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
    return citizen, agent


async def shares(call: Call, agent: RelayParticipant, level: int) -> None:
    agent.share_screen(level)
    call.shared = agent.name
    call.relay.rewire()


async def no_screen_comes(citizen: RelayParticipant, other: str) -> None:
    """Wait until pictures of somebody's camera come for a while and none of their screen."""
    slot = next(slot for slot in citizen.offers[-1][1].slots if slot.participant == other)
    tap = Tap(citizen, outgoing=False)

    def mids() -> list[str | None]:
        return [packet.extensions.mid for packet in tap.packets]

    def camera_alone() -> bool:
        # the last thirty of the camera came without one of the screen between them
        newest = mids()[-1 - mids()[::-1].index(slot.screen_mid) :] if slot.screen_mid in mids() else mids()
        return newest.count(slot.video_mid) >= 30

    await until(camera_alone)


async def test_a_screen_is_seen_beside_the_camera_and_nothing_is_negotiated() -> None:
    async with Call() as call:
        citizen, agent = await in_call(call)
        assert citizen.offers[-1][1].upload_screen_mid is None, "who may not share has no section for it"
        assert agent.offers[-1][1].slots[0].screen_mid is None
        offers = len(citizen.offers), len(agent.offers)
        agent.share_screen(130)
        sent = Tap(agent, outgoing=True)
        mid = agent.offers[-1][1].upload_screen_mid
        await until(lambda: sum(packet.extensions.mid == mid for packet in sent.packets) > 20)
        await no_screen_comes(citizen, "agent")  # what the room does not show is not forwarded
        await shares(call, agent, 130)
        await asyncio.gather(sees(citizen, "agent", 130, screen=True), sees(citizen, "agent", 200))
        call.shared = None
        call.relay.rewire()
        await no_screen_comes(citizen, "agent")
        assert (len(citizen.offers), len(agent.offers)) == offers


async def test_an_aside_stops_it_and_a_late_comer_and_a_new_connection_get_it() -> None:
    async with Call() as call:
        citizen, agent = await in_call(call)
        await shares(call, agent, 130)
        await sees(citizen, "agent", 130, screen=True)
        call.unheard = {("citizen", "agent")}
        call.relay.rewire()
        (adviser,) = call.join(("adviser", 90))
        await sees(adviser, "agent", 130, screen=True)
        received = Tap(citizen, outgoing=False)
        await sees(adviser, "citizen", 60)
        slot = next(slot for slot in citizen.offers[-1][1].slots if slot.participant == "agent")
        assert not [p for p in received.packets if p.extensions.mid in (slot.video_mid, slot.screen_mid)]
        call.unheard = set()
        call.relay.restart("agent")
        await until(lambda: agent.generation == 2)
        await asyncio.gather(sees(citizen, "agent", 130, screen=True), sees(adviser, "agent", 130, screen=True))
        assert citizen.generation == 1


async def test_it_does_not_go_on_behind_the_back_of_who_took_over() -> None:
    async with Call() as call:
        call.hidden = {("citizen", "colleague"), ("colleague", "agent"), ("agent", "colleague")}
        citizen, agent = await in_call(call)
        await shares(call, agent, 130)
        (colleague,) = call.join(("colleague", 170))
        await asyncio.gather(sees(citizen, "agent", 130, screen=True), sees(colleague, "citizen", 60))
        offers, mid = len(citizen.offers), citizen.offers[-1][1].slots[0].screen_mid
        call.hidden = {("citizen", "agent")}
        call.relay.hand_over("agent", "colleague")
        await until(lambda: bool(citizen.slots) and citizen.slots[0].participant == "colleague")
        assert citizen.slots[0].screen_mid == mid, "the sections stay"
        await no_screen_comes(citizen, "agent")
        await shares(call, colleague, 90)
        async with asyncio.timeout(20):
            await sees(citizen, "agent", 90, screen=True)  # in the sections that were the first agent's
        assert len(citizen.offers) == offers, "nothing was negotiated with the citizen"


async def test_one_estimate_covers_camera_and_screen() -> None:
    async with Call() as call:
        citizen, agent = await in_call(call)
        limits: list[tuple[int, frozenset[int]]] = []
        end = transport(agent)
        take = end._handle_rtcp_data

        async def note(data: bytes, *given: Any, **more: Any) -> None:
            for packet in RtcpPacket.parse(data):
                if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
                    limits.append((packet.ssrc, frozenset(unpack_remb_fci(packet.fci)[1])))
            await take(data, *given, **more)

        end._handle_rtcp_data = note
        await shares(call, agent, 130)
        await sees(citizen, "agent", 130, screen=True)
        offer = agent.offers[-1][1]
        assert agent.connection is not None
        sending = {t.mid: t.sender._ssrc for t in agent.connection.getTransceivers()}
        both = {sending[offer.upload_video_mid], sending[offer.upload_screen_mid]}
        await until(lambda: any(ssrcs >= both for _, ssrcs in limits))
        del limits[:]
        await until(lambda: len(limits) >= 3)
        assert len({by for by, _ in limits}) == 1, "two would each tell the sender how much there is for both"
