"""The web journey's second half: a time is held while its citizen types, then it is theirs."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

from booking.holds import drop_expired
from booking.journey.fair_play import CALM_FROM_A_NETWORK, FROM_A_DEVICE
from booking.models import Appointment, Hold, Notice, Occupancy, Service
from teleconsult.clock import utcnow
from tests.booking.agenda_world import STEP, Client, World, page

ROSE = {"given_name": "Rose", "family_name": "Noir", "email": "rose@example.org"}
# another browser
OTHER = {"rdv": "another-browser"}


def slots_url(world: World, **more: str) -> str:
    return f"/rdv/book/slots?service={world.service.id}&near=Briare" + "".join(f"&{k}={v}" for k, v in more.items())


def slots_in(html: str) -> list[str]:
    return [
        unescape(value) for value in re.findall(r'class="rdv-time" type="submit" name="slot" value="([^"]+)"', html)
    ]


def hidden(html: str) -> dict[str, str]:
    return {
        name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
    }


async def press(client: Client, world: World, slot: str, **more: str) -> Any:
    """Press a time; returns the answer, not followed."""
    form = {"service": world.service.id, "mode": "kiosk", "near": "Briare", "slot": slot} | more
    return await client.post("/rdv/book/hold", data=form, allow_redirects=False)


async def to_person(client: Client, world: World, slot: str | None = None, **more: str) -> tuple[str, dict[str, str]]:
    """Choose a time and open the person's page; returns its address, and what its form carries."""
    slot = slot or slots_in(await page(client, slots_url(world, **more)))[3]
    answer = await press(client, world, slot, **more)
    assert answer.status == 303, await answer.text()
    url = answer.headers["Location"]
    return url, hidden(await page(client, url)) | {"slot": slot}


async def confirm(client: Client, form: dict[str, str], **typed: Any) -> Any:
    return await client.post("/rdv/book/person", data=form | ROSE | typed, allow_redirects=False)


async def test_from_search_to_confirmation(client: Client, world: World) -> None:
    url, form = await to_person(client, world)
    assert url.startswith("/rdv/book/person?")
    html = await page(client, url)
    assert "Cet horaire vous est gardé jusqu’à" in html
    assert await Hold.all().count() == 1
    answer = await confirm(client, form, needs=["wheelchair"], companions="2")
    assert answer.status == 303, await answer.text()
    own = answer.headers["Location"]
    assert own.startswith("/rdv/")
    html = await page(client, own)
    assert "Votre rendez-vous est confirmé" in html
    assert "Déplacer" in html
    booked = await Appointment.get(given_name="Rose")
    assert (booked.channel, booked.mode, booked.needs, booked.companions) == ("web", "kiosk", ["wheelchair"], 2)
    assert f"{booked.starts_at.isoformat()}" in form["slot"] or booked.starts_at == world.instant(
        form["slot"].split("@")[0]
    )
    assert booked.person_hash
    assert await Hold.all().count() == 0
    assert await Occupancy.filter(appointment_id=booked.id).count() == 2
    assert await Notice.filter(appointment_id=booked.id, recipient="citizen").exists()


async def test_no_name_is_in_any_address(client: Client, world: World) -> None:
    url, form = await to_person(client, world)
    answer = await confirm(client, form)
    for address in (url, answer.headers["Location"]):
        assert "Rose" not in address
        assert "example.org" not in address


