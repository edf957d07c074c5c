"""From a counter's request to a screen: what every kiosk screen shows around its own content."""

from typing import Any

from aiohttp import web

from kiosks import help as help_calls
from kiosks import visits
from kiosks.counters import Counter, counter_of
from kiosks.terminals import TerminalView, current
from kiosks.visits import Draft
from teleconsult.clock import utcnow
from teleconsult.web.keys import SETTINGS
from teleconsult.web.render import render


async def kiosk_context(request: web.Request, terminal: TerminalView, draft: Draft | None) -> dict[str, Any]:
    """Return what the layout needs: the house, whether there is anything to wipe, where a call for help stands."""
    settings = request.app[SETTINGS]
    return {
        "kiosk_house": terminal.house.name,
        "kiosk_visit": draft is not None and draft.stage == "draft",
        "kiosk_help": await help_calls.state(now=utcnow(), kiosk_id=terminal.kiosk_id),
        "kiosk_idle_seconds": settings.kiosk_idle_seconds,
        "kiosk_warning_seconds": settings.kiosk_warning_seconds,
    }


async def counter_screen(
    request: web.Request, counter: Counter, draft: Draft | None, template: str, context: dict[str, Any]
) -> web.Response:
    """Return a screen of a counter: at a kiosk in the kiosk's layout, at a front desk in the desk's."""
    around: dict[str, Any] = {"section": "desk"}
    if counter.at_kiosk:
        around = await kiosk_context(request, await current(request), draft)
    return render(request, template, around | {"counter": counter, "draft": draft} | context)


def go(url: str) -> web.HTTPSeeOther:
    """Return the redirect to the next screen (RFC 9110 15.4.4: fetch it with GET)."""
    return web.HTTPSeeOther(url)


# Where somebody waits for the first agent who is free.
WALK_IN = "/kiosk/walk-in"
STEPS = ("service", "slot", "person", "check")


def ready_for(draft: Draft, step: str) -> bool:
    """Whether all that a step builds on is there."""
    return {
        "service": True,
        "slot": draft.service_id is not None,
        "person": draft.has_when,
        "check": draft.has_when and bool(draft.details),
    }[step]


async def draft_for(request: web.Request, step: str) -> tuple[Counter, Draft]:
    """Return the counter and its draft; redirects to the screen where the visit really stands if this is not it."""
    counter = await counter_of(request)
    draft = await visits.find(counter.owner)
    if draft is None:
        raise go(counter.home)
    if draft.stage == "booked":
        raise go(f"{counter.base}/done")
    if draft.stage == "arrived":
        raise go(f"/call/{draft.appointment_id}?as=citizen")
    if draft.stage == "waiting":
        raise go(WALK_IN)
    if not ready_for(draft, step):
        raise go(f"{counter.base}/{STEPS[STEPS.index(step) - 1]}")
    return counter, draft
