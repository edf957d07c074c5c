"""The Help button: a call from a kiosk to the house's front desk, and its answer."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tortoise.exceptions import IntegrityError

from kiosks.events import HelpAnswered, HelpAsked
from kiosks.models import HelpRequest, Visit
from kiosks.terminals import TerminalView
from teleconsult.database import transaction

# How long a screen says that somebody is coming, if nobody wipes it before.
COMING_FOR = timedelta(minutes=5)


async def ask(*, now: datetime, terminal: TerminalView) -> Sequence[HelpAsked]:
    """Call the front desk. Pressing again while the call is open changes nothing."""
    visit = await Visit.get_or_none(terminal_id=terminal.id)
    appointment_id = visit.appointment_id if visit else None
    return await ask_for(now=now, site_id=terminal.site_id, kiosk_id=terminal.kiosk_id, appointment_id=appointment_id)


async def ask_for(*, now: datetime, site_id: str, kiosk_id: str, appointment_id: str | None) -> Sequence[HelpAsked]:
    """Call the front desk to a kiosk, for its citizen or for the agent in the call. An open call stays as it is."""
    try:
        async with transaction():
            await HelpRequest.create(
                kiosk_id=kiosk_id,
                site_id=site_id,
                appointment_id=appointment_id,
                open_kiosk=kiosk_id,
                asked_at=now,
            )
    except IntegrityError:
        return []
    return [HelpAsked(site_id=site_id, kiosk_id=kiosk_id)]


async def take_back(*, now: datetime, terminal: TerminalView) -> Sequence[HelpAnswered]:
    """Withdraw the call: no help is needed any more."""
    await HelpRequest.filter(kiosk_id=terminal.kiosk_id, closed_at=None).update(open_kiosk=None, closed_at=now)
    return [HelpAnswered(site_id=terminal.site_id, kiosk_id=terminal.kiosk_id, coming=False)]


async def answer(*, now: datetime, site_id: str, kiosk_id: str, account_id: str) -> Sequence[HelpAnswered]:
    """An adviser takes the open call of a kiosk of their house; only the first of two changes anything."""
    waiting = HelpRequest.filter(kiosk_id=kiosk_id, site_id=site_id, open_kiosk__isnull=False)
    if not await waiting.update(open_kiosk=None, answered_at=now, answered_by_id=account_id):
        return []
    return [HelpAnswered(site_id=site_id, kiosk_id=kiosk_id, coming=True)]


async def state(*, now: datetime, kiosk_id: str) -> str:
    """Return `asked`, `answered` or nothing: what a kiosk's screen says about its call for help."""
    request = await HelpRequest.filter(kiosk_id=kiosk_id, closed_at=None).order_by("-asked_at").first()
    if request is None:
        return ""
    if request.open_kiosk:
        return "asked"
    return "answered" if request.answered_at and now - request.answered_at < COMING_FOR else ""
