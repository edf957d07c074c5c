"""The link between the node of a socket and the node of its room: what the bus loses is noticed."""

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from pytest_aiohttp import AiohttpClient

from signaling.keys import HUB
from signaling.nodes.links import COME_BACK, End, Message
from signaling.rooms.room import RESUME_WINDOW
from signaling.timings import Timings
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.signaling.members import ROOM, eventually, join
from tests.support.redis import RedisServer


@given(texts=st.lists(st.text(max_size=3), max_size=8), data=st.data())
def test_a_message_that_the_bus_loses_breaks_the_link_even_the_last(texts: list[str], data: st.DataObject) -> None:
    async def run() -> None:
        way: list[Message] = []
        back: list[Message] = []
        gone: list[End] = []
        near = End("link", ROOM, way.append, gone.append)
        far = End("link", ROOM, back.append, gone.append)
        near.say_opened()
        for text in texts:
            near.put(text)
        lost = data.draw(st.none() | st.integers(0, len(texts)))
        for index, message in enumerate(way):
            if index != lost:
                far.hear(message)
        # what each side says every now and then
        far.agree(near.sent)
        assert gone == ([] if lost is None else [far])
        whole = texts if lost is None else texts[: max(0, lost - 1)]
        assert [await far.next() for _ in whole] == whole
        if lost is None:
            assert back == []
        else:
            assert await far.next() == COME_BACK
            assert [(message["kind"], message["code"]) for message in back] == [("end", COME_BACK)]

    asyncio.run(run())


async def test_while_redis_is_away_nobody_is_given_up(
    aiohttp_client: AiohttpClient, redis: RedisServer, sqlite_url: str, tmp_path: Path
) -> None:
    app = make_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data", redis_url=redis.url))
    hub = app[HUB]
    hub.timings = Timings(sweep=0.05)
    client = await aiohttp_client(app)
    citizen, agent = await join(client, "citizen"), await join(client, "agent", "&admit=1")
    await citizen.hear("snapshot", lambda body: body["state"] == "in_call")
    on_hold, sweeps = hub.on_hold, 0

    def note() -> bool:
        nonlocal sweeps
        sweeps += 1
        return on_hold()

    async def away() -> bool:
        return on_hold()

    async def swept() -> bool:
        return sweeps > 3

    redis.stop()
    await eventually(away)
    await citizen.socket.close()
    await agent.hear("snapshot", lambda body: not body["others"][0]["connected"])
    hub.clock = lambda: utcnow() + 2 * RESUME_WINDOW
    hub._rooms[ROOM]._clock = hub.clock
    hub.on_hold = note
    await eventually(swept)
    assert "citizen:1" in hub._rooms[ROOM].room.participants, "who cannot come back just now is waited for"
    redis.start()
