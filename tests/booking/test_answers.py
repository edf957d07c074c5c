"""What an answer changes, and what a forged one does not."""

import asyncio
from datetime import datetime, timedelta

import pytest

from booking.agenda import displaced_items
from booking.answers import work
from booking.answers.mails import read_mail
from booking.answers.replies import NotAReply, read_reply
from booking.answers.taking import Result, note_refused, settle, take_bounce, take_reply
from booking.change import cancel, reschedule
from booking.models import Appointment, CalendarReply, Duty, Notice
from booking.notifications.notices import NoticeState
from booking.trouble import Trouble, replace_all, restore_all
from teleconsult.database import Database
from tests.booking.answering import (
    AUTHSERV_ID,
    CLIENTS,
    Said,
    apple,
    bounce,
    google,
    outlook,
    said_by_agent,
    stored,
    with_calendar,
)
from tests.booking.offers import MONDAY_8, SYSTEM, make_offer, paris_monday
from tests.booking.test_notices import ZOE, booked

TEN = paris_monday(10)
MINUTE = timedelta(minutes=1)
EVE = "eve@evil.example"


async def take(content: bytes, now: datetime = MONDAY_8) -> Result:
    """Take an answer as the mailbox's reader does, and do what it asks for."""
    mail = read_mail(content, authserv_id=AUTHSERV_ID)
    result, done = await take_reply(mail, read_reply(mail.calendars[0]), now=now)
    if done is not None:
        await settle(done, now=now)
    return result


async def told(appointment: Appointment) -> list[tuple[str, str, int]]:
    rows = Notice.filter(appointment_id=appointment.id).exclude(state=NoticeState.VOID)
    return sorted([(each.recipient, each.kind, each.sequence) for each in await rows])


@pytest.mark.parametrize("client", CLIENTS)
async def test_agents_answer_is_kept(database: Database, client: str) -> None:
    appointment = await booked(await make_offer(), TEN)
    said = await said_by_agent(appointment, "TENTATIVE")
    said = said.but(results=(f"{AUTHSERV_ID}; dkim=pass header.d=ddt.example",))
    assert await take(CLIENTS[client](said)) is Result.TAKEN
    after = await stored(appointment)
    assert (after.agent_answer, after.agent_answered_at, after.citizen_answer) == ("tentative", MONDAY_8, "")
    reply = await CalendarReply.get()
    assert (reply.result, reply.who, reply.answer, reply.sequence) == ("taken", "agent", "tentative", 0)


async def test_declined_appointment_goes_to_a_colleague_and_everybody_is_told_once(database: Database) -> None:
    appointment = await booked(await make_offer(agents=2), TEN)
    content = outlook(await said_by_agent(appointment, "DECLINED"))
    assert await take(content) is Result.TAKEN
    assert await take(content) is Result.DUPLICATE
    await replace_all(now=MONDAY_8 + MINUTE)
    after = await stored(appointment)
    assert after.agent_id != appointment.agent_id
    assert (after.starts_at, after.sequence, after.displaced, after.agent_answer) == (TEN, 1, "", "")
    assert [each for each in await told(after) if each[2] == 1] == [
        ("agent", "cancellation", 1), ("agent", "invitation", 1), ("citizen", "replacement", 1),
    ]  # fmt: skip
    # the colleague's answer is another one
    assert await take(outlook(await said_by_agent(after)), MONDAY_8 + MINUTE) is Result.TAKEN
    assert (await stored(appointment)).agent_answer == "accepted"


async def test_declined_and_nobody_else_is_free_then_it_is_on_the_list(database: Database) -> None:
    appointment = await booked(await make_offer(agents=1), TEN)
    said = await said_by_agent(appointment, "DECLINED")
    await take(google(said.but(results=(f"{AUTHSERV_ID}; dmarc=pass header.from=ddt.example",))))
    for minutes in (1, 2):
        await replace_all(now=MONDAY_8 + minutes * MINUTE)
        await restore_all(now=MONDAY_8 + minutes * MINUTE)
    after = await stored(appointment)
    assert (after.displaced, after.agent_answer, after.sequence) == (Trouble.AGENT_DECLINED, "declined", 0)
    assert [each.id for each in await displaced_items(now=MONDAY_8, agent_id=after.agent_id)] == [after.id]
    notice = await Notice.get(kind="displaced")
    assert (notice.params["trouble"], bool(notice.params["alternatives"])) == ("agent_declined", True)
    # they find the time after all: it is kept, and everybody is told
    assert await take(outlook(said.but(partstat="ACCEPTED")), MONDAY_8 + MINUTE) is Result.TAKEN
    kept = await stored(appointment)
    assert (kept.displaced, kept.agent_answer, kept.sequence) == ("", "accepted", 1)


