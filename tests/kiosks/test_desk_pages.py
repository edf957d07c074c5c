"""The front desk's pages over HTTP: what advisers do, and whom they may do it for."""

import asyncio
import json
import re
from datetime import timedelta

import pytest

from booking.lifecycle import Status
from booking.models import Appointment, SiteStaff
from booking.passes import shown_reference
from kiosks import help as help_calls
from kiosks.events import KioskChanged
from kiosks.models import HelpRequest, Terminal, Visit
from teleconsult.clock import utcnow
from teleconsult.web.events import publish
from teleconsult.web.ticks import TICKS
from tests.kiosks.conftest import Client, make_terminal, sign_in, terminal_of
from tests.kiosks.house import World, appointment_at

SOON = timedelta(minutes=10)


async def text_of(client: Client, path: str) -> str:
    answer = await client.get(path)
    assert answer.status == 200, path
    return await answer.text()


async def test_the_adviser_of_one_house_goes_straight_there(desk: tuple[Client, World]) -> None:
    client, world = desk
    answer = await client.get("/desk")
    assert answer.url.path == f"/desk/{world.here.id}"
    page = await answer.text()
    assert "Aucun rendez-vous aujourd’hui" in page
    assert "Aucun écran" in page


async def test_the_adviser_of_two_houses_chooses(desk: tuple[Client, World]) -> None:
    client, world = desk
    await SiteStaff.create(site=world.there, account=world.adviser)
    page = await text_of(client, "/desk")
    assert world.here.name in page
    assert world.there.name in page


async def test_an_adviser_without_a_house_is_told_what_to_do(served: tuple[Client, World]) -> None:
    client, world = served
    await sign_in(client, world.stranger.email)
    assert "rattaché à aucune maison" in await text_of(client, "/desk")


async def paths_of(world: World) -> list[tuple[str, str]]:
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.kiosk)
    house, one = f"/desk/{world.here.id}", f"/desk/{world.here.id}/appointments/{appointment.id}"
    return [
        ("GET", house), ("GET", f"{house}/board"), ("GET", f"{house}/live"), ("GET", f"{house}/kiosks"),
        ("GET", one), ("GET", f"{one}/slip"), ("POST", f"{one}/cancel"), ("POST", f"{one}/check-in"),
        ("POST", f"{house}/help/{world.kiosk.id}"), ("POST", f"{house}/kiosks/{world.kiosk.id}/code"),
        ("POST", f"{house}/kiosks/{world.kiosk.id}/revoke"), ("POST", f"{house}/booking/start"),
        ("GET", f"{house}/booking/service"), ("POST", f"{house}/booking/check"), ("GET", f"{house}/booking/done"),
    ]  # fmt: skip


async def test_nobody_sees_a_desk_without_signing_in(served: tuple[Client, World]) -> None:
    client, world = served
    for method, path in [("GET", "/desk"), *await paths_of(world)]:
        answer = await client.request(method, path, allow_redirects=False)
        expected = 303 if method == "GET" else 401
        assert answer.status == expected, (method, path)
        assert expected == 401 or answer.headers["Location"].startswith("/sign-in")


async def test_an_agent_has_no_desk(served: tuple[Client, World]) -> None:
    client, world = served
    await sign_in(client, world.agent_account.email)
    for method, path in [("GET", "/desk"), *await paths_of(world)]:
        assert (await client.request(method, path, allow_redirects=False)).status == 403, (method, path)


async def test_an_adviser_does_nothing_at_another_house(served: tuple[Client, World]) -> None:
    client, world = served
    await SiteStaff.create(site=world.there, account=world.stranger)
    await sign_in(client, world.stranger.email)
    await help_calls.ask(now=utcnow(), terminal=await terminal_of(world.kiosk.id))
    for method, path in await paths_of(world):
        assert (await client.request(method, path, allow_redirects=False)).status == 404, (method, path)
    assert (await Appointment.get()).status == Status.BOOKED
    assert await Terminal.filter(revoked_at=None).count() == 1
    assert await HelpRequest.filter(open_kiosk=world.kiosk.id).count() == 1


async def test_one_house_cannot_reach_anothers_appointment_through_its_own_address(desk: tuple[Client, World]) -> None:
    client, world = desk
    foreign = await appointment_at(world, utcnow() + SOON, site=world.there)
    one = f"/desk/{world.here.id}/appointments/{foreign.id}"
    for method, path in (("GET", one), ("GET", f"{one}/slip"), ("POST", f"{one}/cancel"), ("POST", f"{one}/check-in")):
        assert (await client.request(method, path)).status == 404
    kiosk = f"/desk/{world.here.id}/kiosks/{world.other_kiosk.id}"
    assert (await client.post(f"{kiosk}/code")).status == 404
    assert (await client.post(f"{kiosk}/revoke")).status == 404


