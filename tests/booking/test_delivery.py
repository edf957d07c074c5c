"""From the outbox to a real mail server and back, whatever fails in between."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from icalendar import Calendar, Event

from booking.book import book
from booking.change import cancel, reschedule
from booking.lifecycle import Status
from booking.models import Agent, Appointment, Notice
from booking.notifications import outbox
from booking.notifications.by_mail import MailChannel
from booking.notifications.delivery import Delivery
from booking.notifications.notices import Kind, NoticeState
from booking.ports import Gate, Mailer, open_gate
from teleconsult.database import Database
from teleconsult.mail.smtp import SmtpMailer, read_server
from tests.booking.meetings import SENDER, composer
from tests.booking.offers import MONDAY_8, SYSTEM, make_offer, paris_monday
from tests.booking.test_notices import ZOE, booked
from tests.support.smtp import SmtpServer

CITIZEN_ADDRESS = str(ZOE.email)


class Clock:
    """A clock that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(MONDAY_8)


@pytest.fixture
async def mailer(smtp_server: SmtpServer) -> AsyncIterator[SmtpMailer]:
    async with SmtpMailer(read_server(smtp_server.url), sender=SENDER) as mailer:
        yield mailer


@pytest.fixture
def delivery(database: Database, mailer: SmtpMailer, clock: Clock, tmp_path: Path) -> Delivery:
    return worker(mailer, clock, tmp_path)


def worker(mailer: Mailer, clock: Clock, folder: Path) -> Delivery:
    """Return a worker with a clock of the test's."""
    return Delivery({"email": MailChannel(mailer, composer(folder), clock=clock)}, clock=clock)


def calendar_of(message: EmailMessage) -> tuple[str, Event]:
    """Return the method and the event of a mail's inline invitation."""
    (inline,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(inline.get_payload(decode=True))
    (event,) = calendar.events
    assert calendar["method"] == inline.get_param("method")
    return str(calendar["method"]), event


async def states() -> dict[str, set[str]]:
    """Return the states of the citizen's notices by kind."""
    found: dict[str, set[str]] = {}
    for notice in await Notice.filter(recipient="citizen"):
        found.setdefault(notice.kind, set()).add(notice.state)
    return found


async def agent_address(appointment: Appointment) -> str:
    return (await Agent.get(id=appointment.agent_id)).email


async def test_book_move_move_cancel_is_one_event_in_four_versions(
    delivery: Delivery, smtp_server: SmtpServer, clock: Clock
) -> None:
    appointment = await booked(await make_offer(), paris_monday(10))
    await delivery.deliver_due()
    for start in (paris_monday(14), paris_monday(11, day=24)):
        clock.now += timedelta(minutes=1)
        await reschedule(now=clock.now, appointment_id=appointment.id, start=start, actor=SYSTEM)
        await delivery.deliver_due()
    clock.now += timedelta(minutes=1)
    await cancel(now=clock.now, appointment_id=appointment.id, actor=SYSTEM, reason="grève")
    await delivery.deliver_due()

    for address in (CITIZEN_ADDRESS, await agent_address(appointment)):
        mails = smtp_server.to(address)
        read = [calendar_of(mail) for mail in mails]
        assert [method for method, _ in read] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
        assert [event["sequence"] for _, event in read] == [0, 1, 2, 3]
        assert len({event["uid"] for _, event in read}) == 1
        assert [event.decoded("dtstart") for _, event in read] == [
            paris_monday(10),
            paris_monday(14),
            paris_monday(11, day=24),
            paris_monday(11, day=24),
        ]
        assert {str(event["attendee"]) for _, event in read} == {f"mailto:{address}"}
        ids = [mail["Message-ID"] for mail in mails]
        assert len(set(ids)) == 4
        assert [mail["In-Reply-To"] for mail in mails] == [None, *ids[:3]]
        assert mails[3]["References"].split() == ids[:3]
    assert {received.sender for received in smtp_server.received} == {SENDER}
    assert all(len(received.recipients) == 1 for received in smtp_server.received)
    assert not await Notice.filter(state=NoticeState.PENDING).exists()


async def test_reminder_goes_out_when_due_and_once(delivery: Delivery, smtp_server: SmtpServer, clock: Clock) -> None:
    await booked(await make_offer(reminder_minutes=120), paris_monday(14))
    await delivery.deliver_due()
    clock.now = paris_monday(12) - timedelta(seconds=1)
    assert await delivery.deliver_due() == 0
    clock.now = paris_monday(12)
    assert await delivery.deliver_due() == 1
    clock.now += timedelta(hours=1)
    assert await delivery.deliver_due() == 0
    invitation, reminder = smtp_server.to(CITIZEN_ADDRESS)
    assert reminder["Subject"].startswith("Rappel")
    assert "14\u00a0h\u00a000" in reminder["Subject"]
    assert reminder["In-Reply-To"] == invitation["Message-ID"]


@pytest.mark.parametrize("what", ["moved", "cancelled", "checked in"])
async def test_reminder_of_what_no_longer_holds_never_goes_out(
    delivery: Delivery, smtp_server: SmtpServer, clock: Clock, what: str
) -> None:
    appointment = await booked(await make_offer(reminder_minutes=60), paris_monday(10))
    await delivery.deliver_due()
    if what == "moved":
        await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=paris_monday(15), actor=SYSTEM)
    elif what == "cancelled":
        await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=SYSTEM)
    else:
        await Appointment.all().update(status=Status.CHECKED_IN)
    # Even if the row had not been made void: as when the move commits between the claim and the sending.
    await Notice.filter(kind=Kind.REMINDER, sequence=0).update(state=NoticeState.PENDING)
    clock.now = paris_monday(9)
    await delivery.deliver_due()
    clock.now = paris_monday(13, 59)
    await delivery.deliver_due()
    assert not [mail for mail in smtp_server.to(CITIZEN_ADDRESS) if mail["Subject"].startswith("Rappel")]
    assert (await Notice.get(kind=Kind.REMINDER, sequence=0)).state == NoticeState.VOID
    clock.now = paris_monday(14)
    await delivery.deliver_due()
    reminders = [mail for mail in smtp_server.to(CITIZEN_ADDRESS) if mail["Subject"].startswith("Rappel")]
    assert len(reminders) == (1 if what == "moved" else 0)


