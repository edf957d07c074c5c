"""What the processes of one service tell each other: named channels, over Redis (or Valkey) publish/subscribe.

A message is heard at most once, and in order; one that is lost is noticed by whoever numbers its messages. With one
process there is nobody else, and nothing here costs anything.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import RedisError

PREFIX = "teleconsult:"
QUEUE_LENGTH = 20_000
BATCH = 256
FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 2.0
COMMAND_SECONDS = 2.0
CANCEL_SECONDS = 0.5
AWAY = (RedisError, OSError, TimeoutError)

Handler = Callable[[dict[str, Any]], None]

log = structlog.get_logger(__name__)


class Bus:
    """The bus of a service that is one process: nobody else listens."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._back: list[Callable[[], None]] = []

    @property
    def shared(self) -> bool:
        """Whether there may be other processes."""
        return False

    @property
    def connected(self) -> bool:
        """Whether the others can be reached now."""
        return True

    def on(self, channel: str, handler: Handler) -> None:
        """Call `handler` with each message of a channel that another process posts. Before `start` only."""
        self._handlers[channel] = handler

    def on_back(self, handler: Callable[[], None]) -> None:
        """Call `handler` whenever the others can be reached again: what they said meanwhile was missed."""
        self._back.append(handler)

    def post(self, channel: str, message: dict[str, Any]) -> None:
        """Tell the others on a channel; never waits, and is lost when they cannot be reached."""

    async def start(self) -> None:
        """Begin to listen."""

    async def close(self) -> None:
        """Stop listening."""


class RedisBus(Bus):
    """The bus of several processes. `node` names this one: it does not hear itself. Owns two tasks and a client."""

    def __init__(self, url: str, node: str) -> None:
        super().__init__()
        self.node = node
        self.client = Redis.from_url(
            url, decode_responses=True, socket_timeout=COMMAND_SECONDS, socket_connect_timeout=COMMAND_SECONDS
        )
        # one that waits for messages must not be timed out for waiting
        self._listening_client = Redis.from_url(
            url, decode_responses=True, socket_connect_timeout=COMMAND_SECONDS, health_check_interval=5
        )
        self._queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue(QUEUE_LENGTH)
        self._tasks: list[asyncio.Task[None]] = []
        self._connected = False

    @property
    def shared(self) -> bool:
        """Whether there may be other processes: there may."""
        return True

    @property
    def connected(self) -> bool:
        """Whether Redis answered last."""
        return self._connected

    def post(self, channel: str, message: dict[str, Any]) -> None:
        """Tell the others on a channel; dropped while Redis is away or when too much waits."""
        if not self._connected:
            return
        text = json.dumps({"node": self.node, "message": message}, separators=(",", ":"))
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait((PREFIX + channel, text))

    async def start(self) -> None:
        """Begin to listen, and wait until Redis answers or is known to be away."""
        listening = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._listen(listening), name="bus listening"),
            asyncio.create_task(self._speak(), name="bus speaking"),
        ]
        await listening.wait()

    async def close(self) -> None:
        """Stop listening; what is queued is lost."""
        for task in self._tasks:
            # the client swallows a cancellation that comes together with a message
            while not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=CANCEL_SECONDS)
        await self._listening_client.aclose()
        await self.client.aclose()

    async def _listen(self, tried: asyncio.Event) -> None:
        delay = FIRST_RETRY_SECONDS
        while True:
            try:
                async with self._listening_client.pubsub(ignore_subscribe_messages=True) as heard:
                    await heard.subscribe(*(PREFIX + channel for channel in self._handlers))
                    self._is_back()
                    tried.set()
                    delay = FIRST_RETRY_SECONDS
                    async for received in heard.listen():
                        self._hear(received["channel"].removeprefix(PREFIX), received["data"])
            except AWAY as error:
                if self._connected:
                    log.warning("bus_lost", reason=type(error).__name__)
                self._connected = False
                tried.set()
            await asyncio.sleep(delay * (0.5 + random.random()))  # noqa: S311 - no secret
            delay = min(LONGEST_RETRY_SECONDS, delay * 2)

    async def _speak(self) -> None:
        while True:
            waiting = [await self._queue.get()]
            while len(waiting) < BATCH and not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            pipeline = self.client.pipeline(transaction=False)
            for channel, text in waiting:
                pipeline.publish(channel, text)
            try:
                await pipeline.execute()
            except AWAY as error:
                log.warning("bus_messages_lost", count=len(waiting), reason=type(error).__name__)

    def _is_back(self) -> None:
        self._connected = True
        log.info("bus_connected")
        for handler in self._back:
            handler()

    def _hear(self, channel: str, text: str) -> None:
        try:
            envelope = json.loads(text)
            if envelope["node"] != self.node:
                self._handlers[channel](envelope["message"])
        except Exception:
            # whatever one message does, the next ones are heard
            log.exception("bus_message_failed", channel=channel)


BUS: web.AppKey[Bus] = web.AppKey("bus", Bus)
