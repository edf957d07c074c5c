"""From what happened to the boards and screens that show it, and the ticks that keep them true."""

from aiohttp import web

from booking.events import WalkInServed
from kiosks import queue, terminals, visits
from kiosks.arrival_pages import ANSWER
from kiosks.evacuation import evacuate
from kiosks.events import CitizenMoved, CitizenQueued, CitizenSeated, HelpAnswered, HelpAsked, KioskChanged
from kiosks.screens import WALK_IN
from teleconsult.clock import utcnow
from teleconsult.web.events import EVENTS, publish
from teleconsult.web.live import LIVE
from teleconsult.web.ticks import add_tick

PRESENCE_SECONDS = 15
FORGET_SECONDS = 60


def setup(app: web.Application) -> None:
    """Subscribe boards and screens to events, and look round for lost terminals and forgotten visits."""
    hub, bus = app[LIVE], app[EVENTS]

    async def kiosk_changed(event: KioskChanged) -> None:
        hub.publish(f"site:{event.site_id}", "kiosk", {"kiosk": event.kiosk_id})

    async def help_asked(event: HelpAsked) -> None:
        hub.publish(f"site:{event.site_id}", "help", {"kiosk": event.kiosk_id})

    async def help_answered(event: HelpAnswered) -> None:
        hub.publish(f"site:{event.site_id}", "kiosk", {"kiosk": event.kiosk_id})
        hub.publish(f"kiosk:{event.kiosk_id}", "help", {"state": "answered" if event.coming else ""})

    async def citizen_seated(event: CitizenSeated) -> None:
        hub.publish(f"site:{event.site_id}", "kiosk", {"kiosk": event.kiosk_id})
        if event.terminal_id:
            hub.publish(f"terminal:{event.terminal_id}", "seated", {"url": f"/call/{event.appointment_id}?as=citizen"})

    async def citizen_moved(event: CitizenMoved) -> None:
        hub.publish(f"terminal:{event.terminal_id}", "seated", {"url": ANSWER})

    async def citizen_queued(event: CitizenQueued) -> None:
        hub.publish(f"terminal:{event.terminal_id}", "seated", {"url": WALK_IN})

    async def citizen_received(event: WalkInServed) -> None:
        screens = await queue.receive(now=utcnow(), walk_in_id=event.walk_in_id, appointment_id=event.appointment_id)
        for screen in screens:
            hub.publish(f"terminal:{screen}", "seated", {"url": f"/call/{event.appointment_id}?as=citizen"})
        hub.publish(f"site:{event.site_id}", "kiosk", {"kiosk": event.kiosk_id})

    bus.subscribe(CitizenMoved, citizen_moved)
    bus.subscribe(CitizenQueued, citizen_queued)
    bus.subscribe(WalkInServed, citizen_received)
    bus.subscribe(KioskChanged, kiosk_changed)
    bus.subscribe(HelpAsked, help_asked)
    bus.subscribe(HelpAnswered, help_answered)
    bus.subscribe(CitizenSeated, citizen_seated)
    add_tick(app, "kiosks_presence", PRESENCE_SECONDS, _look_for_lost_terminals)
    add_tick(app, "kiosks_forget", FORGET_SECONDS, _forget_stale_visits)


async def _look_for_lost_terminals(app: web.Application) -> None:
    await publish(app, await terminals.mark_offline(now=utcnow()))
    await publish(app, await queue.end_left_behind())
    await publish(app, await evacuate(now=utcnow()))


async def _forget_stale_visits(app: web.Application) -> None:
    await publish(app, await visits.forget_stale(now=utcnow()))
