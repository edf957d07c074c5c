"""An agent runs late: who waits longer, by how much, and who is told what."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.errors import AgentUnknown
from booking.events import AppointmentDelayed
from booking.late import MINUTE, STEP_MINUTES, affected, delays, tell_late
from booking.lifecycle import Status
from booking.models import Agent, Appointment, Notice
from booking.notifications.notices import NoticeState
from booking.progress import check_in
from teleconsult.database import Database
from tests.booking.offers import ANYBODY, MONDAY_8, Offer, make_offer, paris_monday
from tests.booking.test_notices import NOBODY_TO_WRITE_TO, booked

TEN = paris_monday(10)
BEFORE_TEN = TEN - timedelta(minutes=10)


def half_hours(*starts: datetime) -> list[tuple[datetime, datetime]]:
    return [(start, start + 30 * MINUTE) for start in starts]


def test_free_time_takes_up_the_delay() -> None:
    spans = half_hours(TEN, TEN + 30 * MINUTE, TEN + 70 * MINUTE, TEN + 200 * MINUTE)
    assert delays(spans, 20) == [20, 20, 10, 0]
    assert delays(spans, 0) == [0, 0, 0, 0]
    assert delays([], 20) == []


@given(
    gaps=st.lists(st.integers(min_value=0, max_value=40), min_size=1, max_size=8),
    minutes=st.integers(min_value=0, max_value=24).map(lambda steps: steps * STEP_MINUTES),
)
def test_delays_only_shrink_and_nobody_is_seen_early_or_two_at_once(gaps: list[int], minutes: int) -> None:
    starts = [TEN]
    for gap in gaps:
        starts.append(starts[-1] + (30 + gap) * MINUTE)
    found = delays(half_hours(*starts), minutes)
    assert found[0] == minutes
    assert all(before >= after >= 0 for before, after in pairwise(found))
    # what is told is never too early, and less than a step too late
    free_at = starts[0] + minutes * MINUTE
    for start, late in zip(starts, found, strict=True):
        begins = max(start, free_at)
        assert begins <= start + late * MINUTE < begins + STEP_MINUTES * MINUTE
        free_at = begins + 30 * MINUTE


async def morning() -> tuple[Offer, list[Appointment]]:
    """Return an offer with appointments at ten, half past ten and four."""
    offer = await make_offer(buffer_after_minutes=0)
    starts = (TEN, TEN + 30 * MINUTE, paris_monday(16))
    return offer, [await booked(offer, start) for start in starts]


async def late_notices() -> list[tuple[datetime, int, str]]:
    rows = await Notice.filter(kind="late").order_by("starts_at")
    return [(each.starts_at, each.params["minutes"], each.state) for each in rows]


async def test_whom_it_concerns_is_seen_before_anybody_is_told(database: Database) -> None:
    offer, _ = await morning()
    found = await affected(now=BEFORE_TEN, agent_id=offer.agents[0].id, minutes=15)
    assert [(each.item.starts_at, each.minutes, each.expected_at) for each in found] == [
        (TEN, 15, TEN + 15 * MINUTE),
        (TEN + 30 * MINUTE, 15, TEN + 45 * MINUTE),
        (paris_monday(16), 0, paris_monday(16)),
    ]
    assert await late_notices() == []
    with pytest.raises(AgentUnknown):
        await affected(now=BEFORE_TEN, agent_id="none", minutes=15)


async def test_one_click_tells_each_once(database: Database) -> None:
    offer, (first, second, last) = await morning()
    agent_id = offer.agents[0].id
    done = await tell_late(now=BEFORE_TEN, agent_id=agent_id, minutes=15)
    events = [event for each in done for event in each.events]
    assert [(type(event), event.appointment_id) for event in events] == [
        (AppointmentDelayed, first.id),
        (AppointmentDelayed, second.id),
    ]
    assert await late_notices() == [(TEN, 15, "pending"), (TEN + 30 * MINUTE, 15, "pending")]
    assert await tell_late(now=BEFORE_TEN, agent_id=agent_id, minutes=15) == []
    assert len(await late_notices()) == 2
    assert (await Appointment.get(id=last.id)).late_minutes == 0


async def test_more_delay_is_told_anew_and_on_time_again_takes_back_what_was_not_sent(database: Database) -> None:
    offer, (first, second, _) = await morning()
    agent_id = offer.agents[0].id
    await tell_late(now=BEFORE_TEN, agent_id=agent_id, minutes=15)
    await Notice.filter(kind="late", appointment_id=first.id).update(state=NoticeState.SENT)
    await tell_late(now=TEN, agent_id=agent_id, minutes=25)
    assert await late_notices() == [(TEN, 25, "pending"), (TEN + 30 * MINUTE, 25, "pending")]
    await tell_late(now=TEN, agent_id=agent_id, minutes=0)
    assert {state for _, _, state in await late_notices()} == {"void"}
    assert {(await Appointment.get(id=each.id)).late_minutes for each in (first, second)} == {0}


async def test_who_already_waits_is_told_on_the_screen_only(database: Database) -> None:
    offer, (first, _, _) = await morning()
    await check_in(now=BEFORE_TEN, appointment_id=first.id, kiosk_id=first.kiosk_id, actor=ANYBODY)
    done = await tell_late(now=BEFORE_TEN, agent_id=offer.agents[0].id, minutes=10)
    assert [each.appointment.status for each in done] == [Status.CHECKED_IN, Status.BOOKED]
    assert [start for start, _, _ in await late_notices()] == [TEN + 30 * MINUTE]
    assert (await Appointment.get(id=first.id)).late_minutes == 10


async def test_another_day_another_agent_and_who_gave_no_address(database: Database) -> None:
    offer = await make_offer(agents=2, kiosks=2)
    tomorrow = await booked(offer, paris_monday(10, day=24))
    today = await booked(offer, TEN, NOBODY_TO_WRITE_TO)
    (other,) = await Agent.exclude(id=today.agent_id)
    assert await tell_late(now=MONDAY_8, agent_id=other.id, minutes=30) == []
    (done,) = await tell_late(now=MONDAY_8, agent_id=today.agent_id, minutes=30)
    assert (done.appointment.id, done.appointment.late_minutes) == (today.id, 30)
    assert await late_notices() == []
    assert (await Appointment.get(id=tomorrow.id)).late_minutes == 0
