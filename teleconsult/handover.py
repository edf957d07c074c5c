"""A citizen passes from one agent to another: the call asks, the colleague is rung, the appointment follows."""

import structlog
from aiohttp import web

from booking.agenda import appointment_view
from booking.handover import hand_over
from booking.lifecycle import Actor, ActorKind
from booking.passes import shown_reference
from signaling.events import ColleagueRung, HandoverAccepted, HandoverSettled
from signaling.keys import GATEKEEPER, HUB
from teleconsult.admission import agent_participant
from teleconsult.clock import utcnow
from teleconsult.errors import DomainError
from teleconsult.web.events import EVENTS, publish
from teleconsult.web.kit import KIT
from teleconsult.web.live import LIVE

log = structlog.get_logger(__name__)

PREFIX = agent_participant("")


def setup(app: web.Application) -> None:
    """Ring colleagues on their boards, and give them the appointment when they accept."""
    app[KIT].template_globals["board_script"] = "signaling/rung_page.js"

    async def colleague_rung(event: ColleagueRung) -> None:
        able = {colleague.participant for colleague in await app[GATEKEEPER].colleagues(event.room)}
        if event.colleague not in able:
            app[HUB].refuse_handover(event.room, event.colleague)
            return
        appointment = await appointment_view(event.room)
        data = {"appointment": event.room, "reference": shown_reference(appointment.reference)}
        app[LIVE].publish(event.colleague, "handover", data)

    async def handover_accepted(event: HandoverAccepted) -> None:
        actor = Actor(ActorKind.AGENT, event.participant.removeprefix(PREFIX))
        agent_id = event.colleague.removeprefix(PREFIX)
        try:
            done = await hand_over(now=utcnow(), appointment_id=event.room, agent_id=agent_id, actor=actor)
        except DomainError as refused:
            log.warning("handover_refused", room=event.room, reason=refused.code)
            app[HUB].refuse_handover(event.room, event.colleague)
            return
        app[HUB].confirm_handover(event.room, event.colleague)
        await publish(app, done.events)

    async def handover_settled(event: HandoverSettled) -> None:
        app[LIVE].publish(event.colleague, "handover_over", {"appointment": event.room, "state": event.state})

    app[EVENTS].subscribe(ColleagueRung, colleague_rung)
    app[EVENTS].subscribe(HandoverAccepted, handover_accepted)
    app[EVENTS].subscribe(HandoverSettled, handover_settled)
