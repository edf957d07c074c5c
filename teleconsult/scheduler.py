"""Runs the packages' ticks under APScheduler: memory store, no overlap, no backlog (facts: 3.x defaults are traps)."""

from collections.abc import AsyncIterator

import structlog
from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from teleconsult.clock import utcnow
from teleconsult.web.ticks import TICKS, Tick

GRACE_SECONDS = 60

log = structlog.get_logger(__name__)


async def run_tick(app: web.Application, tick: Tick) -> None:
    """Run a tick once; a failure is logged and the next round tries again."""
    try:
        await tick.run(app)
    except Exception:
        log.exception("tick_failed", tick=tick.name)


async def schedule_ticks(app: web.Application) -> AsyncIterator[None]:
    """Run every tick at once and then at its interval, until the application stops (a cleanup context)."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    for tick in app[TICKS]:
        scheduler.add_job(
            run_tick,
            "interval",
            (app, tick),
            id=tick.name,
            seconds=tick.seconds,
            next_run_time=utcnow(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=GRACE_SECONDS,
        )
    scheduler.start()
    yield
    scheduler.shutdown(wait=False)
