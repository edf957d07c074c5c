"""A kiosk tests itself before its house opens, and the front desk sees what came out."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.models import SiteOpening
from kiosks import terminals
from kiosks.board import board
from kiosks.checks import check_due, note_check
from kiosks.houses import view
from kiosks.models import Terminal
from tests.kiosks.house import World

PARIS = ZoneInfo("Europe/Paris")
# The Sundays on which the clocks change, and a weekday.
DAYS = [datetime(2026, 3, 29), datetime(2026, 10, 25), datetime(2026, 11, 24)]  # noqa: DTZ001


@pytest.mark.parametrize("day", DAYS)
async def test_due_in_the_half_hour_before_opening_once(world: World, day: datetime) -> None:
    await SiteOpening.filter(site_id=world.here.id).delete()
    await SiteOpening.create(site_id=world.here.id, weekday=day.weekday(), start_minute=14 * 60, end_minute=17 * 60)
    await SiteOpening.create(site_id=world.here.id, weekday=day.weekday(), start_minute=9 * 60, end_minute=12 * 60)
    opens = day.replace(hour=9, tzinfo=PARIS).astimezone(UTC)
    enrolled = await terminals.enrol_demo(now=opens - timedelta(days=1), kiosk_id=world.kiosk.id)
    terminal = await terminals.find(enrolled.token)
    assert terminal is not None
    due = [
        minutes
        for minutes in (-120, -31, -30, -1, 0, 60)
        if await check_due(now=opens + timedelta(minutes=minutes), terminal=terminal)
    ]
    assert due == [-30, -1]
    now = opens - timedelta(minutes=29)
    told = await note_check(now=now, terminal=terminal, light="orange", report={"figures": {"loss": 3}})
    assert told.kiosk_id == world.kiosk.id
    assert not await check_due(now=opens - timedelta(minutes=1), terminal=terminal)
    shown = await board(now=now, house=view(world.here))
    card = next(card for card in shown.kiosks if card.id == world.kiosk.id)
    assert (card.checked_at, card.check_light) == (now, "orange")
    assert (await Terminal.get(id=terminal.id)).check_report == {"figures": {"loss": 3}}
