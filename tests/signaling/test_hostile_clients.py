"""Whatever one client does, the call of another room goes on: every word arrives, in order, and pictures flow."""

import asyncio
import itertools
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from pytest_aiohttp import AiohttpClient

from signaling.keys import HUB
from signaling.timings import Timings
from signaling.wire.outlet import MAX_QUEUED
from signaling.wire.protocol import MAX_MESSAGE_BYTES
from signaling.wire.requests import MAX_SDP_CHARACTERS
from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.signaling.callers import Caller
from tests.signaling.media import until
from tests.signaling.members import Client, Member, connect, join, ticket

WORDS = 20
PACKETS = 20
FLOOD = 10_000


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, sqlite_url: str, tmp_path: Path) -> Client:
    app = make_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data", media_loopback=True))
    return await aiohttp_client(TestServer(app, host="localhost"))


class Bystanders:
    """Two people in a call of their own."""

    def __init__(self, citizen: Caller, agent: Caller) -> None:
        self.citizen, self.agent = citizen, agent
        self._words = itertools.count()

    async def unharmed(self) -> None:
        """Say some words each way, and see them all arrive in order while packets keep coming."""
        said = [f"mot {next(self._words)}" for _ in range(WORDS)]
        heard = len(self.citizen.lines)
        packets = self.citizen.packets, self.agent.packets
        session = self.citizen.session, self.agent.session
        for number, word in enumerate(said):
            await (self.citizen, self.agent)[number % 2].type(word)
            await asyncio.sleep(0.01)
        await until(lambda: len(self.citizen.lines) >= heard + WORDS)
        # each one's words in the order in which they were said; the two take turns by themselves
        for first in (0, 1):
            own = [word for word in self.citizen.lines[heard:] if word in said[first::2]]
            assert own == said[first::2]
        await until(lambda: self.citizen.packets > packets[0] + PACKETS and self.agent.packets > packets[1] + PACKETS)
        assert (self.citizen.session, self.agent.session) == session, "nobody had to come in again"
        assert not self.citizen.refusals + self.agent.refusals


@pytest.fixture
async def others(client: Client) -> AsyncIterator[Bystanders]:
    url = f"http://localhost:{client.port}"
    async with ClientSession() as http:
        citizen, agent = Caller(http, url, "peaceful", "citizen"), Caller(http, url, "peaceful", "agent", "&admit=1")
        await agent.join()
        await citizen.join()
        await until(lambda: bool(citizen.packets and agent.packets))
        yield Bystanders(citizen, agent)
        await citizen.close()
        await agent.close()


