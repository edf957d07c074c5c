"""One appointment is always ready, at any hour of any day, whatever became of the one before."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.change import cancel
from booking.engine.occupancies import Range, claim
from booking.engine.offer import agent_resource, kiosk_resource
from booking.lifecycle import Actor, ActorKind, Outcome, Status
from booking.models import Agent, Appointment, Kiosk, Notice, Occupancy, Site, Transition
from booking.progress import check_in, record_outcome, start_call
from teleconsult.database import Database, transaction
from teleconsult.demo.houses import DEMO_HOUSE
from teleconsult.demo.load import load_demo
from teleconsult.demo.people import AGENT_EMAIL
from teleconsult.demo.ready import CHANNEL, Kept, can_check_in, candidate_starts, keep_ready

PARIS = ZoneInfo("Europe/Paris")
SUNDAY_3AM = datetime(2026, 11, 22, 3, 0, tzinfo=PARIS)
MOMENTS = {
    "sunday at three": SUNDAY_3AM,
    "monday at ten": datetime(2026, 11, 23, 10, 2, tzinfo=PARIS),
    "new year's midnight": datetime(2026, 12, 31, 23, 59, 59, tzinfo=PARIS),
    "before the clocks go forward": datetime(2026, 3, 29, 1, 58, tzinfo=PARIS),
    "after the clocks went forward": datetime(2026, 3, 29, 3, 1, tzinfo=PARIS),
    "first half past two when the clocks go back": datetime(2026, 10, 25, 2, 30, tzinfo=PARIS),
    "second half past two": datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=1),
}


def utc(when: datetime) -> datetime:
    return when.astimezone(UTC)


async def ready(now: datetime) -> Appointment:
    kept = await keep_ready(now)
    assert isinstance(kept, Kept)
    return kept.appointment


async def demo_kiosk() -> Kiosk:
    """The first kiosk of the first house, as the kiosk's pages choose it."""
    first = await Kiosk.filter(in_service=True, site__active=True).order_by("site__name", "name", "id").first()
    assert first is not None
    return first


async def use(appointment: Appointment, now: datetime) -> None:
    """Check in and call, as the citizen and the agent do."""
    citizen, agent = Actor(ActorKind.CITIZEN), Actor(ActorKind.AGENT, appointment.agent_id)
    await check_in(now=now, appointment_id=appointment.id, kiosk_id=appointment.kiosk_id, actor=citizen)
    await start_call(now=now, appointment_id=appointment.id, actor=agent)


async def close(appointment: Appointment, now: datetime) -> None:
    agent = Actor(ActorKind.AGENT, appointment.agent_id)
    await record_outcome(now=now, appointment_id=appointment.id, outcome=Outcome.SOLVED, actor=agent)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_it_can_be_checked_in_and_called_at_once(database: Database, moment: str) -> None:
    now = utc(MOMENTS[moment])
    await load_demo(now)
    appointment = await ready(now)
    assert appointment.status == Status.BOOKED
    assert can_check_in(appointment.starts_at, now)
    assert appointment.agent_id == (await Agent.get(email=AGENT_EMAIL)).id
    kiosk = await demo_kiosk()
    assert appointment.kiosk_id == kiosk.id
    assert (await Site.get(id=appointment.site_id)).external_id == DEMO_HOUSE
    taken = await Occupancy.filter(appointment_id=appointment.id).values_list("resource", flat=True)
    assert set(taken) == {agent_resource(appointment.agent_id), kiosk_resource(kiosk.id)}
    await use(appointment, now)
    assert (await Appointment.get(id=appointment.id)).status == Status.IN_CALL


