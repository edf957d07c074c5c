"""Without an appointment, over HTTP: the kiosk that waits, the agent who is rung, the desk that sees it."""

import asyncio
from datetime import timedelta

import pytest

from booking import walk_in
from booking.models import Appointment, Service, WalkIn, WalkInPause
from booking.walk_in import Over
from kiosks import queue, visits
from kiosks.models import Visit
from kiosks.terminals import OFFLINE_AFTER, mark_offline
from teleconsult.clock import utcnow
from teleconsult.web.events import publish
from tests.kiosks.conftest import Client, make_terminal, sign_in
from tests.kiosks.house import World, appointment_at

PERSON = {"given_name": "Zoé", "family_name": "L’Hôte", "email": "", "phone": "", "language": "fr"}
CALL = "/call/{}?as=citizen"


async def text_of(client: Client, path: str) -> str:
    answer = await client.get(path)
    assert answer.status == 200, path
    return await answer.text()


async def led_to(client: Client, path: str, **data: str) -> str:
    """Post a form and return the address of what comes next."""
    answer = await client.post(path, data=data, allow_redirects=False)
    assert answer.status == 303, await answer.text()
    return answer.headers["Location"]


@pytest.fixture
async def open_world(kiosk: tuple[Client, World]) -> tuple[Client, World]:
    """A kiosk in a world where housing takes people without an appointment."""
    await Service.filter(id=kiosk[1].housing.id).update(walk_in=True)
    return kiosk


async def ask_now(client: Client, world: World, base: str = "/kiosk", kiosk_id: str = "") -> str:
    """Go from the first screen to the check of who wants to be received now; return the visit's id."""
    await client.post(f"{base}/booking/start")
    owner = {"account_id": world.adviser.id} if base != "/kiosk" else {"account_id": None}
    visit = (await Visit.get(**owner)).id
    await client.post(f"{base}/booking/service", data={"visit": visit, "service": world.housing.id})
    here = kiosk_id or world.kiosk.id
    assert await led_to(client, f"{base}/booking/now", visit=visit, kiosk=here) == f"{base}/booking/person"
    assert await led_to(client, f"{base}/booking/person", visit=visit, **PERSON) == f"{base}/booking/check"
    return visit


async def wait_at(client: Client, world: World) -> WalkIn:
    visit = await ask_now(client, world)
    assert await led_to(client, "/kiosk/booking/check", visit=visit) == "/kiosk/walk-in"
    return await WalkIn.get(open_kiosk=world.kiosk.id)


async def test_from_the_service_to_the_call(open_world: tuple[Client, World], another_client: Client) -> None:
    client, world = open_world
    visit = await ask_now(client, world)
    assert "Maintenant, dès qu’un agent est libre" in await text_of(client, "/kiosk/booking/check")
    assert "hold.js" not in await text_of(client, "/kiosk/booking/person")
    both = await asyncio.gather(*(led_to(client, "/kiosk/booking/check", visit=visit) for _ in range(2)))
    assert set(both) == {"/kiosk/walk-in"}
    entry = await WalkIn.get(open_kiosk=world.kiosk.id)
    page = await text_of(client, "/kiosk/walk-in")
    assert "data-idle-seconds" not in page
    assert "Vous êtes la prochaine personne." in page
    assert (await client.get("/kiosk")).url.path == "/kiosk/walk-in"
    assert (await client.get("/kiosk/booking/slot")).url.path == "/kiosk/walk-in"
    # it rings at once: Alice is the only one who can sign in
    assert entry.open_agent == world.agents[0].id
    await sign_in(another_client, world.agent_account.email)
    agenda = await text_of(another_client, "/agent")
    assert f'data-ringing="{entry.id}"' in agenda
    assert "Zoé L’Hôte" in agenda
    call = await led_to(another_client, f"/agent/walk-ins/{entry.id}/accept")
    appointment = await Appointment.get(channel="walk_in")
    assert call == f"/call/{appointment.id}?as=agent&admit=1"
    arrived = await Visit.get(appointment_id=appointment.id)
    assert (arrived.stage, arrived.details, arrived.walk_in_id) == ("arrived", {}, None)
    answer = await client.get("/kiosk/walk-in", allow_redirects=False)
    assert answer.headers["Location"] == CALL.format(appointment.id)


