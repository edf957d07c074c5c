"""The agent's part in receiving people without an appointment, and the tick that rings."""

from collections.abc import Sequence

from aiohttp import web

from booking import walk_in
from booking.errors import WalkInImpossible, WalkInOver, WalkInUnknown
from booking.events import AppointmentCancelled, AppointmentClosed, AppointmentEvent, WalkInEvent, WalkInJoined
from booking.pages.agent import own_agent
from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.web.events import EVENTS, publish
from teleconsult.web.ticks import add_tick

PATH = "/agent/walk-ins"
RING_SECONDS = 5


@requires(Role.AGENT)
async def submit_accept(request: web.Request) -> web.StreamResponse:
    """POST /agent/walk-ins/{id}/accept: the appointment begins, and the agent is in the call."""
    agent = await own_agent(request)
    try:
        served = await walk_in.accept(now=utcnow(), walk_in_id=request.match_info["id"], agent_id=agent.id)
    except (WalkInOver, WalkInImpossible, WalkInUnknown) as refused:
        raise web.HTTPSeeOther(f"/agent?refused={refused.code}") from None
    await publish(request.app, served.events)
    raise web.HTTPSeeOther(f"/call/{served.appointment_id}?as=agent&admit=1")


@requires(Role.AGENT)
async def submit_pass(request: web.Request) -> web.StreamResponse:
    """POST /agent/walk-ins/{id}/pass: a colleague is rung."""
    agent = await own_agent(request)
    await publish(request.app, await walk_in.decline(walk_in_id=request.match_info["id"], agent_id=agent.id))
    await _ring(request.app)
    raise web.HTTPSeeOther("/agent")


@requires(Role.AGENT)
async def submit_pause(request: web.Request) -> web.StreamResponse:
    """POST /agent/walk-ins/pause: not to be rung (`paused` is on), or to be rung again."""
    agent = await own_agent(request)
    posted = await request.post()
    if posted.get("paused") == "on":
        await publish(request.app, await walk_in.pause(now=utcnow(), agent_id=agent.id))
    else:
        await walk_in.resume(agent_id=agent.id)
    await _ring(request.app)
    raise web.HTTPSeeOther("/agent")


async def _ring(app: web.Application) -> None:
    await publish(app, await walk_in.ring_all(now=utcnow()))


def setup(app: web.Application) -> None:
    """Add the pages, and ring when somebody comes, when an agent is free again, and by a tick."""

    async def look(event: AppointmentEvent | WalkInEvent) -> None:
        await _ring(app)

    kinds: Sequence[type[AppointmentEvent | WalkInEvent]] = (WalkInJoined, AppointmentClosed, AppointmentCancelled)
    for kind in kinds:
        app[EVENTS].subscribe(kind, look)
    add_tick(app, "walk_ins", RING_SECONDS, _ring)
    app.router.add_post(f"{PATH}/pause", submit_pause)
    app.router.add_post(f"{PATH}/{{id:[0-9a-f]{{32}}}}/accept", submit_accept)
    app.router.add_post(f"{PATH}/{{id:[0-9a-f]{{32}}}}/pass", submit_pass)
