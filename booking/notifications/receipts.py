"""What operators say became of the text messages that they took over."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from booking.models import Notice
from booking.notifications.fallback import owe_other_way
from booking.notifications.kinds import SMS, NoticeState
from teleconsult.database import transaction

DELIVERED, FAILED = "delivered", "failed"
UNDELIVERED = "sms_undelivered"
# Operators use their names for messages again after a while, and say what became of one within days.
KNOWN_FOR = timedelta(days=8)
# A receipt can overtake the writing down of what it is about.
TRIES, PAUSE_SECONDS = 5, 1.0

log = structlog.get_logger(__name__)


async def take_receipt(names: Collection[str], *, delivered: bool, now: datetime) -> bool:
    """Write down what became of the newest text message that has one of these names; False if there is none.

    One that was not delivered has failed: it is owed by the other way if there is one, and the staff see it. A message
    that was delivered stays so, whatever comes afterwards.
    """
    taken = [NoticeState.SENT, NoticeState.FAILED]
    known = Notice.filter(channel=SMS, message_ref__in=[*names], state__in=taken, sent_at__gt=now - KNOWN_FOR)
    async with transaction():
        notice = await known.order_by("-sent_at").first()
        if notice is None:
            return False
        changed = await _write(notice, delivered=delivered, now=now)
        if changed and not delivered:
            await owe_other_way(notice, now=now)
    if changed:
        facts = {"notice": notice.id, "kind": notice.kind, "delivered": delivered}
        (log.info if delivered else log.warning)("sms_receipt", **facts)
    return True


async def _write(notice: Notice, *, delivered: bool, now: datetime) -> bool:
    open_ones = Notice.filter(id=notice.id).exclude(receipt=DELIVERED)
    if delivered:
        facts = {"state": NoticeState.SENT, "receipt": DELIVERED, "last_error": ""}
    else:
        facts = {"state": NoticeState.FAILED, "receipt": FAILED, "last_error": UNDELIVERED}
        open_ones = open_ones.exclude(receipt=FAILED)
    return bool(await open_ones.update(**facts, receipt_at=now))


async def take_receipt_soon(
    names: Collection[str], *, delivered: bool, now: datetime, pause: float = PAUSE_SECONDS
) -> bool:
    """Do as `take_receipt`, and wait a few seconds for a message whose name is not written down yet."""
    for _ in range(TRIES):
        if await take_receipt(names, delivered=delivered, now=now):
            return True
        await asyncio.sleep(pause)
    log.info("sms_receipt_unknown")
    return False