@asynccontextmanager
async def meanwhile(others: Bystanders, attack: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run an attack while the others talk; they must be unharmed during and after it."""
    attacking = asyncio.ensure_future(attack())
    await others.unharmed()
    await attacking
    yield
    await others.unharmed()


async def refused(member: Member) -> str:
    return str((await member.hear("refused"))["body"]["code"])


@pytest.mark.parametrize(
    "bad",
    [
        "no json",
        '{"v":1,"type":"end","id":"x","seq":1,"from":"agent:1","body":{}}',
        '{"v":1,"type":"media","id":"x","seq":1,"body":' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}",
        "[" * 60_000,
        '{"v":1,"type":"text","id":"x","seq":1,"body":{"line":1e999,"text":"","done":true}}',
        '{"v":1,"type":"text","id":"x","seq":1,"body":{"line":' + "9" * 4_000 + ',"text":"","done":true}}',
        '{"v":1,"type":"text","id":"x","seq":1,"body":{"line":1,"text":"\\ud800","done":true}}',
    ],
    ids=["no JSON", "forged from", "deep object", "deep list", "infinite", "long number", "half a character"],
)
async def test_what_is_not_of_the_protocol(client: Client, others: Bystanders, bad: str) -> None:
    member = await join(client, "agent")

    async def attack() -> None:
        for _ in range(10):
            await member.socket.send_str(bad)

    async with meanwhile(others, attack):
        assert await refused(member) == "invalid_message"
        assert await member.closed() == 4422


async def test_ten_thousand_messages_at_once(client: Client, others: Bystanders) -> None:
    member = await join(client, "agent")
    text = json.dumps({"v": 1, "type": "pong", "id": "x", "seq": 0})

    async def attack() -> None:
        for _ in range(FLOOD):
            try:
                await member.socket.send_str(text)
            except ConnectionError:
                return

    async with meanwhile(others, attack):
        assert await refused(member) == "flooding"
        assert await member.closed() == 4429


def description(*lines: str) -> str:
    """Return as long a description as a message may hold, of one section that repeats these lines."""
    head = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
    room = (MAX_SDP_CHARACTERS - len(head)) // len(lines)
    return head + "".join(line * (room // len(line)) for line in lines)


@pytest.mark.parametrize(
    "long",
    [
        description("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"),
        # nine seconds of aiortc's time, once
        description("a=rtpmap:96 VP8/90000\r\n", "a=rtcp-fb:* x\r\n"),
        description("a=ssrc:1 cname:x\r\n"),
        description("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"),
    ],
    ids=["sections", "feedback", "streams", "candidates"],
)
async def test_a_description_as_long_as_may_be_is_read_at_most_once(
    client: Client, others: Bystanders, long: str
) -> None:
    await join(client, "citizen")
    member = await join(client, "agent", "&admit=1")
    offer = await member.hear("offer")

    async def attack() -> None:
        for _ in range(10):
            await member.say("answer", {"sdp": long}, generation=offer["generation"])
        await member.say("ping")

    async with meanwhile(others, attack):
        assert await refused(member) == "media_failed"
        await member.say("renegotiate", {"fresh": True}, generation=offer["generation"])
        assert (await member.hear("offer"))["generation"] == offer["generation"] + 1


async def test_asking_for_connections_all_the_time(client: Client, others: Bystanders) -> None:
    member = await join(client, "agent")
    await member.hear("offer")

    async def attack() -> None:
        for generation in range(1, 400):
            with suppress(ConnectionError):
                await member.say("renegotiate", {"fresh": True}, generation=generation)

    async with meanwhile(others, attack):
        assert await refused(member) == "flooding"
        assert await member.closed() == 4429


async def test_a_frame_that_is_too_long(client: Client, others: Bystanders) -> None:
    member = await join(client, "agent")

    async def attack() -> None:
        await member.socket.send_str("x" * (MAX_MESSAGE_BYTES + 1))

    async with meanwhile(others, attack):
        assert await member.closed() == 1009


async def test_the_ticket_of_another_room_and_one_that_was_used(client: Client, others: Bystanders) -> None:
    used = await ticket(client, "citizen")
    first = await connect(client)
    await first.say("join", {"ticket": used})
    await first.hear("welcome")
    codes = []

    async def attack() -> None:
        for room in ("peaceful", "room1"):
            member = await connect(client, room)
            await member.say("join", {"ticket": used})
            codes.append(await refused(member))
            assert await member.closed() in (4401, 4409)

    async with meanwhile(others, attack):
        assert codes == ["ticket_refused", "ticket_spent"]


async def test_a_session_that_is_guessed_or_stolen_from_another_room(client: Client, others: Bystanders) -> None:
    codes = []

    async def attack() -> None:
        mine = (await join(client, "agent")).session
        for session in (secrets.token_hex(16), mine, "", others.citizen.session[:-1]):
            member = await connect(client, "peaceful")
            await member.say("resume", {"session": session, "last_seq": 0})
            codes.append(await refused(member))

    async with meanwhile(others, attack):
        assert codes == ["session_unknown", "session_unknown", "invalid_message", "session_unknown"]


async def test_what_one_room_sends_about_another_changes_nothing_there(client: Client, others: Bystanders) -> None:
    member = await join(client, "agent")
    await member.hear("snapshot")

    async def attack() -> None:
        await member.say("admit", {"participant": "citizen:2"})
        await member.say("revoke", {"invitation": "peaceful"})
        await member.say("end")

    async with meanwhile(others, attack):
        assert await refused(member) == "participant_unknown"
        assert (await member.hear("ended"))["body"]["reason"] == "hung_up"


async def test_one_who_does_not_read_is_cut_off_and_keeps_little(client: Client, others: Bystanders) -> None:
    outlets = []
    hub = client.app[HUB]
    hub.timings = Timings(send=0.5)
    joined = hub.join

    def note(claims: object, outlet: object) -> object:
        outlets.append(outlet)
        return joined(claims, outlet)  # type: ignore[arg-type]

    hub.join = note  # type: ignore[method-assign, assignment]
    _, writer = await asyncio.open_connection("localhost", client.port, limit=256)
    given = await ticket(client, "agent")
    writer.write(
        b"GET /signaling/rooms/room1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    text = json.dumps({"v": 1, "type": "join", "id": "x", "seq": 0, "body": {"ticket": given}}).encode()
    writer.write(b"\x81\xfe" + len(text).to_bytes(2, "big") + bytes(4) + text)
    await until(lambda: bool(outlets))
    speaker = await join(client, "adviser")
    silent = outlets[0]

    async def attack() -> None:
        # the socket's buffers take a few megabytes before anything has to wait
        while not silent._finished:
            for _ in range(100):
                silent.put("x" * 60_000)
                assert len(silent._queue) <= MAX_QUEUED
            await asyncio.sleep(0)

    async with meanwhile(others, attack):
        await speaker.hear("snapshot", lambda body: any(not other["connected"] for other in body["others"]))
    writer.close()


async def test_sockets_that_say_nothing(client: Client, others: Bystanders) -> None:
    client.app[HUB].timings = Timings(join=0.5, ping_after=0.3, dead_after=1.0)
    half_open = await join(client, "agent")
    mute = [await connect(client) for _ in range(20)]

    async def attack() -> None:
        await asyncio.sleep(0)

    async with meanwhile(others, attack):
        for member in mute:
            assert await refused(member) == "join_expected"
            assert await member.closed() == 4401
        assert await half_open.closed() == 1000
