"""The test of a kiosk's devices and network: what came out last, and when the next one is due."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from booking.engine.queries import run
from kiosks.events import KioskChanged
from kiosks.models import Terminal
from kiosks.terminals import TerminalView

# Early enough for an adviser who comes in before the first citizen to see that a camera is unplugged.
BEFORE_OPENING = timedelta(minutes=30)
_FIRST_OPENING = "SELECT min(start_minute) FROM site_opening WHERE site_id = $1 AND weekday = $2"


async def note_check(*, now: datetime, terminal: TerminalView, light: str, report: dict[str, Any]) -> KioskChanged:
    """Keep what a test found (`light`: green, orange or red) and return the event that tells the front desk."""
    await Terminal.filter(id=terminal.id).update(checked_at=now, check_light=light, check_report=report)
    return KioskChanged(site_id=terminal.site_id, kiosk_id=terminal.kiosk_id)


async def check_due(*, now: datetime, terminal: TerminalView) -> bool:
    """Tell whether the house opens within half an hour and its screen was not tested since that half hour began."""
    zone = ZoneInfo(terminal.house.timezone)
    local = now.astimezone(zone)
    ((first,),) = await run(_FIRST_OPENING, terminal.site_id, local.weekday())
    if first is None:
        return False
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    opens_at = midnight.replace(hour=first // 60, minute=first % 60).astimezone(UTC)
    if not opens_at - BEFORE_OPENING <= now < opens_at:
        return False
    screen = await Terminal.get(id=terminal.id)
    return screen.checked_at is None or screen.checked_at < opens_at - BEFORE_OPENING
