"""Several processes as one service, with a real Redis between them: nodes die, Redis goes and comes back."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession
from redis.asyncio import Redis

from signaling.errors import DirectoryAway
from signaling.nodes.directory import NODE, RedisDirectory
from teleconsult.web.bus import PREFIX
from tests.signaling.members import Member
from tests.signaling.processes import Node, running_nodes, until
from tests.support.redis import RedisServer

ROOM = "room1"
SOON = 20.0


class Service:
    """Some nodes, and pages that reach them."""

    def __init__(self, nodes: list[Node], redis: RedisServer, http: ClientSession) -> None:
        self.nodes = nodes
        self.redis = redis
        self._http = http

    async def ticket(self, node: int, who: str, room: str = ROOM, query: str = "") -> str:
        """Ask a node for a ticket."""
        url = f"http://127.0.0.1:{self.nodes[node].port}/call/{room}/ticket?as={who}{query}"
        async with self._http.post(url) as answer:
            assert answer.status == 200, await answer.text()
            return str((await answer.json())["ticket"])

    async def connect(self, node: int, room: str = ROOM) -> Member:
        """Open a socket on a node."""
        url = f"http://127.0.0.1:{self.nodes[node].port}/signaling/rooms/{room}"
        return Member(await self._http.ws_connect(url))

    async def join(self, node: int, who: str, room: str = ROOM, query: str = "") -> Member:
        """Come in by a node."""
        member = await self.connect(node, room)
        await member.say("join", {"ticket": await self.ticket(node, who, room, query)})
        member.session = (await member.hear("welcome"))["body"]["session"]
        return member

    async def come_back(self, node: int, member: Member) -> Member:
        """Resume a member's session by a node, as a page does: again and again until it is let in."""
        async with asyncio.timeout(SOON):
            while True:
                again = await self.connect(node)
                await again.say("resume", {"session": member.session, "last_seq": member.received})
                message = await again.first()
                if message["type"] == "welcome":
                    again.session, again.received = member.session, member.received
                    return again
                assert message["body"]["code"] == "directory_away", message
                await asyncio.sleep(0.2)

    async def join_again(self, node: int, who: str, query: str = "", room: str = ROOM) -> Member:
        """Come in with new tickets until it works, as a page does whose room is being taken over."""
        async with asyncio.timeout(SOON):
            while True:
                member = await self.connect(node, room)
                await member.say("join", {"ticket": await self.ticket(node, who, room, query)})
                message = await member.first()
                if message["type"] == "welcome":
                    return member
                assert message["body"]["code"] in ("directory_away", "no_node_free"), message
                await asyncio.sleep(0.2)