async def test_a_screen_finds_its_call_after_the_process_fell_in_between(open_world: tuple[Client, World]) -> None:
    client, world = open_world
    entry = await wait_at(client, world)
    # the commit is there, the events of it never were
    served = await walk_in.accept(now=utcnow(), walk_in_id=entry.id, agent_id=world.agents[0].id)
    answer = await client.get("/kiosk/walk-in", allow_redirects=False)
    assert answer.headers["Location"] == CALL.format(served.appointment_id)
    assert (await Visit.get()).stage == "arrived"


async def test_the_wait_survives_forgetting_and_ends_with_the_screen(open_world: tuple[Client, World]) -> None:
    client, world = open_world
    entry = await wait_at(client, world)
    assert await visits.forget_stale(now=utcnow() + timedelta(minutes=30)) == []
    assert await queue.end_left_behind() == []
    await mark_offline(now=utcnow() + OFFLINE_AFTER + timedelta(seconds=1))
    await publish(client.app, await queue.end_left_behind())  # type: ignore[union-attr]
    entry = await WalkIn.get(id=entry.id)
    assert (entry.state, entry.reason, entry.given_name) == ("lapsed", "away", "")
    assert await Visit.all().count() == 0


async def test_leaving_and_choosing_a_time_instead(open_world: tuple[Client, World]) -> None:
    client, world = open_world
    entry = await wait_at(client, world)
    assert await led_to(client, "/kiosk/walk-in/leave", book="1") == "/kiosk/booking/slot"
    assert (await WalkIn.get(id=entry.id)).state == "left"
    visit = await Visit.get()
    assert (visit.stage, visit.details["given_name"], visit.service_id) == ("draft", "Zoé", world.housing.id)
    again = await wait_at(client, world)
    assert await led_to(client, "/kiosk/walk-in/leave") == "/kiosk"
    assert (await WalkIn.get(id=again.id)).state == "left"
    assert await Visit.all().count() == 0
    last = await wait_at(client, world)
    await client.post("/kiosk/wipe")
    assert (await WalkIn.get(id=last.id)).state == "left"


async def test_what_ends_the_wait_is_said(open_world: tuple[Client, World]) -> None:
    client, world = open_world
    entry = await wait_at(client, world)
    for why, words in ((Over.CLOSED, "La maison ferme"), (Over.KIOSK, "bientôt réservée"), (Over.REMOVED, "retiré")):
        await walk_in.end(walk_in_id=entry.id, why=why)
        page = await text_of(client, "/kiosk/walk-in")
        assert words in page
        assert "data-idle-seconds" in page
        await led_to(client, "/kiosk/walk-in/leave", book="1")
        entry = await wait_at(client, world)


async def test_when_it_is_not_possible_the_screen_says_why(open_world: tuple[Client, World]) -> None:
    client, world = open_world
    appointment = await appointment_at(world, utcnow() + timedelta(minutes=20), kiosk=world.kiosk)
    await make_terminal(client, world, world.second_kiosk.id)
    await make_terminal(client, world)
    await client.post("/kiosk/booking/start")
    visit = (await Visit.get()).id
    answer = await client.post("/kiosk/booking/service", data={"visit": visit, "service": world.housing.id})
    page = await answer.text()
    assert 'data-now="kiosk_taken"' in page
    assert "Cette borne est réservée" in page
    assert "À Borne 2, c’est possible" in page
    assert "Être reçu maintenant" not in page
    await client.post("/kiosk/booking/now", data={"visit": visit, "kiosk": world.kiosk.id})
    await client.post("/kiosk/booking/person", data=PERSON | {"visit": visit})
    refused = await led_to(client, "/kiosk/booking/check", visit=visit)
    assert refused == "/kiosk/booking/slot?refused=no_walk_in"
    assert "Ce n’est plus possible tout de suite" in await text_of(client, refused)
    assert await WalkIn.all().count() == 0
    assert appointment.status == "booked"
    # nor at a kiosk that is somebody else's
    assert await led_to(client, "/kiosk/booking/now", visit=visit, kiosk=world.second_kiosk.id) == "/kiosk/booking/slot"


