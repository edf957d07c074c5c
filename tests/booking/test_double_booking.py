"""The database itself refuses to give an agent's or a kiosk's time twice, on SQLite and on PostgreSQL."""

import asyncio
from datetime import datetime, timedelta

import pytest
from tortoise.exceptions import IntegrityError

from booking.book import book
from booking.engine.occupancies import Range, claim
from booking.errors import SlotTaken
from booking.models import Appointment, Notice, Occupancy, Transition
from booking.record import Done, again_after_deadlock
from teleconsult.database import Database, connect, transaction, violated_constraint
from tests.booking.offers import ANYBODY, CITIZEN, MONDAY_8, Offer, make_offer, make_site, paris_monday


async def booked(offer: Offer, start: datetime, **more: object) -> Done:
    return await book(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=start, citizen=CITIZEN, actor=ANYBODY,
        channel="kiosk", **more,
    )  # fmt: skip


async def occupy(done: Done, resource: str, start: datetime, minutes: int) -> Occupancy:
    return await Occupancy.create(
        appointment=done.appointment, resource=resource, starts_at=start, ends_at=start + timedelta(minutes=minutes)
    )


@pytest.mark.parametrize("kind", ["agent", "kiosk"])
async def test_constraint_refuses_overlaps_and_allows_neighbours(database: Database, kind: str) -> None:
    offer = await make_offer()
    done = await booked(offer, paris_monday(10))
    resource = f"{kind}:{offer.agents[0].id if kind == 'agent' else offer.kiosks[0].id}"
    for start, minutes in (
        (paris_monday(10), 35),  # the same
        (paris_monday(10, 10), 5),  # within
        (paris_monday(9), 120),  # around
        (paris_monday(9, 30), 31),  # its last minute
        (paris_monday(10, 34), 30),  # the last minute of the buffer
    ):
        with pytest.raises(IntegrityError) as refused:
            await occupy(done, resource, start, minutes)
        assert violated_constraint(refused.value) == "occupancy_no_overlap"
    before = await occupy(done, resource, paris_monday(9, 30), 30)
    await occupy(done, resource, paris_monday(10, 35), 30)
    await occupy(done, f"{kind}:{'0' * 32}", paris_monday(10), 35)
    before.ends_at = paris_monday(10, 1)
    with pytest.raises(IntegrityError) as refused:
        await before.save()
    assert violated_constraint(refused.value) == "occupancy_no_overlap"
    with pytest.raises(IntegrityError) as refused:
        await occupy(done, resource, paris_monday(15), 0)
    assert violated_constraint(refused.value) == "occupancy_not_empty"


async def test_row_may_be_moved_within_its_own_range(database: Database) -> None:
    done = await booked(await make_offer(), paris_monday(10))
    row = (await Occupancy.filter(appointment_id=done.appointment.id))[0]
    row.starts_at += timedelta(minutes=5)
    await row.save()
    assert (await Occupancy.get(id=row.id)).starts_at == paris_monday(10, 5)


async def test_fifty_at_once_get_one_slot(database: Database) -> None:
    offer = await make_offer()
    near, _ = await make_site("Olivet", 1, latitude=47.86)
    results = await asyncio.gather(*[booked(offer, paris_monday(10)) for _ in range(50)], return_exceptions=True)
    won = [result for result in results if isinstance(result, Done)]
    lost = [result for result in results if isinstance(result, SlotTaken)]
    assert (len(won), len(lost)) == (1, 49)
    for refused in lost:
        offered = refused.params["alternatives"]
        here = [each for each in offered if each.site == offer.site.id]
        assert [each.start for each in here] == [paris_monday(11), paris_monday(11, 30), paris_monday(13, 30)]
        assert [each.site for each in offered[len(here) :]] == [near.id]
        assert offered[0].start.utcoffset() == timedelta(hours=1)
    assert await Appointment.all().count() == 1
    assert await Occupancy.all().count() == 2
    assert await Transition.all().count() == 1
    assert await Notice.filter(appointment_id=won[0].appointment.id).count() == await Notice.all().count() > 0


async def test_fifty_at_once_fill_every_pair(database: Database) -> None:
    offer = await make_offer(kiosks=7, agents=4)
    results = await asyncio.gather(*[booked(offer, paris_monday(10)) for _ in range(50)], return_exceptions=True)
    assert sum(isinstance(result, Done) for result in results) == 4
    assert sum(isinstance(result, SlotTaken) for result in results) == 46
    appointments = await Appointment.all()
    assert len({each.agent_id for each in appointments}) == len({each.kiosk_id for each in appointments}) == 4
    taken = {(row.resource, row.appointment_id) for row in await Occupancy.all()}  # type: ignore[attr-defined]
    assert taken == {(f"agent:{each.agent_id}", each.id) for each in appointments} | {
        (f"kiosk:{each.kiosk_id}", each.id) for each in appointments
    }


async def test_refused_claim_leaves_the_transaction_alive(database: Database) -> None:
    """A lost agent or kiosk costs one statement, not the transaction, on both databases."""
    offer = await make_offer()
    done = await booked(offer, paris_monday(10))
    taken = Range(paris_monday(10), paris_monday(10, 35))
    async with transaction():
        assert not await claim(f"agent:{offer.agents[0].id}", taken, done.appointment.id)
        assert await claim(f"agent:{'1' * 32}", taken, done.appointment.id)
    assert await Occupancy.all().count() == 3


async def test_deadlock_is_broken_and_tried_again(postgres_url: str) -> None:
    """Two transactions that wait for each other: PostgreSQL ends one, which starts anew and finds everything taken."""
    database = await connect(postgres_url)
    offer = await make_offer()
    done = await booked(offer, paris_monday(10))
    taken = Range(paris_monday(14), paris_monday(15))
    both_hold_one = asyncio.Barrier(2)
    attempts: list[str] = []

    async def take(first: str, second: str) -> list[bool]:
        attempts.append(first)
        async with transaction():
            got = [await claim(first, taken, done.appointment.id)]
            if len(attempts) <= 2:
                await both_hold_one.wait()
            return [*got, await claim(second, taken, done.appointment.id)]

    left, right = f"agent:{'1' * 32}", f"agent:{'2' * 32}"
    results = await asyncio.gather(
        again_after_deadlock(lambda: take(left, right)), again_after_deadlock(lambda: take(right, left))
    )
    assert sorted(results) == [[False, False], [True, True]]
    assert len(attempts) >= 3
    await database.close()
