"""The kiosk keeps the time that was pressed, shows for how long, and gives it back with the visit."""

import re
import time
from datetime import timedelta
from typing import Any

from booking.journey.fair_play import CALM_FROM_A_NETWORK, MOST_FROM_A_NETWORK, SECONDS
from booking.models import Appointment, Hold, Kiosk, Service
from kiosks.booking_pages import HOLDS
from kiosks.models import Visit
from teleconsult.clock import utcnow
from teleconsult.web.throttle import THROTTLE
from tests.kiosks.conftest import Client
from tests.kiosks.house import World
from tests.kiosks.test_kiosk_pages import PERSON, begin, choose_time, text_of, to_check, visit_id


async def keep(client: Client, **more: str) -> Any:
    form = {"visit": await visit_id()} | more
    return await client.post("/kiosk/booking/keep", data=form, headers={"Accept": "application/json"})


async def test_a_pressed_time_is_kept_and_becomes_the_appointment(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    person = await choose_time(client, await begin(client, world))
    assert "Cet horaire vous est gardé jusqu’à" in person
    held = await Hold.get()
    answer = await client.post("/kiosk/booking/person", data=PERSON | {"visit": await visit_id()})
    assert "Cet horaire vous est gardé jusqu’à" in await answer.text()
    await client.post("/kiosk/booking/check", data={"visit": await visit_id()})
    booked = await Appointment.get(given_name="Zoé")
    assert (booked.starts_at, booked.agent_id, booked.kiosk_id) == (held.starts_at, held.agent_id, held.kiosk_id)
    assert await Hold.all().count() == 0


async def test_another_time_another_service_or_the_end_of_the_visit_gives_it_back(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    times = await begin(client, world)
    await choose_time(client, times)
    first = await Hold.get()
    # one's own time is still offered
    assert first.starts_at == (await Visit.get()).starts_at
    assert re.search(r'aria-current="true"', await text_of(client, "/kiosk/booking/slot"))
    other = re.findall(r'name="time" value="([^"]+)"', times)[1]
    await client.post("/kiosk/booking/slot", data={"visit": await visit_id(), "time": other})
    assert (await Hold.get()).id != first.id
    await client.post("/kiosk/wipe")
    assert await Hold.all().count() == 0
    await choose_time(client, await begin(client, world))
    assert await Hold.all().count() == 1
    await client.post("/kiosk/booking/start")
    assert await Hold.all().count() == 0


async def test_the_screen_asks_for_more_time(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await to_check(client, world)
    await Hold.all().update(expires_at=utcnow() + timedelta(seconds=100))
    assert (await (await keep(client)).json())["seconds"] <= 100
    assert (await (await keep(client, longer="1")).json())["seconds"] > 290
    await Hold.all().update(expires_at=utcnow() - timedelta(seconds=1))
    assert (await (await keep(client)).json())["seconds"] > 290
    assert (await keep(client, visit="0" * 32)).status == 404


async def test_a_time_that_others_took_is_said(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await to_check(client, world)
    await Hold.all().delete()
    await Kiosk.all().update(in_service=False)
    answer = await keep(client)
    assert answer.status in (409, 422)


async def test_what_comes_from_the_houses_network_never_closes_its_kiosk(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    throttle = client.server.app[THROTTLE]  # type: ignore[union-attr, attr-defined]
    for bucket, limit in (("hold-calm", CALM_FROM_A_NETWORK), ("hold-most", MOST_FROM_A_NETWORK)):
        for _ in range(limit):
            throttle.take(f"{bucket}:127.0.0.1", limit, SECONDS, time.monotonic())
    times = await begin(client, world)
    slot = re.findall(r'name="time" value="([^"]+)"', times)[0]
    place, _, start = slot.partition("|")
    phone = await client.post(
        "/rdv/book/hold", data={"service": world.housing.id, "mode": "kiosk", "slot": f"{start}@{place}"}
    )
    assert phone.status == 429
    await to_check(client, world)
    await client.post("/kiosk/booking/check", data={"visit": await visit_id()})
    assert await Appointment.filter(given_name="Zoé").count() == 1


async def test_one_screen_has_its_own_limit(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    times = await begin(client, world)
    slot = re.findall(r'name="time" value="([^"]+)"', times)[0]
    throttle = client.server.app[THROTTLE]  # type: ignore[union-attr, attr-defined]
    form = {"visit": await visit_id(), "time": slot}
    assert (await client.post("/kiosk/booking/slot", data=form)).status == 200
    terminal = (await Visit.get()).terminal_id
    for _ in range(HOLDS):
        throttle.take(f"kiosk-hold:{terminal}", HOLDS, 600, time.monotonic())
    assert (await client.post("/kiosk/booking/slot", data=form)).status == 429


async def test_one_person_has_so_many_appointments_of_a_service(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await Service.filter(id=world.housing.id).update(future_limit=1)
    for expected in (1, 1):
        await to_check(client, world)
        answer = await client.post("/kiosk/booking/check", data={"visit": await visit_id()})
        assert await Appointment.filter(given_name="Zoé").count() == expected
    assert answer.status == 409
    assert "déjà 1 rendez-vous à venir" in await answer.text()


async def test_only_what_is_held_at_kiosks_for_citizens_is_offered_with_its_words(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await Service.filter(id=world.housing.id).update(keywords=["APL"])
    await client.post("/kiosk/booking/start")
    page = await text_of(client, "/kiosk/booking/service")
    assert f'value="{world.housing.id}"' in page
    assert 'data-words="APL"' in page
    for refused in ({"audiences": ["staff"]}, {"audiences": ["citizen"], "modes": ["home"]}):
        await Service.filter(id=world.housing.id).update(**refused)
        assert f'value="{world.housing.id}"' not in await text_of(client, "/kiosk/booking/service")
