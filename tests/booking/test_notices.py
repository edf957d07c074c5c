"""What is owed to whom, and the queue that it waits in, on both databases."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from booking.book import book
from booking.change import cancel, reschedule
from booking.models import Agent, Appointment, Notice
from booking.notifications import outbox
from booking.notifications.due import is_stale
from booking.notifications.notices import Kind, NoticeState, Recipient, plan_notices
from booking.ports import Sent
from booking.schemas import Citizen
from teleconsult.database import Database, transaction
from tests.booking.offers import ANYBODY, MONDAY_8, SYSTEM, Offer, make_offer, paris_monday

ZOE = Citizen(given_name="Zoé", family_name="Quatremère", email="zoe.q@mail.example")
NOBODY_TO_WRITE_TO = Citizen(given_name="Zoé", family_name="Quatremère")
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def booked(offer: Offer, start: datetime, citizen: Citizen = ZOE, now: datetime = MONDAY_8) -> Appointment:
    done = await book(
        now=now, service_id=offer.service.id, site_id=offer.site.id, start=start, citizen=citizen, actor=ANYBODY,
        channel="kiosk",
    )  # fmt: skip
    return done.appointment


async def rows(appointment: Appointment) -> list[tuple[str, str, int, str]]:
    """Return kind, recipient, sequence and state of an appointment's notices."""
    notices = await Notice.filter(appointment_id=appointment.id).order_by("sequence", "recipient", "kind", "starts_at")
    return [(each.kind, each.recipient, each.sequence, each.state) for each in notices]


async def test_booking_invites_both_and_plans_the_reminder(database: Database) -> None:
    appointment = await booked(await make_offer(reminder_minutes=120), paris_monday(14))
    assert await rows(appointment) == [
        ("invitation", "agent", 0, "pending"),
        ("invitation", "citizen", 0, "pending"),
        ("reminder", "citizen", 0, "pending"),
    ]
    reminder = await Notice.get(kind=Kind.REMINDER)
    assert (reminder.due_at, reminder.deadline_at) == (paris_monday(12), paris_monday(14))


async def test_who_gave_no_address_is_owed_nothing(database: Database) -> None:
    appointment = await booked(await make_offer(reminder_minutes=120), paris_monday(14), NOBODY_TO_WRITE_TO)
    assert await rows(appointment) == [("invitation", "agent", 0, "pending")]


async def test_who_can_only_be_told_by_a_person_is_for_the_staff_until_the_next_change(database: Database) -> None:
    appointment = await booked(await make_offer(), paris_monday(14), NOBODY_TO_WRITE_TO)

    async def for_the_staff() -> list[tuple[str, int, str]]:
        notices = await Notice.filter(channel="hand").order_by("sequence")
        return [(each.kind, each.sequence, each.state) for each in notices]

    await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=paris_monday(15), actor=ANYBODY)
    assert await for_the_staff() == [], "they moved it themselves"
    await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=paris_monday(16), actor=SYSTEM)
    assert await for_the_staff() == [("change", 2, "by_hand")]
    await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=SYSTEM)
    assert await for_the_staff() == [("change", 2, "void"), ("cancellation", 3, "by_hand")]
    assert {notice.recipient for notice in await outbox.claim(now=MONDAY_8, limit=9)} == {"agent"}


async def test_who_has_a_mobile_only_is_told_by_text(database: Database) -> None:
    citizen = Citizen(given_name="Zoé", family_name="Quatremère", phone="+33612345678")
    await booked(await make_offer(), paris_monday(14), citizen)
    notices = await Notice.filter(recipient="citizen").order_by("kind")
    assert [(each.kind, each.channel, each.due_at) for each in notices] == [
        ("invitation", "sms", MONDAY_8),
        ("reminder", "sms", paris_monday(12)),
    ]