async def test_booking_for_someone(desk: tuple[Client, World]) -> None:
    client, world = desk
    base = f"/desk/{world.here.id}/booking"
    await client.post(f"{base}/start")
    visit = {"visit": (await Visit.get()).id}
    answer = await client.post(f"{base}/service", data=visit | {"service": world.taxes.id})
    time = re.search(r'name="time" value="([^"]+)"', await answer.text())
    assert time
    await client.post(f"{base}/slot", data=visit | {"time": time[1]})
    await client.post(f"{base}/person", data=visit | {"given_name": "Paul", "family_name": "Petit", "language": "fr"})
    done = await client.post(f"{base}/check", data=visit)
    appointment = await Appointment.get()
    assert (appointment.channel, appointment.given_name, appointment.service_id) == ("staff", "Paul", world.taxes.id)
    assert shown_reference(appointment.reference) in await done.text()


async def test_the_desk_learns_that_the_citizens_calendar_declined(desk: tuple[Client, World]) -> None:
    client, world = desk
    appointment = await appointment_at(world, utcnow(), kiosk=world.kiosk)
    page = f"/desk/{world.here.id}/appointments/{appointment.id}"
    declined = "Décliné par l’agenda de l’usager"
    board = f"/desk/{world.here.id}"
    assert declined not in await text_of(client, board)
    await Appointment.filter(id=appointment.id).update(citizen_answer="declined")
    assert declined in await text_of(client, board)
    assert "Demandez à l’usager s’il viendra" in await text_of(client, page)
    await Appointment.filter(id=appointment.id).update(status="completed")
    assert declined not in await text_of(client, board)


async def test_checking_someone_in_moves_the_kiosks_screen(desk: tuple[Client, World], another_client: Client) -> None:
    client, world = desk
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.second_kiosk)
    await make_terminal(another_client, world)
    async with another_client.get("/kiosk/live") as news:
        assert await news.content.readline() == b"retry: 2000\n"
        one = f"/desk/{world.here.id}/appointments/{appointment.id}"
        answer = await client.post(f"{one}/check-in", data={"kiosk": world.kiosk.id})
        assert answer.url.path == f"/desk/{world.here.id}"
        lines = [await news.content.readline() for _ in range(3)]
        assert lines[1] == b"event: seated\n"
        assert json.loads(lines[2].removeprefix(b"data: "))["url"].startswith(f"/call/{appointment.id}")
    board = await answer.text()
    assert 'data-state="waiting"' in board
    assert (await another_client.get("/kiosk", allow_redirects=False)).headers["Location"].startswith("/call/")
    stored = await Appointment.get(id=appointment.id)
    assert (stored.status, stored.kiosk_id) == (Status.CHECKED_IN, world.kiosk.id)


async def test_a_busy_kiosk_is_refused_in_words(desk: tuple[Client, World], another_client: Client) -> None:
    client, world = desk
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.kiosk)
    await make_terminal(another_client, world)
    await another_client.post("/kiosk/booking/start")
    await Visit.filter(terminal_id__isnull=False).update(service_id=world.taxes.id)
    one = f"/desk/{world.here.id}/appointments/{appointment.id}"
    answer = await client.post(f"{one}/check-in", data={"kiosk": world.kiosk.id})
    assert answer.status == 409
    assert "Quelqu’un utilise cette borne" in await answer.text()
    answer = await client.post(f"{one}/check-in", data={"kiosk": world.other_kiosk.id})
    assert (await Appointment.get(id=appointment.id)).status == Status.BOOKED


async def test_cancelling_asks_first_and_keeps_the_reason(desk: tuple[Client, World]) -> None:
    client, world = desk
    appointment = await appointment_at(world, utcnow() + timedelta(hours=2), kiosk=world.kiosk)
    one = f"/desk/{world.here.id}/appointments/{appointment.id}"
    assert "Oui, annuler" in await text_of(client, f"{one}?ask=cancel")
    assert (await Appointment.get(id=appointment.id)).status == Status.BOOKED
    await client.post(f"{one}/cancel", data={"reason": "Empêchement"})
    stored = await Appointment.get(id=appointment.id)
    assert (stored.status, stored.cancel_reason) == (Status.CANCELLED, "Empêchement")


async def test_the_slip_carries_reference_and_pass(desk: tuple[Client, World]) -> None:
    client, world = desk
    appointment = await appointment_at(world, utcnow() + timedelta(hours=2), kiosk=world.kiosk)
    slip = await text_of(client, f"/desk/{world.here.id}/appointments/{appointment.id}/slip")
    assert shown_reference(appointment.reference) in slip
    assert 'class="kiosk-qr"' in slip
    assert "<path" in slip


