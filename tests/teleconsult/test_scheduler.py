"""Ticks: run at once, again, and in spite of failures."""

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from teleconsult.scheduler import schedule_ticks
from teleconsult.web.ticks import TICKS, add_tick


async def test_a_tick_that_fails_runs_again() -> None:
    app, rounds, enough = web.Application(), [], asyncio.Event()
    app[TICKS] = []

    async def stumble(_app: web.Application) -> None:
        rounds.append(len(rounds))
        if len(rounds) == 3:
            enough.set()
        raise RuntimeError("stumbled")

    add_tick(app, "stumble", 0.02, stumble)
    app.cleanup_ctx.append(schedule_ticks)
    async with TestClient(TestServer(app)):
        await enough.wait()
    assert rounds[:3] == [0, 1, 2]
