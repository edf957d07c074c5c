"""Documents by the web, as requests: who may, what comes when, and what hostile ones get."""

import asyncio
import hashlib
import itertools
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from signaling.keys import HUB
from signaling.relay.documents import PIECE_BYTES
from signaling.relay.frames import MAX_CHUNK_BYTES
from tests.signaling.members import ROOM, Client, Member, client, gatekeeper, join
from tests.signaling.test_documents import ID, PDF, text

__all__ = ["client", "gatekeeper"]
CONTENT = PDF + random.Random(1).randbytes(2 * 1024 * 1024)
PLACE = f"/signaling/rooms/{ROOM}/documents/{ID}"


@dataclass
class Carrier:
    """Somebody in the call who has no data channel at all."""

    client: Client
    member: Member

    async def tell(self, frame: str) -> None:
        await self.member.say("document", {"frame": frame})

    async def hear(self, kind: str) -> dict[str, Any]:
        """Return the next frame of a type; others before it are passed over."""
        while True:
            frame = json.loads((await self.member.hear("document"))["body"]["frame"])
            if frame["type"] == kind:
                return dict(frame)

    async def put(self, offset: int, piece: bytes, **headers: str) -> ClientResponse:
        headers = {"Call-Session": self.member.session, **headers}
        return await self.client.post(f"{PLACE}?offset={offset}", data=piece, headers=headers)

    async def take(self, offset: int) -> ClientResponse:
        return await self.client.get(f"{PLACE}?offset={offset}", headers={"Call-Session": self.member.session})


def offer(content: bytes = CONTENT) -> str:
    """Return the frame that offers a document."""
    about = {"name": "a.pdf", "size": len(content), "media_type": "application/pdf"}
    return text("file", transfer=ID, sha256=hashlib.sha256(content).hexdigest(), **about)


@pytest.fixture
async def both(client: Client) -> tuple[Carrier, Carrier]:
    """A citizen and an agent in a call."""
    citizen = await join(client, "citizen")
    agent = await join(client, "agent", "&admit=1")
    await citizen.hear("snapshot", lambda body: body["state"] == "in_call")
    return Carrier(client, citizen), Carrier(client, agent)


async def agreed(sender: Carrier, recipient: Carrier, content: bytes = CONTENT) -> None:
    """Bring a transfer to the point where bytes may come."""
    await sender.tell(offer(content))
    await sender.member.say("ping")
    await sender.member.hear("pong")
    await recipient.tell(text("accept", transfer=ID, offset=0))
    assert (await sender.hear("accept"))["offset"] == 0


async def test_a_document_goes_across_without_any_channel(both: tuple[Carrier, Carrier]) -> None:
    citizen, agent = both
    await citizen.tell(offer())
    # nobody answers on a channel that is not there: the offer comes by the web after two seconds
    assert (await agent.hear("file"))["from"] == "citizen:1"
    await agent.tell(text("accept", transfer=ID, offset=0))
    assert (await citizen.hear("accept"))["offset"] == 0

    async def send() -> None:
        offset = 0
        while offset < len(CONTENT):
            answer = await citizen.put(offset, CONTENT[offset : offset + PIECE_BYTES])
            assert answer.status == 200
            offset = (await answer.json())["offset"]

    sending = asyncio.create_task(send())
    received = bytearray()
    while len(received) < len(CONTENT):
        answer = await agent.take(len(received))
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        received += await answer.read()
    await sending
    digest = hashlib.sha256(received).hexdigest()
    await agent.tell(text("done", transfer=ID, sha256=digest))
    assert (await citizen.hear("done"))["sha256"] == hashlib.sha256(CONTENT).hexdigest() == digest
    assert (await agent.take(len(CONTENT))).status == 404
    assert (await citizen.put(0, PDF)).status == 404


async def test_a_fetch_waits_for_what_comes(both: tuple[Carrier, Carrier]) -> None:
    citizen, agent = both
    await agreed(citizen, agent)
    waiting = asyncio.create_task(agent.take(0))
    await asyncio.sleep(0)
    await citizen.put(0, CONTENT[:1000])
    assert await (await waiting).read() == CONTENT[:1000]


async def test_what_is_out_of_step_is_refused_and_does_no_harm(both: tuple[Carrier, Carrier]) -> None:
    citizen, agent = both
    assert (await citizen.put(0, CONTENT[:100])).status == 404, "nothing was offered"
    await citizen.tell(offer())
    await citizen.member.say("ping")
    await citizen.member.hear("pong")
    assert (await citizen.put(0, CONTENT[:100])).status == 409, "nobody has accepted yet"
    await agent.tell(text("accept", transfer=ID, offset=0))
    await citizen.hear("accept")
    refused = await citizen.put(5, CONTENT[5:100])
    assert (refused.status, (await refused.json())["code"]) == (409, "document_out_of_step")
    assert (await agent.take(1)).status == 409, "nothing was sent so far"
    assert (await agent.put(0, CONTENT[:100])).status == 404, "it is not the agent's"
    assert (await citizen.take(0)).status == 404, "nor for the citizen"
    for piece, offset in itertools.product((CONTENT[:50], CONTENT[:100]), (0, 0)):
        assert (await citizen.put(offset, piece)).status == 200
    assert await (await agent.take(0)).read() == CONTENT[:100]


