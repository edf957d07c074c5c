"""A participant's messages between the node that holds the socket and the node that holds the room.

Each end numbers what it sends, and says every 0.7 s how far it is: an end that misses a message, even the last one,
breaks the link, and the participant's page resumes (docs/protocol.md), which loses nothing.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from signaling.wire.sockets import ConnectionOver
from teleconsult.web.bus import Bus

BEAT_SECONDS = 0.7
# The other node is dead, or cannot reach us; counted only while the bus is there.
SILENT_SECONDS = 2.5
# From this silence on it is asked whether it listens at all.
SUSPECT_SECONDS = 1.0
OPEN_SECONDS = 1.0
QUEUE_LENGTH = 512
COME_BACK = 1012  # "service restart": the page comes back by itself, at once
DONE = 1000

Message = dict[str, Any]

log = structlog.get_logger(__name__)


def channel_of(node: str) -> str:
    """Return the bus's channel on which a node hears what is meant for it."""
    return f"links:{node}"


class End:
    """One end of a link: reads like a socket, writes like an outlet."""

    def __init__(self, link: str, room: str, post: Callable[[Message], None], gone: Callable[["End"], None]) -> None:
        self.link = link
        self.room = room
        self.opened = asyncio.Event()
        self.sent = 0
        self._received = 0
        self._over = False
        self._post = post
        self._gone = gone
        self._inbox: asyncio.Queue[str | int] = asyncio.Queue(QUEUE_LENGTH)

    def put(self, text: str) -> None:
        """Send a message to the other end."""
        if not self._over:
            self._say("text", text=text)

    def finish(self, code: int) -> None:
        """End the link: the other end closes with this code, after what was sent before."""
        if not self._over:
            self._say("end", code=code)
            self._end(code)

    async def wait_closed(self) -> None:
        """Return at once: what is sent is in the bus's hands."""

    async def receive(self, timeout: float) -> str:  # noqa: ASYNC109 - as aiohttp's own
        """Return the next message of the other end. Raises TimeoutError, ConnectionOver."""
        item = await asyncio.wait_for(self._inbox.get(), timeout)
        if isinstance(item, int):
            raise ConnectionOver
        return item

    async def next(self) -> str | int:
        """Return the next message of the other end, or the code to close with."""
        return await self._inbox.get()

    def hear(self, message: Message) -> None:
        """Take a message of the other end; one that is missing before it breaks the link."""
        if message["n"] != self._received + 1:
            return self.break_off()
        self._received += 1
        if message["kind"] == "text":
            self._take(message["text"])
        elif message["kind"] == "opened":
            self.opened.set()
        else:
            self._end(int(message["code"]))
        return None

    def agree(self, sent: int) -> None:
        """The other end says how much it has sent; when that is not what came, something was lost."""
        if sent != self._received:
            self.break_off()

    def say_opened(self) -> None:
        """Tell the other end that the link holds."""
        self._say("opened")

    def break_off(self) -> None:
        """Give the link up: both ends close, and the page comes back by itself."""
        self.finish(COME_BACK)

    def _say(self, kind: str, **content: Any) -> None:
        self.sent += 1
        self._post({"kind": kind, "link": self.link, "n": self.sent, **content})

    def _take(self, item: str) -> None:
        if self._over:
            return
        try:
            self._inbox.put_nowait(item)
        except asyncio.QueueFull:
            self.break_off()

    def _end(self, code: int) -> None:
        if self._over:
            return
        self._over = True
        self._gone(self)
        if self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(code)


class Links:
    """The links of this node. Owns their tasks, and one more.

    `serve` is called with each that another node opens; `listens` tells whether a node may hear anything (Directory).
    """

    def __init__(
        self,
        bus: Bus,
        node: str,
        serve: Callable[[End], Coroutine[Any, Any, None]],
        listens: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._bus = bus
        self._node = node
        self._serve = serve
        self._listens = listens
        self._ends: dict[str, dict[str, End]] = {}  # by the other node, then by the link's name
        self._heard_at: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watcher: asyncio.Task[None] | None = None
        bus.on(channel_of(node), self._hear)
        bus.on_back(self._forgive)

    async def start(self) -> None:
        """Begin to watch over the links."""
        self._watcher = asyncio.create_task(self._watch(), name="links watched")

    async def close(self) -> None:
        """Break every link off, and wait for what served them."""
        for ends in list(self._ends.values()):
            for end in list(ends.values()):
                end.break_off()
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def open(self, node: str, room: str) -> End | None:
        """Open a link to the node that holds a room; None if it does not answer."""
        end = self._add(node, secrets.token_hex(12), room)
        self._post(node, {"kind": "open", "link": end.link, "room": room})
        try:
            await asyncio.wait_for(end.opened.wait(), OPEN_SECONDS)
        except TimeoutError:
            end.break_off()
            return None
        return end

    def _add(self, node: str, link: str, room: str) -> End:
        end = End(link, room, lambda message: self._post(node, message), lambda end: self._remove(node, end))
        self._ends.setdefault(node, {})[link] = end
        self._heard_at.setdefault(node, self._now())
        return end

    def _remove(self, node: str, end: End) -> None:
        ends = self._ends.get(node, {})
        ends.pop(end.link, None)
        if not ends:
            self._ends.pop(node, None)
            self._heard_at.pop(node, None)

    def _post(self, node: str, message: Message) -> None:
        self._bus.post(channel_of(node), {"from": self._node, **message})

    def _hear(self, message: Message) -> None:
        node = message["from"]
        if node in self._heard_at:
            self._heard_at[node] = self._now()
        ends = self._ends.get(node, {})
        if message["kind"] == "open":
            end = self._add(node, message["link"], message["room"])
            end.opened.set()
            end.say_opened()
            self._start(self._serve(end))
        elif message["kind"] == "beat":
            self._compare(node, message["sent"])
        elif (known := ends.get(message["link"])) is not None:
            known.hear(message)

    def _compare(self, node: str, sent: dict[str, int]) -> None:
        for link, end in list(self._ends.get(node, {}).items()):
            if link in sent:
                end.agree(sent[link])
            elif end.opened.is_set():
                # the other side has given it up, and its last word was lost
                end.break_off()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if not self._bus.connected:
                continue
            for node, ends in list(self._ends.items()):
                if await self._dead(node):
                    log.warning("node_silent", node=node, links=len(ends))
                    for end in list(ends.values()):
                        end.break_off()
                else:
                    self._post(node, {"kind": "beat", "sent": {link: end.sent for link, end in ends.items()}})

    async def _dead(self, node: str) -> bool:
        silence = self._now() - self._heard_at.get(node, self._now())
        return silence > SILENT_SECONDS or (silence > SUSPECT_SECONDS and not await self._listens(node))

    def _forgive(self) -> None:
        """Silence while the bus was away was nobody's."""
        self._heard_at = dict.fromkeys(self._heard_at, self._now())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
