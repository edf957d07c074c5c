"""Where the figures are found."""

from aiohttp import web

from teleconsult.reports import line_pages, pages
from teleconsult.reports.filters import ERROR_TEXTS
from teleconsult.web.kit import add_package


def setup(app: web.Application) -> None:
    """Add the administrator's pages to the application."""
    add_package(app, "teleconsult.reports", texts=ERROR_TEXTS)
    app.router.add_get("/admin", pages.show)
    app.router.add_get("/admin/tables/{grouping}.csv", pages.export)
    app.router.add_get("/admin/calls", line_pages.show)
    app.router.add_get("/admin/calls/{grouping}.csv", line_pages.export)
