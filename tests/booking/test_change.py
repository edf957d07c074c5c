"""Cancelling and moving: what is freed, what is kept, who may, and what happens when two do it at once."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from booking.book import book
from booking.change import cancel, reschedule
from booking.errors import AppointmentUnknown, NotCancellable, NotReschedulable, NotYours, SiteClosed, SlotTaken
from booking.events import AppointmentCancelled, AppointmentRescheduled
from booking.lifecycle import Actor, ActorKind, Outcome, Status
from booking.models import Appointment, Notice, Occupancy, SiteStaff, Transition
from booking.progress import check_in, record_outcome, start_call
from booking.record import Done
from teleconsult.accounts.models import Account
from teleconsult.accounts.roles import Role
from teleconsult.database import Database
from teleconsult.errors import DomainError
from tests.booking.offers import ANYBODY, CITIZEN, MONDAY_8, SYSTEM, Offer, make_offer, make_site, paris_monday

TEN, ELEVEN = paris_monday(10), paris_monday(11)


async def booked(offer: Offer, start: datetime, **more: Any) -> Appointment:
    wanted = {"service_id": offer.service.id, "site_id": offer.site.id, "citizen": CITIZEN, "actor": ANYBODY}
    return (await book(**{"now": MONDAY_8, "start": start, "channel": "kiosk"} | wanted | more)).appointment


async def taken(appointment: Appointment) -> set[tuple[str, datetime]]:
    return {(row.resource, row.starts_at) for row in await Occupancy.filter(appointment_id=appointment.id)}


async def test_cancel_frees_the_slot_once(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer, TEN)
    done = await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=ANYBODY, reason="Empêchée")
    assert [type(event) for event in done.events] == [AppointmentCancelled]
    again = await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=ANYBODY, reason="Encore")
    assert again.events == ()
    stored = await Appointment.get(id=appointment.id)
    assert (stored.status, stored.sequence, stored.cancel_reason) == (Status.CANCELLED, 1, "Empêchée")
    assert (stored.closed_at, await taken(stored)) == (MONDAY_8, set())
    assert await Transition.filter(appointment_id=stored.id).count() == 2
    assert (await booked(offer, TEN)).id != appointment.id


async def test_twenty_cancel_at_once(database: Database) -> None:
    appointment = await booked(await make_offer(), TEN)
    dones = await asyncio.gather(
        *[cancel(now=MONDAY_8, appointment_id=appointment.id, actor=ANYBODY) for _ in range(20)]
    )
    assert sum(len(done.events) for done in dones) == 1
    assert await Transition.filter(to_status=Status.CANCELLED).count() == 1
    assert (await Appointment.get(id=appointment.id)).sequence == 1


async def test_reschedule_takes_the_new_slot_and_gives_the_old_one_up(database: Database) -> None:
    offer = await make_offer(agents=2, kiosks=2)
    appointment = await booked(offer, TEN)
    done = await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=ELEVEN, actor=ANYBODY)
    stored = await Appointment.get(id=appointment.id)
    assert (stored.starts_at, stored.ends_at) == (ELEVEN, ELEVEN + timedelta(minutes=30))
    assert (stored.sequence, stored.status, stored.reference) == (1, Status.BOOKED, appointment.reference)
    assert (stored.agent_id, stored.kiosk_id) == (appointment.agent_id, appointment.kiosk_id)
    assert await taken(stored) == {(f"agent:{stored.agent_id}", ELEVEN), (f"kiosk:{stored.kiosk_id}", ELEVEN)}
    (event,) = done.events
    assert isinstance(event, AppointmentRescheduled)
    assert event.previous_agent_id == appointment.agent_id
    assert await Notice.filter(appointment_id=stored.id, kind="change", sequence=1).exists()


async def test_reschedule_by_less_than_its_length_does_not_stand_in_its_own_way(database: Database) -> None:
    offer = await make_offer(step_minutes=10)
    appointment = await booked(offer, TEN)
    await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=TEN + timedelta(minutes=10), actor=ANYBODY)
    assert (await Appointment.get(id=appointment.id)).starts_at == TEN + timedelta(minutes=10)


async def test_reschedule_to_where_it_is_changes_nothing(database: Database) -> None:
    appointment = await booked(await make_offer(), TEN)
    done = await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=TEN, actor=ANYBODY)
    assert (done.events, (await Appointment.get(id=appointment.id)).sequence) == ((), 0)


async def test_refused_reschedule_keeps_everything(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer, TEN)
    await booked(offer, ELEVEN)
    before = await taken(appointment)
    with pytest.raises(SlotTaken) as refused:
        await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=ELEVEN, actor=ANYBODY)
    assert refused.value.params["alternatives"]
    with pytest.raises(SiteClosed):
        await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=paris_monday(12), actor=ANYBODY)
    assert await taken(appointment) == before
    assert (await Appointment.get(id=appointment.id)).sequence == 0


async def test_reschedule_to_another_house(database: Database) -> None:
    offer = await make_offer()
    olivet, kiosks = await make_site("Olivet", 1)
    appointment = await booked(offer, TEN)
    done = await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=TEN, site_id=olivet.id, actor=ANYBODY)
    assert (done.appointment.site_id, done.appointment.kiosk_id) == (olivet.id, kiosks[0].id)
    assert await taken(appointment) == {(f"agent:{appointment.agent_id}", TEN), (f"kiosk:{kiosks[0].id}", TEN)}


async def test_two_swap_their_slots_at_once(database: Database) -> None:
    """Each wants the slot that the other holds: both keep theirs, or both are refused, and nothing is lost."""
    offer = await make_offer()
    one, other = await booked(offer, TEN), await booked(offer, ELEVEN)
    results = await asyncio.gather(
        reschedule(now=MONDAY_8, appointment_id=one.id, start=ELEVEN, actor=ANYBODY),
        reschedule(now=MONDAY_8, appointment_id=other.id, start=TEN, actor=ANYBODY),
        return_exceptions=True,
    )
    assert all(isinstance(result, SlotTaken) for result in results)
    assert {row.starts_at for row in await Occupancy.all()} == {TEN, ELEVEN}
    assert await Occupancy.all().count() == 4


async def test_many_move_to_one_slot_at_once(database: Database) -> None:
    offer = await make_offer(agents=6, kiosks=6)
    appointments = [await booked(offer, TEN) for _ in range(6)]
    # one pair is left at eleven
    for _ in range(5):
        await booked(offer, ELEVEN)
    results = await asyncio.gather(
        *[reschedule(now=MONDAY_8, appointment_id=each.id, start=ELEVEN, actor=ANYBODY) for each in appointments],
        return_exceptions=True,
    )
    assert sum(isinstance(result, Done) for result in results) == 1
    assert sum(isinstance(result, SlotTaken) for result in results) == 5
    assert await Occupancy.filter(starts_at=TEN).count() == 10
    assert await Occupancy.filter(starts_at=ELEVEN).count() == 12


async def test_cancel_and_check_in_at_once(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer, TEN)
    results = await asyncio.gather(
        cancel(now=TEN - timedelta(minutes=1), appointment_id=appointment.id, actor=ANYBODY),
        check_in(
            now=TEN - timedelta(minutes=1), appointment_id=appointment.id, kiosk_id=offer.kiosks[0].id, actor=ANYBODY
        ),
        return_exceptions=True,
    )
    status = (await Appointment.get(id=appointment.id)).status
    refused = [result for result in results if isinstance(result, DomainError)]
    # one after the other, either way: cancelled, then too late to arrive; or arrived, then cancelled all the same
    assert (status, [type(each).__name__ for each in refused]) in [
        (Status.CANCELLED, ["AppointmentWasCancelled"]),
        (Status.CANCELLED, []),
    ]
    steps = await Transition.filter(appointment_id=appointment.id).order_by("at").values_list("from_status", flat=True)
    assert len(steps) == len(set(steps))


async def test_who_may_change_what(database: Database) -> None:
    offer = await make_offer(agents=2, kiosks=2)
    olivet, _ = await make_site("Olivet", 1)
    appointment = await booked(offer, TEN)
    adviser = await Account.create(email="a@fs.example", name="A", password_hash="x", roles=[Role.STAFF])
    elsewhere = await Account.create(email="b@fs.example", name="B", password_hash="x", roles=[Role.STAFF])
    boss = await Account.create(email="c@fs.example", name="C", password_hash="x", roles=[Role.ADMINISTRATOR])
    await SiteStaff.create(site=offer.site, account=adviser)
    await SiteStaff.create(site=olivet, account=elsewhere)
    (stranger,) = [agent for agent in offer.agents if agent.id != appointment.agent_id]
    for actor in (
        Actor(ActorKind.AGENT, stranger.id),
        Actor(ActorKind.STAFF, elsewhere.id),
        Actor(ActorKind.PARTNER, "p"),
    ):
        with pytest.raises(NotYours):
            await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=actor)
        with pytest.raises(NotYours):
            await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=ELEVEN, actor=actor)
    for number, actor in enumerate(
        (
            Actor(ActorKind.AGENT, appointment.agent_id),
            Actor(ActorKind.STAFF, adviser.id),
            Actor(ActorKind.STAFF, boss.id),
            ANYBODY,
            SYSTEM,
        )
    ):
        start = paris_monday(14 if number % 2 else 15)
        done = await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=start, actor=actor)
        assert done.appointment.starts_at == start
    with pytest.raises(AppointmentUnknown):
        await cancel(now=MONDAY_8, appointment_id="none", actor=ANYBODY)


async def test_what_has_begun_is_not_the_citizens_to_change(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer, TEN)
    later = TEN + timedelta(minutes=5)
    with pytest.raises(NotCancellable) as refused:
        await cancel(now=later, appointment_id=appointment.id, actor=ANYBODY)
    assert refused.value.params["appointment_status"] == Status.BOOKED
    with pytest.raises(NotReschedulable):
        await reschedule(now=later, appointment_id=appointment.id, start=ELEVEN, actor=ANYBODY)
    agent = Actor(ActorKind.AGENT, appointment.agent_id)
    await reschedule(now=later, appointment_id=appointment.id, start=ELEVEN, actor=agent)
    before = ELEVEN - timedelta(minutes=1)
    await check_in(now=before, appointment_id=appointment.id, kiosk_id=offer.kiosks[0].id, actor=ANYBODY)
    with pytest.raises(NotReschedulable):
        await reschedule(now=before, appointment_id=appointment.id, start=paris_monday(15), actor=agent)
    await start_call(now=ELEVEN, appointment_id=appointment.id, actor=SYSTEM)
    with pytest.raises(NotCancellable):
        await cancel(now=ELEVEN, appointment_id=appointment.id, actor=agent)
    await record_outcome(now=ELEVEN, appointment_id=appointment.id, outcome=Outcome.SOLVED, actor=agent)
    with pytest.raises(NotCancellable):
        await cancel(now=ELEVEN, appointment_id=appointment.id, actor=agent)
