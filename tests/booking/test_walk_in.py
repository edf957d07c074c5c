"""Without an appointment: who is rung, who wins, who is rung next, and when the queue is over. On both databases."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from booking import walk_in
from booking.book import book
from booking.errors import (
    AudienceRefused,
    KioskInUse,
    NeedNotMet,
    NoWalkIn,
    WalkInImpossible,
    WalkInOver,
    WalkInUnknown,
)
from booking.events import (
    AppointmentBooked,
    AppointmentCheckedIn,
    WalkInEnded,
    WalkInPassed,
    WalkInRung,
    WalkInServed,
)
from booking.lifecycle import Actor, ActorKind, Outcome, Status
from booking.line import NowState, is_paused, now_at, place_in_line, rings_at, waiting_at
from booking.models import Absence, Agent, Appointment, Notice, Occupancy, Service, WalkIn
from booking.progress import record_outcome, start_call
from booking.trouble import report_outage
from booking.walk_in import AGAIN_AFTER, RING_FOR, Over
from teleconsult.accounts.models import Account
from teleconsult.database import Database
from tests.booking.offers import ANYBODY, CITIZEN, Offer, make_offer, paris_monday

TEN = paris_monday(10)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


async def walk_in_offer(*, kiosks: int = 2, agents: int = 2, **service: object) -> Offer:
    """An offer that takes people without an appointment, with agents who can sign in."""
    offer = await make_offer(kiosks=kiosks, agents=agents, **{"walk_in": True, "notice_minutes": 0} | service)
    for agent in offer.agents:
        agent.account = await Account.create(email=agent.email, name=agent.name, password_hash="-", roles=["agent"])
        await agent.save()
    return offer


async def join(offer: Offer, *, kiosk: int = 0, now: datetime = TEN, needs: Sequence[str] = ()) -> str:
    joined = await walk_in.join(
        now=now, service_id=offer.service.id, kiosk_id=offer.kiosks[kiosk].id, citizen=CITIZEN, actor=ANYBODY,
        needs=needs,
    )  # fmt: skip
    return joined.id


async def rung(walk_in_id: str) -> str:
    """Return the agent at whose desk it rings; nothing if it rings at nobody's."""
    return (await WalkIn.get(id=walk_in_id)).open_agent or ""


async def state(walk_in_id: str) -> tuple[str, str]:
    entry = await WalkIn.get(id=walk_in_id)
    return entry.state, entry.reason


async def booked_at(offer: Offer, start: datetime, *, agent: int | None = None) -> Appointment:
    done = await book(
        now=TEN - 3 * MINUTE, service_id=offer.service.id, site_id=offer.site.id, start=start, citizen=CITIZEN,
        actor=Actor(ActorKind.SYSTEM), channel="staff", agent_id=None if agent is None else offer.agents[agent].id,
    )  # fmt: skip
    return done.appointment


async def now_here(offer: Offer, now: datetime = TEN, kiosk: int = 0):  # type: ignore[no-untyped-def]
    return await now_at(now=now, service_id=offer.service.id, kiosk_id=offer.kiosks[kiosk].id)


async def test_the_first_free_agent_is_rung_and_receives(database: Database) -> None:
    offer = await walk_in_offer()
    entry = await join(offer, needs=["companion"])
    (ring,) = await walk_in.ring_all(now=TEN + SECOND)
    assert isinstance(ring, WalkInRung)
    (shown,) = await rings_at(ring.agent_id)
    assert (shown.id, shown.citizen, shown.kiosk, shown.needs) == (entry, "Jeanne Martin", "Borne 1", ("companion",))
    assert await walk_in.ring_all(now=TEN + 2 * SECOND) == []
    served = await walk_in.accept(now=TEN + 5 * SECOND, walk_in_id=entry, agent_id=ring.agent_id)
    assert [type(each) for each in served.events] == [AppointmentBooked, AppointmentCheckedIn, WalkInServed]
    appointment = await Appointment.get(id=served.appointment_id)
    assert (appointment.status, appointment.channel, appointment.agent_id) == ("checked_in", "walk_in", ring.agent_id)
    assert appointment.kiosk_id == offer.kiosks[0].id
    assert (appointment.starts_at, appointment.ends_at) == (TEN + 5 * SECOND, TEN + 5 * SECOND + 30 * MINUTE)
    rows = await Occupancy.filter(appointment_id=appointment.id)
    assert {row.resource for row in rows} == {f"agent:{ring.agent_id}", f"kiosk:{offer.kiosks[0].id}"}
    assert {row.ends_at for row in rows} == {appointment.ends_at + 5 * MINUTE}
    assert await Notice.filter(appointment_id=appointment.id, recipient="agent").count() == 1
    kept = await WalkIn.get(id=entry)
    assert (kept.state, kept.given_name, kept.family_name, kept.needs) == ("served", "", "", [])
    assert await rings_at(ring.agent_id) == []
    again = await walk_in.accept(now=TEN + MINUTE, walk_in_id=entry, agent_id=ring.agent_id)
    assert (again.appointment_id, again.events) == (appointment.id, ())