async def test_temporary_refusal_is_tried_again_and_the_mail_arrives_once(
    delivery: Delivery, smtp_server: SmtpServer, clock: Clock
) -> None:
    await booked(await make_offer(), paris_monday(14))
    smtp_server.refuse = "451 4.3.0 try later"
    assert await delivery.deliver_due() == 2
    assert await delivery.deliver_due() == 0, "not before the delay is over"
    notice = await Notice.filter(kind=Kind.INVITATION).first()
    assert notice is not None
    assert (notice.state, notice.attempts, notice.last_error) == (NoticeState.PENDING, 1, "smtp_451")
    assert MONDAY_8 + outbox.FIRST_RETRY <= notice.due_at <= MONDAY_8 + outbox.FIRST_RETRY * (1 + outbox.JITTER)
    smtp_server.refuse = None
    clock.now += outbox.FIRST_RETRY * 2
    assert await delivery.deliver_due() == 2
    assert len(smtp_server.to(CITIZEN_ADDRESS)) == 1
    assert (await states())["invitation"] == {NoticeState.SENT}


async def test_permanent_refusal_stops_at_once_and_shows(
    delivery: Delivery, smtp_server: SmtpServer, clock: Clock
) -> None:
    await booked(await make_offer(), paris_monday(14))
    smtp_server.refuse = "550 5.1.1 no such mailbox"
    assert await delivery.deliver_due() == 2
    smtp_server.refuse = None
    clock.now += timedelta(hours=1)
    assert await delivery.deliver_due() == 0
    failed = await Notice.filter(kind=Kind.INVITATION)
    assert {(notice.state, notice.last_error) for notice in failed} == {(NoticeState.FAILED, "smtp_550")}


async def test_impossible_address_fails_and_holds_up_nobody(delivery: Delivery, smtp_server: SmtpServer) -> None:
    appointment = await booked(await make_offer(), paris_monday(14))
    await Appointment.all().update(email="nobody")
    await delivery.deliver_due()
    assert (await states())["invitation"] == {NoticeState.FAILED}
    assert len(smtp_server.to(await agent_address(appointment))) == 1


