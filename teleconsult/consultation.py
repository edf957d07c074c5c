"""What a call means for its appointment: the two peers, signaling and booking, meet here."""

import structlog
from aiohttp import web

from booking.agenda import appointment_view
from booking.events import AppointmentCancelled, AppointmentClosed
from booking.lifecycle import Actor, ActorKind
from booking.progress import start_call
from signaling.events import CallEnded, CallStarted
from signaling.keys import SWITCHBOARD
from teleconsult.admission import ERROR_TEXTS
from teleconsult.clock import utcnow
from teleconsult.errors import DomainError
from teleconsult.web.events import EVENTS, publish
from teleconsult.web.kit import KIT
from teleconsult.web.live import LIVE

log = structlog.get_logger(__name__)


def setup(app: web.Application) -> None:
    """Let the start of a call start the consultation, and the end of an appointment end its call."""
    app[KIT].error_texts.update(ERROR_TEXTS)

    async def call_started(event: CallStarted) -> None:
        actor = Actor(ActorKind.SYSTEM, "call")
        try:
            done = await start_call(now=utcnow(), appointment_id=event.room, actor=actor)
        except DomainError as refused:
            log.warning("call_without_consultation", room=event.room, reason=refused.code)
            return
        await publish(app, done.events)

    async def call_ended(event: CallEnded) -> None:
        appointment = await appointment_view(event.room)
        data = {"appointment": appointment.id, "status": appointment.status.value}
        for topic in (f"agent:{appointment.agent_id}", f"site:{appointment.site_id}"):
            app[LIVE].publish(topic, "agenda", data)

    async def appointment_over(event: AppointmentCancelled | AppointmentClosed) -> None:
        app[SWITCHBOARD].end(event.appointment_id)

    app[EVENTS].subscribe(CallStarted, call_started)
    app[EVENTS].subscribe(CallEnded, call_ended)
    app[EVENTS].subscribe(AppointmentCancelled, appointment_over)
    app[EVENTS].subscribe(AppointmentClosed, appointment_over)
