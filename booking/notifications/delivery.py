"""Sends what is due: woken by bookings as they are committed, and by a tick for reminders and retries."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from email.message import EmailMessage

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
from booking.keys import MAILER
from booking.models import Notice
from booking.notifications import outbox
from booking.notifications.meeting import meeting_of_notice, read_meeting
from booking.notifications.messages import AddressInvalid, Composer
from booking.notifications.notices import Kind, Recipient
from booking.notifications.waiting_mail import compose_offer
from booking.ports import Mailer, PermanentFailure, TemporaryFailure
from booking.waiting import OFFERED, place_of
from teleconsult.clock import utcnow
from teleconsult.web.events import EVENTS
from teleconsult.web.i18n import gettext_for
from teleconsult.web.keys import SETTINGS
from teleconsult.web.render import render_text
from teleconsult.web.ticks import add_tick
from teleconsult.web.tokens import SIGNER

TICK_SECONDS = 30
# How many mails are handed over at once; a worker claims no more than that, so that its leases outlast its work.
BATCH = 8
SEND_SECONDS = 60
# How long the mails on their way may take when the program stops; later ones come back when their lease ends.
STOP_SECONDS = 5
# What happened that people are told of at once.
TOLD = (AppointmentBooked, AppointmentCancelled, AppointmentDelayed, AppointmentDisplaced, AppointmentRescheduled)

log = structlog.get_logger(__name__)


class Delivery:
    """One worker on the outbox. `deliver_due` sends what is due now; `serve` does so whenever it is woken."""

    def __init__(self, mailer: Mailer, composer: Composer, *, clock: Callable[[], datetime] = utcnow) -> None:
        self._mailer = mailer
        self._composer = composer
        self._clock = clock
        self._awake = asyncio.Event()
        self._stopping = False

    async def deliver_due(self) -> int:
        """Send every notice that is due, and drop those that are too late; return how many were claimed."""
        dropped = await outbox.drop_late(now=self._clock())
        if dropped:
            log.warning("notices_dropped", count=dropped)
        handled = 0
        while not self._stopping:
            notices = await outbox.claim(now=self._clock(), limit=BATCH)
            if not notices:
                break
            await asyncio.gather(*(self._deliver(notice) for notice in notices))
            handled += len(notices)
        return handled

    async def _deliver(self, notice: Notice) -> None:
        """Send one claimed notice and write down what became of it."""
        facts = {"notice": notice.id, "kind": notice.kind, "recipient": notice.recipient, "attempt": notice.attempts}
        try:
            if not await self._send(notice):
                await outbox.mark_void(notice)
                log.info("notice_void", **facts)
                return
        except (PermanentFailure, AddressInvalid) as error:
            await outbox.mark_failed(notice, reason=str(error))
            log.warning("notice_failed", reason=str(error), **facts)
        except TemporaryFailure as error:
            await outbox.put_back(notice, now=self._clock(), reason=error.reason)
            log.warning("notice_put_back", reason=error.reason, **facts)
        except Exception as error:
            await outbox.put_back(notice, now=self._clock(), reason=type(error).__name__)
            log.exception("notice_put_back", **facts)
        else:
            await outbox.mark_sent(notice, now=self._clock())
            log.info("notice_sent", **facts)

    async def _send(self, notice: Notice) -> bool:
        """Hand a notice over and return True; False if what it says no longer holds."""
        if notice.appointment_id is None:
            return await self._send_offer(notice)
        current = await read_meeting(notice.appointment_id)
        if outbox.is_stale(notice, sequence=current.sequence, status=current.status, agent_id=current.agent_id):
            return False
        meeting = await meeting_of_notice(current, notice)
        recipient = Recipient(notice.recipient)
        message = self._composer.compose(
            meeting,
            kind=Kind(notice.kind),
            recipient=recipient,
            notice_id=notice.id,
            earlier=await outbox.sent_before(notice),
            params=notice.params,
            now=self._clock(),
        )
        await self._hand_over(message, meeting.address_of(recipient))
        return True

    async def _send_offer(self, notice: Notice) -> bool:
        place = await place_of(notice.waiting_id or "")
        if place.state != OFFERED or place.offers != notice.sequence:
            return False
        message = compose_offer(self._composer, place, notice_id=notice.id, now=self._clock())
        await self._hand_over(message, place.email)
        return True

    async def _hand_over(self, message: EmailMessage, address: str) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._mailer.send(message, recipient=address)
        except TimeoutError:
            raise TemporaryFailure("no_answer_in_time") from None

    def wake(self) -> None:
        """Let `serve` look for due notices now; never blocks."""
        self._awake.set()

    async def serve(self) -> None:
        """Send what is due each time it is woken, until `stop`."""
        while not self._stopping:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self.deliver_due()
            except Exception:
                log.exception("delivery_failed")

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

    `app[MAILER]` must be there, and the database opened before.
    """
    app[DELIVERY] = delivery = Delivery(app[MAILER], make_composer(app))
    if not app[SETTINGS].deliver:
        return

    async def on_change(event: AppointmentEvent) -> None:
        delivery.wake()

    async def on_tick(app: web.Application) -> None:
        delivery.wake()

    for kind in TOLD:
        app[EVENTS].subscribe(kind, on_change)
    add_tick(app, "notices", TICK_SECONDS, on_tick)
    app.cleanup_ctx.append(_serving)


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
