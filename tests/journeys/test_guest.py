"""Into the call from home: the browser that joined by the appointment's link, and no other."""

from datetime import UTC, datetime, timedelta

from aiohttp import web
from aiohttp.test_utils import TestClient

from booking.models import Appointment, Service
from booking.passes import GUEST_COOKIE, issue_guest, issue_manage
from teleconsult.web.tokens import SIGNER
from tests.booking.agenda_world import World, make_world

Client = TestClient[web.Request, web.Application]


async def home_world(client: Client) -> tuple[World, Appointment]:
    world = await make_world(client.server.app, datetime.now(UTC))  # type: ignore[union-attr, attr-defined]
    await Service.all().update(modes=["kiosk", "home"])
    return world, await world.book(world.near_start, mode="home")


async def test_the_browser_that_joined_waits_in_the_call(client: Client) -> None:
    world, appointment = await home_world(client)
    call = f"/call/{appointment.id}?as=guest"
    assert (await client.get(call)).status == 403
    answer = await client.post(f"{world.manage_url(appointment)}/join", allow_redirects=False)
    assert answer.headers["Location"] == call
    answer = await client.get(call)
    html = await answer.text()
    assert answer.status == 200, html
    assert 'data-surface="desktop"' in html
    assert "Aides au logement" in html
    assert "/feedback/" in html
    assert "/kiosk/help" not in html
    ticket = await client.post(f"/call/{appointment.id}/ticket?as=guest")
    assert ticket.status == 200
    assert (await ticket.json())["ticket"]


async def test_no_other_token_opens_the_call(client: Client) -> None:
    world, appointment = await home_world(client)
    other = await world.book(world.near_start + timedelta(hours=2), mode="home")
    await client.post(f"{world.manage_url(appointment)}/join", allow_redirects=False)
    client.session.cookie_jar.clear()
    signer, end = world.app[SIGNER], appointment.ends_at
    for cookie in (
        "nonsense",
        issue_manage(signer, appointment_id=appointment.id, ends_at=end),
        issue_guest(signer, appointment_id=other.id, ends_at=end),
        issue_guest(signer, appointment_id=appointment.id, ends_at=end - timedelta(days=9)),
    ):
        answer = await client.get(f"/call/{appointment.id}?as=guest", cookies={GUEST_COOKIE: cookie})
        assert answer.status == 403
    good = issue_guest(signer, appointment_id=appointment.id, ends_at=end)
    assert (await client.get(f"/call/{appointment.id}?as=guest", cookies={GUEST_COOKIE: good})).status == 200


async def test_a_kiosk_appointment_is_not_entered_as_a_guest(client: Client) -> None:
    world, _ = await home_world(client)
    appointment = await world.book(world.near_start, agent_id=None)
    await world.arrive(appointment, world.now)
    good = issue_guest(world.app[SIGNER], appointment_id=appointment.id, ends_at=appointment.ends_at)
    answer = await client.get(f"/call/{appointment.id}?as=guest", cookies={GUEST_COOKIE: good})
    assert answer.status == 403
