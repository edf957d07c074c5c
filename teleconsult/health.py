"""`GET /healthz`: can this process serve?"""

import asyncio

from aiohttp import web
from tortoise.connection import get_connection
from tortoise.exceptions import BaseORMException

from signaling.keys import HUB
from teleconsult.web.bus import BUS

CHECK_SECONDS = 3.0


async def _database_missing() -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await get_connection("default").execute_query("SELECT 1")
    except (BaseORMException, OSError, TimeoutError):
        return True
    return False


async def healthz(request: web.Request) -> web.StreamResponse:
    """Answer 200 `{"status": "ok"}`, or 503 with what is missing.

    A process that is about to stop says so (503), and balancers send nobody there any more.
    Without Redis a process still serves pages and its own calls: 200, with `degraded` naming it.
    """
    if await _database_missing():
        return web.json_response({"status": "unavailable", "missing": ["database"]}, status=503)
    if request.app[HUB].draining:
        return web.json_response({"status": "draining"}, status=503)
    if not request.app[BUS].connected:
        return web.json_response({"status": "ok", "degraded": ["redis"]})
    return web.json_response({"status": "ok"})


def setup(app: web.Application) -> None:
    """Add the check."""
    app.router.add_get("/healthz", healthz)
