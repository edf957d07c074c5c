"""What operators say became of the text messages that they took over."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from booking.models import Notice
from booking.notifications.kinds import NoticeState

DELIVERED, FAILED = "delivered", "failed"
# Operators use their names for messages again after a while, and say what became of one within days.
KNOWN_FOR = timedelta(days=8)
# A receipt can overtake the writing down of what it is about.
TRIES, PAUSE_SECONDS = 5, 1.0

log = structlog.get_logger(__name__)


async def take_receipt(names: Collection[str], *, delivered: bool, now: datetime) -> bool:
    """Write down what became of the newest text message that has one of these names; False if there is none.

    A message that was delivered stays so, whatever comes afterwards.
    """
    sent = Notice.filter(channel="sms", message_ref__in=[*names], state=NoticeState.SENT, sent_at__gt=now - KNOWN_FOR)
    notice = await sent.order_by("-sent_at").first()
    if notice is None:
        return False
    verdict = DELIVERED if delivered else FAILED
    changed = await Notice.filter(id=notice.id).exclude(receipt=DELIVERED).update(receipt=verdict, receipt_at=now)
    if changed:
        facts = {"notice": notice.id, "kind": notice.kind, "receipt": verdict}
        (log.info if delivered else log.warning)("sms_receipt", **facts)
    return True


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
