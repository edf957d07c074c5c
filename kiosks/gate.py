"""What a kiosk vouches for: this browser is the screen at which that appointment checked in."""

from dataclasses import dataclass

from aiohttp import web

from kiosks import terminals, visits
from kiosks.counters import Counter, kiosk_counter
from teleconsult.web.i18n import language


@dataclass(frozen=True, kw_only=True)
class VisitView:
    """The arrival at a kiosk that a request comes from. `language` is that of its screen, `fr` or `en`."""

    terminal_id: str
    kiosk_id: str
    kiosk_name: str
    site_id: str
    site_name: str
    appointment_id: str
    language: str


async def current_visit(request: web.Request) -> VisitView | None:
    """Return the appointment that checked in at the kiosk that asks; None for any other browser, or before check-in."""
    terminal = await terminals.current_or_none(request)
    if terminal is None:
        return None
    counter: Counter = await kiosk_counter(request)
    draft = await visits.find(counter.owner)
    if draft is None or draft.stage != "arrived" or draft.appointment_id is None:
        return None
    return VisitView(
        terminal_id=terminal.id,
        kiosk_id=terminal.kiosk_id,
        kiosk_name=terminal.kiosk_name,
        site_id=terminal.site_id,
        site_name=terminal.house.name,
        appointment_id=draft.appointment_id,
        language=language(request),
    )
