"""Where feedback is found."""

from aiohttp import web

from teleconsult.feedback import pages
from teleconsult.feedback.errors import ERROR_TEXTS
from teleconsult.web.kit import add_package


def setup(app: web.Application) -> None:
    """Add the question's pages to the application."""
    add_package(app, "teleconsult.feedback", texts=ERROR_TEXTS)
    app.router.add_get("/feedback/{token}", pages.show)
    app.router.add_post("/feedback/{token}", pages.submit)
    app.router.add_get("/feedback/{token}/thanks", pages.thanks)
