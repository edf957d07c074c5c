"""The demonstration: two departments, six houses, four State bodies, their people, three months of plausible past.

And one appointment that can be checked in and called at any hour.
"""

from aiohttp import web

from kiosks.keys import DEMO_HINT, DEMO_KIOSK
from teleconsult.accounts.pages import DEMO_LOGINS
from teleconsult.demo.people import LOGINS
from teleconsult.demo.ready import KEEP_SECONDS, keep_one_ready, ready_kiosk, ready_reference
from teleconsult.web.ticks import add_tick


def setup(app: web.Application) -> None:
    """Keep one appointment ready while the application serves; first screens name it and the logins."""
    app[DEMO_LOGINS] = LOGINS
    app[DEMO_HINT] = ready_reference
    app[DEMO_KIOSK] = ready_kiosk
    add_tick(app, "demo_keep_one_ready", KEEP_SECONDS, keep_one_ready)
