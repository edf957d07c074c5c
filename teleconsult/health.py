"""`GET /healthz`: can this process serve?"""

import asyncio

from aiohttp import web
from tortoise.connection import get_connection
from tortoise.exceptions import BaseORMException

CHECK_SECONDS = 3.0


async def _database_missing() -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await get_connection("default").execute_query("SELECT 1")
    except (BaseORMException, OSError, TimeoutError):
        return True
    return False


async def healthz(_request: web.Request) -> web.StreamResponse:
    """Answer 200 `{"status": "ok"}`, or 503 with what is missing."""
    if await _database_missing():
        return web.json_response({"status": "unavailable", "missing": ["database"]}, status=503)
    return web.json_response({"status": "ok"})


def setup(app: web.Application) -> None:
    """Add the check."""
    app.router.add_get("/healthz", healthz)