async def test_what_is_held_is_not_offered_to_others(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    assert form["slot"] in slots_in(await page(client, slots_url(world)))
    theirs = await client.get(slots_url(world), cookies=OTHER)
    assert form["slot"] not in slots_in(await theirs.text())
    answer = await client.post(
        "/rdv/book/hold", data={"service": world.service.id, "mode": "kiosk", "slot": form["slot"]}, cookies=OTHER
    )
    html = await answer.text()
    assert answer.status == 409
    assert "vient d’être pris" in html
    assert "Les plus proches encore libres" in html
    assert (await confirm(client, form)).status == 303


async def test_choosing_another_time_gives_the_first_one_back(client: Client, world: World) -> None:
    _, first = await to_person(client, world)
    others = [slot for slot in slots_in(await page(client, slots_url(world))) if slot != first["slot"]]
    await to_person(client, world, others[0])
    assert await Hold.all().count() == 1
    assert (await Hold.get()).starts_at == world.instant(others[0].split("@")[0])


async def test_what_was_typed_is_there_again_with_what_is_wrong(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    typed = {"family_name": "", "email": "rose@", "needs": ["large_print"], "companions": "1"}
    answer = await confirm(client, form, **typed)
    html = await answer.text()
    assert answer.status == 422
    assert 'value="Rose"' in html
    assert 'value="rose@"' in html
    assert re.search(r'value="large_print" checked', html)
    assert "Des informations sont à corriger" in html
    assert await Appointment.filter(given_name="Rose").count() == 0
    assert (await confirm(client, hidden(html) | {"slot": form["slot"]})).status == 303


async def test_pressing_twice_books_once(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    first, second = await confirm(client, form), await confirm(client, form)
    assert (first.status, second.status) == (303, 303)
    assert await Appointment.filter(given_name="Rose").count() == 1


async def test_a_name_is_not_changed_by_sending_the_form_again(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    await confirm(client, form)
    await confirm(client, form, given_name="Resold")
    booked = await Appointment.get(family_name="Noir")
    assert booked.given_name == "Rose"
    start = {"start": (booked.starts_at + STEP).isoformat(), "given_name": "Resold", "family_name": "Other"}
    await client.post(f"{world.manage_url(booked)}/move", data=start)
    moved = await Appointment.get(id=booked.id)
    assert moved.starts_at != booked.starts_at
    assert (moved.given_name, moved.family_name) == ("Rose", "Noir")


async def test_a_lapsed_hold_books_what_is_still_free(client: Client, world: World) -> None:
    url, form = await to_person(client, world)
    await Hold.all().update(expires_at=utcnow() - STEP)
    assert "n’est plus gardé" in await page(client, url)
    assert (await confirm(client, form)).status == 303


async def test_a_lapsed_hold_that_others_took_leads_to_others_with_nothing_lost(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    await Hold.all().update(expires_at=utcnow() - STEP)
    start = world.instant(form["slot"].split("@")[0])
    await world.book(start, agent_id=None, at=utcnow())
    answer = await confirm(client, form)
    html = await answer.text()
    assert answer.status == 409
    assert 'value="rose@example.org"' in html
    instead = unescape(re.findall(r'class="rdv-other" type="submit" name="slot" value="([^"]+)"', html)[0])
    answer = await confirm(client, hidden(html) | {"slot": instead})
    assert answer.status == 303
    assert (await Appointment.get(given_name="Rose")).starts_at == world.instant(instead.split("@")[0])


# The hold


async def keep(client: Client, form: dict[str, str], **more: str) -> Any:
    return await client.post("/rdv/book/keep", data=form | more, headers={"Accept": "application/json"})


async def test_a_hold_can_be_kept_longer(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    await Hold.all().update(expires_at=utcnow() + timedelta(seconds=100))
    assert (await (await keep(client, form)).json())["seconds"] <= 100
    assert (await (await keep(client, form, longer="1")).json())["seconds"] > 290


async def test_who_leaves_gives_it_back_and_who_comes_back_has_it(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    assert (await client.post("/rdv/book/away", data=form)).status == 204
    assert (await Hold.get()).expires_at < utcnow() + timedelta(seconds=21)
    assert (await (await keep(client, form)).json())["seconds"] > 290
    await client.post("/rdv/book/away", data=form)
    await drop_expired(now=utcnow() + timedelta(seconds=21))
    assert await Hold.all().count() == 0
    assert await Occupancy.all().count() == 0
    assert (await (await keep(client, form)).json())["seconds"] > 290


async def test_a_slot_that_others_took_is_not_kept(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    await Hold.all().delete()
    await world.book(world.instant(form["slot"].split("@")[0]), agent_id=None, at=utcnow())
    answer = await keep(client, form)
    assert (answer.status, (await answer.json())["code"]) == (409, "slot_taken")


async def test_nobody_keeps_what_is_not_theirs(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    for cookies in ({"rdv": ""}, OTHER):
        await client.post("/rdv/book/away", data=form, cookies=cookies)
        answer = await client.post("/rdv/book/keep", data=form, cookies=cookies, headers={"Accept": "application/json"})
        assert answer.status in (404, 409)
    assert (await Hold.get()).expires_at > utcnow() + timedelta(seconds=200)


# For somebody else, with others, more than once


async def test_for_somebody_else_with_their_consent(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    answer = await confirm(client, form, for_whom="other")
    html = await answer.text()
    assert answer.status == 422
    assert "Dites qui prend ce rendez-vous" in html
    assert "Cochez cette case" in html
    answer = await confirm(client, form, for_whom="other", booked_by="Louis Noir", consent="yes")
    assert answer.status == 303
    booked = await Appointment.get(given_name="Rose")
    assert booked.booked_by == "Louis Noir"
    assert booked.consent_at is not None


async def test_for_oneself_nobody_else_is_noted(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    await confirm(client, form, booked_by="Louis Noir", consent="yes")
    booked = await Appointment.get(given_name="Rose")
    assert (booked.booked_by, booked.consent_at) == ("", None)


async def test_a_series_is_a_week_apart_with_the_same_agent(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    answer = await confirm(client, form, series="3")
    assert answer.status == 303, await answer.text()
    booked = await Appointment.filter(given_name="Rose").order_by("starts_at")
    assert len(booked) == 3
    assert {each.starts_at - booked[0].starts_at for each in booked} == {timedelta(days=7 * n) for n in range(3)}
    assert len({each.agent_id for each in booked}) == 1
    assert len({each.series_id for each in booked}) == 1
    assert booked[0].series_id
    html = await page(client, answer.headers["Location"])
    assert html.count('class="rdv-series__item"') == 3


async def test_a_series_without_room_books_nothing(client: Client, world: World) -> None:
    await Service.filter(id=world.service.id).update(horizon_days=6)
    _, form = await to_person(client, world)
    answer = await confirm(client, form, series="2")
    assert answer.status == 409
    assert "pas assez de places pour cette série" in await answer.text()
    assert await Appointment.filter(given_name="Rose").count() == 0
    assert await Hold.all().count() == 1


# Fair play


async def test_one_person_has_so_many_appointments_of_a_service(client: Client, world: World) -> None:
    await Service.filter(id=world.service.id).update(future_limit=1)
    _, form = await to_person(client, world)
    assert (await confirm(client, form, series="2")).status == 409
    assert (await confirm(client, form)).status == 303
    _, again = await to_person(client, world)
    answer = await confirm(client, again)
    assert answer.status == 409
    assert "déjà 1 rendez-vous à venir" in await answer.text()
    answer = await confirm(client, again, given_name="Zoé", email="zoe@example.org")
    assert answer.status == 303


async def test_a_browser_takes_only_so_many_slots_in_hand(client: Client, world: World) -> None:
    _, form = await to_person(client, world)
    answers = [(await press(client, world, form["slot"])).status for _ in range(FROM_A_DEVICE)]
    assert answers[-1] == 429
    assert 429 not in answers[: CALM_FROM_A_NETWORK - 1]
