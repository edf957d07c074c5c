"""Kiosks that fail, agents who fall ill, houses that close: who keeps their time, who chooses again, who is told."""

import asyncio
from datetime import datetime, timedelta

import pytest

from booking.agenda import displaced_items
from booking.change import cancel, reschedule
from booking.errors import KioskUnknown
from booking.events import AppointmentDisplaced, AppointmentRescheduled
from booking.lifecycle import Outcome, Status
from booking.models import Absence, Agent, Appointment, Kiosk, KioskOutage, Notice, Occupancy, SiteClosure
from booking.notifications.notices import NoticeState
from booking.record import Done
from booking.trouble import (
    FAR,
    Trouble,
    close_unplaced,
    replace_all,
    report_absence,
    report_outage,
    report_repair,
    restore_all,
)
from teleconsult.database import Database
from tests.booking.offers import MONDAY_8, SYSTEM, Offer, make_offer, make_site, paris_monday
from tests.booking.test_notices import NOBODY_TO_WRITE_TO, ZOE, booked

TEN, ELEVEN, EVENING = paris_monday(10), paris_monday(11), paris_monday(18)


async def stored(appointment: Appointment) -> Appointment:
    return await Appointment.get(id=appointment.id)


async def taken(appointment: Appointment) -> set[str]:
    return {row.resource for row in await Occupancy.filter(appointment_id=appointment.id)}


async def told(appointment: Appointment, sequence: int) -> set[tuple[str, str]]:
    """Return who is owed what about a version of an appointment."""
    rows = Notice.filter(appointment_id=appointment.id, sequence=sequence).exclude(state=NoticeState.VOID)
    return {(each.recipient, each.kind) for each in await rows}


def kinds(done: list[Done]) -> list[type]:
    return [type(event) for each in done for event in each.events]


async def test_failed_kiosk_sends_its_appointments_to_another_at_the_same_time(database: Database) -> None:
    offer = await make_offer(kiosks=2, agents=1, reminder_minutes=60)
    appointment = await booked(offer, TEN)
    kiosk_id = appointment.kiosk_id
    done = await report_outage(now=MONDAY_8, kiosk_id=kiosk_id, until=EVENING, reason="écran noir")
    after = await stored(appointment)
    assert kinds(done) == [AppointmentRescheduled]
    (event,) = done[0].events
    assert isinstance(event, AppointmentRescheduled)
    assert (event.previous_kiosk_id, event.kiosk_id) == (kiosk_id, after.kiosk_id)
    assert after.kiosk_id != kiosk_id
    assert (after.starts_at, after.agent_id, after.sequence, after.displaced) == (TEN, appointment.agent_id, 1, "")
    assert await taken(after) == {f"agent:{after.agent_id}", f"kiosk:{after.kiosk_id}"}
    assert await told(after, 1) == {("agent", "replacement"), ("citizen", "replacement"), ("citizen", "reminder")}


async def test_absent_agents_appointments_go_to_a_colleague(database: Database) -> None:
    offer = await make_offer(kiosks=1, agents=2)
    appointment = await booked(offer, TEN)
    done = await report_absence(now=MONDAY_8, agent_id=appointment.agent_id, until=EVENING, reason="maladie")
    after = await stored(appointment)
    assert kinds(done) == [AppointmentRescheduled]
    assert after.agent_id in {agent.id for agent in offer.agents} - {appointment.agent_id}
    assert (after.starts_at, after.kiosk_id) == (TEN, appointment.kiosk_id)
    assert await taken(after) == {f"agent:{after.agent_id}", f"kiosk:{after.kiosk_id}"}
    # the new agent is invited, the one before is told, the citizen is told once
    rows = await Notice.filter(appointment_id=after.id, sequence=1).order_by("recipient", "kind")
    assert [(each.recipient, each.kind, each.agent_id) for each in rows] == [
        ("agent", "cancellation", appointment.agent_id),
        ("agent", "invitation", after.agent_id),
        ("citizen", "replacement", None),
    ]


