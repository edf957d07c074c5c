"""The relay with real aiortc participants over loopback."""

import asyncio
from typing import Any

import pytest

from signaling.relay import line
from tests.signaling.media import Call, RelayParticipant, mean_level, sees, until
from tests.signaling.test_relay_packets import Tap, transport


async def test_each_sees_the_other() -> None:
    async with Call() as call:
        citizen, agent = call.join(("citizen", 60), ("agent", 200))
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))


async def test_a_third_person_joins_and_leaves_without_disturbing_the_others() -> None:
    async with Call() as call:
        citizen, agent = call.join(("citizen", 60), ("agent", 200))
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
        (adviser,) = call.join(("adviser", 130))
        await asyncio.gather(
            sees(adviser, "agent", 200),
            sees(adviser, "citizen", 60),
            sees(citizen, "adviser", 130),
            sees(agent, "adviser", 130),
        )
        gone = call.leave("adviser")
        await gone.close()
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
        assert {generation for generation, _ in citizen.offers} == {1}, "the connection was kept throughout"
        (again,) = call.join(("adviser", 90))
        await asyncio.gather(sees(again, "citizen", 60), sees(citizen, "adviser", 90))


async def test_a_new_generation_takes_over() -> None:
    async with Call() as call:
        citizen, agent = call.join(("citizen", 60), ("agent", 200))
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
        citizen.level = 110
        call.relay.restart("citizen")
        await asyncio.gather(sees(agent, "citizen", 110), sees(citizen, "agent", 200))
        assert citizen.generation == 2
        assert agent.generation == 1


async def test_an_answer_to_an_older_connection_is_dropped() -> None:
    async with Call() as call:
        citizen, agent = call.join(("citizen", 60), ("agent", 200))
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
        assert citizen.connection is not None
        late = citizen.connection.localDescription.sdp
        call.relay.restart("citizen")
        call.relay.answer("citizen", 1, late)
        await until(lambda: citizen.generation == 2)
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
        assert [generation for generation, _ in citizen.offers] == [1, 2]


async def test_a_colleague_takes_the_place_of_the_agent_without_a_new_offer() -> None:
    async with Call() as call:
        call.hidden = {("citizen", "colleague"), ("colleague", "agent"), ("agent", "colleague")}
        citizen, agent, colleague = call.join(("citizen", 60), ("agent", 200), ("colleague", 130))
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60), sees(colleague, "citizen", 60))
        picture = citizen.video_from("agent")
        offers = len(citizen.offers)
        call.hidden = {("citizen", "agent")}
        call.relay.hand_over("agent", "colleague")
        async with asyncio.timeout(20):
            while abs(await mean_level(picture) - 130) > 8:
                pass
        gone = call.leave("agent")
        await gone.close()
        await sees(colleague, "citizen", 60)
        assert len(citizen.offers) == offers, "nothing was negotiated with the citizen"
        call.relay.reoffer("citizen")
        await sees(citizen, "colleague", 130)


async def test_nobody_is_forwarded_to_whom_they_are_not_to_be_heard_by() -> None:
    async with Call() as call:
        citizen, agent = call.join(("citizen", 60), ("agent", 200))
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
        offers = len(citizen.offers)
        call.unheard = {("citizen", "agent")}
        call.relay.rewire()
        received, backwards = Tap(citizen, outgoing=False), Tap(agent, outgoing=False)
        async with asyncio.timeout(20):
            heard = -1
            while len(received.packets) > heard:
                heard, seen = len(received.packets), len(backwards.packets)
                await until(lambda seen=seen: len(backwards.packets) > seen + 20)
        await sees(agent, "citizen", 60)
        call.unheard = set()
        call.relay.rewire()
        await sees(citizen, "agent", 200)
        assert len(citizen.offers) == offers, "the sections stayed"


async def test_a_path_on_which_nothing_comes_any_more_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "SILENCE_SECONDS", 1.0)
    async with Call() as call:
        citizen, agent = call.join(("citizen", 60), ("agent", 200))
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))

        async def lose(data: bytes) -> None:
            """The network takes it: only ICE's own checks still pass, so that nobody calls the connection failed."""

        transport(citizen)._send_rtp = lose
        await until(lambda: citizen.generation == 2)
        await sees(agent, "citizen", 60)
        assert agent.generation == 1


async def test_a_look_that_fails_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def fail(now: float) -> None:
        looks.append(now)
        raise ValueError

    async with Call() as call:
        monkeypatch.setattr(call.relay, "_look", fail)
        call.join(("citizen", 60))
        await until(lambda: len(looks) == 2)


class Mute(RelayParticipant):
    """Its first offer is lost on the way."""

    async def answer(self, *given: Any) -> None:
        if given[-1] > 1:
            await super().answer(*given)


async def test_a_connection_that_does_not_come_up_is_offered_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "CONNECT_SECONDS", 1.0)
    async with Call() as call:
        (agent,) = call.join(("agent", 200))
        citizen = Mute("citizen", 60)
        call.add(citizen)
        await until(lambda: citizen.generation == 2)
        monkeypatch.undo()
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))


async def test_what_a_room_receives_is_counted() -> None:
    async with Call() as call:
        citizen, agent = call.join(("citizen", 60), ("agent", 200))
        assert call.relay.packets_per_second == 0
        await asyncio.gather(sees(citizen, "agent", 200), sees(agent, "citizen", 60))
        await until(lambda: call.relay.packets_per_second > 50)
