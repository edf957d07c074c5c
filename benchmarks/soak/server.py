"""`python -m benchmarks.soak.server PORT FOLDER`: signaling alone, which says on `/held` what the process holds."""

import asyncio
import sys
from pathlib import Path

import uvloop
from aiohttp import web

from signaling.keys import HUB
from signaling.relay.pauses import spare_calls
from teleconsult.logs import configure_logs
from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.support.databases import migrate_now
from tests.support.leftovers import held


async def _held(request: web.Request) -> web.Response:
    return web.json_response(dict(held()) | {"room": len(request.app[HUB].rooms())})


async def serve(settings: Settings) -> None:
    """Serve until killed."""
    app = make_app(settings)
    app.router.add_get("/held", _held)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.port).start()
    spare_calls()
    print("serving", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    chosen = Settings(
        port=int(sys.argv[1]), database_url=f"sqlite://{folder / 'soak.sqlite3'}", data_dir=folder,
        media_loopback=True, log_level="warning",
    )  # fmt: skip
    configure_logs(chosen)
    migrate_now(chosen.database)
    uvloop.run(serve(chosen))