async def test_nothing_free_then_the_nearest_slots_are_offered(database: Database) -> None:
    offer = await make_offer(kiosks=1, agents=1, reminder_minutes=60)
    gien, _ = await make_site("Gien", 1, latitude=47.7)
    appointment = await booked(offer, TEN)
    done = await report_outage(now=MONDAY_8, kiosk_id=offer.kiosks[0].id, until=EVENING)
    after = await stored(appointment)
    assert kinds(done) == [AppointmentDisplaced]
    assert (after.displaced, after.status, after.starts_at) == (Trouble.KIOSK_OUT, Status.BOOKED, TEN)
    # nobody is reminded of what cannot be held
    assert ("citizen", "reminder") not in await told(after, 0)
    notice = await Notice.get(appointment_id=after.id, kind="displaced")
    assert notice.params["trouble"] == "kiosk_out"
    assert {gien.name} <= {each["name"] for each in notice.params["alternatives"]}
    assert (notice.due_at, notice.deadline_at) == (MONDAY_8, TEN)
    (item,) = await displaced_items(now=MONDAY_8, site_id=offer.site.id)
    assert (item.id, item.displaced) == (after.id, "kiosk_out")


async def test_everybody_is_told_once_however_often_it_is_looked_for(database: Database) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    appointments = [await booked(offer, TEN), await booked(offer, TEN)]
    await SiteClosure.create(site=offer.site, starts_at=paris_monday(8), ends_at=EVENING)
    found = await asyncio.gather(*[replace_all(now=MONDAY_8) for _ in range(4)])
    assert sum(len(kinds(done)) for done in found) == 2
    assert await replace_all(now=MONDAY_8 + timedelta(minutes=1)) == []
    assert await Notice.filter(kind="displaced").count() == 2
    assert {(await stored(each)).displaced for each in appointments} == {Trouble.HOUSE_CLOSED}


async def test_two_failed_kiosks_do_not_send_people_to_each_other(database: Database) -> None:
    offer = await make_offer(kiosks=2, agents=1)
    appointment = await booked(offer, TEN)
    other = next(kiosk.id for kiosk in offer.kiosks if kiosk.id != appointment.kiosk_id)
    await report_outage(now=MONDAY_8, kiosk_id=other, until=EVENING)
    await report_outage(now=MONDAY_8, kiosk_id=appointment.kiosk_id, until=EVENING)
    after = await stored(appointment)
    assert (after.displaced, after.kiosk_id, after.sequence) == (Trouble.KIOSK_OUT, appointment.kiosk_id, 0)


async def test_notice_is_not_asked_for_again(database: Database) -> None:
    """Ten minutes before the start nobody could book, but who has booked may still be placed at another kiosk."""
    offer = await make_offer(kiosks=2, agents=1)
    appointment = await booked(offer, TEN)
    await report_outage(now=TEN - timedelta(minutes=10), kiosk_id=appointment.kiosk_id, until=EVENING)
    after = await stored(appointment)
    assert (after.displaced, after.starts_at) == ("", TEN)
    assert after.kiosk_id != appointment.kiosk_id


@pytest.mark.parametrize("start", [paris_monday(10, day=24), paris_monday(10, day=26)])
async def test_until_further_notice_leaves_who_comes_later_alone(database: Database, start: datetime) -> None:
    offer = await make_offer()
    appointment = await booked(offer, start)
    await report_outage(now=MONDAY_8, kiosk_id=offer.kiosks[0].id)
    assert ((await stored(appointment)).displaced == "") == (start - MONDAY_8 > FAR)
    await replace_all(now=start - timedelta(hours=1))
    assert (await stored(appointment)).displaced == Trouble.KIOSK_OUT


