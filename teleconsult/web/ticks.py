"""Work that comes round: packages say what and how often, the shell runs it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class Tick:
    """Call `run(app)` every `seconds`; calls never overlap within a process, and one that fails is tried again."""

    name: str
    seconds: float
    run: Callable[[web.Application], Awaitable[None]]


TICKS: web.AppKey[list[Tick]] = web.AppKey("ticks", list)


def add_tick(
    app: web.Application, name: str, seconds: float, run: Callable[[web.Application], Awaitable[None]]
) -> None:
    """Ask for `run(app)` every `seconds` for as long as the application serves."""
    app[TICKS].append(Tick(name, seconds, run))
