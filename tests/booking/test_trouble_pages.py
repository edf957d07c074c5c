"""The agent's page for delays and absences: who may, what is shown before anybody is told, and what then happens."""

import re
from datetime import timedelta
from html import unescape

import pytest

from booking.events import AppointmentDelayed, AppointmentDisplaced, AppointmentRescheduled
from booking.late import tell_late
from booking.models import Absence, Appointment, Kiosk, KioskOutage, Notice
from booking.trouble import report_outage
from teleconsult.web.ticks import TICKS
from tests.booking.agenda_world import STEP, Client, World, heard, local_day_of, page, sign_in

PATH = "/agent/trouble"


async def run_tick(world: World, name: str) -> None:
    (tick,) = [tick for tick in world.app[TICKS] if tick.name == name]
    await tick.run(world.app)


@pytest.mark.parametrize("path", ["/late", "/absence"])
async def test_only_agents_may(client: Client, path: str) -> None:
    assert (await client.post(PATH + path, data={"minutes": "15"})).status == 401
    await sign_in(client, "staff")
    assert (await client.post(PATH + path, data={"minutes": "15"})).status == 403
    assert (await client.get(PATH)).status == 403


async def test_late_is_seen_then_told_with_one_click(client: Client, world: World) -> None:
    first, second = await world.book(world.next_start), await world.book(world.next_start + STEP)
    await sign_in(client, "claire")
    assert "data-late" not in await page(client, PATH)
    shown = await page(client, f"{PATH}?late=20")
    assert re.findall(r'data-late="([0-9a-f]+)"', shown) == [first.id, second.id]
    assert not await Notice.filter(kind="late").exists()
    events = heard(world, AppointmentDelayed)
    answer = await client.post(f"{PATH}/late", data={"minutes": "20"})
    assert "Les usagers concernés sont prévenus" in await answer.text()
    assert [getattr(event, "appointment_id", "") for event in events] == [first.id, second.id]
    assert await Notice.filter(kind="late").count() == 2
    assert "Un retard est annoncé à 2 usagers" in await page(client, PATH)
    await client.post(f"{PATH}/late", data={"minutes": "0"})
    assert {each.late_minutes for each in await Appointment.all()} == {0}


@pytest.mark.parametrize("minutes", ["", "-5", "500", "soon"])
async def test_nonsense_is_refused_in_words(client: Client, world: World, minutes: str) -> None:
    await world.book(world.next_start)
    await sign_in(client, "claire")
    answer = await client.post(f"{PATH}/late", data={"minutes": minutes})
    assert answer.status == 422
    assert 'role="alert"' in await answer.text()
    assert not await Notice.filter(kind="late").exists()


async def test_absence_is_seen_then_said(client: Client, world: World) -> None:
    kept, stuck = await world.book(world.next_start), await world.book(world.next_start + STEP)
    # the colleague is taken at the second one's time
    other = await world.book(world.next_start + 2 * STEP, agent_id=None)
    await sign_in(client, "claire")
    today = local_day_of(world, world.now)
    shown = await page(client, f"{PATH}?until={today}")
    assert {kept.id, stuck.id} <= set(re.findall(r'data-away="([0-9a-f]+)"', shown))
    assert not await Absence.all().exists()
    colleague = (await Appointment.get(id=other.id)).agent_id
    await Absence.create(agent_id=colleague, starts_at=stuck.starts_at, ends_at=stuck.ends_at)
    moved, displaced = heard(world, AppointmentRescheduled), heard(world, AppointmentDisplaced)
    answer = await client.post(f"{PATH}/absence", data={"until": str(today), "reason": "fièvre"})
    text = await answer.text()
    assert "Votre absence est enregistrée" in text
    assert re.findall(r'data-displaced="([0-9a-f]+)"', text) == [stuck.id]
    assert kept.id in {getattr(event, "appointment_id", "") for event in moved}
    assert [getattr(event, "appointment_id", "") for event in displaced] == [stuck.id]
    assert "fièvre" not in text
    assert (await Appointment.get(id=kept.id)).agent_id != world.agent.id
    assert "Un rendez-vous est à replacer" in await page(client, "/agent")


@pytest.mark.parametrize("days", [-1, 400])
async def test_absence_until_a_day_that_makes_no_sense(client: Client, world: World, days: int) -> None:
    await sign_in(client, "claire")
    day = local_day_of(world, world.now) + timedelta(days=days)
    answer = await client.post(f"{PATH}/absence", data={"until": str(day)})
    assert answer.status == 422
    assert "Choisissez un jour" in await answer.text()
    assert not await Absence.all().exists()
    assert "data-away" not in await page(client, f"{PATH}?until={day}")


async def test_tick_finds_what_was_written_elsewhere(world: World) -> None:
    appointment = await world.book(world.next_start)
    await KioskOutage.create(kiosk=await Kiosk.get(), starts_at=world.now)
    events = heard(world, AppointmentDisplaced)
    for _ in range(2):
        await run_tick(world, "trouble")
    assert [getattr(event, "appointment_id", "") for event in events] == [appointment.id]


async def test_citizen_of_a_displaced_appointment_chooses_again_by_the_own_link(client: Client, world: World) -> None:
    start = world.next_start + 2 * STEP
    appointment = await world.book(start, agent_id=None)
    await report_outage(now=world.now, kiosk_id=world.kiosk.id, until=start + STEP)
    shown = await page(client, world.manage_url(appointment))
    assert "ne peut pas avoir lieu comme prévu" in shown
    assert "en panne" in shown
    offered = await page(client, f"{world.manage_url(appointment)}/move")
    choices = re.findall(r'id="alternative-\d" value="([^"]+)"', offered)
    assert choices
    answer = await client.post(f"{world.manage_url(appointment)}/move", data={"start": unescape(choices[0])})
    assert answer.status == 200
    after = await Appointment.get(id=appointment.id)
    assert (after.displaced, after.sequence) == ("", 1)
    assert after.starts_at > start
    assert "ne peut pas avoir lieu" not in await page(client, world.manage_url(after))


async def test_citizen_reads_of_the_delay_by_the_own_link(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    await tell_late(now=world.now, agent_id=world.agent.id, minutes=15)
    assert "environ 15 minutes de retard" in await page(client, world.manage_url(appointment))
