"""What booking gives to the application."""

from aiohttp import web

from booking.answers import work as answers
from booking.api.operations import OPERATIONS
from booking.engine.warm import warm
from booking.feeds import pages as feed_pages
from booking.holds import drop_expired
from booking.live import setup_live
from booking.notifications import delivery
from booking.office.routes import setup_office
from booking.pages import mails as mails_pages
from booking.pages import waiting as waiting_pages
from booking.pages.routes import setup_pages
from booking.progress import close_missed
from booking.push import work as push
from booking.texts import ERROR_TEXTS
from teleconsult.clock import utcnow
from teleconsult.web.events import publish
from teleconsult.web.kit import add_package
from teleconsult.web.openapi import add_operations
from teleconsult.web.ticks import add_tick

MISSED_SECONDS = 300
HOLDS_SECONDS = 30
OFFER_SECONDS = 300


def setup(app: web.Application) -> None:
    """Add booking's pages, JSON calls, mails, live boards and ticks."""
    add_package(app, "booking", texts=ERROR_TEXTS)
    feed_pages.setup(app)
    setup_pages(app)
    setup_office(app)
    add_operations(app, OPERATIONS)
    setup_live(app)
    delivery.setup(app)
    push.setup(app)
    answers.setup(app)
    mails_pages.setup(app)
    waiting_pages.setup(app)
    add_tick(app, "missed_appointments", MISSED_SECONDS, _close_missed)
    add_tick(app, "expired_holds", HOLDS_SECONDS, _drop_holds)
    add_tick(app, "offer", OFFER_SECONDS, _read_offer)


async def _close_missed(app: web.Application) -> None:
    for done in await close_missed(now=utcnow()):
        await publish(app, done.events)


async def _read_offer(_app: web.Application) -> None:
    await warm(now=utcnow())


async def _drop_holds(_app: web.Application) -> None:
    await drop_expired(now=utcnow())