async def test_move_forgets_the_answers_to_the_old_time(database: Database) -> None:
    appointment = await booked(await make_offer(), TEN)
    said = await said_by_agent(appointment)
    await take(outlook(said))
    await take(outlook(said.but(attendee=str(ZOE.email))))
    assert (await stored(appointment)).citizen_answer == "accepted"
    await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=paris_monday(14), actor=SYSTEM)
    after = await stored(appointment)
    assert (after.agent_answer, after.agent_answered_at, after.citizen_answer) == ("", None, "")
    assert await take(outlook(said.but(partstat="DECLINED"))) is Result.OLD_VERSION
    assert (await stored(appointment)).agent_answer == ""


async def test_citizens_decline_is_noted_and_changes_nothing_else(database: Database) -> None:
    appointment = await booked(await make_offer(agents=2), TEN)
    before = await told(appointment)
    said = (await said_by_agent(appointment, "DECLINED")).but(attendee=str(ZOE.email).upper())
    assert await take(apple(said)) is Result.TAKEN
    await replace_all(now=MONDAY_8)
    after = await stored(appointment)
    assert (after.citizen_answer, after.agent_answer, after.displaced, after.sequence) == ("declined", "", "", 0)
    assert await told(after) == before


FORGED = {
    "other sender": ({"sender": EVE}, Result.OTHER_SENDER),
    "sender unknown": ({"sender": "nobody"}, Result.OTHER_SENDER),
    "envelope of another": ({"envelope": EVE}, Result.OTHER_SENDER),
    "nobody's envelope": ({"envelope": ""}, Result.OTHER_SENDER),
    "other attendee": ({"attendee": EVE}, Result.OTHER_ATTENDEE),
    "spf fails": ({"results": (f"{AUTHSERV_ID}; spf=fail smtp.mailfrom=ddt.example",)}, Result.NOT_AUTHENTIC),
    "dmarc fails": ({"results": (f"{AUTHSERV_ID}; dmarc=fail header.from=ddt.example",)}, Result.NOT_AUTHENTIC),
    "vouched for by itself": ({"envelope": EVE, "results": ("mx.evil.example; dkim=pass header.d=ddt.example",)},
                              Result.OTHER_SENDER),
    "unknown appointment": ({"uid": "0b5b7d1c-6a3e-4f57-9a43-9a4b5c0d6e7f"}, Result.UNKNOWN),
    "version to come": ({"sequence": 7}, Result.COMING_VERSION),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGED)
async def test_forged_decline_changes_nothing(database: Database, forgery: str) -> None:
    changes, why = FORGED[forgery]
    appointment = await booked(await make_offer(agents=2), TEN)
    before = await told(appointment)
    said = (await said_by_agent(appointment, "DECLINED")).but(**changes)
    assert await take(outlook(said)) is why
    await replace_all(now=MONDAY_8)
    after = await stored(appointment)
    assert (after.agent_id, after.agent_answer, after.citizen_answer, after.displaced) == (
        appointment.agent_id, "", "", "",
    )  # fmt: skip
    assert await told(after) == before
    reply = await CalendarReply.get()
    assert reply.result == why


async def test_older_answer_does_not_outrank_the_last(database: Database) -> None:
    appointment = await booked(await make_offer(agents=2), TEN)
    said = await said_by_agent(appointment)
    now = MONDAY_8 + 10 * MINUTE
    assert await take(outlook(said.but(stamped_at=MONDAY_8 + 2 * MINUTE)), now) is Result.TAKEN
    assert await take(outlook(said.but(partstat="DECLINED", stamped_at=MONDAY_8)), now) is Result.OLD_ANSWER
    assert (await stored(appointment)).agent_answer == "accepted"
    # a clock that runs ahead does not silence whoever owns it
    assert await take(outlook(said.but(stamped_at=MONDAY_8 + timedelta(days=900))), now) is Result.TAKEN
    assert await take(outlook(said.but(partstat="TENTATIVE", stamped_at=now + MINUTE)), now + MINUTE) is Result.TAKEN
    assert (await stored(appointment)).agent_answer == "tentative"