async def test_move_and_cancellation_make_what_is_pending_void(database: Database) -> None:
    appointment = await booked(await make_offer(reminder_minutes=60), paris_monday(10))
    await Notice.filter(kind=Kind.INVITATION).update(state=NoticeState.SENT)
    await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=paris_monday(14), actor=SYSTEM)
    assert await rows(appointment) == [
        ("invitation", "agent", 0, "sent"),
        ("invitation", "citizen", 0, "sent"),
        ("reminder", "citizen", 0, "void"),
        ("change", "agent", 1, "pending"),
        ("change", "citizen", 1, "pending"),
        ("reminder", "citizen", 1, "pending"),
    ]
    assert (await Notice.get(kind=Kind.REMINDER, sequence=1)).due_at == paris_monday(13)
    await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=SYSTEM)
    assert (await rows(appointment))[3:] == [
        ("change", "agent", 1, "void"),
        ("change", "citizen", 1, "void"),
        ("reminder", "citizen", 1, "void"),
        ("cancellation", "agent", 2, "pending"),
        ("cancellation", "citizen", 2, "pending"),
    ]


async def hand_to(appointment: Appointment, agent: Agent) -> None:
    """Give an appointment to another agent, as a move does."""
    async with transaction():
        appointment.agent_id = agent.id
        appointment.sequence += 1
        await appointment.save(update_fields=["agent_id", "sequence"])
        await plan_notices(appointment=appointment, kind=Kind.CHANGE, now=MONDAY_8)


async def test_agent_who_loses_an_appointment_is_told_once_and_the_next_is_invited(database: Database) -> None:
    offer = await make_offer(agents=3)
    appointment = await booked(offer, paris_monday(14), NOBODY_TO_WRITE_TO)
    first = await Agent.get(id=appointment.agent_id)
    second, third = [agent for agent in offer.agents if agent.id != first.id]
    names = {first.id: "first", second.id: "second", third.id: "third"}

    async def told() -> list[tuple[str, str, int, str]]:
        notices = await Notice.filter(appointment_id=appointment.id, recipient="agent").order_by("sequence", "kind")
        return [(each.kind, names[str(each.agent_id)], each.sequence, each.state) for each in notices]

    await Notice.all().update(state=NoticeState.SENT)
    await hand_to(appointment, second)
    at_first = [
        ("invitation", "first", 0, "sent"),
        ("cancellation", "first", 1, "pending"),
        ("invitation", "second", 1, "pending"),
    ]
    assert await told() == at_first
    # A further move leaves the first one's cancellation owed, though it is of an older version.
    await hand_to(appointment, third)
    assert await told() == [
        *at_first[:2],
        ("invitation", "second", 1, "void"),
        ("cancellation", "second", 2, "pending"),
        ("invitation", "third", 2, "pending"),
    ]
    # Back to the first one: what would have taken it out of the calendar must not follow the new invitation.
    await hand_to(appointment, first)
    assert (await told())[1] == ("cancellation", "first", 1, "void")
    assert (await told())[-2:] == [("cancellation", "third", 3, "pending"), ("invitation", "first", 3, "pending")]


CURRENT = {"sequence": 1, "status": "booked", "agent_id": "current"}


@pytest.mark.parametrize(
    ("notice", "now", "stale"),
    [
        ({"kind": "invitation", "sequence": 1}, {}, False),
        ({"kind": "invitation", "sequence": 0}, {}, True),
        ({"kind": "change", "sequence": 1}, {"status": "checked_in"}, False),
        ({"kind": "change", "sequence": 1}, {"status": "cancelled"}, True),
        ({"kind": "reminder", "sequence": 1}, {}, False),
        ({"kind": "reminder", "sequence": 0}, {}, True),
        ({"kind": "reminder", "sequence": 1}, {"status": "checked_in"}, True),
        ({"kind": "reminder", "sequence": 1}, {"status": "cancelled"}, True),
        ({"kind": "cancellation", "sequence": 1}, {"status": "cancelled"}, False),
        ({"kind": "cancellation", "sequence": 1}, {}, True),
        ({"kind": "cancellation", "sequence": 1, "agent_id": "current"}, {}, True),
        ({"kind": "cancellation", "sequence": 0, "agent_id": "other"}, {}, False),
    ],
)
def test_what_no_longer_holds_is_known_as_such(notice: dict[str, Any], now: dict[str, Any], stale: bool) -> None:
    assert is_stale(Notice(recipient="citizen", **notice), **CURRENT | now) is stale


