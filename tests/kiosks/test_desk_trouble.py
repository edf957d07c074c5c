"""A kiosk fails at a house: what its advisers do about it, over HTTP."""

import re
from datetime import timedelta
from html import unescape

import pytest

from booking.models import Appointment, KioskOutage
from teleconsult.clock import utcnow
from tests.kiosks.conftest import Client, sign_in
from tests.kiosks.house import World, appointment_at

LATER = timedelta(hours=3)


def displaced_on(html: str) -> list[str]:
    return re.findall(r'data-displaced="([0-9a-f]+)"', html)


async def stuck_appointment(world: World) -> Appointment:
    """Book both kiosks of the house at one time and return the one at the first: nothing else is free then."""
    start = (utcnow() + LATER).replace(second=0, microsecond=0)
    stuck = await appointment_at(world, start, kiosk=world.kiosk)
    await appointment_at(world, start, kiosk=world.second_kiosk)
    return stuck


@pytest.mark.parametrize("what", ["outage", "repair"])
async def test_only_advisers_of_the_house_report(served: tuple[Client, World], what: str) -> None:
    client, world = served
    path = f"/desk/{world.here.id}/kiosks/{world.kiosk.id}/{what}"
    assert (await client.post(path, data={"until": "today"})).status == 401
    await sign_in(client, world.stranger.email)
    assert (await client.post(path, data={"until": "today"})).status == 404
    assert not await KioskOutage.all().exists()


async def test_kiosk_of_another_house_is_not_theirs_to_report(desk: tuple[Client, World]) -> None:
    client, world = desk
    path = f"/desk/{world.here.id}/kiosks/{world.other_kiosk.id}/outage"
    assert (await client.post(path, data={"until": "today"})).status == 404
    assert not await KioskOutage.all().exists()


async def test_failure_is_shown_who_needs_another_slot_is_listed_and_gets_one(desk: tuple[Client, World]) -> None:
    client, world = desk
    stuck = await stuck_appointment(world)
    answer = await client.post(f"/desk/{world.here.id}/kiosks/{world.kiosk.id}/outage", data={"until": "tomorrow"})
    board = await answer.text()
    assert answer.url.path == f"/desk/{world.here.id}"
    assert displaced_on(board) == [stuck.id]
    assert re.search(rf'data-kiosk="{world.kiosk.id}" data-state="out_of_service"', board)
    one = f"/desk/{world.here.id}/appointments/{stuck.id}"
    offered = re.findall(r'name="start" value="([^"]+)"', await (await client.get(one)).text())
    assert offered
    answer = await client.post(f"{one}/move", data={"start": unescape(offered[0])})
    assert answer.status == 200
    after = await Appointment.get(id=stuck.id)
    assert after.displaced == ""
    assert after.starts_at != stuck.starts_at
    assert after.kiosk_id != world.kiosk.id
    assert displaced_on(await (await client.get(f"/desk/{world.here.id}")).text()) == []


async def test_repair_gives_the_slot_back(desk: tuple[Client, World]) -> None:
    client, world = desk
    stuck = await stuck_appointment(world)
    path = f"/desk/{world.here.id}/kiosks/{world.kiosk.id}"
    await client.post(f"{path}/outage", data={"until": "unknown"})
    assert (await Appointment.get(id=stuck.id)).displaced == "kiosk_out"
    assert "jusqu’à nouvel ordre" in await (await client.get(f"/desk/{world.here.id}/kiosks")).text()
    answer = await client.post(f"{path}/repair")
    assert "Elle marche de nouveau" not in await answer.text()
    assert (await Appointment.get(id=stuck.id)).displaced == ""


async def test_slot_that_is_not_to_be_had_is_refused_in_words(desk: tuple[Client, World]) -> None:
    client, world = desk
    stuck = await stuck_appointment(world)
    await client.post(f"/desk/{world.here.id}/kiosks/{world.kiosk.id}/outage", data={"until": "tomorrow"})
    past = f"{(stuck.starts_at - timedelta(days=1)).isoformat()}@{world.here.id}"
    answer = await client.post(f"/desk/{world.here.id}/appointments/{stuck.id}/move", data={"start": past})
    assert answer.status == 409
    assert "déjà passée" in await answer.text()
    assert (await Appointment.get(id=stuck.id)).displaced == "kiosk_out"


@pytest.mark.parametrize("form", [{}, {"until": "never"}])
async def test_outage_without_an_end_that_is_offered_asks_again(
    desk: tuple[Client, World], form: dict[str, str]
) -> None:
    client, world = desk
    answer = await client.post(f"/desk/{world.here.id}/kiosks/{world.kiosk.id}/outage", data=form)
    assert f'id="outage-{world.kiosk.id}"' in await answer.text()
    assert not await KioskOutage.all().exists()