async def test_what_is_over_is_not_answered_any_more(database: Database) -> None:
    offer = await make_offer(agents=2)
    appointment = await booked(offer, TEN)
    said = await said_by_agent(appointment, "DECLINED")
    assert await take(outlook(said), TEN) is Result.OVER
    await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=SYSTEM)
    assert await take(outlook(said.but(sequence=1))) is Result.OVER
    assert await take(outlook(said)) is Result.OLD_VERSION


async def test_one_mail_counts_once_in_several_processes(database: Database) -> None:
    appointment = await booked(await make_offer(agents=3), TEN)
    content = outlook(await said_by_agent(appointment, "DECLINED"))
    results = await asyncio.gather(*[take(content) for _ in range(5)])
    assert sorted(results) == sorted([Result.TAKEN] + [Result.DUPLICATE] * 4)
    assert await Notice.filter(appointment_id=appointment.id, kind="replacement").count() == 1


async def test_refused_mail_is_written_down_once(database: Database) -> None:
    mail = read_mail(with_calendar(Said("", EVE), "BEGIN:VCALENDAR"), authserv_id="")
    assert await note_refused(mail, NotAReply("malformed"), now=MONDAY_8) is Result.MALFORMED
    assert await note_refused(mail, NotAReply("malformed"), now=MONDAY_8) is Result.DUPLICATE


async def test_bounce_turns_a_sent_notice_into_a_failed_one(database: Database) -> None:
    appointment = await booked(await make_offer(), TEN)
    notice = await Notice.get(appointment_id=appointment.id, recipient="citizen", kind="invitation")
    mail = read_mail(bounce(f"<{notice.id}@localhost>"), authserv_id="")

    async def taken(message: bytes) -> Result:
        mail = read_mail(message, authserv_id="")
        return await take_bounce(mail, mail.bounces[0], notice_id=notice.id, now=MONDAY_8)

    # about what was never sent it says nothing
    assert await taken(bounce(f"<{notice.id}@localhost>")) is Result.UNKNOWN
    await Notice.filter(id=notice.id).update(state=NoticeState.SENT, sent_at=MONDAY_8)
    assert await take_bounce(mail, mail.bounces[0], notice_id=notice.id, now=MONDAY_8) is Result.BOUNCED
    assert await take_bounce(mail, mail.bounces[0], notice_id=notice.id, now=MONDAY_8) is Result.DUPLICATE
    after = await Notice.get(id=notice.id)
    assert (after.state, after.receipt, after.last_error) == (NoticeState.FAILED, "failed", "bounced 5.1.1")


async def test_who_cannot_be_mailed_is_texted(database: Database) -> None:
    both = ZOE.model_copy(update={"phone": "+33612345678"})
    appointment = await booked(await make_offer(), TEN, both)
    notice = await Notice.get(appointment_id=appointment.id, recipient="citizen", kind="invitation")
    assert notice.channel == "email"
    await Notice.filter(id=notice.id).update(state=NoticeState.SENT, sent_at=MONDAY_8)
    mail = read_mail(bounce(f"<{notice.id}@localhost>"), authserv_id="")
    assert await take_bounce(mail, mail.bounces[0], notice_id=notice.id, now=MONDAY_8) is Result.BOUNCED
    other = await Notice.get(appointment_id=appointment.id, recipient="citizen", kind="invitation", channel="sms")
    assert (other.state, other.sequence) == (NoticeState.PENDING, 0)


async def test_mailbox_is_one_processs_at_a_time(database: Database) -> None:
    assert sorted(await asyncio.gather(*[work.claim(now=MONDAY_8) for _ in range(5)])) == [False] * 4 + [True]
    assert not await work.claim(now=MONDAY_8 + MINUTE)
    # one that died gives it back
    assert await work.claim(now=MONDAY_8 + work.LEASE)
    assert await Duty.all().count() == 1
