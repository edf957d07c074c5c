"""What kiosks asks of the shell, and what it keeps in the application."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

# Given the id of a house, the reference ("ABC-DEF") of a demo appointment that can be checked in there right now,
# or None. Only the demo sets it: outside the demo no reference is ever shown to whoever stands at the screen.
DemoHint = Callable[[str], Awaitable[str | None]]
# The id of the kiosk at which the demo begins: what a new browser is enrolled as. None: the first house's first kiosk.
DemoKiosk = Callable[[], Awaitable[str | None]]

DEMO_HINT: web.AppKey[DemoHint] = web.AppKey("kiosks_demo_hint")
DEMO_KIOSK: web.AppKey[DemoKiosk] = web.AppKey("kiosks_demo_kiosk")
SCANNERS: web.AppKey[asyncio.Semaphore] = web.AppKey("kiosks_scanners", asyncio.Semaphore)
