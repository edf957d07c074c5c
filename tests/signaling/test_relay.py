"""The relay with real aiortc participants over loopback."""

import asyncio

from tests.signaling.media import Call, sees


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