async def test_who_does_not_answer_is_passed_over_and_everybody_is_rung_again(database: Database) -> None:
    offer = await walk_in_offer()
    entry = await join(offer)
    await walk_in.ring_all(now=TEN)
    first = await rung(entry)
    assert await walk_in.ring_all(now=TEN + RING_FOR - SECOND) == []
    passed, ring = await walk_in.ring_all(now=TEN + RING_FOR)
    assert isinstance(passed, WalkInPassed)
    assert isinstance(ring, WalkInRung)
    assert (passed.agent_id, ring.agent_id) == (first, await rung(entry))
    assert ring.agent_id != first
    assert await walk_in.decline(walk_in_id=entry, agent_id=first) == []
    (declined,) = await walk_in.decline(walk_in_id=entry, agent_id=ring.agent_id)
    assert declined.agent_id == ring.agent_id
    assert await walk_in.ring_all(now=TEN + RING_FOR + SECOND) == []
    assert await state(entry) == ("waiting", "")
    (ring,) = await walk_in.ring_all(now=TEN + RING_FOR + AGAIN_AFTER)
    assert isinstance(ring, WalkInRung)


async def test_of_two_who_accept_at_once_one_wins_and_the_other_is_told(database: Database) -> None:
    offer = await walk_in_offer()
    entry = await join(offer)
    await walk_in.ring_all(now=TEN)
    await walk_in.ring_all(now=TEN + RING_FOR)
    results = await asyncio.gather(
        *(walk_in.accept(now=TEN + RING_FOR + SECOND, walk_in_id=entry, agent_id=agent.id) for agent in offer.agents),
        return_exceptions=True,
    )
    refused = [each for each in results if isinstance(each, WalkInOver)]
    assert len(refused) == 1, results
    assert await Appointment.all().count() == 1
    assert await Occupancy.all().count() == 2


async def test_only_who_was_rung_may_accept(database: Database) -> None:
    offer = await walk_in_offer()
    entry = await join(offer)
    await walk_in.ring_all(now=TEN)
    ringing = await rung(entry)
    other = next(agent for agent in offer.agents if agent.id != ringing)
    with pytest.raises(WalkInUnknown):
        await walk_in.accept(now=TEN, walk_in_id=entry, agent_id=other.id)
    with pytest.raises(WalkInUnknown):
        await walk_in.accept(now=TEN, walk_in_id="0" * 32, agent_id=other.id)
    await walk_in.end(walk_in_id=entry, why=Over.LEFT)
    with pytest.raises(WalkInUnknown):
        await walk_in.accept(now=TEN, walk_in_id=entry, agent_id=other.id)


async def test_an_agent_who_is_taken_away_or_away_is_not_rung(database: Database) -> None:
    offer = await walk_in_offer(agents=5, kiosks=5)
    calls, absent, booked_soon, paused, free = offer.agents
    earlier = await booked_at(offer, TEN, agent=0)
    await Appointment.filter(id=earlier.id).update(
        status=Status.IN_CALL, starts_at=TEN - 40 * MINUTE, ends_at=TEN - 10 * MINUTE
    )
    await Occupancy.filter(appointment_id=earlier.id).delete()  # the call lasts longer than planned
    await Absence.create(agent=absent, starts_at=TEN - MINUTE, ends_at=TEN + 60 * MINUTE)
    # five minutes of buffer: at ten o'clock sharp it is too late
    soon = await booked_at(offer, TEN + 30 * MINUTE, agent=2)
    await walk_in.pause(now=TEN, agent_id=paused.id)
    await walk_in.pause(now=TEN, agent_id=paused.id)
    assert await is_paused(paused.id)
    entry = await join(offer, kiosk=0 if soon.kiosk_id != offer.kiosks[0].id else 1)
    await walk_in.ring_all(now=TEN)
    assert await rung(entry) == free.id
    await walk_in.decline(walk_in_id=entry, agent_id=free.id)
    assert await walk_in.ring_all(now=TEN + AGAIN_AFTER - SECOND) == []
    await walk_in.resume(agent_id=paused.id)
    await walk_in.ring_all(now=TEN + AGAIN_AFTER - SECOND)
    assert await rung(entry) == paused.id
    assert {calls.id, booked_soon.id}.isdisjoint((await WalkIn.get(id=entry)).passed)
    (passed,) = await walk_in.pause(now=TEN, agent_id=paused.id)
    assert isinstance(passed, WalkInPassed)
    assert await rung(entry) == ""


