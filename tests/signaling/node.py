"""`python -m tests.signaling.node PORT [ADDRESS]`: signaling alone as one node, set by the environment."""

import asyncio
import signal
import sys

from aiohttp import web

from signaling.keys import HUB
from signaling.timings import Timings
from teleconsult.logs import configure_logs
from teleconsult.settings import Settings
from tests.signaling.app import make_app


async def serve(port: int, address: str | None) -> None:
    """Serve until killed or (SIGTERM) told to stop, on an address or (None) on every one."""
    settings = Settings(port=port)
    configure_logs(settings)
    app = make_app(settings)
    app[HUB].timings = Timings(ping_after=5.0)
    runner = web.AppRunner(app, shutdown_timeout=5)
    await runner.setup()
    await web.TCPSite(runner, address, port).start()
    print("serving", flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), *(sys.argv[2:] or [None])))
