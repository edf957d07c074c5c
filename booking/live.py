"""Tells the agents' and the houses' live boards that an appointment changed: ids and status, never personal data."""

from aiohttp import web

from booking.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentClosed,
    AppointmentDelayed,
    AppointmentDisplaced,
    AppointmentEvent,
    AppointmentRescheduled,
    CallStarted,
)
from teleconsult.web.events import EVENTS
from teleconsult.web.live import LIVE

KINDS = (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentClosed,
    AppointmentDelayed,
    AppointmentDisplaced,
    AppointmentRescheduled,
    CallStarted,
)


def setup_live(app: web.Application) -> None:
    """Publish "agenda" ({appointment, status}) to the agent's and the house's topics after every event."""
    hub = app[LIVE]

    async def tell(event: AppointmentEvent) -> None:
        topics = {f"agent:{event.agent_id}", f"site:{event.site_id}"}
        if isinstance(event, AppointmentRescheduled):
            topics |= {f"agent:{event.previous_agent_id}", f"site:{event.previous_site_id}"}
        for topic in sorted(topics):
            hub.publish(topic, "agenda", {"appointment": event.appointment_id, "status": event.status})

    for kind in KINDS:
        app[EVENTS].subscribe(kind, tell)
