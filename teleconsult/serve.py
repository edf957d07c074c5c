"""Serving: the port, the database brought up to date, the application, and a graceful stop."""

import asyncio
import errno
import signal
import socket
import sys

import structlog
import uvloop
from aiohttp import web

from teleconsult.app import make_app
from teleconsult.clock import utcnow
from teleconsult.database import connect, migrate
from teleconsult.demo.guide import demo_guide
from teleconsult.demo.load import DatabaseInUse, load_demo
from teleconsult.logs import configure_logs
from teleconsult.settings import Settings

STOP_SECONDS = 10.0
BACKLOG = 1024

log = structlog.get_logger(__name__)


def serve(settings: Settings, *, demo: bool) -> int:
    """Serve until SIGTERM or SIGINT. Return 0, or 1 with the reason on standard error when it cannot begin."""
    configure_logs(settings)
    try:
        listener = _listen(settings.host, settings.port)
    except OSError as refused:
        print(_why(refused, settings), file=sys.stderr)
        return 1
    with listener:
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        return uvloop.run(_serve(settings, listener, demo=demo))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _why(refused: OSError, settings: Settings) -> str:
    if refused.errno == errno.EADDRINUSE:
        return f"Port {settings.port} is taken by another program. Choose another, for example: make run PORT=8081"
    if refused.errno == errno.EACCES:
        return f"Port {settings.port} needs more rights. Choose one above 1024, for example: make run PORT=8080"
    return f"Cannot listen on {settings.host}:{settings.port}: {refused.strerror}."


async def _serve(settings: Settings, listener: socket.socket, *, demo: bool) -> int:
    await migrate(settings.database)
    if demo:
        print("Loading the demonstration...", flush=True)
        database = await connect(settings.database)
        try:
            await load_demo(utcnow())
        except DatabaseInUse:
            print("This database holds real data: the demonstration is not loaded into it.", file=sys.stderr)
            return 1
        finally:
            await database.close()
    runner = web.AppRunner(make_app(settings), access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    await web.SockSite(runner, listener, backlog=BACKLOG).start()
    print(demo_guide(settings) if demo else f"Teleconsult serves on {settings.origin}", flush=True)
    log.info("serving", port=settings.port)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
    log.info("stopping")
    await runner.cleanup()
    return 0