@pytest.mark.parametrize(
    ("place", "piece", "status"),
    [
        ("?offset=0", b"x" * (PIECE_BYTES + 1), 413),
        ("?offset=0", b"", 422),
        ("?offset=-1", b"x", 422),
        ("?offset=99999999999", b"x", 422),
        ("?offset=x", b"x", 422),
        ("", b"x", 422),
    ],
)
async def test_what_is_too_large_or_nonsense_is_refused(
    both: tuple[Carrier, Carrier], place: str, piece: bytes, status: int
) -> None:
    citizen, agent = both
    await agreed(citizen, agent)
    headers = {"Call-Session": citizen.member.session}
    assert (await citizen.client.post(PLACE + place, data=piece, headers=headers)).status == status
    assert (await citizen.put(0, PDF)).status == 200


async def test_a_body_of_no_stated_length_is_bounded_too(both: tuple[Carrier, Carrier]) -> None:
    citizen, agent = both
    await agreed(citizen, agent)

    async def pieces(count: int) -> Any:
        for number in range(count):
            start = number * MAX_CHUNK_BYTES
            yield CONTENT[start : start + MAX_CHUNK_BYTES]

    headers = {"Call-Session": citizen.member.session}
    fits = await citizen.client.post(f"{PLACE}?offset=0", data=pieces(3), headers=headers)
    assert (await fits.json())["offset"] == 3 * MAX_CHUNK_BYTES
    large = await citizen.client.post(f"{PLACE}?offset=0", data=pieces(9), headers=headers)
    assert large.status == 413


async def test_nobody_else_gets_anywhere_and_is_told_nothing(both: tuple[Carrier, Carrier], client: Client) -> None:
    citizen, agent = both
    await agreed(citizen, agent)
    await citizen.put(0, CONTENT[:1000])
    answers = []
    for session in ("", "0" * 32, "é", agent.member.session[:-1], "x" * 5000):
        for room in (ROOM, "another", "0"):
            place = f"/signaling/rooms/{room}/documents/{ID}?offset=0"
            headers = {"Call-Session": session} if session else {}
            answers.append(await client.get(place, headers=headers))
            answers.append(await client.post(place, headers=headers, data=b"x"))
    answers.append(
        await client.get(
            f"/signaling/rooms/another/documents/{ID}?offset=0", headers={"Call-Session": agent.member.session}
        )
    )
    assert {answer.status for answer in answers} == {403}
    told = [{**(await answer.json()), "request_id": ""} for answer in answers]
    assert {each["code"] for each in told} == {"not_allowed"}
    assert len({json.dumps(each) for each in told}) == 1
    foreign = {"Call-Session": citizen.member.session, "Origin": "https://elsewhere.example"}
    assert (await client.post(f"{PLACE}?offset=0", headers=foreign, data=b"x")).status == 403


async def test_who_waits_in_the_lobby_and_who_has_left_may_not(client: Client) -> None:
    citizen = Carrier(client, await join(client, "citizen"))
    agent = Carrier(client, await join(client, "agent"))
    for waiting in (citizen.take(0), citizen.put(0, b"x")):
        assert (await waiting).status == 403
    waiting_id = (await agent.member.hear("snapshot", lambda body: bool(body["others"])))["body"]["others"][0]
    await agent.member.say("admit", {"participant": waiting_id["participant"]})
    await citizen.member.hear("snapshot", lambda body: body["state"] == "in_call")
    await agreed(citizen, agent)
    await citizen.put(0, CONTENT[:100])
    await agent.member.say("leave")
    assert await agent.member.closed() == 1000
    assert (await agent.take(0)).status == 403
    assert (await citizen.hear("cancel"))["code"] == "nobody_there"
    await citizen.member.say("leave")
    assert await citizen.member.closed() == 1000
    assert (await citizen.put(0, CONTENT[:100])).status == 403


async def test_a_fetch_that_waits_ends_when_its_transfer_does(both: tuple[Carrier, Carrier]) -> None:
    citizen, agent = both
    await agreed(citizen, agent)
    waiting = asyncio.create_task(agent.take(0))
    await asyncio.sleep(0.1)
    await citizen.tell(text("cancel", transfer=ID, code="cancelled"))
    assert (await waiting).status == 404
    assert (await agent.hear("cancel"))["code"] == "cancelled"


async def test_so_many_requests_and_no_more(both: tuple[Carrier, Carrier]) -> None:
    citizen, agent = both
    await agreed(citizen, agent)
    waiting = [asyncio.create_task(agent.take(0)) for _ in range(20)]
    done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 12:
        more, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        done |= more
    assert {answer.result().status for answer in done} == {429}
    await citizen.put(0, CONTENT[:100])
    assert {(await answer).status for answer in pending} == {200}


async def test_a_room_that_closes_lets_go_of_who_waits(both: tuple[Carrier, Carrier]) -> None:
    citizen, agent = both
    await agreed(citizen, agent)
    waiting = asyncio.create_task(agent.take(0))
    await asyncio.sleep(0.1)
    citizen.client.app[HUB].end(ROOM)  # type: ignore[union-attr]
    assert (await waiting).status == 404


def holds(folder: Path, secret: bytes) -> bool:
    """Whether any file of a folder holds this."""
    return any(path.is_file() and secret in path.read_bytes() for path in folder.rglob("*"))


async def test_nothing_is_written_and_only_the_route_is_logged(
    both: tuple[Carrier, Carrier], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    citizen, agent = both
    await agreed(citizen, agent)
    secret = PDF + b"nobody-else-reads-this"
    await citizen.put(0, secret)
    assert await (await agent.take(0)).read() == secret
    assert not await asyncio.to_thread(holds, tmp_path, b"nobody-else-reads-this")
    logged = "".join(capsys.readouterr())
    assert ID not in logged
    assert citizen.member.session not in logged