async def test_repair_gives_back_what_was_not_moved_meanwhile(database: Database) -> None:
    offer = await make_offer(reminder_minutes=60)
    kept, moved = await booked(offer, TEN), await booked(offer, ELEVEN)
    kiosk_id = offer.kiosks[0].id
    await report_outage(now=MONDAY_8, kiosk_id=kiosk_id, until=EVENING)
    wednesday = paris_monday(10, day=25)
    await reschedule(now=MONDAY_8, appointment_id=moved.id, start=wednesday, actor=SYSTEM)
    done = await report_repair(now=MONDAY_8, kiosk_id=kiosk_id)
    assert [each.appointment.id for each in done] == [kept.id]
    assert await told(kept, 1) == {("agent", "replacement"), ("citizen", "replacement"), ("citizen", "reminder")}
    assert [((await stored(each)).displaced, (await stored(each)).starts_at) for each in (kept, moved)] == [
        ("", TEN),
        ("", wednesday),
    ]
    assert await replace_all(now=MONDAY_8) == []
    assert (await KioskOutage.get()).ends_at == MONDAY_8


async def test_outage_said_again_changes_its_end(database: Database) -> None:
    offer = await make_offer()
    kiosk_id = offer.kiosks[0].id
    await report_outage(now=MONDAY_8, kiosk_id=kiosk_id)
    await report_outage(now=MONDAY_8 + timedelta(minutes=5), kiosk_id=kiosk_id, until=EVENING, reason="câble")
    outage = await KioskOutage.get()
    assert (outage.starts_at, outage.ends_at, outage.reason) == (MONDAY_8, EVENING, "câble")
    with pytest.raises(KioskUnknown):
        await report_outage(now=MONDAY_8, kiosk_id="none")


async def test_what_is_not_to_come_is_left_alone(database: Database) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    cancelled = await booked(offer, ELEVEN)
    begun = await booked(offer, TEN)
    await cancel(now=MONDAY_8, appointment_id=cancelled.id, actor=SYSTEM)
    for agent in offer.agents:
        await Absence.create(agent=agent, starts_at=TEN, ends_at=EVENING)
    assert await replace_all(now=TEN + timedelta(minutes=1)) == []
    assert [(await stored(each)).displaced for each in (cancelled, begun)] == ["", ""]


async def test_who_gave_no_address_is_on_the_list(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer, TEN, NOBODY_TO_WRITE_TO)
    await report_absence(now=MONDAY_8, agent_id=offer.agents[0].id, until=EVENING)
    assert not await Notice.filter(kind="displaced").exists()
    assert [each.id for each in await displaced_items(now=MONDAY_8, agent_id=offer.agents[0].id)] == [appointment.id]


async def test_what_was_never_placed_is_a_failure_not_a_no_show(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer, TEN, ZOE)
    await report_outage(now=MONDAY_8, kiosk_id=offer.kiosks[0].id, until=EVENING)
    assert await close_unplaced(now=TEN + timedelta(minutes=29)) == []
    (done,) = await close_unplaced(now=TEN + timedelta(minutes=31))
    assert (done.appointment.id, done.appointment.outcome) == (appointment.id, Outcome.TECHNICAL_FAILURE)
    assert (await stored(appointment)).status == Status.COMPLETED
    assert await displaced_items(now=TEN) == []


async def test_many_at_once_share_what_is_left(database: Database) -> None:
    """Three kiosks and three appointments at one time: two fail, and only one appointment can stay where it was."""
    offer: Offer = await make_offer(kiosks=3, agents=3)
    appointments = [await booked(offer, TEN) for _ in range(2)]
    used = {each.kiosk_id for each in appointments}
    assert len(used) == 2
    for kiosk in await Kiosk.filter(id__in=list(used)):
        await KioskOutage.create(kiosk=kiosk, starts_at=MONDAY_8, ends_at=EVENING)
    await replace_all(now=MONDAY_8)
    after = [await stored(each) for each in appointments]
    assert sorted(each.displaced for each in after) == ["", Trouble.KIOSK_OUT]
    (placed,) = [each for each in after if not each.displaced]
    assert placed.kiosk_id not in used


