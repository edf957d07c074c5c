"""Holds: a slot kept for a few minutes, under the constraint of appointments, and in nobody's way afterwards."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking.book import book
from booking.change import reschedule
from booking.engine.search import slots
from booking.errors import HoldExpired, NeedNotMet, NoKioskInService, SlotTaken, TooManyHolds
from booking.holds import Held, drop_expired, extend, held, hold, release, release_all
from booking.models import Appointment, Hold, Kiosk, Occupancy
from booking.record import Done
from teleconsult.database import Database
from tests.booking.offers import ANYBODY, CITIZEN, MONDAY_8, Offer, make_offer, paris_monday

VISIT = "the visit of a citizen"
FIVE_MINUTES = timedelta(minutes=5)


async def kept(offer: Offer, start: datetime, *, now: datetime = MONDAY_8, owner: str = VISIT, **more: Any) -> Held:
    return await hold(now=now, service_id=offer.service.id, site_id=offer.site.id, start=start, owner=owner, **more)


async def booked(offer: Offer, start: datetime, *, now: datetime = MONDAY_8, **more: Any) -> Done:
    return await book(
        now=now, service_id=offer.service.id, site_id=offer.site.id, start=start, citizen=CITIZEN, actor=ANYBODY,
        channel="web", **more,
    )  # fmt: skip


async def free(offer: Offer, *, now: datetime = MONDAY_8, **more: Any) -> list[datetime]:
    found = await slots(now=now, service_id=offer.service.id, site_id=offer.site.id, days=1, **more)
    return [each.start for each in found]


async def test_a_held_slot_is_taken_for_all_but_its_owner(database: Database) -> None:
    offer = await make_offer()
    mine = await kept(offer, paris_monday(10))
    assert (mine.agent_id, mine.kiosk_id) == (offer.agents[0].id, offer.kiosks[0].id)
    assert (mine.ends_at, mine.expires_at) == (paris_monday(10, 30), MONDAY_8 + FIVE_MINUTES)
    assert paris_monday(10) not in await free(offer)
    assert paris_monday(10) in await free(offer, hold_id=mine.id)
    with pytest.raises(SlotTaken):
        await booked(offer, paris_monday(10))
    with pytest.raises(SlotTaken):
        await kept(offer, paris_monday(10), owner="somebody else")
    assert {row.resource for row in await Occupancy.all()} == {
        f"agent:{offer.agents[0].id}",
        f"kiosk:{offer.kiosks[0].id}",
    }


async def test_confirming_hands_over_what_was_held(database: Database) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    mine = await kept(offer, paris_monday(10))
    before = {(row.id, row.resource) for row in await Occupancy.all()}
    done = await booked(offer, paris_monday(10), now=MONDAY_8 + FIVE_MINUTES, hold_id=mine.id, hold_owner=VISIT)
    rows = await Occupancy.all()
    assert {(row.id, row.resource) for row in rows} == before
    assert {row.appointment_id for row in rows} == {done.appointment.id}  # type: ignore[attr-defined]
    assert (done.appointment.agent_id, done.appointment.kiosk_id) == (mine.agent_id, mine.kiosk_id)
    assert done.appointment.first_slot_at == paris_monday(9)
    assert not await Hold.exists()
    assert await Appointment.all().count() == 1


async def test_a_lapsed_hold_is_in_nobodys_way(database: Database) -> None:
    offer = await make_offer()
    mine = await kept(offer, paris_monday(10))
    later = mine.expires_at
    assert await held(now=later - timedelta(seconds=1), hold_id=mine.id, owner=VISIT) == mine
    assert await held(now=later, hold_id=mine.id, owner=VISIT) is None
    assert paris_monday(10) in await free(offer, now=later)
    done = await booked(offer, paris_monday(10), now=later)
    assert await Hold.all().count() == 0
    with pytest.raises(SlotTaken):
        await booked(offer, paris_monday(10), now=later, hold_id=mine.id, hold_owner=VISIT)
    assert await Occupancy.filter(appointment_id=done.appointment.id).count() == 2


async def test_a_hold_that_lapsed_unnoticed_is_confirmed_all_the_same(database: Database) -> None:
    offer = await make_offer()
    mine = await kept(offer, paris_monday(10))
    later = mine.expires_at + FIVE_MINUTES
    assert (await booked(offer, paris_monday(10), now=later, hold_id=mine.id, hold_owner=VISIT)).appointment.agent_id
    assert not await Hold.exists()


async def test_a_hold_for_something_else_is_given_up_to_the_booking(database: Database) -> None:
    offer = await make_offer()
    mine = await kept(offer, paris_monday(10))
    with pytest.raises(SlotTaken):  # not theirs
        await booked(offer, paris_monday(10), hold_id=mine.id, hold_owner="somebody else")
    await booked(offer, paris_monday(11), hold_id=mine.id, hold_owner=VISIT)
    assert not await Hold.exists()
    assert paris_monday(10) in await free(offer)


async def test_needs_said_after_the_hold_choose_another_kiosk(database: Database) -> None:
    offer = await make_offer(kiosks=1, agents=1)
    mine = await kept(offer, paris_monday(10))
    with pytest.raises(NoKioskInService):
        await booked(offer, paris_monday(10), needs=["wheelchair"], hold_id=mine.id, hold_owner=VISIT)
    assert await held(now=MONDAY_8, hold_id=mine.id, owner=VISIT) is not None
    with pytest.raises(NeedNotMet):
        await booked(offer, paris_monday(10), needs=["sign_language"], hold_id=mine.id, hold_owner=VISIT)
    wide = await Kiosk.create(site=offer.site, name="Grande borne", equipment=["wheelchair"])
    done = await booked(offer, paris_monday(10), needs=["wheelchair"], hold_id=mine.id, hold_owner=VISIT)
    assert (done.appointment.kiosk_id, done.appointment.agent_id) == (wide.id, mine.agent_id)
    assert not await Hold.exists()


async def test_extended_but_not_for_ever(database: Database) -> None:
    offer = await make_offer()
    mine = await kept(offer, paris_monday(10))
    now = MONDAY_8 + timedelta(minutes=4)
    assert (await extend(now=now, hold_id=mine.id, owner=VISIT)).expires_at == now + FIVE_MINUTES
    with pytest.raises(HoldExpired):
        await extend(now=now, hold_id=mine.id, owner="somebody else")
    last = mine.created_at + timedelta(minutes=30)
    while (longer := await extend(now=now, hold_id=mine.id, owner=VISIT)).expires_at < last:
        now = longer.expires_at - timedelta(seconds=1)
    assert (await extend(now=now, hold_id=mine.id, owner=VISIT)).expires_at == last
    with pytest.raises(HoldExpired):
        await extend(now=last, hold_id=mine.id, owner=VISIT)


async def test_freed_when_they_leave_or_choose_another(database: Database) -> None:
    offer = await make_offer()
    first = await kept(offer, paris_monday(10))
    again = await kept(offer, paris_monday(10), now=MONDAY_8 + timedelta(minutes=1))
    assert (again.id, again.expires_at) == (first.id, first.expires_at + timedelta(minutes=1))
    second = await kept(offer, paris_monday(11), instead_of=first.id)
    assert paris_monday(10) in await free(offer)
    overlapping = await kept(offer, paris_monday(11), needs=["large_print"])
    assert overlapping.id != second.id
    assert await Hold.all().count() == 1
    assert await release(now=MONDAY_8, hold_id=overlapping.id, owner="somebody else") is None
    freed = await release(now=MONDAY_8, hold_id=overlapping.id, owner=VISIT)
    assert freed == overlapping
    assert await release(now=MONDAY_8, hold_id=overlapping.id, owner=VISIT) is None
    assert not await Occupancy.exists()


async def test_one_owner_keeps_three_at_most(database: Database) -> None:
    offer = await make_offer()
    mine = [await kept(offer, paris_monday(hour)) for hour in (9, 10, 11)]
    with pytest.raises(TooManyHolds):
        await kept(offer, paris_monday(14))
    await kept(offer, paris_monday(14), owner="somebody else")
    await kept(offer, paris_monday(15), instead_of=mine[0].id)
    assert len(await release_all(now=MONDAY_8, owner=VISIT)) == 3
    assert await Hold.all().count() == 1


async def test_expired_holds_are_dropped(database: Database) -> None:
    offer = await make_offer()
    mine = await kept(offer, paris_monday(10))
    longer = await kept(offer, paris_monday(11), seconds=1800)
    assert await drop_expired(now=mine.expires_at - timedelta(seconds=1)) == []
    assert await drop_expired(now=mine.expires_at) == [mine]
    assert [each.id for each in await Hold.all()] == [longer.id]
    assert await Occupancy.all().count() == 2


async def test_a_move_takes_the_slot_that_was_kept_for_it(database: Database) -> None:
    offer = await make_offer()
    done = await booked(offer, paris_monday(10))
    offered = await kept(offer, paris_monday(9))
    with pytest.raises(SlotTaken):
        await reschedule(now=MONDAY_8, appointment_id=done.appointment.id, start=paris_monday(9), actor=ANYBODY)
    moved = await reschedule(
        now=MONDAY_8, appointment_id=done.appointment.id, start=paris_monday(9), actor=ANYBODY, hold_id=offered.id,
        hold_owner=VISIT,
    )  # fmt: skip
    assert moved.appointment.starts_at == paris_monday(9)
    assert not await Hold.exists()
    assert await Occupancy.all().count() == 2


async def test_a_crowd_of_holds_and_bookings_shares_what_there_is(database: Database) -> None:
    offer = await make_offer(kiosks=3, agents=3)
    crowd = [
        kept(offer, paris_monday(10), owner=f"visit {number}") if number % 2 else booked(offer, paris_monday(10))
        for number in range(20)
    ]
    results = await asyncio.gather(*crowd, return_exceptions=True)
    won = [each for each in results if not isinstance(each, BaseException)]
    assert len(won) == 3
    assert all(isinstance(each, SlotTaken) for each in results if isinstance(each, BaseException))
    assert await Hold.all().count() + await Appointment.all().count() == 3
    assert await Occupancy.all().count() == 6


async def test_a_crowd_after_a_lapsed_hold_and_its_owner_get_one_slot(database: Database) -> None:
    offer = await make_offer()
    mine = await kept(offer, paris_monday(10))
    later = mine.expires_at
    crowd = [booked(offer, paris_monday(10), now=later) for _ in range(8)]
    crowd.append(booked(offer, paris_monday(10), now=later, hold_id=mine.id, hold_owner=VISIT))
    results = await asyncio.gather(*crowd, return_exceptions=True)
    assert sum(isinstance(each, Done) for each in results) == 1
    assert sum(isinstance(each, SlotTaken) for each in results) == 8
    assert await Appointment.all().count() == 1
    assert (await Occupancy.all().count(), await Hold.all().count()) == (2, 0)


async def test_the_same_slot_told_in_another_zone_is_the_same_hold(database: Database) -> None:
    offer = await make_offer()
    first = await kept(offer, paris_monday(10))
    again = await kept(offer, paris_monday(10).astimezone(ZoneInfo("Indian/Reunion")))
    assert again.id == first.id
