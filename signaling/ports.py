"""What signaling needs to know and cannot: who is asking, and whether they may enter now. The shell answers."""

from dataclasses import dataclass
from typing import Literal, Protocol

from aiohttp import web

from signaling.rooms.roles import Role

__all__ = ["Colleague", "Entry", "Gatekeeper", "Role", "Surface"]

Surface = Literal["kiosk", "desktop"]


@dataclass(frozen=True)
class Entry:
    """Somebody may open the page of a call, and as what.

    `admit_on_join`: a host lets in whoever waits when they come; anyone else has been let into this call before (the
    server was started anew, say) and need not wait again. `news` is what somebody who waits should know now;
    `news_url` a stream of server-sent events that says so later: `late` with {appointment: the room, minutes}.
    """

    participant: str
    role: Role
    display_name: str
    surface: Surface
    language: str
    title: str
    details: tuple[tuple[str, str], ...]
    after_url: str
    help_url: str | None
    admit_on_join: bool
    # where an agent goes who has passed the citizen on; empty: `after_url`
    left_url: str = ""
    # the call itself asks for an adviser (`Gatekeeper.call_adviser`), in place of `help_url`
    calls_adviser: bool = False
    news: str = ""
    news_url: str | None = None


@dataclass(frozen=True)
class Colleague:
    """Somebody whom an agent may ask to take over. `busy`: in a conversation now, or expected in one."""

    participant: str
    name: str
    busy: bool


class Gatekeeper(Protocol):
    """The admission port."""

    async def entry(self, request: web.Request, room: str) -> Entry:
        """Say who asks for the page of a call.

        Raises a DomainError (Forbidden, NotFound, Expired) when they may not have it.
        """

    async def may_check(self, request: web.Request) -> None:
        """Raise a DomainError (Forbidden) when who asks may not test the way to the service."""

    async def colleagues(self, room: str) -> tuple[Colleague, ...]:
        """Return who may take a room's citizen over: signed in, and competent for it."""

    async def call_adviser(self, room: str) -> None:
        """Ask for an adviser of the house in which a room's citizen sits.

        Raises a DomainError (NotFound) when they sit in none.
        """

    async def may_enter(self, room: str, participant: str, role: Role) -> None:
        """Raise a DomainError when the holder of a ticket may not enter the room any more."""