@pytest.fixture
async def service(redis: RedisServer, postgres_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    async with running_nodes(2, tmp_path, postgres_url, redis.url) as nodes, ClientSession() as http:
        yield Service(nodes, redis, http)


async def met(service: Service) -> tuple[Member, Member]:
    """Return a citizen who came by one node and an agent who came by the other, together in a call."""
    citizen = await service.join(0, "citizen")
    agent = await service.join(1, "agent")
    waiting = (await agent.hear("snapshot", lambda body: bool(body["others"])))["body"]["others"][0]
    await agent.say("admit", {"participant": waiting["participant"]})
    await citizen.hear("snapshot", lambda body: body["state"] == "in_call")
    return citizen, agent


async def test_two_nodes_are_one_room(service: Service) -> None:
    citizen, agent = await met(service)
    offer = await citizen.hear("offer")
    assert [slot["participant"] for slot in offer["body"]["slots"]] == ["agent:1"]
    await agent.hear("offer")
    await citizen.say("media", {"microphone": "off", "camera": "on"})
    await agent.hear("snapshot", lambda body: body["others"][0]["microphone"] == "off")
    await agent.say("end")
    assert (await citizen.hear("ended"))["body"]["reason"] == "hung_up"
    assert await citizen.closed() == 1000
    assert await agent.closed() == 1000


async def test_a_ticket_opens_one_session_whatever_the_node(service: Service) -> None:
    ticket = await service.ticket(0, "citizen")
    first = await service.connect(0)
    await first.say("join", {"ticket": ticket})
    await first.hear("welcome")
    second = await service.connect(1)
    await second.say("join", {"ticket": ticket})
    assert (await second.first())["body"]["code"] == "ticket_spent"
    assert await second.closed() == 4409


async def test_a_session_is_resumed_by_another_node(service: Service) -> None:
    citizen, agent = await met(service)
    await citizen.hear("offer")
    await citizen.socket.close()
    await agent.hear("snapshot", lambda body: not body["others"][0]["connected"])
    again = await service.come_back(1, citizen)
    await agent.hear("snapshot", lambda body: body["others"][0]["connected"])
    await again.say("media", {"microphone": "off", "camera": "off"}, seq=1)
    await agent.hear("snapshot", lambda body: body["others"][0]["camera"] == "off")


async def test_a_node_that_dies_gives_its_rooms_to_those_who_come_back(service: Service) -> None:
    citizen, agent = await met(service)  # the room is beside the citizen, who came first
    service.nodes[0].kill()
    with pytest.raises((TypeError, ClientConnectionError, AssertionError)):
        await citizen.hear("nothing more")
    assert await agent.closed() == 1012
    citizen = await service.join_again(1, "citizen", "&admit")
    await citizen.hear("snapshot", lambda body: body["state"] == "in_call")
    agent = await service.join_again(1, "agent", "&admit")
    await agent.hear("snapshot", lambda body: [p["participant"] for p in body["others"]] == ["citizen:1"])
    await citizen.hear("offer")


async def test_the_lease_of_a_node_that_listens_no_longer_is_ended(redis: RedisServer) -> None:
    async with Redis.from_url(redis.url, decode_responses=True) as client:
        directory = RedisDirectory(client, "here", rooms=list, takes_rooms=lambda: True, lost=str)
        await directory.start()
        # a lease that would hold for ever
        await client.set(f"{NODE}there", 0)
        await client.set(f"{PREFIX}room:{ROOM}", "there")
        async with client.pubsub() as listening:
            await listening.subscribe(f"{PREFIX}links:there")
            assert await directory.listens("there", "links:there")
            await directory.bury("there", "links:there")
            assert await directory.place(ROOM) == "there"
        assert not await directory.listens("there", "links:there")
        await directory.bury("there", "links:there")
        assert await directory.place(ROOM) == "here"
        await directory.close()


async def test_a_redis_that_came_back_empty_is_not_believed_at_once(redis: RedisServer) -> None:
    async with Redis.from_url(redis.url, decode_responses=True) as client:
        directory = RedisDirectory(client, "here", rooms=list, takes_rooms=lambda: True, lost=str)
        await directory.start()
        assert await directory.holder(ROOM) is None
        await client.flushall()
        await directory.beat()
        with pytest.raises(DirectoryAway):
            await directory.holder(ROOM)
        await client.set(f"{NODE}there", 0)
        await client.set(f"{PREFIX}room:{ROOM}", "there")
        assert await directory.holder(ROOM) == "there"
        await directory.close()


async def test_a_node_that_slept_too_long_gives_up_the_room_that_another_took(service: Service) -> None:
    citizen = await service.join(0, "citizen", query="&admit")
    service.nodes[0].signal(signal.SIGSTOP)
    try:
        taken = await service.join_again(1, "citizen", "&admit")
    finally:
        service.nodes[0].signal(signal.SIGCONT)
    assert await citizen.closed() == 1012
    await taken.say("media", {"microphone": "off", "camera": "off"})
    await taken.hear("snapshot", lambda body: body["you"]["camera"] == "off")


async def test_calls_go_on_while_redis_is_away_and_all_heals(service: Service) -> None:
    citizen, agent = await met(service)
    service.redis.stop()
    await until(lambda: all("bus_lost" in node.log for node in service.nodes))
    # beside the room, nothing has changed
    await citizen.say("media", {"microphone": "off", "camera": "off"})
    await citizen.hear("snapshot", lambda body: body["you"]["camera"] == "off")
    # a new room waits, and is told why
    newcomer = await service.connect(0, "room2")
    assert (await newcomer.first())["body"]["code"] == "directory_away"
    assert await newcomer.closed() == 4503
    service.redis.start()
    # the agent missed a snapshot: the gap is noticed, the page resumes
    assert await agent.closed() == 1012
    back = await service.come_back(1, agent)
    await back.hear("snapshot", lambda body: body["others"][0]["camera"] == "off")
    await back.say("media", {"microphone": "off", "camera": "off"}, seq=agent.next_seq)
    await citizen.hear("snapshot", lambda body: body["others"][0]["camera"] == "off")


async def test_a_flood_through_another_node_is_cut_there(service: Service) -> None:
    citizen, agent = await met(service)
    for _ in range(400):
        await agent.say("ping")
    assert await agent.closed() == 4429
    await citizen.hear("snapshot", lambda body: not body["others"][0]["connected"])


async def test_a_full_node_leaves_rooms_to_others(redis: RedisServer, postgres_url: str, tmp_path: Path) -> None:
    async with (
        running_nodes(2, tmp_path, postgres_url, redis.url, relay_max_rooms="1") as nodes,
        ClientSession() as http,
    ):
        service = Service(nodes, redis, http)
        first = await service.join(0, "citizen", "room1")
        second = await service.join_again(0, "citizen", room="room2")
        for member in (first, second):
            await member.say("media", {"microphone": "off", "camera": "off"})
            await member.hear("snapshot", lambda body: body["you"]["camera"] == "off")
        third = await service.connect(0, "room3")
        await third.say("join", {"ticket": await service.ticket(0, "citizen", "room3")})
        assert (await third.first())["body"]["code"] == "no_node_free"
        await first.say("leave")
        assert await first.closed() == 1000
        await service.join_again(1, "citizen", room="room3")
