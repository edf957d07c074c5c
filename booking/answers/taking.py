"""What an answer or a bounce changes: checked, written down once, and never more than it may.

A mail changes something only if it comes from the person whose answer it is, about the appointment as it now stands,
and later than their last word. Everything else is written down with why, without a word of it (`CalendarReply`).
"""

from datetime import datetime
from enum import StrEnum

from tortoise.exceptions import IntegrityError

from booking.answers.authentic import Verdict
from booking.answers.mails import Bounce, Mail
from booking.answers.replies import Answer, NotAReply, Reply
from booking.events import AppointmentAnswered
from booking.lifecycle import Status
from booking.models import Agent, Appointment, CalendarReply, Notice
from booking.notifications.fallback import owe_other_way
from booking.notifications.notices import NoticeState
from booking.record import Done, event
from booking.trouble import replace_all, restore_all
from teleconsult.database import transaction

AGENT, CITIZEN = "agent", "citizen"


class Result(StrEnum):
    """What became of a mail. Everything but `taken` and `bounced` changed nothing."""

    TAKEN = "taken"
    BOUNCED = "bounced"
    MALFORMED = "malformed"
    NO_ANSWER = "no_answer"  # neither yes, perhaps nor no: delegated, or yet to be answered
    OTHER_METHOD = "other_method"  # a counter-proposal, or an invitation: a person should read it
    NOT_AUTHENTIC = "not_authentic"  # our mail server says that it is not from whom it says
    OTHER_SENDER = "other_sender"  # answers for somebody else
    OTHER_ATTENDEE = "other_attendee"  # from somebody who is neither the agent nor the citizen
    UNKNOWN = "unknown_appointment"
    OLD_VERSION = "old_version"
    COMING_VERSION = "coming_version"  # a version that was never sent
    OLD_ANSWER = "old_answer"
    OVER = "over"  # the appointment is cancelled, has begun or is past
    DUPLICATE = "duplicate"


async def take_reply(mail: Mail, reply: Reply, *, now: datetime) -> tuple[Result, Done | None]:
    """Write down what an attendee's calendar answers; return what became of it, and what to publish.

    A decline of the agent's is placed anew by `settle`; a citizen's is shown and decides nothing.
    """
    try:
        async with transaction():
            if await CalendarReply.exists(message_hash=mail.key):
                return Result.DUPLICATE, None
            return await _take(mail, reply, now)
    except IntegrityError:  # another process took the same mail meanwhile
        return Result.DUPLICATE, None


async def _take(mail: Mail, reply: Reply, now: datetime) -> tuple[Result, Done | None]:
    appointment = await Appointment.filter(id=reply.appointment_id).select_for_update().first()
    who = await _whose(appointment, reply) if appointment else ""
    result = refusal(mail, reply, appointment, who, now) or Result.TAKEN
    await CalendarReply.create(
        message_hash=mail.key, appointment=appointment, who=who, sequence=reply.sequence, answer=reply.answer,
        received_at=now, result=result,
    )  # fmt: skip
    if appointment is None or result is not Result.TAKEN:
        return result, None
    # No later than now: a clock that runs ahead must not outrank the answers to come.
    changes = {f"{who}_answer": reply.answer, f"{who}_answered_at": min(reply.stamped_at, now)}
    appointment.update_from_dict(changes)
    await appointment.save(update_fields=list(changes))
    return result, Done(appointment, (event(AppointmentAnswered, appointment, who=who, answer=reply.answer),))


async def _whose(appointment: Appointment, reply: Reply) -> str:
    agent = await Agent.get(id=appointment.agent_id)
    if reply.attendee == agent.email.casefold():
        return AGENT
    return CITIZEN if reply.attendee == appointment.email.casefold() and appointment.email else ""


def refusal(mail: Mail, reply: Reply, appointment: Appointment | None, who: str, now: datetime) -> Result | None:
    """Return why an answer changes nothing, or None if it counts; pure. `who` it is from, as far as it is of ours.

    Sender first: RFC 6047 2.3. Then RFC 5546 2.1.5: the newest SEQUENCE, and of its answers the newest DTSTAMP.
    """
    if mail.verdict is Verdict.FAIL:
        return Result.NOT_AUTHENTIC
    # Who vouches for the From header makes the envelope's address a detail: Google's replies have one of their own.
    strange_envelope = mail.envelope not in (None, mail.sender) and mail.verdict is not Verdict.PASS
    if mail.sender != reply.attendee or strange_envelope:
        return Result.OTHER_SENDER
    if appointment is None:
        return Result.UNKNOWN
    if not who:
        return Result.OTHER_ATTENDEE
    if reply.sequence != appointment.sequence:
        return Result.OLD_VERSION if reply.sequence < appointment.sequence else Result.COMING_VERSION
    last: datetime | None = getattr(appointment, f"{who}_answered_at")
    if last is not None and min(reply.stamped_at, now) < last:
        return Result.OLD_ANSWER
    if appointment.status != Status.BOOKED or appointment.starts_at <= now:
        return Result.OVER
    return None


async def settle(done: Done, *, now: datetime) -> list[Done]:
    """Do what an answer that was taken asks for: place a declined appointment anew, or keep one that suits after all.

    Whatever stops here is done by the tick that looks for appointments in trouble: the answer itself is a row.
    """
    answer = done.appointment.agent_answer
    if answer == Answer.DECLINED:
        return await replace_all(now=now)
    return await restore_all(now=now) if done.appointment.displaced else []


async def note_refused(mail: Mail, error: NotAReply, *, now: datetime) -> Result:
    """Write down that a calendar part was no answer to an invitation of ours; return why."""
    result = Result(error.reason)
    try:
        await CalendarReply.create(message_hash=mail.key, received_at=now, result=result)
    except IntegrityError:
        return Result.DUPLICATE
    return result


async def take_bounce(mail: Mail, bounce: Bounce, *, notice_id: str, now: datetime) -> Result:
    """Note that a notice that was sent could not be delivered, and owe it by the other way, if there is one.

    Staff see that this person could not be told.
    """
    try:
        async with transaction():
            if await CalendarReply.exists(message_hash=mail.key):
                return Result.DUPLICATE
            notice = await Notice.filter(id=notice_id).first()
            bounced = notice is not None and await mark_bounced(notice_id, bounce, now)
            result = Result.BOUNCED if bounced else Result.UNKNOWN
            await CalendarReply.create(
                message_hash=mail.key, appointment_id=notice.appointment_id if notice else None, received_at=now,
                result=result,
            )  # fmt: skip
            if notice is not None and bounced:
                await owe_other_way(notice, now=now)
            return result
    except IntegrityError:
        return Result.DUPLICATE


async def mark_bounced(notice_id: str, bounce: Bounce, now: datetime) -> bool:
    """Turn a notice that was sent into one that failed, as `outbox.mark_failed` does for one that was refused."""
    reason = f"bounced {bounce.status}".strip()
    updated = await Notice.filter(id=notice_id, state=NoticeState.SENT).update(
        state=NoticeState.FAILED, receipt="failed", receipt_at=now, last_error=reason
    )
    return bool(updated)
