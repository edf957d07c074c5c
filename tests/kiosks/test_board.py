"""What the board counts as today; on both databases."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from booking.models import Appointment
from kiosks.board import board
from kiosks.houses import view
from tests.kiosks.house import World, appointment_at


async def test_today_begins_and_ends_at_the_houses_own_midnight(world: World) -> None:
    zone = ZoneInfo(world.here.timezone)
    noon = datetime.now(zone).replace(hour=12, minute=0, second=0, microsecond=0)
    midnight = noon.replace(hour=0)
    shown = [
        await appointment_at(world, midnight, kiosk=world.kiosk),
        await appointment_at(world, midnight + timedelta(hours=23, minutes=30), kiosk=world.kiosk),
    ]
    for hidden in (midnight - timedelta(minutes=30), (noon + timedelta(days=1)).replace(hour=0, minute=30)):
        await appointment_at(world, hidden, kiosk=world.second_kiosk)
    for now in (midnight, noon, noon.replace(hour=23, minute=59)):
        found = await board(now=now, house=view(world.here))
        assert [row.id for row in found.rows] == [each.id for each in shown]


async def test_who_joins_from_home_is_not_expected_at_the_desk(world: World) -> None:
    noon = datetime.now(ZoneInfo(world.here.timezone)).replace(hour=12, minute=0, second=0, microsecond=0)
    at_kiosk = await appointment_at(world, noon, kiosk=world.kiosk)
    at_home = await appointment_at(world, noon + timedelta(hours=1), kiosk=world.second_kiosk)
    await Appointment.filter(id=at_home.id).update(mode="home", kiosk_id=None)
    found = await board(now=noon, house=view(world.here))
    assert [row.id for row in found.rows] == [at_kiosk.id]
