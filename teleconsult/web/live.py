"""Live boards: named topics that pages listen to by server-sent events (WHATWG HTML, 9.2)."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from aiohttp import web

from teleconsult.web.bus import Bus

QUEUE_LENGTH = 64
KEEP_ALIVE_SECONDS = 15
RETRY_MS = 2000
# Pages come back by themselves, and are asked again whether they may: a session that ended hears nothing for long.
LISTEN_SECONDS = 600.0
CHANNEL = "live"

Message = tuple[str, dict[str, Any]]


class LiveHub:
    """Hands messages to a topic's listeners, here and on the other nodes.

    One that cannot keep up is cut off and comes back by itself, and so do all after the bus was away: they look again.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        bus.on(CHANNEL, lambda message: self._tell(message["topic"], message["name"], message["data"]))
        bus.on_back(self.close)
        self._listeners: dict[str, set[asyncio.Queue[Message | None]]] = defaultdict(set)

    def publish(self, topic: str, name: str, data: dict[str, Any]) -> None:
        """Tell a topic's listeners `name` with `data` (identifiers and states, never personal data)."""
        self._tell(topic, name, data)
        self._bus.post(CHANNEL, {"topic": topic, "name": name, "data": data})

    def _tell(self, topic: str, name: str, data: dict[str, Any]) -> None:
        for queue in tuple(self._listeners.get(topic, ())):
            if queue.qsize() >= QUEUE_LENGTH:
                self.cut(queue)
            else:
                queue.put_nowait((name, data))

    def listen(self, topics: Iterable[str]) -> "asyncio.Queue[Message | None]":
        """Return a queue of messages on the topics; None in it means: end, listen again."""
        queue: asyncio.Queue[Message | None] = asyncio.Queue()
        for topic in topics:
            self._listeners[topic].add(queue)
        return queue

    def leave(self, queue: "asyncio.Queue[Message | None]") -> None:
        """Forget a listener."""
        for topic in [topic for topic, queues in self._listeners.items() if queue in queues]:
            self._listeners[topic].discard(queue)
            if not self._listeners[topic]:
                del self._listeners[topic]

    def listeners(self, topic: str) -> int:
        """Return how many listen to a topic."""
        return len(self._listeners.get(topic, ()))

    def close(self) -> None:
        """End every stream: the process stops, and pages listen again elsewhere or later."""
        for queue in {queue for queues in self._listeners.values() for queue in queues}:
            self.cut(queue)

    def cut(self, queue: "asyncio.Queue[Message | None]") -> None:
        """End a listener's stream; it listens again if it wants to and may."""
        self.leave(queue)
        queue.put_nowait(None)


LIVE: web.AppKey[LiveHub] = web.AppKey("live", LiveHub)


async def live_response(request: web.Request, topics: Iterable[str]) -> web.StreamResponse:
    """Stream the messages of topics to a page, for ten minutes or until it leaves.

    The caller has checked that it may listen.
    """
    hub = request.app[LIVE]
    queue = hub.listen(topics)
    end = asyncio.get_running_loop().call_later(LISTEN_SECONDS, hub.cut, queue)
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    try:
        await response.prepare(request)
        await response.write(f"retry: {RETRY_MS}\n\n".encode())
        while True:
            try:
                message = await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if message is None:
                break
            name, data = message
            await response.write(f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode())
    except ConnectionResetError:
        return response  # the page was left: nobody is there to be told
    except asyncio.CancelledError:
        with suppress(ConnectionResetError):
            await response.write_eof()
        raise
    finally:
        end.cancel()
        hub.leave(queue)
    return response
