"""Somebody in a call as a bare WebSocket, and the application that they talk to: for tests of what is said."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from signaling.keys import GATEKEEPER
from teleconsult.settings import Settings
from tests.signaling.app import FakeGatekeeper, make_app

Client = TestClient[web.Request, web.Application]
ROOM = "room1"
SOON = 10.0


@dataclass
class Member:
    """A socket and what it has said and heard."""

    socket: ClientWebSocketResponse
    received: int = 0
    session: str = ""
    _sent: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def say(self, kind: str, body: dict[str, Any] | None = None, **changes: Any) -> None:
        seq = 0 if kind in ("join", "resume", "ping", "pong") else next(self._sent)
        message = {"v": 1, "type": kind, "id": f"c{seq}", "seq": seq, "ack": self.received, "body": body or {}}
        await self.socket.send_str(json.dumps({**message, **changes}))

    async def hear(self, kind: str, where: Callable[[dict[str, Any]], bool] = lambda body: True) -> dict[str, Any]:
        """Return the next message of a type (and with a body of a kind); answer pings on the way."""
        async with asyncio.timeout(SOON):
            while True:
                message = json.loads(await self.socket.receive_str())
                self.received = max(self.received, message["seq"])
                if message["type"] == kind and where(message["body"]):
                    return dict(message)

    async def first(self) -> dict[str, Any]:
        """Return the next message, whatever it is."""
        async with asyncio.timeout(SOON):
            return dict(json.loads(await self.socket.receive_str()))

    @property
    def next_seq(self) -> int:
        """The number of what would be said next: to go on where a socket broke."""
        return next(self._sent)

    async def closed(self) -> int:
        """Read until the socket closes and return the code."""
        async with asyncio.timeout(SOON):
            while True:
                message = await self.socket.receive()
                if message.type is WSMsgType.CLOSE:
                    return int(message.data)
                assert message.type is WSMsgType.TEXT


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, sqlite_url: str, tmp_path: Path) -> Client:
    return await aiohttp_client(make_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data")))


@pytest.fixture
def gatekeeper(client: Client) -> FakeGatekeeper:
    found = client.app[GATEKEEPER]
    assert isinstance(found, FakeGatekeeper)
    return found


async def ticket(client: Client, who: str, room: str = ROOM, query: str = "") -> str:
    answer = await client.post(f"/call/{room}/ticket?as={who}{query}")
    assert answer.status == 200, await answer.text()
    return str((await answer.json())["ticket"])


async def connect(client: Client, room: str = ROOM) -> Member:
    return Member(await client.ws_connect(f"/signaling/rooms/{room}"))


async def join(client: Client, who: str, query: str = "") -> Member:
    member = await connect(client)
    await member.say("join", {"ticket": await ticket(client, who, query=query)})
    member.session = (await member.hear("welcome"))["body"]["session"]
    return member


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SOON):
        while not await condition():  # noqa: ASYNC110 (the database makes no events)
            await asyncio.sleep(0.02)
