"""Reads the service's mailbox as it comes round, in one process at a time, and does what the mails in it ask for."""

import asyncio
import contextlib
import re
from datetime import datetime, timedelta

import structlog
from aiohttp import web
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

from booking.answers.imap import Mailbox, MailboxFailure, read_address
from booking.answers.mails import Mail, MailUnreadable, read_mail
from booking.answers.replies import NotAReply, read_reply
from booking.answers.taking import Result, note_refused, settle, take_bounce, take_reply
from booking.models import Duty
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from teleconsult.web.events import publish
from teleconsult.web.keys import SETTINGS
from teleconsult.web.ticks import add_tick

TICK_SECONDS = 20
# How often the mailbox is read by whoever comes first; less than three ticks, so that it is each third.
EVERY = timedelta(seconds=50)
# Longer than a poll can take, so that only a dead process's lease ends.
LEASE = timedelta(minutes=6)
POLL = timedelta(minutes=3)
MOST_A_POLL = 500
DUTY = "mailbox"
NOTICE_ID = re.compile(r"<([0-9a-f]{32})@([^<>@\s]+)>")
# What a person should look at, since nothing else will
FOR_PEOPLE = frozenset({Result.OTHER_METHOD})

log = structlog.get_logger(__name__)


async def claim(*, now: datetime) -> bool:
    """Take the mailbox for this process; False if another one has it, or has just read it."""
    if not await Duty.exists(name=DUTY):
        with contextlib.suppress(IntegrityError):  # another process was as fast
            await Duty.create(name=DUTY)
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    return bool(await Duty.filter(free, name=DUTY).update(leased_until=now + LEASE))


async def _note(failure: str, *, now: datetime) -> None:
    """Give the mailbox back until it is due again, and write down how it went."""
    duty = await Duty.get(name=DUTY)
    failing = (duty.failing_since or now) if failure else None
    worked = duty.worked_at if failure else now
    await Duty.filter(name=DUTY).update(
        leased_until=now + EVERY, failing_since=failing, worked_at=worked, last_error=failure
    )


async def poll(app: web.Application, *, now: datetime | None = None) -> int:
    """Read what is new in the mailbox if it is this process's turn; return how many mails were handled."""
    settings = app[SETTINGS]
    if not settings.imap_url or not await claim(now=now or utcnow()):
        return 0
    handled, failure = 0, ""
    try:
        handled = await _read_all(app, Mailbox(read_address(settings.imap_url)))
    except MailboxFailure as error:
        failure = error.reason
        log.warning("mailbox_failing", reason=failure)
    finally:
        await _note(failure, now=now or utcnow())
    return handled


async def _read_all(app: web.Application, mailbox: Mailbox) -> int:
    until, handled = utcnow() + POLL, 0
    await asyncio.to_thread(mailbox.__enter__)
    try:
        for uid in (await asyncio.to_thread(mailbox.new))[:MOST_A_POLL]:
            if utcnow() > until:
                break
            handled += await _handle(app, mailbox, uid)
    finally:
        await asyncio.to_thread(mailbox.__exit__, None, None, None)
    return handled


async def _handle(app: web.Application, mailbox: Mailbox, uid: str) -> bool:
    """Do what one mail asks for, then put it away: a crash in between has it read again, which changes nothing."""
    content = await asyncio.to_thread(mailbox.read, uid)
    try:
        if content is None:
            raise MailUnreadable("too_large")
        mail = await asyncio.to_thread(read_mail, content, authserv_id=app[SETTINGS].imap_authserv_id)
        kept = await _act(app, mail)
    except MailUnreadable as error:
        log.info("mail_left_to_people", reason=str(error))
        kept = True
    except Exception:
        # The database is away, or a mistake of ours: it stays where it is, and the others are read.
        log.exception("mail_not_handled")
        return False
    await asyncio.to_thread(mailbox.leave_to_people if kept else mailbox.put_away, uid)
    return True


async def _act(app: web.Application, mail: Mail) -> bool:
    """Do what a mail asks for; return whether a person should read it."""
    now = utcnow()
    if mail.report:
        return not await _bounced(mail, app[SETTINGS], now)
    if mail.calendars:
        return await _answered(app, mail, now) in FOR_PEOPLE
    if mail.automatic or mail.envelope == "":
        log.info("automatic_mail_put_away")
        return False
    log.info("mail_left_to_people", reason="no_answer_in_it")
    return True


async def _answered(app: web.Application, mail: Mail, now: datetime) -> Result:
    """Take the answer in a mail: of its calendar parts the first that is one (Google sends the same one twice)."""
    refused = NotAReply("malformed")
    for text in mail.calendars:
        try:
            reply = await asyncio.to_thread(read_reply, text)
        except NotAReply as error:
            refused = error
            continue
        result, done = await take_reply(mail, reply, now=now)
        log.info("calendar_reply", result=result.value, answer=reply.answer.value, appointment=_id_of(done))
        if done is not None:
            for each in [done, *await settle(done, now=now)]:
                await publish(app, each.events)
        return result
    result = await note_refused(mail, refused, now=now)
    log.info("calendar_reply", result=result.value)
    return result


def _id_of(done: object) -> str:
    appointment = getattr(done, "appointment", None)
    return str(appointment.id) if appointment is not None else ""


async def _bounced(mail: Mail, settings: Settings, now: datetime) -> bool:
    """Note what could not be delivered; True if there is nothing in the report for a person."""
    for bounce in mail.bounces:
        named = NOTICE_ID.fullmatch(bounce.message_id)
        if named is None or named.group(2).casefold() != settings.mail_sender.rpartition("@")[2].casefold():
            continue
        result = await take_bounce(mail, bounce, notice_id=named.group(1), now=now)
        log.info("mail_bounced", result=result.value, notice=named.group(1), status=bounce.status)
        return True
    # A delay is no failure: another report follows when there is one.
    log.info("delivery_report_put_away", failed=bool(mail.bounces))
    return not mail.bounces


async def _tick(app: web.Application) -> None:
    await poll(app)


def setup(app: web.Application) -> None:
    """Read the mailbox for as long as the application serves, if there is one and this process sends mails."""
    settings = app[SETTINGS]
    if settings.imap_url and settings.deliver:
        add_tick(app, "mailbox", TICK_SECONDS, _tick)
