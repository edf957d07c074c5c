"""What becomes of a notice that cannot go out by its first way, and of those that say nothing any more."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError

from booking.lifecycle import Outcome
from booking.models import Appointment, Notice
from booking.notifications import outbox
from booking.notifications.by_mail import MailChannel
from booking.notifications.delivery import Delivery
from booking.notifications.due import Due
from booking.notifications.kinds import Kind, NoticeState
from booking.ports import Gate, PermanentFailure, Sent
from booking.progress import check_in, record_outcome, start_call
from booking.schemas import Citizen
from teleconsult.database import Database
from teleconsult.feedback.answer import answer
from teleconsult.feedback.asking import MailedFeedback
from teleconsult.feedback.scores import Score, Surface
from teleconsult.mail.smtp import SmtpMailer, read_server
from teleconsult.web.tokens import Signer
from tests.booking.meetings import SENDER, composer
from tests.booking.offers import MONDAY_8, SYSTEM, make_offer, paris_monday
from tests.booking.test_notices import ZOE, booked
from tests.support.smtp import SmtpServer

BOTH = Citizen(given_name="Zoé", family_name="Quatremère", email="zoe.q@mail.example", phone="+33612345678")
MOBILE = Citizen(given_name="Zoé", family_name="Quatremère", phone="+33612345678")


@pytest.fixture
async def mailer(smtp_server: SmtpServer) -> AsyncIterator[SmtpMailer]:
    async with SmtpMailer(read_server(smtp_server.url), sender=SENDER) as mailer:
        yield mailer


class Texts:
    """A channel that keeps what it is given, or refuses it for good."""

    def __init__(self, refuse: bool = False) -> None:
        self.refuse = refuse
        self.given: list[str] = []

    async def send(self, due: Due, gate: Gate) -> Sent:
        await gate()
        if self.refuse:
            raise PermanentFailure("no_such_number")
        self.given.append(due.notice.kind)
        return Sent(message_ref=f"ref-{len(self.given)}", parts=2)


class Worker:
    """A worker whose clock the test moves."""

    def __init__(self, mailer: SmtpMailer, folder: Path, texts: Texts | None = None) -> None:
        self.now = MONDAY_8
        self.signer = Signer("s" * 32)
        mails = MailChannel(mailer, composer(folder), feedback=MailedFeedback(self.signer), clock=lambda: self.now)
        channels: dict[str, Any] = {"email": mails} | ({"sms": texts} if texts else {})
        self._delivery = Delivery(channels, clock=lambda: self.now)

    async def work(self, now: datetime | None = None) -> int:
        self.now = now or self.now
        return await self._delivery.deliver_due()


async def ways(**where: Any) -> list[tuple[str, str, str]]:
    """Return kind, channel and state of the citizen's notices."""
    rows = await Notice.filter(recipient="citizen", **where).order_by("kind", "channel")
    return [(row.kind, row.channel, row.state) for row in rows]


