"""Verbs and read models of feeds: whose appointments an address shows, making one, renewing it, taking it back.

An owner has one address at most. It is shown once, when it is made: only its hash is kept.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from tortoise.queryset import QuerySet

from booking.errors import AgentUnknown, SiteUnknown
from booking.lifecycle import Actor
from booking.models import Agent, Feed, Room, Site
from booking.office.errors import RoomUnknown
from booking.office.record import Changed, changed
from teleconsult.database import transaction
from teleconsult.errors import NotFound
from teleconsult.web.i18n import N_

TOKEN_BYTES = 32
# That somebody reads a feed is written down no more often than that.
READ_EVERY = timedelta(hours=1)


class FeedUnknown(NotFound):
    """There is no calendar at this address, or no longer."""

    code = "feed_unknown"


FEED_ERROR_TEXTS = {
    FeedUnknown.code: N_("Ce calendrier n’existe pas ou n’est plus partagé. Demandez sa nouvelle adresse."),
}


class OwnerKind(StrEnum):
    """Whose appointments a feed shows."""

    AGENT = "agent"
    SITE = "site"
    ROOM = "room"


@dataclass(frozen=True)
class Owner:
    """An agent, a house or a shared room."""

    kind: OwnerKind
    id: str

    @property
    def column(self) -> dict[str, str]:
        """What tells its rows from others, in feeds and in appointments alike."""
        return {f"{self.kind}_id": self.id}


@dataclass(frozen=True, kw_only=True)
class FeedState:
    """An address that works: since when, and when it was last read (UTC)."""

    created_at: datetime
    read_at: datetime | None


def token_hash(token: str) -> str:
    """Return what is kept of an address; 256 random bits need no salt."""
    return sha256(token.encode()).hexdigest()


async def feed_state(owner: Owner) -> FeedState | None:
    """Return the state of an owner's address; None if there is none."""
    feed = await _live(owner).order_by("-created_at").first()
    return FeedState(created_at=feed.created_at, read_at=feed.read_at) if feed else None


async def open_feed(*, owner: Owner, actor: Actor, now: datetime) -> tuple[Changed, str]:
    """Make an owner's address, and end the one before; return it (its secret part) this once.

    Raises AgentUnknown, SiteUnknown, RoomUnknown.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with transaction():
        await _require(owner)
        await _live(owner).update(revoked_at=now)
        feed = Feed(token_hash=token_hash(token), created_at=now, **owner.column)
        await feed.save(force_create=True)
    return changed("feed", feed.id, "created", actor, owner.id), token


async def close_feed(*, owner: Owner, actor: Actor, now: datetime) -> Changed:
    """End an owner's address; without one, nothing happens."""
    await _live(owner).update(revoked_at=now)
    return changed("feed", owner.id, "deleted", actor, owner.id)


async def owner_of(token: str, now: datetime) -> Owner:
    """Return whose appointments an address shows, and write down that it is read.

    Raises FeedUnknown: never there, taken back, or of who has left (an agent or house no longer active, an account that
    is closed).
    """
    feed = await Feed.get_or_none(token_hash=token_hash(token), revoked_at=None).select_related(
        "agent__account", "site"
    )
    if feed is None:
        raise FeedUnknown
    if feed.agent is not None and not (feed.agent.active and (feed.agent.account is None or feed.agent.account.active)):
        raise FeedUnknown
    if feed.site is not None and not feed.site.active:
        raise FeedUnknown
    if feed.read_at is None or feed.read_at <= now - READ_EVERY:
        await Feed.filter(id=feed.id).update(read_at=now)
    owned = {OwnerKind.AGENT: feed.agent_id, OwnerKind.SITE: feed.site_id, OwnerKind.ROOM: feed.room_id}
    return next(Owner(kind, owner_id) for kind, owner_id in owned.items() if owner_id)


def _live(owner: Owner) -> QuerySet[Feed]:
    return Feed.filter(revoked_at=None, **owner.column)


async def _require(owner: Owner) -> None:
    if owner.kind is OwnerKind.AGENT and not await Agent.exists(id=owner.id):
        raise AgentUnknown
    if owner.kind is OwnerKind.SITE and not await Site.exists(id=owner.id):
        raise SiteUnknown(site=owner.id)
    if owner.kind is OwnerKind.ROOM and not await Room.exists(id=owner.id):
        raise RoomUnknown
