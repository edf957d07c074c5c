"""The agent's own calendar: the hours that are set for them, and the absences that they note themselves."""

from collections.abc import Mapping

from aiohttp import web

from booking.agent_pages import own_agent
from booking.office import Access, add_action, add_sheet
from booking.office_agent_pages import calendar_words
from booking.office_calendar import agent_calendar
from booking.office_calendar_sheets import absence_sheet, deletion
from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.web.i18n import language
from teleconsult.web.render import render

PATH = "/agent/calendar"


async def _own(request: web.Request) -> Mapping[str, str]:
    """Return what the address names, and the agent who is signed in: nobody else's calendar is ever meant."""
    return {**request.match_info, "agent": (await own_agent(request)).id}


OWN = Access(Role.AGENT, "agent", _own)


@requires(Role.AGENT)
async def show_calendar(request: web.Request) -> web.StreamResponse:
    """GET /agent/calendar: hours, exceptions and absences."""
    agent, spoken = await own_agent(request), language(request)
    context = {
        "agent": agent,
        "calendar": await agent_calendar(agent.id, utcnow(), spoken),
        "done": request.query.get("done") == "saved",
        **calendar_words(spoken),
    }
    return render(request, "booking/own_calendar.html", context)


def setup(app: web.Application) -> None:
    """Add the agent's page and its forms."""
    app.router.add_get(PATH, show_calendar)
    add_sheet(app, absence_sheet(PATH, PATH), OWN)
    add_action(app, deletion(PATH, "absences", PATH), OWN)
