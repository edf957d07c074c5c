"""The demonstration's data behind the pages of kiosks, feedback and reports, in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

import kiosks.routes
import teleconsult.demo
import teleconsult.feedback.routes
import teleconsult.reports.routes
from teleconsult.clock import utcnow
from teleconsult.demo.load import load_demo
from teleconsult.ground import make_ground
from teleconsult.settings import Settings


def make_counting_app(database_url: str, data_dir: Path) -> web.Application:
    """Return an application of the ground, the kiosks and what counts."""
    app = make_ground(Settings(database_url=database_url, data_dir=data_dir, demo=True))
    kiosks.routes.setup(app)
    teleconsult.feedback.routes.setup(app)
    teleconsult.reports.routes.setup(app)
    return app


@asynccontextmanager
async def demo_server(database_url: str, data_dir: Path, now: datetime | None = None) -> AsyncIterator[TestServer]:
    """Serve it on a free port of the loopback interface, with the demonstration loaded as of `now`."""
    app = make_counting_app(database_url, data_dir)
    teleconsult.demo.setup(app)
    server = TestServer(app, host="localhost")
    await server.start_server()
    try:
        await load_demo(now or utcnow())
        yield server
    finally:
        await server.close()
