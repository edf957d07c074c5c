"""Tells the agents' and the houses' live boards that an appointment changed: ids and status, never personal data."""

from aiohttp import web

from booking.events import (
    AppointmentAnswered,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentClosed,
    AppointmentDelayed,
    AppointmentDisplaced,
    AppointmentEvent,
    AppointmentHandedOver,
    AppointmentRescheduled,
    CallStarted,
    WalkInEnded,
    WalkInEvent,
    WalkInJoined,
    WalkInPassed,
    WalkInRung,
    WalkInServed,
)
from booking.line import open_kiosks
from teleconsult.web.events import EVENTS
from teleconsult.web.live import LIVE

KINDS = (
    AppointmentAnswered,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentClosed,
    AppointmentDelayed,
    AppointmentDisplaced,
    AppointmentHandedOver,
    AppointmentRescheduled,
    CallStarted,
)


def setup_live(app: web.Application) -> None:
    """Publish "agenda" ({appointment, status}) to the agent's and the house's topics after every event.

    A delay is also told to the appointment's kiosk, as "late" ({appointment, minutes}). What changes in the queue of
    those without an appointment is told to the agent, the house and every kiosk where somebody waits, as "walk_in".
    """
    hub = app[LIVE]

    async def tell(event: AppointmentEvent) -> None:
        topics = {f"agent:{event.agent_id}", f"site:{event.site_id}"}
        if isinstance(event, AppointmentRescheduled):
            topics |= {f"agent:{event.previous_agent_id}", f"site:{event.previous_site_id}"}
        if isinstance(event, AppointmentHandedOver):
            topics.add(f"agent:{event.previous_agent_id}")
        for topic in sorted(topics):
            hub.publish(topic, "agenda", {"appointment": event.appointment_id, "status": event.status})

    async def tell_who_waits(event: AppointmentDelayed) -> None:
        hub.publish(f"kiosk:{event.kiosk_id}", "late", {"appointment": event.appointment_id, "minutes": event.minutes})

    async def tell_the_queue(event: WalkInEvent) -> None:
        topics = {f"site:{event.site_id}", f"kiosk:{event.kiosk_id}"}
        topics |= {f"kiosk:{kiosk_id}" for kiosk_id in await open_kiosks()}
        if event.agent_id:
            topics.add(f"agent:{event.agent_id}")
        for topic in sorted(topics):
            hub.publish(topic, "walk_in", {"walk_in": event.walk_in_id})

    for queued in (WalkInJoined, WalkInRung, WalkInPassed, WalkInServed, WalkInEnded):
        app[EVENTS].subscribe(queued, tell_the_queue)
    app[EVENTS].subscribe(AppointmentDelayed, tell_who_waits)
    for kind in KINDS:
        app[EVENTS].subscribe(kind, tell)
