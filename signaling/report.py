"""What calls have cost in time: the read model for statistics."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from signaling.models import CallRecord

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
