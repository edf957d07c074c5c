"""What is taken of agents, kiosks and rooms, by appointments and by holds that have not lapsed."""

from collections.abc import Collection
from datetime import datetime

from booking.engine.availability import DAY, Interval, moment
from booking.engine.queries import run

_TAKEN = """
    SELECT resource, EPOCH(starts_at) AS low, EPOCH(ends_at) AS high
    FROM occupancy
    WHERE resource = ANY($1) AND starts_at < $2 AND starts_at > $3 AND ends_at > $4
      AND (appointment_id IS NULL OR appointment_id <> $5)
      AND (hold_id IS NULL OR (hold_id <> $6 AND hold_id IN (SELECT id FROM hold WHERE expires_at > $7)))
    ORDER BY starts_at
"""
# No appointment with its buffers is longer: a range that reaches into a window began at most this long before it.
LONGEST_OCCUPANCY = DAY


async def busy_intervals(
    resources: Collection[str],
    start: int,
    end: int,
    *,
    now: datetime,
    moving: str | None = None,
    holding: str | None = None,
) -> dict[str, list[Interval]]:
    """Return what is taken of each resource in [start, end), in order; every resource has its list.

    `moving`, `holding`: an appointment and a hold whose own ranges do not count.
    """
    taken: dict[str, list[Interval]] = {resource: [] for resource in resources}
    if not taken:
        return taken
    window = (moment(end), moment(start - LONGEST_OCCUPANCY), moment(start))
    for resource, low, high in await run(_TAKEN, list(taken), *window, moving or "", holding or "", now):
        taken[resource].append((low, high))
    return taken
