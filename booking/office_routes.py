"""The back office's addresses, sentences and audit lines."""

from aiohttp import web

from booking import office_agent_pages, office_offer_pages, office_place_pages, own_calendar_pages
from booking.busy import work
from booking.office import setup_audit
from booking.office_errors import OFFICE_ERROR_TEXTS
from teleconsult.web.kit import KIT


def setup_office(app: web.Application) -> None:
    """Add the administrators' pages of the offer, and the agent's own calendar."""
    app[KIT].error_texts.update(OFFICE_ERROR_TEXTS)
    setup_audit(app)
    office_offer_pages.setup(app)
    office_agent_pages.setup(app)
    office_place_pages.setup(app)
    own_calendar_pages.setup(app)
    work.setup(app)