async def test_reminder_that_cannot_be_sent_in_time_is_dropped_and_never_late(
    delivery: Delivery, smtp_server: SmtpServer, clock: Clock
) -> None:
    await booked(await make_offer(reminder_minutes=120), paris_monday(14))
    smtp_server.refuse = "451 4.3.0 try later"
    clock.now = paris_monday(12)
    while clock.now < paris_monday(14):
        await delivery.deliver_due()
        clock.now += timedelta(minutes=5)
    smtp_server.refuse = None
    clock.now = paris_monday(14)
    await delivery.deliver_due()
    assert smtp_server.received == []
    assert await states() == {"invitation": {NoticeState.DROPPED}, "reminder": {NoticeState.DROPPED}}
    assert (await Notice.get(kind=Kind.REMINDER)).attempts > 3


class DiesAfterSending:
    """A worker's mailer that hands the mail over and then takes the worker down."""

    def __init__(self, inner: Mailer) -> None:
        self._inner = inner

    async def send(self, message: EmailMessage, *, recipient: str, gate: Gate = open_gate) -> None:
        await self._inner.send(message, recipient=recipient, gate=gate)
        raise asyncio.CancelledError


async def test_crash_between_sending_and_writing_repeats_the_same_message(
    delivery: Delivery, mailer: SmtpMailer, smtp_server: SmtpServer, clock: Clock, tmp_path: Path
) -> None:
    await booked(await make_offer(), paris_monday(14))
    with pytest.raises(asyncio.CancelledError):
        await worker(DiesAfterSending(mailer), clock, tmp_path).deliver_due()
    await smtp_server.wait_for(1)
    assert (await states())["invitation"] == {NoticeState.PENDING}
    assert await delivery.deliver_due() == 0, "the dead worker's lease has not ended"
    clock.now += outbox.PACE.lease
    assert await delivery.deliver_due() == 2
    mails = smtp_server.to(CITIZEN_ADDRESS)
    assert len({mail["Message-ID"] for mail in mails}) == 1
    assert len({(calendar_of(mail)[1]["uid"], calendar_of(mail)[1]["sequence"]) for mail in mails}) == 1
    assert (await states())["invitation"] == {NoticeState.SENT}


async def test_two_workers_send_each_mail_once(
    delivery: Delivery, mailer: SmtpMailer, smtp_server: SmtpServer, clock: Clock, tmp_path: Path
) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    for hour in (9, 10, 11, 14, 15, 16):
        for _ in range(2):
            await booked(offer, paris_monday(hour))
    other = worker(mailer, clock, tmp_path)
    counts = await asyncio.gather(delivery.deliver_due(), other.deliver_due())
    assert sum(counts) == 24
    ids = [received.message["Message-ID"] for received in smtp_server.received]
    assert len(ids) == len(set(ids)) == 24


async def test_agent_who_loses_the_appointment_gets_a_cancel_at_the_time_they_know(
    delivery: Delivery, smtp_server: SmtpServer, clock: Clock
) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    appointment = await booked(offer, paris_monday(10))
    await delivery.deliver_due()
    first = await Agent.get(id=appointment.agent_id)
    # The first agent is taken at the new time, so the move gives the appointment to the other one.
    await book(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=paris_monday(14), citizen=ZOE,
        actor=SYSTEM, channel="agent", agent_id=first.id,
    )  # fmt: skip
    await Notice.filter(state=NoticeState.PENDING).delete()
    moved = await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=paris_monday(14), actor=SYSTEM)
    assert moved.appointment.agent_id != first.id
    await delivery.deliver_due()
    invited, cancelled = (calendar_of(mail) for mail in smtp_server.to(first.email))
    assert (invited[0], cancelled[0]) == ("REQUEST", "CANCEL")
    assert invited[1]["uid"] == cancelled[1]["uid"]
    assert cancelled[1]["sequence"] == 1
    assert cancelled[1].decoded("dtstart") == paris_monday(10)
    (newcomer,) = smtp_server.to((await Agent.get(id=moved.appointment.agent_id)).email)
    assert calendar_of(newcomer)[0] == "REQUEST"
    assert newcomer["Subject"].startswith("Rendez-vous confirmé")


async def test_worker_sends_when_woken_and_ends_when_told(delivery: Delivery, smtp_server: SmtpServer) -> None:
    serving = asyncio.create_task(delivery.serve())
    await booked(await make_offer(), paris_monday(14))
    delivery.wake()
    await smtp_server.wait_for(2)
    delivery.stop()
    await serving
