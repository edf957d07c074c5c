"""The first page: where each of the four people goes."""

from aiohttp import web

from teleconsult.web.render import render


async def show_home(request: web.Request) -> web.StreamResponse:
    """GET /: the doors of the house."""
    return render(request, "teleconsult/home.html")


def setup(app: web.Application) -> None:
    """Add the page."""
    app.router.add_get("/", show_home)