async def test_a_day_of_ticks_never_leaves_a_gap_nor_a_heap(database: Database) -> None:
    now = utc(datetime(2026, 10, 24, 22, 0, tzinfo=PARIS))
    await load_demo(now)
    first = await ready(now)
    for _ in range(7 * 60):  # through the night in which the clocks go back
        now += timedelta(minutes=1)
        appointment = await ready(now)
        assert can_check_in(appointment.starts_at, now)
        # whoever has just read the reference has a few minutes to come
        assert can_check_in(appointment.starts_at, now + timedelta(minutes=4))
    assert appointment.id == first.id
    assert appointment.reference == first.reference
    assert await Appointment.filter(channel=CHANNEL).count() == 1
    assert await Transition.filter(appointment_id=first.id).count() == 1
    assert await Occupancy.filter(appointment_id=first.id).count() == 2
    assert await Notice.all().count() == 0


async def test_three_people_try_it_one_after_another(database: Database) -> None:
    now = utc(SUNDAY_3AM)
    await load_demo(now)
    seen = set()
    for _ in range(5):
        appointment = await ready(now)
        seen.add(appointment.id)
        await use(appointment, now)
        now += timedelta(minutes=1)
        other = await ready(now)
        assert other.id != appointment.id
        await close(appointment, now)
        now += timedelta(seconds=30)
    assert len(seen) == 5


async def test_a_cancelled_one_is_replaced(database: Database) -> None:
    now = utc(SUNDAY_3AM)
    await load_demo(now)
    appointment = await ready(now)
    actor = Actor(ActorKind.AGENT, appointment.agent_id)
    await cancel(now=now, appointment_id=appointment.id, actor=actor, reason="Essai")
    other = await ready(now)
    assert other.id != appointment.id
    assert can_check_in(other.starts_at, now)


async def test_it_makes_way_for_what_people_booked(database: Database) -> None:
    """Ten minutes of the agent's time are taken by somebody else: it is ready after them."""
    now = utc(SUNDAY_3AM)
    await load_demo(now)
    appointment = await ready(now)
    first = appointment.ends_at
    later = appointment.starts_at + timedelta(minutes=11)
    others = await put_elsewhere(appointment, first)
    async with transaction():
        taken = Range(first, first + timedelta(minutes=10))
        assert await claim(agent_resource(appointment.agent_id), taken, others.id)
    moved = await ready(later)
    assert moved.id == appointment.id
    assert moved.starts_at >= first + timedelta(minutes=10)
    assert can_check_in(moved.starts_at, later)


async def put_elsewhere(like: Appointment, start: datetime) -> Appointment:
    """Write an appointment of the same agent at another house."""
    kiosk = await Kiosk.exclude(site_id=like.site_id).first()
    assert kiosk is not None
    return await Appointment.create(
        reference="AAAAAA", service_id=like.service_id, site_id=kiosk.site_id, kiosk_id=kiosk.id,  # type: ignore[attr-defined]
        agent_id=like.agent_id, starts_at=start, ends_at=start + timedelta(minutes=10), given_name="A",
        family_name="B", booked_at=start - timedelta(days=1),
    )  # fmt: skip


async def test_what_was_left_behind_is_closed(database: Database) -> None:
    now = utc(SUNDAY_3AM)
    await load_demo(now)
    appointment = await ready(now)
    await use(appointment, now)
    await ready(now + timedelta(hours=5))
    left = await Appointment.get(id=appointment.id)
    assert (left.status, left.outcome) == (Status.COMPLETED, Outcome.TECHNICAL_FAILURE)
    last = await Transition.filter(appointment_id=appointment.id).order_by("-at").first()
    assert last is not None
    assert last.actor_kind == "system"


async def test_without_the_demo_nothing_is_made(database: Database) -> None:
    assert await keep_ready(utc(SUNDAY_3AM)) is None
    assert await Appointment.all().count() == 0


@pytest.mark.parametrize("second", [0, 1, 59])
@pytest.mark.parametrize("minute", range(0, 60, 7))
def test_every_candidate_can_be_checked_in_now(minute: int, second: int) -> None:
    now = datetime(2026, 11, 22, 3, minute, second, tzinfo=UTC)
    starts = list(candidate_starts(now))
    assert len(starts) == len(set(starts)) >= 6
    assert all(can_check_in(start, now) for start in starts)
