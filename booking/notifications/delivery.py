"""Sends what is due: woken by bookings as they are committed, and by a tick for reminders and retries."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import structlog
from aiohttp import web

from booking.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentDelayed,
    AppointmentDisplaced,
    AppointmentEvent,
    AppointmentRescheduled,
)
from booking.keys import CHANNELS, FEEDBACK, MAILER, SMS_SENDER
from booking.models import Notice
from booking.notifications import outbox
from booking.notifications.by_mail import MailChannel
from booking.notifications.by_sms import SmsChannel
from booking.notifications.due import Due, read_due
from booking.notifications.fallback import fail
from booking.notifications.kinds import EMAIL, SMS
from booking.notifications.messages import Composer
from booking.notifications.mornings import plan_agendas
from booking.notifications.outbox import ROUTINE, Pace
from booking.notifications.timing import after_quiet, is_quiet
from booking.ports import Channel, NothingToSay, PermanentFailure, Sent, TemporaryFailure
from booking.wording.kept import WORDBOOK, Wordbook
from teleconsult.clock import utcnow
from teleconsult.web.events import EVENTS
from teleconsult.web.i18n import gettext_for
from teleconsult.web.keys import SETTINGS
from teleconsult.web.render import render_text
from teleconsult.web.ticks import add_tick
from teleconsult.web.tokens import SIGNER

TICK_SECONDS, AGENDAS_SECONDS, PURGE_SECONDS = 30, 120, 6 * 3600
# How many notices are claimed and read together, and how many of them are worked on at once.
BATCH, AT_ONCE = 32, 8
# What was read longer ago is read again before it is sent.
FRESH_SECONDS = 5
SOONEST_SECONDS = 0.05
# How long the mails on their way may take when the program stops; later ones come back when their lease ends.
STOP_SECONDS = 5
# What happened that people are told of at once.
TOLD = (AppointmentBooked, AppointmentCancelled, AppointmentDelayed, AppointmentDisplaced, AppointmentRescheduled)

log = structlog.get_logger(__name__)


class _NotAnyMore(Exception):
    """Its turn came too late: the notice is past its deadline, or its lease is about to end."""


class Delivery:
    """One worker on the outbox. `deliver_due` sends what is due now; `serve` does so whenever it is woken.

    Each notice goes out by the channel that it names, one of `channels`.
    """

    def __init__(
        self, channels: Mapping[str, Channel], *, clock: Callable[[], datetime] = utcnow, pace: Pace = outbox.PACE
    ) -> None:
        self._channels = channels
        self._clock = clock
        self._pace = pace
        self._turn = asyncio.Lock()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._awake = asyncio.Event()
        self._stopping = False

    async def deliver_due(self) -> int:
        """Send every notice that is due, and drop those that are too late; return how many were claimed."""
        dropped = await outbox.drop_late(now=self._clock())
        if dropped:
            log.warning("notices_dropped", count=dropped)
        handled = 0
        while not self._stopping:
            notices = await outbox.claim(now=self._clock(), limit=BATCH, pace=self._pace)
            if not notices:
                break
            await self._deliver_all(notices)
            handled += len(notices)
        return handled

    async def _deliver_all(self, notices: Sequence[Notice]) -> None:
        read_at, found = time.monotonic(), await read_due(notices)

        async def one(notice: Notice) -> None:
            async with self._room:
                due = found.get(notice.id)
                if time.monotonic() - read_at > FRESH_SECONDS:
                    due = (await read_due([notice])).get(notice.id)
                await self._deliver(notice, due)

        await asyncio.gather(*(one(notice) for notice in notices))

    async def _deliver(self, notice: Notice, due: Due | None) -> None:
        """Send one claimed notice, unless it no longer holds, and write down what became of it."""
        facts = {
            "notice": notice.id, "kind": notice.kind, "recipient": notice.recipient, "channel": notice.channel,
            "attempt": notice.attempts,
        }  # fmt: skip
        if due is None or self._is_superfluous(notice):
            await outbox.mark_void(notice)
            log.info("notice_void", **facts)
            return
        if (morning := self._quiet_until(due)) is not None:
            await outbox.postpone(notice, until=morning)
            log.info("notice_postponed", **facts)
            return
        try:
            await self._send(due)
        except NothingToSay:
            await outbox.mark_void(notice)
            log.info("notice_void", **facts)
        except _NotAnyMore:
            await outbox.let_go(notice)
            log.warning("notice_let_go", **facts)
        except PermanentFailure as error:
            other_way = await fail(notice, reason=error.reason, now=self._clock())
            log.warning("notice_failed", reason=error.reason, other_way=other_way, **facts)
        except TemporaryFailure as error:
            await outbox.put_back(notice, now=self._clock(), reason=error.reason, pace=self._pace)
            log.warning("notice_put_back", reason=error.reason, **facts)
        except Exception as error:
            await outbox.put_back(notice, now=self._clock(), reason=type(error).__name__, pace=self._pace)
            log.exception("notice_put_back", **facts)
        else:
            log.info("notice_sent", **facts)

    def _is_superfluous(self, notice: Notice) -> bool:
        """Whether a notice is for a way that this deployment has not, and nobody misses it."""
        return notice.channel not in self._channels and notice.kind in ROUTINE

    def _quiet_until(self, due: Due) -> datetime | None:
        """Return when the quiet hours of a text message's reader end, or None if it may go out now."""
        now = self._clock()
        if due.notice.channel != SMS or not is_quiet(now, due.subject.timezone):
            return None
        return after_quiet(now, due.subject.timezone)

    async def _send(self, due: Due) -> None:
        """Hand a notice over and write down that it is out before the next one may go out."""
        channel = self._channels.get(due.notice.channel)
        if channel is None:
            raise PermanentFailure("no_channel")
        async with AsyncExitStack() as turn:
            sent = await self._hand_over(channel, due, turn)
            await outbox.mark_sent(due.notice, sent, now=self._clock())

    async def _hand_over(self, channel: Channel, due: Due, turn: AsyncExitStack) -> Sent:
        loop, seconds = asyncio.get_running_loop(), self._pace.send / timedelta(seconds=1)
        try:
            async with asyncio.timeout(seconds) as limit:

                async def gate() -> None:
                    limit.reschedule(None)  # waiting for the others is not this one's slowness
                    await turn.enter_async_context(self._turn)
                    limit.reschedule(loop.time() + seconds)
                    self._require_time(due.notice)

                return await channel.send(due, gate)
        except TimeoutError:
            raise TemporaryFailure("no_answer_in_time") from None

    def _require_time(self, notice: Notice) -> None:
        """Raise unless a notice will be out before its deadline, and before anybody else may claim it."""
        done_by = self._clock() + self._pace.send
        if notice.leased_until is None or done_by > min(notice.deadline_at, notice.leased_until):
            raise _NotAnyMore

    def wake(self) -> None:
        """Let `serve` look for due notices now; never blocks."""
        self._awake.set()

    async def serve(self) -> None:
        """Send what is due each time it is woken, and when the next notice falls due, until `stop`."""
        while not self._stopping:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), await self._until_next())
            self._awake.clear()
            try:
                await self.deliver_due()
            except Exception:
                log.exception("delivery_failed")

    async def _until_next(self) -> float:
        """Return for how many seconds nothing is known to be due, and no longer than until the next tick."""
        try:
            now = self._clock()
            due_at = await outbox.next_due(now=now, pace=self._pace)
        except Exception:
            log.exception("delivery_failed")
            return TICK_SECONDS
        seconds = TICK_SECONDS if due_at is None else (due_at - now) / timedelta(seconds=1)
        return min(max(seconds, SOONEST_SECONDS), TICK_SECONDS)

    def stop(self) -> None:
        """Let `serve` end once the mails on their way are handed over."""
        self._stopping = True
        self._awake.set()


