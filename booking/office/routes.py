"""The back office's addresses, sentences and audit lines."""

from aiohttp import web

from booking.busy import work
from booking.office import agent_pages as office_agent_pages
from booking.office import messages_pages, words_pages
from booking.office import offer_pages as office_offer_pages
from booking.office import place_pages as office_place_pages
from booking.office.errors import OFFICE_ERROR_TEXTS
from booking.office.forms import setup_audit
from booking.pages import own_calendar as own_calendar_pages
from teleconsult.web.kit import KIT


def setup_office(app: web.Application) -> None:
    """Add the administrators' pages of the offer, and the agent's own calendar."""
    app[KIT].error_texts.update(OFFICE_ERROR_TEXTS)
    setup_audit(app)
    office_offer_pages.setup(app)
    office_agent_pages.setup(app)
    office_place_pages.setup(app)
    words_pages.setup(app)
    messages_pages.setup(app)
    own_calendar_pages.setup(app)
    work.setup(app)
