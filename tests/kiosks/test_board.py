"""What the board counts as today; on both databases."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

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