async def many(count: int, **more: Any) -> list[Notice]:
    """Put so many notices in the outbox, each about a version of its own of one appointment."""
    appointment = await booked(await make_offer(), paris_monday(14), NOBODY_TO_WRITE_TO)
    await Notice.all().delete()
    facts = {
        "appointment_id": appointment.id,
        "kind": Kind.CHANGE,
        "recipient": Recipient.AGENT,
        "agent_id": appointment.agent_id,
        "starts_at": appointment.starts_at,
        "ends_at": appointment.ends_at,
        "due_at": MONDAY_8,
        "deadline_at": paris_monday(14),
    }
    return [await Notice.create(**facts | more, sequence=number) for number in range(count)]


async def test_two_workers_claim_different_rows(database: Database) -> None:
    ids = {notice.id for notice in await many(20)}
    claims = await asyncio.gather(*(outbox.claim(now=MONDAY_8, limit=7) for _ in range(4)))
    claimed = [notice.id for batch in claims for notice in batch]
    assert len(claimed) == len(set(claimed))
    while batch := await outbox.claim(now=MONDAY_8, limit=7):
        claimed += [notice.id for notice in batch]
    assert len(claimed) == 20
    assert set(claimed) == ids


async def test_nothing_is_claimed_before_it_is_due_or_after_its_deadline(database: Database) -> None:
    await many(1, due_at=paris_monday(12), deadline_at=paris_monday(13))
    assert not await outbox.claim(now=paris_monday(12) - timedelta(seconds=1), limit=9)
    assert not await outbox.claim(now=paris_monday(13), limit=9)
    assert await outbox.drop_late(now=paris_monday(13) - timedelta(seconds=1)) == 0
    assert len(await outbox.claim(now=paris_monday(12), limit=9)) == 1
    # It is being sent: it is not dropped behind the worker's back, but once the worker has died it is.
    assert await outbox.drop_late(now=paris_monday(12) + outbox.PACE.lease - timedelta(seconds=1)) == 0
    assert await outbox.drop_late(now=paris_monday(13)) == 1
    assert (await Notice.get()).state == NoticeState.DROPPED


async def test_dead_workers_rows_come_back_when_the_lease_ends(database: Database) -> None:
    await many(1)
    (lost,) = await outbox.claim(now=MONDAY_8, limit=9)
    assert not await outbox.claim(now=MONDAY_8 + outbox.PACE.lease - timedelta(seconds=1), limit=9)
    (found,) = await outbox.claim(now=MONDAY_8 + outbox.PACE.lease, limit=9)
    assert found.id == lost.id
    assert (lost.attempts, found.attempts) == (1, 2)
    # The first one was only slow. What it says of a failure no longer counts, but a mail that is out is out.
    await outbox.put_back(lost, now=MONDAY_8, reason="late")
    await outbox.mark_failed(lost, reason="late")
    await outbox.mark_void(lost)
    notice = await Notice.get()
    assert (notice.state, notice.last_error, notice.leased_until is None) == (NoticeState.PENDING, "", False)
    await outbox.mark_sent(lost, Sent(), now=MONDAY_8)
    assert (await Notice.get()).state == NoticeState.SENT


async def test_mail_that_went_out_while_its_row_became_void_is_known_to_be_sent(database: Database) -> None:
    await many(1)
    (claimed,) = await outbox.claim(now=MONDAY_8, limit=9)
    await Notice.all().update(state=NoticeState.VOID)
    await outbox.put_back(claimed, now=MONDAY_8, reason="x")
    assert (await Notice.get()).state == NoticeState.VOID
    await outbox.mark_sent(claimed, Sent(), now=MONDAY_8)
    assert (await Notice.get()).state == NoticeState.SENT


def test_retries_wait_longer_each_time_and_never_too_long() -> None:
    waits = [outbox.retry_delay(attempts, 0) for attempts in range(1, 60)]
    assert waits[0] == outbox.FIRST_RETRY
    assert all(later == min(2 * earlier, outbox.LONGEST_RETRY) for earlier, later in pairwise(waits))
    assert waits[-1] == outbox.LONGEST_RETRY
    assert outbox.retry_delay(1, 1) == outbox.FIRST_RETRY * (1 + outbox.JITTER)