DELIVERY: web.AppKey[Delivery] = web.AppKey("delivery", Delivery)


def make_composer(app: web.Application) -> Composer:
    """Return the composer of an application's mails and invitations."""
    settings = app[SETTINGS]
    return Composer(
        sender=settings.mail_sender,
        origin=settings.origin,
        signer=app[SIGNER],
        gettext_for=lambda language: gettext_for(app, language),
        render=lambda template, language, context: render_text(app, template, language, context),
    )


def setup(app: web.Application) -> None:
    """Deliver for as long as the application serves, if it is to.

    `app[MAILER]` must be there, and the database opened before. Further channels are added to `app[CHANNELS]` by
    whoever has them, until the application starts.
    """
    composer, wordbook = make_composer(app), Wordbook()
    app[WORDBOOK] = wordbook
    mails = MailChannel(app[MAILER], composer, wordbook, feedback=app.get(FEEDBACK))
    channels: dict[str, Channel] = {EMAIL: mails}
    if SMS_SENDER in app:
        countries = app[SETTINGS].sms_countries.replace(" ", "").split(",")
        allowed = frozenset[str]() if countries == ["*"] else frozenset(countries)
        channels[SMS] = SmsChannel(app[SMS_SENDER], composer, wordbook, countries=allowed)
    app[CHANNELS] = channels
    app[DELIVERY] = delivery = Delivery(channels)
    if not app[SETTINGS].deliver:
        return

    async def on_change(event: AppointmentEvent) -> None:
        delivery.wake()

    async def on_tick(app: web.Application) -> None:
        delivery.wake()

    for kind in TOLD:
        app[EVENTS].subscribe(kind, on_change)

    async def on_morning(app: web.Application) -> None:
        if await plan_agendas(now=utcnow()):
            delivery.wake()

    add_tick(app, "notices", TICK_SECONDS, on_tick)
    add_tick(app, "daily_agendas", AGENDAS_SECONDS, on_morning)
    add_tick(app, "old_notices", PURGE_SECONDS, _purge)
    app.cleanup_ctx.append(_serving)


async def _purge(_app: web.Application) -> None:
    if gone := await outbox.purge(now=utcnow()):
        log.info("notices_purged", count=gone)


async def _serving(app: web.Application) -> AsyncIterator[None]:
    delivery = app[DELIVERY]
    task = asyncio.create_task(delivery.serve(), name="notice delivery")
    yield
    delivery.stop()
    done, _ = await asyncio.wait({task}, timeout=STOP_SECONDS)
    if not done:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
