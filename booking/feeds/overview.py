"""Every feed on one page, for the administrator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from booking.feeds.addresses import OwnerKind
from booking.models import Feed, Room


@dataclass(frozen=True, kw_only=True)
class FeedLine:
    """Somebody who has an address, or a room that may be given one (`created_at` is then None)."""

    owner_id: str
    name: str
    place: str
    created_at: datetime | None = None
    read_at: datetime | None = None


async def all_feeds() -> dict[OwnerKind, Sequence[FeedLine]]:
    """Return every shared room, and the houses and agents that have an address, by name. Two queries."""
    feeds = await Feed.filter(revoked_at=None).order_by("created_at").values(
        "agent_id", "site_id", "room_id", "created_at", "read_at", agent="agent__name", site="site__name",
        commune="site__commune", organisation="agent__organisation__name",
    )  # fmt: skip
    rooms = {row["room_id"]: row for row in feeds if row["room_id"]}
    listed = await Room.all().order_by("name", "id").values("id", "name", workplace="workplace__name")
    return {
        OwnerKind.ROOM: [
            FeedLine(owner_id=row["id"], name=row["name"], place=row["workplace"], **_times(rooms.get(row["id"])))
            for row in listed
        ],
        OwnerKind.SITE: _lines(feeds, "site", "commune"),
        OwnerKind.AGENT: _lines(feeds, "agent", "organisation"),
    }


def _times(row: dict[str, datetime | None] | None) -> dict[str, datetime | None]:
    return {"created_at": row["created_at"], "read_at": row["read_at"]} if row else {}


def _lines(feeds: Sequence[dict[str, object]], kind: str, place: str) -> list[FeedLine]:
    own = {row[f"{kind}_id"]: row for row in feeds if row[f"{kind}_id"]}
    lines = [
        FeedLine(owner_id=str(key), name=str(row[kind]), place=str(row[place]), **_times(row))  # type: ignore[arg-type]
        for key, row in own.items()
    ]
    return sorted(lines, key=lambda line: (line.name, line.owner_id))
