"""Read the offer before anybody asks for it, so that nobody waits while it is read for the first time."""

import asyncio
from datetime import datetime

from booking.engine.availability import DAY, ZoneSpans, instant
from booking.engine.free import prepare
from booking.engine.kept import block, current
from booking.engine.offer import houses, service_rules, site_places
from booking.engine.quick import grids, worked
from booking.engine.searching import NEARBY
from booking.models import Service

# No process reads a whole nation's offer at once: what is left after so long is read when somebody asks for it.
MOST_SECONDS = 10.0
_DONE = "warm"


async def warm(*, now: datetime) -> int:
    """Read, and work out, what searches and bookings from `now` on need of each service; return of how many it did.

    Gives way to whoever else has something to do. Does nothing while the offer is as it was.
    """
    kept = await current()
    if kept.get(_DONE):
        return 0
    kept.put(_DONE, True)
    loop = asyncio.get_running_loop()
    until = loop.time() + MOST_SECONDS
    done = 0
    for service_id in await Service.filter(retired_at=None).order_by("id").values_list("id", flat=True):
        await _warm_service(str(service_id), now)
        done += 1
        if loop.time() > until:
            break
    return done


async def _warm_service(service_id: str, now: datetime) -> None:
    rules = await service_rules(service_id)
    at, horizon = instant(now), rules.horizon_days * DAY
    asked = {block(day, day + DAY) for day in range(at - NEARBY, at + horizon, DAY)}
    for window in asked | {block(at, at + horizon + 2 * DAY)}:
        if window is None:
            continue
        low, high = window
        search = await prepare(rules, low, high - DAY, now=now)
        for place in await site_places(await houses(rules), low, high, kept=rules.kept):
            grids(rules, [place], low, low + 1)
            await asyncio.sleep(0)
        for agent in search.agents:
            if agent.same_everywhere:
                worked(search, agent, None, ZoneSpans(low, high))
            await asyncio.sleep(0)
