"""The application before any package is in it: what every package may count on."""

import secrets
from collections.abc import AsyncIterator

from aiohttp import web

import teleconsult.accounts.routes
from teleconsult.accounts.guard import load_account
from teleconsult.database import connect
from teleconsult.settings import Settings
from teleconsult.web import dsfr
from teleconsult.web.bus import BUS, Bus, RedisBus
from teleconsult.web.events import EVENTS, EventBus
from teleconsult.web.i18n import TRANSLATIONS, Translations
from teleconsult.web.keys import NODE, SETTINGS
from teleconsult.web.kit import KIT, Kit, add_package, add_static
from teleconsult.web.live import LIVE, LiveHub
from teleconsult.web.middlewares import (
    add_security_headers,
    identify,
    keep_other_sites_out,
    refuse_malformed,
    remember_language,
    show_refusals,
)
from teleconsult.web.problems import ERROR_TEXTS
from teleconsult.web.render import TEMPLATES, Templates
from teleconsult.web.throttle import THROTTLE, Throttle
from teleconsult.web.ticks import TICKS
from teleconsult.web.tokens import SIGNER, Signer

MAX_BODY_BYTES = 1024 * 1024


def make_ground(settings: Settings) -> web.Application:
    """Return an application with the web kit, the accounts and the database (already migrated), and no package yet."""
    app = web.Application(
        middlewares=[
            identify,
            show_refusals,
            load_account,
            remember_language,
            keep_other_sites_out,
            refuse_malformed,
        ],
        client_max_size=MAX_BODY_BYTES,
    )
    app[SETTINGS] = settings
    app[KIT] = Kit()
    app[TRANSLATIONS] = Translations()
    app[TEMPLATES] = Templates(app)
    app[EVENTS] = EventBus()
    app[NODE] = secrets.token_hex(6)
    app[BUS] = RedisBus(settings.redis_url, app[NODE]) if settings.redis_url else Bus()
    app[LIVE] = LiveHub(app[BUS])
    app[SIGNER] = Signer(settings.signing_key)
    app[THROTTLE] = Throttle()
    app[THROTTLE].share(app[BUS], settings.signing_key)
    app[TICKS] = []
    add_package(app, "teleconsult", texts=ERROR_TEXTS)
    vendor = app[KIT].static_folders["teleconsult"].parent / "vendor"
    if vendor.is_dir():
        add_static(app, "vendor", vendor)
    dsfr.setup(app)
    teleconsult.accounts.routes.setup(app)
    app.on_response_prepare.append(add_security_headers)
    app.on_shutdown.append(_end_live_streams)
    app.cleanup_ctx.append(_database)
    app.cleanup_ctx.append(_bus)
    return app


async def _database(app: web.Application) -> AsyncIterator[None]:
    database = await connect(app[SETTINGS].database)
    yield
    await database.close()


async def _bus(app: web.Application) -> AsyncIterator[None]:
    await app[BUS].start()
    yield
    await app[BUS].close()


async def _end_live_streams(app: web.Application) -> None:
    app[LIVE].close()
