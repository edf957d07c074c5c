"""Brings pieces of documents that come and go by the web to the room's node, and back.

A request finds its room here, or asks the room's node over the bus: first whether its holder may at all, and only then
is a body read. What is on its way between two nodes is bounded, so that Redis (which drops a listener with more than
32 MB before it) never holds much. An answer that is lost is a request that failed: the page asks again by offset.
"""

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Any

from signaling.errors import DirectoryAway, DocumentOutOfStep, DocumentUnknown, Flooding, NotAllowed
from signaling.nodes.directory import Directory
from signaling.relay.desk import TAKE_SECONDS
from signaling.rooms.hub import Hub
from teleconsult.errors import DomainError
from teleconsult.web.bus import Bus

CHECK_SECONDS = 3.0
PUT_SECONDS = 10.0
MAX_PUTS = 8
MAX_TAKES = 32
# Refusals by their code: what another node says
REFUSALS: dict[str, type[DomainError]] = {
    refusal.code: refusal for refusal in (NotAllowed, DocumentUnknown, DocumentOutOfStep, Flooding)
}

Message = dict[str, Any]


@dataclass(frozen=True)
class Errand:
    """Whose piece of what: the session is the secret of `welcome`, `offset` the first byte."""

    room: str
    session: str
    transfer: str
    offset: int


def channel_of(node: str) -> str:
    """Return the bus's channel on which a node hears of documents."""
    return f"documents:{node}"


class Courier:
    """Make it before the bus starts, close it with the application. Owns the tasks of its answers."""

    def __init__(self, node: str, hub: Hub, bus: Bus, directory: Directory) -> None:
        self._node = node
        self._hub = hub
        self._bus = bus
        self._directory = directory
        self._asked: dict[str, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._puts = asyncio.Semaphore(MAX_PUTS)
        self._takes = asyncio.Semaphore(MAX_TAKES)
        bus.on(channel_of(node), self._hear)

    async def close(self) -> None:
        """Give up what is being answered."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def put(self, errand: Errand, read: Callable[[], Awaitable[bytes]]) -> int:
        """Hand a piece in, read by `read` once its holder is known to have a part in the call; return what is next.

        Raises NotAllowed, DocumentUnknown, DocumentOutOfStep, Flooding, DirectoryAway, and what `read` raises.
        """
        node = await self._find(errand)
        if node is None:
            self._hub.carrier(errand.room, errand.session)
            piece = await read()
            return self._hub.put_document(errand.room, errand.session, errand.transfer, errand.offset, piece)
        await self._ask(node, "check", errand, CHECK_SECONDS)
        # read first: somebody's slow line takes nobody else's place
        data = base64.b64encode(await read()).decode()
        async with self._puts:
            return int((await self._ask(node, "put", errand, PUT_SECONDS, data=data))["offset"])

    async def take(self, errand: Errand) -> bytes:
        """Return the bytes from the offset on; empty when none came for a while.

        Raises NotAllowed, DocumentUnknown, DocumentOutOfStep, Flooding, DirectoryAway.
        """
        node = await self._find(errand)
        if node is None:
            return await self._hub.take_document(errand.room, errand.session, errand.transfer, errand.offset)
        await self._ask(node, "check", errand, CHECK_SECONDS)
        async with self._takes:
            answer = await self._ask(node, "take", errand, TAKE_SECONDS + CHECK_SECONDS)
            return base64.b64decode(answer["data"])

    async def _find(self, errand: Errand) -> str | None:
        """Return the node that holds the room; None when it is this one. Raises NotAllowed when none does."""
        if errand.room in self._hub.rooms():
            return None
        node = await self._directory.holder(errand.room)
        if node is None or node == self._node:
            raise NotAllowed
        return node

    async def _ask(self, node: str, kind: str, errand: Errand, seconds: float, **content: str) -> Message:
        key = secrets.token_hex(8)
        answer = self._asked[key] = asyncio.get_running_loop().create_future()
        message = {"kind": kind, "key": key, "from": self._node, "errand": asdict(errand), **content}
        self._bus.post(channel_of(node), message)
        try:
            found: Message = await asyncio.wait_for(answer, seconds)
        except TimeoutError:
            raise DirectoryAway from None
        finally:
            del self._asked[key]
        if "refusal" in found:
            raise REFUSALS.get(found["refusal"], NotAllowed)(**found.get("params", {}))
        return found

    def _hear(self, message: Message) -> None:
        if message["kind"] == "answer":
            if (waiting := self._asked.get(message["key"])) is not None and not waiting.done():
                waiting.set_result(message)
        else:
            self._start(self._answer(message))

    async def _answer(self, message: Message) -> None:
        try:
            found = await self._serve(message["kind"], Errand(**message["errand"]), message.get("data", ""))
        except DomainError as refusal:
            found = {"refusal": refusal.code, "params": refusal.params}
        self._bus.post(channel_of(message["from"]), {"kind": "answer", "key": message["key"], **found})

    async def _serve(self, kind: str, errand: Errand, data: str) -> Message:
        where = (errand.room, errand.session, errand.transfer, errand.offset)
        if kind == "put":
            return {"offset": self._hub.put_document(*where, base64.b64decode(data))}
        if kind == "take":
            return {"data": base64.b64encode(await self._hub.take_document(*where)).decode()}
        self._hub.carrier(errand.room, errand.session)
        return {}

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
