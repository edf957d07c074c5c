"""Documents by the web over several nodes, with a real Redis between them: whatever node a request reaches."""

import asyncio
import hashlib
import json

from aiohttp import ClientSession

from signaling.nodes.courier import MAX_PUTS
from signaling.relay.documents import PIECE_BYTES
from tests.signaling.members import SOON, Member
from tests.signaling.processes import until
from tests.signaling.test_document_pages import CONTENT, offer
from tests.signaling.test_documents import ID, text
from tests.signaling.test_nodes import ROOM, Service, met, service

__all__ = ["service"]


def place(service: Service, node: int, offset: int, room: str = ROOM) -> str:
    """Return the address of a piece, on a node."""
    return f"http://127.0.0.1:{service.nodes[node].port}/signaling/rooms/{room}/documents/{ID}?offset={offset}"


async def tell(member: Member, frame: str) -> None:
    await member.say("document", {"frame": frame})


async def hear(member: Member, kind: str) -> dict[str, object]:
    """Return the next frame of a type."""
    while True:
        frame = json.loads((await member.hear("document"))["body"]["frame"])
        if frame["type"] == kind:
            return dict(frame)


async def agreed(sender: Member, recipient: Member) -> None:
    await tell(sender, offer())
    await hear(recipient, "file")
    await tell(recipient, text("accept", transfer=ID, offset=0))
    await hear(sender, "accept")


async def test_a_document_crosses_two_nodes_by_the_web(service: Service) -> None:
    citizen, agent = await met(service)  # the room is beside the citizen, the agent's socket is on the other node
    await agreed(agent, citizen)

    async def send(http: ClientSession) -> None:
        offset, node = 0, 1
        while offset < len(CONTENT):
            piece = CONTENT[offset : offset + PIECE_BYTES]
            headers = {"Call-Session": agent.session}
            async with http.post(place(service, node, offset), data=piece, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                offset = (await answer.json())["offset"]
            node = 1 - node

    async with ClientSession() as http:
        sending = asyncio.create_task(send(http))
        received = bytearray()
        while len(received) < len(CONTENT):
            async with http.get(place(service, 1, len(received)), headers={"Call-Session": citizen.session}) as answer:
                assert answer.status == 200, await answer.text()
                received += await answer.read()
        await sending
        digest = hashlib.sha256(CONTENT).hexdigest()
        assert hashlib.sha256(received).hexdigest() == digest
        await tell(citizen, text("done", transfer=ID, sha256=digest))
        assert (await hear(agent, "done"))["sha256"] == digest
        async with http.get(place(service, 1, 0), headers={"Call-Session": citizen.session}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (404, "document_unknown")


async def test_a_stranger_is_refused_by_every_node_before_anything_is_read(service: Service) -> None:
    citizen, agent = await met(service)
    await agreed(citizen, agent)
    async with ClientSession() as http:
        for node in (0, 1):
            for room in (ROOM, "nobody-holds-it"):
                for session in ("0" * 32, "é"):
                    at, headers = place(service, node, 0, room), {"Call-Session": session}
                    async with http.post(at, data=CONTENT[:100], headers=headers) as answer:
                        assert (answer.status, (await answer.json())["code"]) == (403, "not_allowed")
                    async with http.get(at, headers=headers) as answer:
                        assert answer.status == 403
            # more than there are places for, whose bodies never come: they hold up nobody
            slow = [asyncio.open_connection("127.0.0.1", service.nodes[node].port) for _ in range(MAX_PUTS + 2)]
            writers = [writer for _, writer in await asyncio.gather(*slow)]
            for writer in writers:
                head = f"POST /signaling/rooms/{ROOM}/documents/{ID}?offset=0 HTTP/1.1\r\nHost: x\r\n"
                writer.write(f"{head}Call-Session: {'0' * 32}\r\nContent-Length: 1000\r\n\r\n".encode())
            await asyncio.gather(*(writer.drain() for writer in writers))
            async with http.post(
                place(service, node, 0), data=CONTENT[:100], headers={"Call-Session": citizen.session}
            ) as answer:
                assert (await answer.json()) == {"offset": 100}
            for writer in writers:
                writer.close()


async def test_slow_lines_hold_up_nobody_on_another_node(service: Service) -> None:
    citizen, agent = await met(service)
    await agreed(citizen, agent)
    # the room is on one of the two: on the other, more bodies than there are places for, none of which gets on
    writers = []
    for node in (0, 1):
        for _ in range(MAX_PUTS + 2):
            _, writer = await asyncio.open_connection("127.0.0.1", service.nodes[node].port)
            head = f"POST /signaling/rooms/{ROOM}/documents/{ID}?offset=0 HTTP/1.1\r\nHost: x\r\n"
            writer.write(f"{head}Call-Session: {citizen.session}\r\nContent-Length: 1000\r\n\r\n".encode())
            await writer.drain()
            writers.append(writer)
    # several each: by the second one at the latest, those before have been looked at
    async with ClientSession() as http, asyncio.timeout(SOON):
        for number in range(8):
            offset, headers = number * 100, {"Call-Session": citizen.session}
            piece = CONTENT[offset : offset + 100]
            async with http.post(place(service, number % 2, offset), data=piece, headers=headers) as answer:
                assert (await answer.json()) == {"offset": offset + 100}
    for writer in writers:
        writer.close()


async def test_without_redis_a_room_serves_its_own_node_and_the_other_says_later(service: Service) -> None:
    citizen, agent = await met(service)
    await agreed(citizen, agent)
    service.redis.stop()
    await until(lambda: all("directory_away" in node.log for node in service.nodes))
    async with ClientSession() as http:
        headers = {"Call-Session": citizen.session}
        async with http.post(place(service, 0, 0), data=CONTENT[:100], headers=headers) as answer:
            assert (await answer.json()) == {"offset": 100}
        async with http.post(place(service, 1, 100), data=CONTENT[100:200], headers=headers) as answer:
            assert answer.status == 503
        service.redis.start()
        async with asyncio.timeout(20):
            while True:
                async with http.post(place(service, 1, 100), data=CONTENT[100:200], headers=headers) as answer:
                    if answer.status == 200:
                        assert (await answer.json()) == {"offset": 200}
                        return
                    assert answer.status == 503
                await asyncio.sleep(0.1)