@pytest.mark.parametrize("what", [Absence, SiteClosure])
async def test_absence_or_closure_that_is_taken_back_gives_the_slot_back(database: Database, what: type) -> None:
    offer = await make_offer()
    appointment = await booked(offer, TEN)
    owner = {"agent": offer.agents[0]} if what is Absence else {"site": offer.site}
    row = await what.create(**owner, starts_at=paris_monday(8), ends_at=EVENING)
    await replace_all(now=MONDAY_8)
    assert (await stored(appointment)).displaced
    assert await restore_all(now=MONDAY_8) == []
    await row.delete()
    found = await asyncio.gather(*[restore_all(now=MONDAY_8) for _ in range(3)])
    assert [kinds(done) for done in found if done] == [[AppointmentRescheduled]]
    after = await stored(appointment)
    assert (after.displaced, after.starts_at, after.sequence) == ("", TEN, 1)
    assert await told(after, 1) == {("agent", "replacement"), ("citizen", "replacement")}


async def test_one_trouble_gone_is_not_all_gone(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer, TEN)
    await report_outage(now=MONDAY_8, kiosk_id=offer.kiosks[0].id, until=EVENING)
    await Absence.create(agent=offer.agents[0], starts_at=paris_monday(8), ends_at=EVENING)
    assert await report_repair(now=MONDAY_8, kiosk_id=offer.kiosks[0].id) == []
    assert (await stored(appointment)).displaced == Trouble.KIOSK_OUT
    assert await taken(appointment) == {f"agent:{appointment.agent_id}", f"kiosk:{appointment.kiosk_id}"}


async def test_a_kiosk_taken_out_of_service_is_an_outage_without_an_end(database: Database) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    first, second = await booked(offer, TEN), await booked(offer, ELEVEN)
    out = first.kiosk_id
    there = [each for each in (first, second) if each.kiosk_id == out]
    await Kiosk.filter(id=out).update(in_service=False)
    assert kinds(await replace_all(now=MONDAY_8)) == [AppointmentRescheduled] * len(there)
    (works,) = {each.id for each in offer.kiosks} - {out}
    assert {(await stored(each)).kiosk_id for each in (first, second)} == {works}
    # none is left: both are told, once, however far away they are
    late = await booked(offer, paris_monday(10, day=30))
    await Kiosk.all().update(in_service=False)
    assert kinds(await replace_all(now=MONDAY_8)) == [AppointmentDisplaced] * 3
    assert await replace_all(now=MONDAY_8) == []
    assert (await stored(late)).displaced == Trouble.KIOSK_OUT
    assert await restore_all(now=MONDAY_8) == []
    await Kiosk.all().update(in_service=True)
    assert kinds(await restore_all(now=MONDAY_8)) == [AppointmentRescheduled] * 3
    assert not (await stored(late)).displaced


async def test_an_agent_who_leaves_hands_their_appointments_to_colleagues(database: Database) -> None:
    offer = await make_offer(kiosks=2, agents=2, reminder_minutes=60)
    one, other = await booked(offer, TEN), await booked(offer, TEN)
    gone = one.agent_id
    await Agent.filter(id=gone).update(active=False)
    (done,) = await replace_all(now=MONDAY_8)
    # the colleague is taken at ten: its citizen chooses again
    assert kinds([done]) == [AppointmentDisplaced]
    assert (await stored(one)).displaced == Trouble.AGENT_ABSENT
    eleven = await booked(offer, ELEVEN)
    assert eleven.agent_id == other.agent_id
    await Agent.filter(id=gone).update(active=True)
    await restore_all(now=MONDAY_8)
    await Agent.filter(id=other.agent_id).update(active=False)
    await replace_all(now=MONDAY_8)
    after = await stored(eleven)
    assert (after.agent_id, after.displaced) == (gone, "")
    assert ("agent", "cancellation") in await told(after, 1)
    assert await replace_all(now=MONDAY_8) == []