async def test_a_service_by_appointment_only_says_nothing_of_now(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await client.post("/kiosk/booking/start")
    visit = (await Visit.get()).id
    answer = await client.post("/kiosk/booking/service", data={"visit": visit, "service": world.housing.id})
    assert "data-now" not in await answer.text()


async def test_an_agent_passes_on_is_left_alone_and_told_when_it_is_too_late(
    open_world: tuple[Client, World], another_client: Client
) -> None:
    client, world = open_world
    await sign_in(another_client, world.agent_account.email)
    assert "Ne plus m’appeler" in await text_of(another_client, "/agent")
    entry = await wait_at(client, world)
    await led_to(another_client, f"/agent/walk-ins/{entry.id}/pass")
    entry = await WalkIn.get(id=entry.id)
    assert (entry.state, entry.passed) == ("waiting", [world.agents[0].id])
    await led_to(another_client, "/agent/walk-ins/pause", paused="on")
    assert await WalkInPause.all().count() == 1
    assert "Me rendre disponible" in await text_of(another_client, "/agent")
    assert "Nous ne pouvons pas dire" in await text_of(client, "/kiosk/walk-in")
    await led_to(another_client, "/agent/walk-ins/pause", paused="off")
    assert await WalkInPause.all().count() == 0
    await client.post("/kiosk/walk-in/leave")
    refused = await led_to(another_client, f"/agent/walk-ins/{entry.id}/accept")
    assert refused == "/agent?refused=walk_in_over"
    assert "Un collègue a été plus rapide" in await text_of(another_client, refused)


async def test_the_desk_sees_the_queue_adds_to_it_and_takes_out(
    open_world: tuple[Client, World], another_client: Client
) -> None:
    client, world = open_world
    desk = f"/desk/{world.here.id}"
    await sign_in(another_client, world.adviser.email)
    visit = await ask_now(another_client, world, desk)
    assert await led_to(another_client, f"{desk}/booking/check", visit=visit) == desk
    entry = await WalkIn.get(open_kiosk=world.kiosk.id)
    # the kiosk's own screen waits now
    assert "Nous appelons un agent" in await text_of(client, "/kiosk")
    board = await text_of(another_client, f"{desk}/board")
    assert "Zoé L’Hôte" in board
    assert 'data-state="waiting"' in board
    await another_client.post(f"{desk}/booking/start")
    other = (await Visit.get(account_id=world.adviser.id)).id
    data = {"visit": other, "service": world.housing.id}
    page = await (await another_client.post(f"{desk}/booking/service", data=data)).text()
    assert "Maintenant, à Borne" not in page  # one is in use, the other has no screen
    assert "Retirer Zoé L’Hôte de la file" in await text_of(another_client, f"{desk}/walk-ins/{entry.id}/remove")
    assert (await WalkIn.get(id=entry.id)).open_kiosk
    assert await led_to(another_client, f"{desk}/walk-ins/{entry.id}/remove") == desk
    assert (await WalkIn.get(id=entry.id)).reason == "removed"
    assert (await another_client.post(f"{desk}/walk-ins/{entry.id}/remove")).status == 404
    assert "Un conseiller de la maison vous a retiré de la file" in await text_of(client, "/kiosk/walk-in")


async def test_a_seat_given_at_the_screen_ends_nobody_elses_wait(
    open_world: tuple[Client, World], another_client: Client
) -> None:
    client, world = open_world
    entry = await wait_at(client, world)
    appointment = await appointment_at(world, utcnow() + timedelta(minutes=5), kiosk=world.second_kiosk)
    await sign_in(another_client, world.adviser.email)
    path = f"/desk/{world.here.id}/appointments/{appointment.id}/check-in"
    answer = await another_client.post(path, data={"kiosk": world.kiosk.id})
    assert answer.status == 409
    assert (await WalkIn.get(id=entry.id)).open_kiosk == world.kiosk.id