async def test_an_agent_without_an_account_cannot_be_rung(database: Database) -> None:
    offer = await walk_in_offer(agents=1)
    await Agent.filter(id=offer.agents[0].id).update(account_id=None)
    assert (await now_here(offer)).state is NowState.NOBODY


async def test_first_come_first_served_and_one_ring_an_agent(database: Database) -> None:
    offer = await walk_in_offer(agents=1, kiosks=2)
    first = await join(offer, kiosk=1)
    second = await join(offer, kiosk=0, now=TEN + SECOND)
    await asyncio.gather(*(walk_in.ring_all(now=TEN + 2 * SECOND) for _ in range(4)))
    assert (await rung(first), await rung(second)) == (offer.agents[0].id, "")
    assert [each.id for each in await waiting_at(offer.site.id)] == [first, second]
    place = await place_in_line(now=TEN + 2 * SECOND, walk_in_id=second)
    assert (place.ahead, place.wait_minutes) == (1, 35)  # half an hour, then five minutes of buffer
    assert (await place_in_line(now=TEN + 2 * SECOND, walk_in_id=first)).wait_minutes == 0
    served = await walk_in.accept(now=TEN + 3 * SECOND, walk_in_id=first, agent_id=offer.agents[0].id)
    assert await walk_in.ring_all(now=TEN + 4 * SECOND) == []
    await start_call(now=TEN + MINUTE, appointment_id=served.appointment_id, actor=Actor(ActorKind.SYSTEM))
    place = await place_in_line(now=TEN + MINUTE, walk_in_id=second)
    assert (place.ahead, place.wait_minutes) == (0, 35)


async def test_one_person_a_kiosk(database: Database) -> None:
    offer = await walk_in_offer()
    results = await asyncio.gather(join(offer), join(offer), return_exceptions=True)
    assert [type(each) for each in results if not isinstance(each, str)] == [KioskInUse]


async def test_the_kiosk_is_not_offered_before_its_next_booking(database: Database) -> None:
    offer = await walk_in_offer(agents=3, kiosks=2)
    soon = await booked_at(offer, TEN + 30 * MINUTE)
    taken = next(number for number, kiosk in enumerate(offer.kiosks) if kiosk.id == soon.kiosk_id)
    refused = await now_here(offer, kiosk=taken)
    assert (refused.state, refused.booked_at) == (NowState.KIOSK_TAKEN, TEN + 30 * MINUTE)
    assert refused.kiosks == (offer.kiosks[1 - taken].id,)
    with pytest.raises(NoWalkIn):
        await join(offer, kiosk=taken)
    entry = await join(offer, kiosk=1 - taken)
    assert (await now_here(offer, kiosk=1 - taken)).ahead == 1
    # somebody books that one, too, while one waits there
    await booked_at(offer, TEN + 30 * MINUTE)
    (over,) = await walk_in.ring_all(now=TEN + SECOND)
    assert isinstance(over, WalkInEnded)
    assert await state(entry) == ("lapsed", "kiosk")


async def test_the_slot_is_refused_when_it_was_booked_meanwhile(database: Database) -> None:
    offer = await walk_in_offer(agents=1, kiosks=2)
    entry = await join(offer)
    await walk_in.ring_all(now=TEN)
    await booked_at(offer, TEN + 30 * MINUTE)
    with pytest.raises(WalkInImpossible):
        await walk_in.accept(now=TEN + SECOND, walk_in_id=entry, agent_id=offer.agents[0].id)
    assert await Appointment.filter(channel="walk_in").count() == 0
    assert (await WalkIn.get(id=entry)).given_name == "Jeanne"


