"""The waiting list over HTTP: joining, one's own place, the answer to an offer, and how it is refused."""

import re
from datetime import timedelta

import pytest

from booking.change import cancel
from booking.events import AppointmentBooked, AppointmentCancelled, AppointmentRescheduled
from booking.lifecycle import Status
from booking.models import Absence, Agent, Appointment, Hold, Notice, Service, WaitingEntry
from booking.passes import issue_manage
from booking.record import Done
from teleconsult.web.events import publish
from teleconsult.web.tokens import SIGNER
from tests.booking.agenda_world import STEP, Client, World, heard, page

ANA = {"given_name": "Ana", "family_name": "Petit", "email": "ana@mail.example", "weeks": "1"}


async def fill(world: World) -> list[Appointment]:
    """Leave nothing free for nine weeks but what the two appointments returned take."""
    first, second = await world.book(world.next_start + 2 * STEP), await world.book(world.next_start + 4 * STEP)
    (other,) = await Agent.exclude(id=world.agent.id)
    ranges = [
        (world.now - timedelta(days=1), first.starts_at),
        (first.ends_at, second.starts_at),
        (second.ends_at, world.now + timedelta(days=100)),
    ]
    for start, end in ranges:
        await Absence.create(agent=world.agent, starts_at=start, ends_at=end)
    await Absence.create(agent=other, starts_at=ranges[0][0], ends_at=ranges[2][1])
    return [first, second]


async def free(world: World, appointment: Appointment) -> None:
    """Cancel as a page does: the events are published."""
    done: Done = await cancel(now=world.now, appointment_id=appointment.id, actor=world.actor)
    await publish(world.app, done.events)


def wanted(world: World) -> dict[str, str]:
    return ANA | {"service": world.service.id, "site": world.site.id}


async def joined(client: Client, world: World) -> str:
    """Join, and return the path of one's own place."""
    answer = await client.post("/rdv/waiting", data=wanted(world))
    assert answer.status == 200, await answer.text()
    assert "en tête de la liste" in await answer.text()
    return answer.url.path


async def test_join_be_offered_and_accept(client: Client, world: World) -> None:
    first, _ = await fill(world)
    form = await page(client, f"/rdv/waiting?service={world.service.id}&site={world.site.id}")
    assert world.service.name in form
    own = await joined(client, world)
    events = heard(world, AppointmentBooked)
    await free(world, first)
    assert "Une place est libre pour vous" in await page(client, own)
    assert await Notice.filter(kind="offer").count() == 1
    answer = await client.post(f"{own}/accept")
    assert "Votre rendez-vous" in await answer.text()
    booked = await Appointment.get(email="ana@mail.example")
    assert (booked.starts_at, booked.status, booked.channel) == (first.starts_at, Status.BOOKED, "web")
    assert len(events) == 1
    again = await client.post(f"{own}/accept")
    assert again.url.path.startswith("/rdv/")
    assert await Appointment.filter(email="ana@mail.example").count() == 1
    assert "Vous avez accepté une place" in await page(client, own)


async def test_decline_then_leave(client: Client, world: World) -> None:
    first, _ = await fill(world)
    own = await joined(client, world)
    await free(world, first)
    assert "en tête de la liste" in await (await client.post(f"{own}/decline")).text()
    refused = await client.post(f"{own}/accept")
    assert refused.status == 410
    assert "n’est plus gardée pour vous" in await refused.text()
    assert (await client.post(f"{own}/decline")).status == 410
    assert "Vous n’êtes plus sur la liste" in await (await client.post(f"{own}/leave")).text()
    assert not await Hold.all().exists()


async def test_who_has_an_appointment_asks_for_an_earlier_one(client: Client, world: World) -> None:
    first, second = await fill(world)
    shown = await page(client, world.manage_url(second))
    (action,) = re.findall(r'action="(/rdv/[^"]+/earlier)"', shown)
    answer = await client.post(action)
    own = answer.url.path
    assert "en tête de la liste" in await answer.text()
    assert (await client.post(action)).status == 409
    await free(world, first)
    assert "Votre rendez-vous actuel sera déplacé" in await page(client, own)
    events = heard(world, AppointmentRescheduled)
    await client.post(f"{own}/accept")
    assert (await Appointment.get(id=second.id)).starts_at == first.starts_at
    assert len(events) == 1


@pytest.mark.parametrize("field", ["given_name", "family_name", "email"])
async def test_nothing_is_lost_when_something_is_missing(client: Client, world: World, field: str) -> None:
    answer = await client.post("/rdv/waiting", data=wanted(world) | {field: ""})
    html = await answer.text()
    assert answer.status == 422
    assert f'href="#{field}"' in html
    assert html.count("Ana") + html.count("Petit") + html.count("ana@mail.example") == 2
    assert not await WaitingEntry.all().exists()


async def test_refusals_in_words(client: Client, world: World) -> None:
    await fill(world)
    await joined(client, world)
    answer = await client.post("/rdv/waiting", data=wanted(world))
    assert answer.status == 409
    assert "déjà sur cette liste" in await answer.text()
    await Service.filter(id=world.service.id).update(waiting_list=False)
    answer = await client.post("/rdv/waiting", data=wanted(world) | {"given_name": "Zoé"})
    assert answer.status == 422
    assert "pas de liste d’attente" in await answer.text()
    await page(client, f"/rdv/waiting?service=none&site={world.site.id}", 404)
    await page(client, f"/rdv/waiting?service={world.service.id}&site=none", 404)


async def test_no_other_token_opens_a_place(client: Client, world: World) -> None:
    first, _ = await fill(world)
    await joined(client, world)
    manage = issue_manage(world.app[SIGNER], appointment_id=first.id, ends_at=first.ends_at)
    for path in ("", "/accept", "/decline", "/leave"):
        for token in ("nonsense", manage):
            call = client.post if path else client.get
            assert (await call(f"/rdv/offer/{token}{path}")).status == 403
    assert await WaitingEntry.filter(state="waiting").count() == 1


async def test_what_is_freed_while_nobody_waits_stays_free(client: Client, world: World) -> None:
    first, _ = await fill(world)
    events = heard(world, AppointmentCancelled)
    await free(world, first)
    assert len(events) == 1
    assert not await Hold.all().exists()
