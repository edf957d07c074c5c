"""Serving: the port, the database brought up to date, the application, and a graceful stop."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable

import structlog
from aiohttp import web

from signaling.keys import HUB
from signaling.relay.pauses import spare_calls
from teleconsult.app import make_app
from teleconsult.clock import utcnow
from teleconsult.database import connect, migrate
from teleconsult.demo.guide import demo_guide
from teleconsult.demo.load import DatabaseInUse, load_demo
from teleconsult.logs import configure_logs
from teleconsult.settings import Settings
from teleconsult.web.keys import NODE
from teleconsult.workers import Workers

try:
    from uvloop import run
except ImportError:  # where it does not install, the standard loop serves, more slowly
    from asyncio import run  # type: ignore[assignment]

STOP_SECONDS = 10.0
BACKLOG = 1024

log = structlog.get_logger(__name__)


def serve(settings: Settings, *, demo: bool, workers: int = 1) -> int:
    """Serve until SIGTERM or SIGINT. Return 0, or 1 with the reason on standard error when it cannot begin."""
    configure_logs(settings)
    if workers > 1 and (missing := _missing_for_workers(settings)):
        print(missing, file=sys.stderr)
        return 1
    try:
        listener = _listen(settings.host, settings.port)
    except OSError as refused:
        print(_why(refused, settings), file=sys.stderr)
        return 1
    with listener:
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        if workers == 1:
            return run(_serve(settings, listener, demo=demo))
        if os.waitstatus_to_exitcode(_in_a_process(lambda: asyncio.run(migrate(settings.database)))):
            return 1
        listener.listen(BACKLOG)
        print(f"Teleconsult serves on {settings.origin} with {workers} processes", flush=True)
        return Workers(workers, lambda: run(_work(settings, listener))).run()


def _missing_for_workers(settings: Settings) -> str:
    if not settings.redis_url:
        return "Several processes need TELECONSULT_REDIS_URL (redis://host:6379/0): rooms and boards are shared by it."
    if not settings.database.startswith("postgres"):
        return "Several processes need PostgreSQL: set TELECONSULT_DATABASE_URL (postgres://user:password@host/name)."
    return ""


def _in_a_process(work: Callable[[], None]) -> int:
    """Do something in a process of its own and return its wait status: no loop or thread of it is left in this one."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    status = 1
    try:
        work()
        status = 0
    except Exception as error:
        print(f"The database cannot be brought up to date: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(status)


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
    greeting = demo_guide(settings) if demo else f"Teleconsult serves on {settings.origin}"
    return await _work(settings, listener, greeting=greeting)


async def _work(settings: Settings, listener: socket.socket, *, greeting: str = "") -> int:
    """Serve on a bound socket until SIGTERM or SIGINT; then let running calls end, for as long as the settings say."""
    app = make_app(settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    site = web.SockSite(runner, listener, backlog=BACKLOG)
    await site.start()
    spare_calls()
    if greeting:
        print(greeting, flush=True)
    loop = asyncio.get_running_loop()
    log.info("serving", port=settings.port, node=app[NODE], loop=type(loop).__module__)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()
    log.info("stopping")
    if settings.drain_seconds:
        await _drain(app, settings.drain_seconds)
    await runner.cleanup()
    return 0


async def _drain(app: web.Application, seconds: int) -> None:
    """Open no more rooms, and wait for those that are open to end."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await app[HUB].drain()
    log.info("drained", left=len(app[HUB].rooms()))
