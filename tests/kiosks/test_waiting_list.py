"""The waiting list at the kiosk and at the front desk, over HTTP."""

import re

import pytest

from booking.models import Absence, Appointment, Service, WaitingEntry
from booking.pages.waiting import JOINED_AT_MOST
from kiosks.models import Visit
from teleconsult.clock import utcnow
from tests.kiosks.conftest import Client, make_terminal, sign_in
from tests.kiosks.house import World
from tests.kiosks.test_queue import led_to, text_of

ZOE = {"given_name": "Zoé", "family_name": "L’Hôte", "email": "zoe@example.fr", "weeks": "2"}


async def all_away(world: World) -> None:
    """Leave no slot at all."""
    for agent in world.agents:
        await Absence.create(agent=agent, starts_at=utcnow(), ends_at=utcnow().replace(year=utcnow().year + 2))


async def begin(client: Client, world: World, base: str = "/kiosk/booking") -> str:
    """Choose a service; return the page of times."""
    await client.post(f"{base}/start")
    visit = (await Visit.first()).id  # type: ignore[union-attr]
    return await (await client.post(f"{base}/service", data={"visit": visit, "service": world.housing.id})).text()


@pytest.mark.parametrize("where", ["kiosk", "desk"])
async def test_who_finds_no_time_joins_and_sees_their_place(served: tuple[Client, World], where: str) -> None:
    client, world = served
    if where == "desk":
        await sign_in(client, world.adviser.email)
        base = f"/desk/{world.here.id}/booking"
    else:
        await make_terminal(client, world)
        base = "/kiosk/booking"
    await all_away(world)
    page = await begin(client, world, base)
    assert "Aucun horaire n’est libre ici" in page
    assert f'href="{base}/waiting"' in page
    visit = (await Visit.first()).id  # type: ignore[union-attr]
    assert "c’est pourquoi l’adresse électronique est nécessaire" in await text_of(client, f"{base}/waiting")
    refused = await client.post(f"{base}/waiting", data=ZOE | {"visit": visit, "email": ""})
    assert refused.status == 422
    assert 'value="Zoé"' in await refused.text()
    assert await led_to(client, f"{base}/waiting", **ZOE, visit=visit) == f"{base}/waiting/done"
    done = await text_of(client, f"{base}/waiting/done")
    assert "En tête de la liste." in done
    assert "zoe@example.fr" in done
    entry = await WaitingEntry.get()
    assert (entry.site_id, entry.service_id, entry.state) == (world.here.id, world.housing.id, "waiting")
    again = await client.post(f"{base}/waiting", data=ZOE | {"visit": visit})
    assert again.status == 409
    assert await led_to(client, f"{base}/waiting", visit=visit, **ZOE | {"given_name": "Ada"}) == f"{base}/waiting/done"
    assert "Une personne est avant sur la liste." in await text_of(client, f"{base}/waiting/done")


async def test_a_service_without_a_list_offers_none(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await Service.all().update(waiting_list=False)
    assert "/kiosk/booking/waiting" not in await begin(client, world)
    assert (await client.get("/kiosk/booking/waiting")).url.path == "/kiosk/booking/slot"
    assert (await client.get("/kiosk/booking/waiting/done")).url.path == "/kiosk/booking/slot"


async def test_an_earlier_slot_is_asked_for_where_one_was_booked(
    kiosk: tuple[Client, World], another_client: Client
) -> None:
    client, world = kiosk
    times = await begin(client, world)
    last = re.findall(r'name="time" value="([^"]+)"', times)[-1]
    visit = (await Visit.get()).id
    await client.post("/kiosk/booking/slot", data={"visit": visit, "time": last})
    person = {"given_name": "Zoé", "family_name": "L’Hôte", "language": "fr", "visit": visit}
    await client.post("/kiosk/booking/person", data=person)
    await client.post("/kiosk/booking/check", data={"visit": visit})
    assert "Un horaire plus tôt, si une place se libère" in await text_of(client, "/kiosk/booking/done")
    refused = await led_to(client, "/kiosk/booking/earlier", email="zoe")
    assert "n’est pas complète" in await text_of(client, refused.partition("#")[0])
    appointment = await Appointment.get()
    # nothing earlier is free: whoever joins is offered nothing yet
    await all_away(world)
    assert await led_to(client, "/kiosk/booking/earlier", email="zoe@example.fr") == "/kiosk/booking/done#earlier"
    assert "Un horaire plus tôt est demandé" in await text_of(client, "/kiosk/booking/done")
    entry = await WaitingEntry.get()
    assert (entry.appointment_id, entry.email, entry.not_after) == (
        appointment.id,
        "zoe@example.fr",
        appointment.starts_at,
    )
    await sign_in(another_client, world.adviser.email)
    own = f"/desk/{world.here.id}/appointments/{appointment.id}"
    assert "Un horaire plus tôt est demandé" in await text_of(another_client, own)
    again = await led_to(another_client, f"{own}/earlier", email="zoe@example.fr")
    assert again == f"{own}?earlier=already_waiting#earlier"
    await WaitingEntry.all().delete()
    assert await led_to(another_client, f"{own}/earlier", email="autre@example.fr") == f"{own}#earlier"
    assert (await WaitingEntry.get()).email == "autre@example.fr"


async def test_a_house_is_not_locked_out_of_the_list(served: tuple[Client, World]) -> None:
    client, world = served
    await all_away(world)
    form = {"service": world.housing.id, "site": world.here.id, "family_name": "L’Hôte", "weeks": "2"}
    for number in range(JOINED_AT_MOST + 5):
        person = {"given_name": f"Zoé-{'i' * number}", "email": f"z{number}@example.fr"}
        answer = await client.post("/rdv/waiting", data=form | person, allow_redirects=False)
        assert answer.status == 303, number
    # one address is somebody who is signed up again and again
    for number in range(JOINED_AT_MOST + 1):
        person = {"given_name": f"Ada-{'i' * number}", "email": "ada@example.fr"}
        answer = await client.post("/rdv/waiting", data=form | person, allow_redirects=False)
    assert answer.status == 429
