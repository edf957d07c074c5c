"""What statistics may know of calls: how long they were. Never who took part."""

from collections import defaultdict
from collections.abc import Sequence

from signaling.models import CallRecord


async def call_seconds(rooms: Sequence[str]) -> dict[str, float]:
    """Return for each room in which a call was established, and is over, how long it lasted in seconds.

    A room whose call was taken up again has several records: they add up. Rooms without any are left out.
    """
    lasted: dict[str, float] = defaultdict(float)
    ended = CallRecord.filter(room__in=list(rooms), started_at__isnull=False, ended_at__isnull=False)
    for room, started_at, ended_at in await ended.values_list("room", "started_at", "ended_at"):
        lasted[room] += max(0.0, (ended_at - started_at).total_seconds())
    return dict(lasted)
