"""The outbox as a queue: who may send which notice, and what became of it.

A claim is a lease: a worker that dies gives its notices back when the lease ends. Any number of workers may claim.
Each function is one short transaction; nothing is sent inside one.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from booking.engine.queries import run
from booking.models import Notice
from booking.notifications.kinds import Kind, NoticeState
from booking.ports import Sent
from teleconsult.database import dialect

FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=30)
# Message receipts are kept for six months, as is the practice of public services.
KEPT = timedelta(days=183)
# Retries are spread by up to this part of their delay, so that a server that comes back is not hit by all at once.
JITTER = 0.2
# What comes in masses and is not urgent, so that it never holds up what somebody waits for.
ROUTINE = (Kind.REMINDER, Kind.SATISFACTION)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a worker keeps what it claimed, how long a message may take once it is its turn, and when to try again.

    The lease is the longer of the two: a worker lets go what it cannot finish within it, so that only the lease of a
    dead one ends. A message that could take until after its deadline is not begun.
    """

    lease: timedelta = timedelta(minutes=3)
    send: timedelta = timedelta(minutes=1)
    first_retry: timedelta = FIRST_RETRY
    longest_retry: timedelta = LONGEST_RETRY


PACE = Pace()

_CLAIM = """
    WITH picked AS MATERIALIZED (
        SELECT id FROM notice
        WHERE state = 'pending' AND due_at <= $2 AND deadline_at > $3 AND (leased_until IS NULL OR leased_until <= $2)
        ORDER BY kind = ANY($4), due_at, id LIMIT $5 {skip_locked}
    )
    UPDATE notice SET leased_until = $1, attempts = attempts + 1 FROM picked WHERE notice.id = picked.id
    RETURNING notice.id
"""
_SENT = """
    UPDATE notice SET state = 'sent', sent_at = $1, leased_until = NULL, last_error = '', message_ref = $2, parts = $3
    {unflushed} WHERE notice.id = $4
"""
_SENTS = {
    # Each message waits for the one before it to be written down: the commit does not wait for the disk. It outlives
    # the worker all the same; a crash of the database's own machine may forget the last half second of it.
    "postgres": _SENT.format(unflushed="FROM set_config('synchronous_commit', 'off', true) AS unflushed"),
    "sqlite": _SENT.format(unflushed=""),
}
_CLAIMS = {
    "postgres": _CLAIM.format(skip_locked="FOR UPDATE SKIP LOCKED"),
    # One process writes at a time.
    "sqlite": _CLAIM.format(skip_locked=""),
}


def retry_delay(attempts: int, spread: float, pace: Pace = PACE) -> timedelta:
    """Return how long to wait after the n-th failed attempt: twice as long each time; `spread` is 0 to 1, by chance."""
    delay: timedelta = min(pace.first_retry * 2 ** min(attempts - 1, 16), pace.longest_retry)
    return delay * (1 + JITTER * spread)


def _free(now: datetime) -> Q:
    return Q(state=NoticeState.PENDING) & (Q(leased_until=None) | Q(leased_until__lte=now))


async def claim(*, now: datetime, limit: int, pace: Pace = PACE) -> list[Notice]:
    """Take up to `limit` due notices for sending: news before routine, the longest due first.

    Nobody else gets them until the lease ends.
    """
    values = (now + pace.lease, now, now + pace.send, [*ROUTINE], limit)
    ids = [row["id"] for row in await run(_CLAIMS[dialect()], *values)]
    if not ids:
        return []
    claimed = {notice.id: notice for notice in await Notice.filter(id__in=ids)}
    order = sorted(claimed.values(), key=lambda notice: (notice.kind in ROUTINE, notice.due_at, notice.id))
    return [notice for notice in order if notice.leased_until == now + pace.lease]


async def next_due(*, now: datetime, pace: Pace = PACE) -> datetime | None:
    """Return when the next notice that nobody sends is due (UTC; perhaps in the past), or None if none is pending."""
    waiting = Notice.filter(state=NoticeState.PENDING, leased_until=None, deadline_at__gt=now + pace.send)
    row = await waiting.order_by("due_at").first().values("due_at")
    return row["due_at"] if row else None


async def drop_late(*, now: datetime) -> int:
    """Give up every notice whose deadline has passed and that nobody is sending; return how many."""
    return await Notice.filter(_free(now), deadline_at__lte=now).update(state=NoticeState.DROPPED, leased_until=None)


async def mark_sent(notice: Notice, sent: Sent, *, now: datetime) -> None:
    """Write down that a notice was handed over: what is out is out, whatever happened to the row meanwhile."""
    await run(_SENTS[dialect()], now, sent.message_ref, sent.parts, notice.id)


async def let_go(notice: Notice) -> None:
    """Give a notice back as it was, so that anybody may claim it at once."""
    await _held(notice).update(leased_until=None)


async def mark_void(notice: Notice) -> None:
    """Write down that a notice was not sent because it no longer holds."""
    await _held(notice).update(state=NoticeState.VOID, leased_until=None)


async def mark_failed(notice: Notice, *, reason: str) -> bool:
    """Write down that a notice was refused for good; return whether that was ours to say."""
    return bool(await _held(notice).update(state=NoticeState.FAILED, leased_until=None, last_error=reason[:200]))


async def postpone(notice: Notice, *, until: datetime) -> None:
    """Send a notice later: now is not the time for it."""
    await _held(notice).update(due_at=until, leased_until=None)


async def purge(*, now: datetime) -> int:
    """Forget what was sent or not about appointments that ended half a year ago; return how much was forgotten."""
    old = Notice.filter(ends_at__lt=now - KEPT).exclude(state=NoticeState.PENDING)
    return await old.delete()


def next_try(notice: Notice, *, now: datetime, spread: float, pace: Pace = PACE) -> datetime:
    """Return when a notice that could not be sent now is tried again; pure. `spread` is 0 to 1, by chance.

    A wait that would outlast the deadline is cut, so that there is one more try before it.
    """
    due_at = now + retry_delay(notice.attempts, spread, pace)
    last_try = notice.deadline_at - 2 * pace.send
    return last_try if now + pace.first_retry < last_try < due_at else due_at


async def put_back(notice: Notice, *, now: datetime, reason: str, pace: Pace = PACE) -> None:
    """Try a notice again later, until its deadline."""
    due_at = next_try(notice, now=now, spread=random.random(), pace=pace)  # noqa: S311 - no secret
    await _held(notice).update(due_at=due_at, leased_until=None, last_error=reason[:200])


def _held(notice: Notice) -> QuerySet[Notice]:
    """The notice, for as long as nobody else claimed it: `attempts` counts the claims."""
    return Notice.filter(id=notice.id, state=NoticeState.PENDING, attempts=notice.attempts)
