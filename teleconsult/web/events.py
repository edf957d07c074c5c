"""What happened, told to whoever asked to know. Events are published after the commit that made them true."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from aiohttp import web

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened; its name is in the past tense and its fields are identifiers, never personal data."""


E = TypeVar("E", bound=Event)
Handler = Callable[[Any], Awaitable[None]]


class EventBus:
    """Hands each event to the handlers of its type, in the order in which they subscribed."""

    def __init__(self) -> None:
        self._handlers: dict[type[Event], list[Handler]] = defaultdict(list)

    def subscribe(self, kind: type[E], handler: Callable[[E], Awaitable[None]]) -> None:
        """Call `handler` with every event of exactly this type."""
        self._handlers[kind].append(handler)

    async def publish(self, events: Iterable[Event]) -> None:
        """Hand events on. What a handler raises is logged: what happened has happened."""
        for event in events:
            for handler in self._handlers[type(event)]:
                try:
                    await handler(event)
                except Exception:
                    log.exception("event_handler_failed", event_type=type(event).__name__)


EVENTS: web.AppKey[EventBus] = web.AppKey("events", EventBus)


async def publish(app: web.Application, events: Iterable[Event]) -> None:
    """Publish events on an application's bus; call it after the commit."""
    await app[EVENTS].publish(events)
