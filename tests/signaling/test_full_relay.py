"""A relay that is full says so to whoever would open a room, and leaves those in peace who have one."""

from pathlib import Path

from pytest_aiohttp import AiohttpClient

from signaling.errors import NoNodeFree, close_code
from signaling.keys import HUB
from signaling.relay.load import Limits
from signaling.routes import limits
from signaling.timings import Timings
from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.signaling.members import Client, Member, connect, eventually, ticket


async def enter(client: Client, room: str) -> Member:
    member = await connect(client, room)
    await member.say("join", {"ticket": await ticket(client, "citizen", room)})
    return member


async def test_a_full_relay_refuses_a_new_room_and_keeps_those_it_has(
    aiohttp_client: AiohttpClient, sqlite_url: str, tmp_path: Path
) -> None:
    settings = Settings(database_url=sqlite_url, data_dir=tmp_path / "data", relay_max_rooms=1)
    client = await aiohttp_client(make_app(settings))
    inside = await enter(client, "room1")
    await inside.hear("welcome")
    refused = await enter(client, "room2")
    assert (await refused.hear("refused"))["body"]["code"] == NoNodeFree.code
    assert await refused.closed() == close_code(NoNodeFree(retry_after=1))
    second = await connect(client, "room1")
    await second.say("join", {"ticket": await ticket(client, "agent", "room1", "&admit=1")})
    await second.hear("welcome")
    await inside.hear("snapshot", lambda body: body["state"] == "in_call")
    await second.say("end")
    await inside.hear("ended")
    again = await enter(client, "room2")
    await again.hear("welcome")


def test_each_limit_comes_from_its_setting() -> None:
    settings = Settings(relay_max_rooms=1, relay_max_packets=2, relay_max_cpu_percent=3)
    assert limits(settings) == Limits(rooms=1, packets=2, cpu_percent=3)
    assert limits(Settings()).rooms == 0


async def test_a_relay_whose_core_is_busy_takes_no_room_and_keeps_those_it_has(
    aiohttp_client: AiohttpClient, sqlite_url: str, tmp_path: Path
) -> None:
    app = make_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data", relay_max_cpu_percent=2))
    app[HUB].timings = Timings(sweep=0.05)
    client = await aiohttp_client(app)
    inside = await enter(client, "room1")
    await inside.hear("welcome")

    async def busy() -> bool:
        sum(number * number for number in range(300_000))
        return not app[HUB].takes_rooms

    await eventually(busy)
    refused = await enter(client, "room2")
    assert (await refused.hear("refused"))["body"]["code"] == NoNodeFree.code
    await inside.say("media", {"microphone": "off", "camera": "off"})
    await inside.hear("snapshot", lambda body: body["you"]["camera"] == "off")
