"""The outbox as a queue: who may send which notice, and what became of it.

A claim is a lease: a worker that dies gives its notices back when the lease ends. Any number of workers may claim.
Each function is one short transaction; nothing is sent inside one.
"""

import random
from datetime import datetime, timedelta

from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet

from booking.lifecycle import Status
from booking.models import Notice
from booking.notifications.kinds import GUESTS, Kind, NoticeState
from booking.ports import Sent
from teleconsult.database import transaction

# Longer than a mail can take to be handed over (delivery.SEND_SECONDS), so that only a dead worker's lease ends.
LEASE = timedelta(minutes=3)
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=30)
# Retries are spread by up to this part of their delay, so that a server that comes back is not hit by all at once.
JITTER = 0.2
FOR_WHO_HAS_YET_TO_COME = frozenset({Kind.REMINDER, Kind.DISPLACED, Kind.LATE})


def retry_delay(attempts: int, spread: float) -> timedelta:
    """Return how long to wait after the n-th failed attempt: twice as long each time; `spread` is 0 to 1, by chance."""
    delay: timedelta = min(FIRST_RETRY * 2 ** min(attempts - 1, 16), LONGEST_RETRY)
    return delay * (1 + JITTER * spread)


def is_stale(notice: Notice, *, sequence: int, status: str, agent_id: str) -> bool:
    """Whether what a notice says no longer holds for an appointment that now stands like this; pure.

    A cancellation holds while the appointment is cancelled, or is another agent's than the notice's; a guest's
    always does (who is invited anew gets a higher sequence). A reminder, and news of trouble, are for who has yet to
    come; everything else holds until the appointment moves or is cancelled.
    """
    if notice.kind == Kind.CANCELLATION:
        return status != Status.CANCELLED and notice.agent_id in (None, agent_id) and notice.recipient not in GUESTS
    if notice.sequence != sequence or status == Status.CANCELLED:
        return True
    return notice.kind in FOR_WHO_HAS_YET_TO_COME and status != Status.BOOKED


def _free(now: datetime) -> Q:
    return Q(state=NoticeState.PENDING) & (Q(leased_until=None) | Q(leased_until__lte=now))


async def claim(*, now: datetime, limit: int) -> list[Notice]:
    """Take up to `limit` due notices for sending, the longest due first; nobody else gets them until the lease ends."""
    claimed = []
    async with transaction():
        due = Notice.filter(_free(now), due_at__lte=now, deadline_at__gt=now).order_by("due_at", "id").limit(limit)
        # On SQLite the lock is silently none; there, and in any case, the conditional update has one winner.
        for notice in await due.select_for_update(skip_locked=True):
            won = await Notice.filter(_free(now), id=notice.id).update(
                leased_until=now + LEASE, attempts=F("attempts") + 1
            )
            if won:
                notice.attempts += 1
                notice.leased_until = now + LEASE
                claimed.append(notice)
    return claimed


async def drop_late(*, now: datetime) -> int:
    """Give up every notice whose deadline has passed and that nobody is sending; return how many."""
    return await Notice.filter(_free(now), deadline_at__lte=now).update(state=NoticeState.DROPPED, leased_until=None)


async def mark_sent(notice: Notice, sent: Sent, *, now: datetime) -> None:
    """Write down that a notice was handed over: what is out is out, whatever happened to the row meanwhile."""
    await Notice.filter(id=notice.id).update(
        state=NoticeState.SENT, sent_at=now, leased_until=None, last_error="", message_ref=sent.message_ref,
        parts=sent.parts,
    )  # fmt: skip


async def let_go(notice: Notice) -> None:
    """Give a notice back as it was, so that anybody may claim it at once."""
    await _held(notice).update(leased_until=None)


async def mark_void(notice: Notice) -> None:
    """Write down that a notice was not sent because it no longer holds."""
    await _held(notice).update(state=NoticeState.VOID, leased_until=None)


async def mark_failed(notice: Notice, *, reason: str) -> None:
    """Write down that a notice was refused for good."""
    await _held(notice).update(state=NoticeState.FAILED, leased_until=None, last_error=reason[:200])


async def put_back(notice: Notice, *, now: datetime, reason: str) -> None:
    """Try a notice again later, until its deadline."""
    due_at = now + retry_delay(notice.attempts, random.random())  # noqa: S311 - no secret
    await _held(notice).update(due_at=due_at, leased_until=None, last_error=reason[:200])


def _held(notice: Notice) -> QuerySet[Notice]:
    """The notice, for as long as nobody else claimed it: `attempts` counts the claims."""
    return Notice.filter(id=notice.id, state=NoticeState.PENDING, attempts=notice.attempts)