async def test_a_kiosk_that_fails_ends_the_wait(database: Database) -> None:
    offer = await walk_in_offer()
    entry = await join(offer)
    await report_outage(now=TEN, kiosk_id=offer.kiosks[0].id)
    await walk_in.ring_all(now=TEN + SECOND)
    assert await state(entry) == ("lapsed", "kiosk")


async def test_the_queue_closes_when_the_house_does(database: Database) -> None:
    offer = await walk_in_offer(agents=1)
    assert (await now_here(offer, now=paris_monday(8, 59))).state is NowState.CLOSED
    assert (await now_here(offer, now=paris_monday(11, 31))).state is NowState.CLOSED
    entry = await join(offer, now=paris_monday(11, 20))
    await walk_in.pause(now=paris_monday(11, 20), agent_id=offer.agents[0].id)
    assert await walk_in.ring_all(now=paris_monday(11, 30)) == []
    (over,) = await walk_in.ring_all(now=paris_monday(11, 31))
    assert isinstance(over, WalkInEnded)
    assert await state(entry) == ("lapsed", "closed")
    assert (await WalkIn.get(id=entry)).family_name == ""


async def test_what_nobody_can_tell_is_said_to_be_unknown(database: Database) -> None:
    offer = await walk_in_offer(agents=1)
    await walk_in.pause(now=TEN, agent_id=offer.agents[0].id)
    offered = await now_here(offer)
    assert (offered.state, offered.wait_minutes) == (NowState.OPEN, None)
    entry = await join(offer)
    assert (await place_in_line(now=TEN, walk_in_id=entry)).wait_minutes is None
    await walk_in.resume(agent_id=offer.agents[0].id)
    assert (await place_in_line(now=TEN, walk_in_id=entry)).wait_minutes == 0


async def test_nobody_on_duty_today(database: Database) -> None:
    offer = await walk_in_offer(agents=1)
    await Absence.create(agent=offer.agents[0], starts_at=paris_monday(9), ends_at=paris_monday(17))
    assert (await now_here(offer)).state is NowState.NOBODY
    with pytest.raises(NoWalkIn):
        await join(offer)


async def test_only_services_that_take_people_unannounced(database: Database) -> None:
    offer = await walk_in_offer()
    await Service.filter(id=offer.service.id).update(walk_in=False)
    assert await now_here(offer) is None
    await Service.filter(id=offer.service.id).update(walk_in=True, audiences=["staff"])
    with pytest.raises(AudienceRefused):
        await join(offer)
    await Service.filter(id=offer.service.id).update(audiences=["citizen"])
    with pytest.raises(NeedNotMet):
        await join(offer, needs=["sign_language"])
    with pytest.raises(NoWalkIn):
        await join(offer, needs=["wheelchair"])  # this kiosk is not equipped
    assert await now_at(now=TEN, service_id=offer.service.id, kiosk_id="0" * 32) is None


async def test_leaving_is_done_once_and_forgets_who_it_was(database: Database) -> None:
    offer = await walk_in_offer()
    entry = await join(offer)
    await walk_in.ring_all(now=TEN)
    agent = await rung(entry)
    (over,) = await walk_in.end(walk_in_id=entry, why=Over.LEFT)
    assert (over.agent_id, over.kiosk_id) == (agent, offer.kiosks[0].id)
    assert await walk_in.end(walk_in_id=entry, why=Over.REMOVED) == []
    assert await state(entry) == ("left", "left")
    assert (await WalkIn.get(id=entry)).given_name == ""
    with pytest.raises(WalkInUnknown):
        await walk_in.accept(now=TEN, walk_in_id=entry, agent_id=agent)
    assert await join(offer) != entry  # the kiosk is free again


async def test_a_daily_maximum_counts_walk_ins(database: Database) -> None:
    offer = await walk_in_offer(agents=1)
    await Agent.filter(id=offer.agents[0].id).update(daily_maximum=1)
    entry = await join(offer)
    await walk_in.ring_all(now=TEN)
    served = await walk_in.accept(now=TEN, walk_in_id=entry, agent_id=offer.agents[0].id)
    agent = Actor(ActorKind.AGENT, offer.agents[0].id)
    await record_outcome(now=TEN + MINUTE, appointment_id=served.appointment_id, outcome=Outcome.SOLVED, actor=agent)
    later = paris_monday(14)
    assert (await now_here(offer, now=later)).state is NowState.NOBODY