async def test_text_takes_the_place_of_a_mail_that_is_refused_for_good_once(
    database: Database, mailer: SmtpMailer, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    texts = Texts()
    worker = Worker(mailer, tmp_path, texts)
    await booked(await make_offer(reminder_minutes=0, sms_reminder_minutes=0), paris_monday(14), BOTH)
    smtp_server.refuse = "550 5.1.1 no such mailbox"
    await worker.work()
    assert await ways() == [("invitation", "email", "failed"), ("invitation", "sms", "sent")]
    sent = await Notice.get(channel="sms")
    assert (texts.given, sent.message_ref, sent.parts) == (["invitation"], "ref-1", 2)
    assert await worker.work() == 0


async def test_when_both_ways_fail_it_ends_there(
    database: Database, mailer: SmtpMailer, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    worker = Worker(mailer, tmp_path, Texts(refuse=True))
    await booked(await make_offer(reminder_minutes=0, sms_reminder_minutes=0), paris_monday(14), BOTH)
    smtp_server.refuse = "550 5.1.1 no such mailbox"
    await worker.work()
    assert await worker.work() == 0
    assert await ways() == [("invitation", "email", "failed"), ("invitation", "sms", "failed")]


async def test_without_operator_news_by_text_fail_and_reminders_are_not_missed(
    database: Database, mailer: SmtpMailer, tmp_path: Path
) -> None:
    worker = Worker(mailer, tmp_path)
    await booked(await make_offer(sms_reminder_minutes=120), paris_monday(14), MOBILE)
    await worker.work()
    await worker.work(paris_monday(12))
    assert await ways() == [("invitation", "sms", "failed"), ("reminder", "sms", "void")]
    assert (await Notice.get(kind=Kind.INVITATION, channel="sms")).last_error == "no_channel"


async def test_text_that_was_held_up_until_the_night_waits_for_the_morning(
    database: Database, mailer: SmtpMailer, tmp_path: Path
) -> None:
    texts = Texts()
    worker = Worker(mailer, tmp_path, texts)
    await booked(await make_offer(), paris_monday(14, day=24), MOBILE)
    await Notice.exclude(kind=Kind.INVITATION).delete()
    await worker.work(paris_monday(22, 30))
    assert texts.given == []
    await worker.work(paris_monday(7, 59, day=24))
    assert texts.given == []
    await worker.work(paris_monday(8, day=24))
    assert texts.given == ["invitation"]


async def finished(citizen: Citizen = ZOE) -> Appointment:
    """Return an appointment from 10:00 that was held and is over at 10:30."""
    offer = await make_offer(reminder_minutes=0)
    appointment = await booked(offer, paris_monday(10), citizen)
    facts: dict[str, Any] = {"appointment_id": appointment.id, "actor": SYSTEM}
    await check_in(now=paris_monday(10), kiosk_id=appointment.kiosk_id, **facts)
    await start_call(now=paris_monday(10), **facts)
    await record_outcome(now=paris_monday(10, 30), outcome=Outcome.SOLVED, **facts)
    await Notice.exclude(kind=Kind.SATISFACTION).delete()
    return appointment


@pytest.mark.parametrize("answered", [False, True])
async def test_who_has_not_said_how_it_was_is_asked_by_mail(
    database: Database, mailer: SmtpMailer, smtp_server: SmtpServer, tmp_path: Path, answered: bool
) -> None:
    worker = Worker(mailer, tmp_path)
    appointment = await finished()
    if answered:
        await answer(now=paris_monday(10, 31), appointment_id=appointment.id, score=Score.GOOD, surface=Surface.KIOSK)
    assert await worker.work(paris_monday(12, 29)) == 0
    assert await worker.work(paris_monday(12, 30)) == 1
    assert len(smtp_server.to(str(ZOE.email))) == (0 if answered else 1)
    assert await ways() == [("satisfaction", "email", "void" if answered else "sent")]
    if not answered:
        (mail,) = smtp_server.to(str(ZOE.email))
        assert "/feedback/" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


async def test_outcome_that_is_corrected_asks_nobody_twice(database: Database) -> None:
    appointment = await finished()
    await record_outcome(now=paris_monday(11), outcome=Outcome.FOLLOW_UP, appointment_id=appointment.id, actor=SYSTEM)
    assert len(await ways()) == 1


async def test_who_gave_no_address_is_not_asked(database: Database) -> None:
    await finished(MOBILE)
    assert await ways() == []


async def test_old_notices_are_forgotten(database: Database) -> None:
    await booked(await make_offer(), paris_monday(14))
    old = paris_monday(14) + outbox.KEPT
    assert await outbox.purge(now=old + timedelta(days=1)) == 0, "it is still to be dropped"
    await outbox.drop_late(now=old)
    assert await outbox.purge(now=old) == 0
    assert await outbox.purge(now=old + timedelta(days=1)) > 0
    assert not await Notice.exists()


@pytest.mark.parametrize("what", ["recipient", "key"])
async def test_database_refuses_to_owe_the_same_twice(database: Database, what: str) -> None:
    appointment = await booked(await make_offer(), paris_monday(14))
    (notice,) = await Notice.filter(recipient="agent")
    again = {name: getattr(notice, name) for name in Notice._meta.fields_db_projection if name != "id"}
    if what == "key":
        again |= {"appointment_id": None, "key": "agenda:somebody:2026-11-23"}
        await Notice.create(**again)
    with pytest.raises(IntegrityError):
        await Notice.create(**again)
    other = {"recipient": {"channel": "sms"}, "key": {"key": "agenda:somebody:2026-11-24"}}[what]
    await Notice.create(**again | other)
    assert await Notice.filter(appointment_id=appointment.id).exists()


def test_news_is_claimed_before_routine_by_every_worker_and_no_row_twice() -> None:
    assert {Kind.REMINDER, Kind.SATISFACTION} == set(outbox.ROUTINE)
    notice = Notice(attempts=9, deadline_at=paris_monday(14))
    tries = [outbox.next_try(notice, now=paris_monday(13, minute), spread=0) for minute in (0, 40, 57, 59)]
    assert tries == [paris_monday(13, 30), paris_monday(13, 58), paris_monday(13, 58), paris_monday(14, 29)]


async def test_news_goes_before_routine(database: Database) -> None:
    await booked(await make_offer(reminder_minutes=180), paris_monday(14))
    await Notice.filter(kind=Kind.REMINDER).update(due_at=MONDAY_8 - timedelta(hours=1))
    claims = await asyncio.gather(*(outbox.claim(now=MONDAY_8, limit=1) for _ in range(3)))
    found = [notice.kind for batch in claims for notice in batch]
    assert sorted(found) == ["invitation", "invitation", "reminder"]
    await Notice.all().update(leased_until=None, state=NoticeState.PENDING)
    assert [notice.kind for notice in await outbox.claim(now=MONDAY_8, limit=3)] == [
        "invitation",
        "invitation",
        "reminder",
    ]
