"""A kiosk fails while somebody is at it: another screen takes over, the failing one says where, or the desk is told."""

from datetime import timedelta

from booking.events import AppointmentCheckedIn
from booking.models import Appointment, Kiosk
from kiosks.evacuation import evacuate
from kiosks.events import CitizenMoved, CitizenSeated
from kiosks.models import Visit
from teleconsult.clock import utcnow
from teleconsult.web.events import EVENTS
from tests.kiosks.conftest import Client, make_terminal, sign_in, terminal_of
from tests.kiosks.house import World, appointment_at
from tests.kiosks.test_queue import led_to, text_of


async def seated(client: Client, world: World) -> Appointment:
    """Check somebody in at the first kiosk."""
    appointment = await appointment_at(world, utcnow() + timedelta(minutes=5), kiosk=world.kiosk)
    assert await led_to(client, "/kiosk/arrival", code=appointment.reference) == f"/call/{appointment.id}?as=citizen"
    return appointment


async def test_another_free_screen_takes_over(kiosk: tuple[Client, World], another_client: Client) -> None:
    client, world = kiosk
    await make_terminal(another_client, world, world.second_kiosk.id)
    appointment = await seated(client, world)
    assert await evacuate(now=utcnow()) == []
    await Kiosk.filter(id=world.kiosk.id).update(in_service=False)
    events = await evacuate(now=utcnow())
    assert {type(each) for each in events} >= {CitizenMoved, CitizenSeated}
    assert (await Appointment.get(id=appointment.id)).kiosk_id == world.second_kiosk.id
    there = await another_client.get("/kiosk", allow_redirects=False)
    assert there.headers["Location"] == f"/call/{appointment.id}?as=citizen"
    answer = await text_of(client, "/kiosk/arrival/answer")
    assert 'data-code="moved_kiosk"' in answer
    assert "Continuez à\u00a0: Borne 2" in answer
    assert await Visit.filter(appointment_id=appointment.id).count() == 1
    assert await evacuate(now=utcnow()) == []


async def test_the_desk_proposes_the_kiosk_that_has_a_screen(
    kiosk: tuple[Client, World], another_client: Client
) -> None:
    _, world = kiosk
    booked_elsewhere = await appointment_at(world, utcnow() + timedelta(minutes=5), kiosk=world.second_kiosk)
    await sign_in(another_client, world.adviser.email)
    own = f"/desk/{world.here.id}/appointments/{booked_elsewhere.id}"
    assert f'<option value="{world.kiosk.id}" selected>' in await text_of(another_client, own)
    await terminal_of(world.second_kiosk.id)
    assert f'<option value="{world.second_kiosk.id}" selected>' in await text_of(another_client, own)


async def test_the_desk_is_told_when_no_other_is_free(kiosk: tuple[Client, World], another_client: Client) -> None:
    client, world = kiosk
    appointment = await seated(client, world)
    await sign_in(another_client, world.adviser.email)
    seen: list[AppointmentCheckedIn] = []

    async def see(event: AppointmentCheckedIn) -> None:
        seen.append(event)

    client.app[EVENTS].subscribe(AppointmentCheckedIn, see)  # type: ignore[union-attr]
    await led_to(another_client, f"/desk/{world.here.id}/kiosks/{world.kiosk.id}/outage", until="today")
    board = await text_of(another_client, f"/desk/{world.here.id}/board")
    assert 'id="stuck"' in board
    assert f"/appointments/{appointment.id}" in board
    # as soon as one is free, they go on there
    await terminal_of(world.second_kiosk.id)
    events = await evacuate(now=utcnow())
    assert any(isinstance(each, CitizenSeated) for each in events)
    assert 'id="stuck"' not in await text_of(another_client, f"/desk/{world.here.id}/board")
    assert not seen  # the agent hears no second arrival
