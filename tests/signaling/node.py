"""`python -m tests.signaling.node PORT`: signaling alone as one node, with its settings in the environment."""

import asyncio
import sys

from aiohttp import web

from signaling.keys import HUB
from signaling.timings import Timings
from teleconsult.logs import configure_logs
from teleconsult.settings import Settings
from tests.signaling.app import make_app


async def serve(port: int) -> None:
    """Serve until killed."""
    settings = Settings(port=port)
    configure_logs(settings)
    app = make_app(settings)
    app[HUB].timings = Timings(ping_after=5.0)
    runner = web.AppRunner(app, shutdown_timeout=5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("serving", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
