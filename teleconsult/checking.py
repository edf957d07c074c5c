"""The test before the call, where each of the four people finds it: at the kiosk, in an office, at the front desk."""

from aiohttp import web

from kiosks import terminals
from signaling.pages.check_pages import show_check
from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role


async def kiosk_check(request: web.Request) -> web.StreamResponse:
    """GET /kiosk/check: for an enrolled screen, whose last result the front desk sees. Others go to be enrolled."""
    if await terminals.current_or_none(request) is None:
        raise web.HTTPSeeOther("/kiosk")
    return await show_check(request, surface="kiosk", back_url="/kiosk", report_url="/kiosk/check/report")


@requires(Role.AGENT)
async def agent_check(request: web.Request) -> web.StreamResponse:
    """GET /agent/check."""
    return await show_check(request, surface="desktop", back_url="/agent")


@requires(Role.STAFF)
async def desk_check(request: web.Request) -> web.StreamResponse:
    """GET /desk/check."""
    return await show_check(request, surface="desktop", back_url="/desk")


def setup(app: web.Application) -> None:
    """Add the pages. Call before the packages: their addresses would be taken for a house's otherwise."""
    app.router.add_get("/kiosk/check", kiosk_check)
    app.router.add_get("/agent/check", agent_check)
    app.router.add_get("/desk/check", desk_check)
