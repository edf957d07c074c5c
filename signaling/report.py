"""What calls have cost in time, and how good their lines were: the read model for statistics."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from signaling.models import CallParticipation, CallRecord

# well below SQLite's limit of variables in a statement
BATCH = 500


async def call_seconds(rooms: Collection[str]) -> dict[str, float]:
    """Return how long people talked in each of these rooms, in seconds; rooms without a finished call are left out.

    A room whose call was interrupted (by a restart of the server) counts each part.
    """
    totals: dict[str, float] = defaultdict(float)
    wanted: Sequence[str] = sorted(set(rooms))
    for first in range(0, len(wanted), BATCH):
        records = CallRecord.filter(
            room__in=wanted[first : first + BATCH], started_at__isnull=False, ended_at__isnull=False
        )
        for room, started_at, ended_at in await records.values_list("room", "started_at", "ended_at"):
            totals[room] += (ended_at - started_at).total_seconds()
    return dict(totals)


@dataclass(frozen=True)
class Presence:
    """Somebody's presence in a call, as far as counting lines goes. `loss` is in thousandths of the packets."""

    room: str
    role: str
    joined_at: datetime
    failure: str
    path: str
    media_seconds: int
    poor_seconds: int
    paused_seconds: int
    reconnections: int
    quality_median: int | None
    loss_median: int | None


async def presences(rooms: Collection[str]) -> list[Presence]:
    """Return the citizens and agents of the finished calls in these rooms, in the order in which they came.

    Calls from before lines were recorded are left out: nothing can be told from them.
    """
    found: list[Presence] = []
    wanted: Sequence[str] = sorted(set(rooms))
    for first in range(0, len(wanted), BATCH):
        rows = CallParticipation.filter(
            call__room__in=wanted[first : first + BATCH],
            call__ended_at__isnull=False,
            role__in=("citizen", "agent"),
            leave_reason__not="",
        )
        values = await rows.order_by("joined_at").values_list(
            "call__room", *(each.name for each in fields(Presence) if each.name != "room")
        )
        found += [Presence(*row) for row in values]
    return found