async def test_a_screen_is_installed_and_removed(desk: tuple[Client, World], another_client: Client) -> None:
    client, world = desk
    kiosk = f"/desk/{world.here.id}/kiosks/{world.kiosk.id}"
    page = await (await client.post(f"{kiosk}/code")).text()
    code = re.search(r'id="enrolment-code">([A-Z0-9-]{9})<', page)
    assert code
    assert code[1] not in await text_of(client, f"/desk/{world.here.id}/kiosks")
    await another_client.post("/kiosk/enrol", data={"code": code[1]})
    assert world.here.name in await text_of(another_client, "/kiosk")
    await client.post(f"{kiosk}/revoke")
    assert "Code d’installation" in await text_of(another_client, "/kiosk")
    heartbeat = await another_client.post("/kiosk/heartbeat", headers={"Accept": "application/json"})
    assert heartbeat.status == 403


async def test_help_reaches_the_board_live_and_its_answer_the_kiosk(
    desk: tuple[Client, World], another_client: Client
) -> None:
    client, world = desk
    await make_terminal(another_client, world)
    async with client.get(f"/desk/{world.here.id}/live") as board, another_client.get("/kiosk/live") as screen:
        for stream in (board, screen):
            await stream.content.readline()
            await stream.content.readline()
        await another_client.post("/kiosk/help")
        assert await board.content.readline() == b"event: help\n"
        assert "On vous demande" in await text_of(client, f"/desk/{world.here.id}/board")
        await client.post(f"/desk/{world.here.id}/help/{world.kiosk.id}")
        assert await screen.content.readline() == b"event: help\n"
        assert await screen.content.readline() == b'data: {"state": "answered"}\n'
    assert "Un conseiller arrive." in await text_of(another_client, "/kiosk")
    assert "On vous demande" not in await text_of(client, f"/desk/{world.here.id}/board")


async def test_joining_the_call_answers_the_call_for_help(desk: tuple[Client, World], another_client: Client) -> None:
    client, world = desk
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.kiosk)
    await make_terminal(another_client, world)
    await another_client.post("/kiosk/arrival", data={"code": appointment.reference}, allow_redirects=False)
    await another_client.post("/kiosk/help")
    assert f'value="{appointment.id}"' in await text_of(client, f"/desk/{world.here.id}/board")
    path = f"/desk/{world.here.id}/help/{world.kiosk.id}"
    answer = await client.post(path, data={"join": appointment.id}, allow_redirects=False)
    assert answer.headers["Location"].startswith(f"/call/{appointment.id}")
    assert await HelpRequest.filter(open_kiosk__not_isnull=True).count() == 0
    foreign = await appointment_at(world, utcnow() + SOON, site=world.there)
    assert (await client.post(path, data={"join": foreign.id}, allow_redirects=False)).status == 404


@pytest.mark.parametrize(
    ("status", "state"), [(Status.BOOKED, "free"), (Status.CHECKED_IN, "waiting"), (Status.IN_CALL, "in_call")]
)
async def test_a_kiosks_state_follows_its_appointment(desk: tuple[Client, World], status: Status, state: str) -> None:
    client, world = desk
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.kiosk)
    await Appointment.filter(id=appointment.id).update(status=status, checked_in_at=utcnow())
    await terminal_of(world.kiosk.id)
    page = await text_of(client, f"/desk/{world.here.id}/board")
    assert re.search(f'data-kiosk="{world.kiosk.id}" data-state="{state}"', page)


async def test_the_board_tells_when_a_screen_is_lost(desk: tuple[Client, World]) -> None:
    client, world = desk
    terminal = await terminal_of(world.kiosk.id)
    await Terminal.filter(id=terminal.id).update(last_seen_at=utcnow() - timedelta(minutes=2))
    async with client.get(f"/desk/{world.here.id}/live") as board:
        await board.content.readline()
        await board.content.readline()
        ticks = {tick.name: tick for tick in client.app[TICKS]}
        await ticks["kiosks_presence"].run(client.app)
        assert await board.content.readline() == b"event: kiosk\n"
    assert 'data-state="offline"' in await text_of(client, f"/desk/{world.here.id}/board")


async def test_another_houses_news_are_not_heard(desk: tuple[Client, World]) -> None:
    client, world = desk
    async with client.get(f"/desk/{world.here.id}/live") as board:
        await board.content.readline()
        await board.content.readline()
        await publish(client.app, [KioskChanged(site_id=world.there.id, kiosk_id=world.other_kiosk.id)])
        await publish(client.app, [KioskChanged(site_id=world.here.id, kiosk_id=world.kiosk.id)])
        await board.content.readline()
        heard = await asyncio.wait_for(board.content.readline(), 10)
        assert json.loads(heard.removeprefix(b"data: ")) == {"kiosk": world.kiosk.id}
