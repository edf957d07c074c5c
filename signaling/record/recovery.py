"""Calls cut by the end of their server: the record says until when it was known to run."""

from collections.abc import Collection
from datetime import datetime, timedelta

from tortoise.expressions import Q

from signaling.models import CallParticipation, CallRecord
from signaling.record.failures import Failure
from teleconsult.database import transaction

SEEN_SECONDS = 30
CUT_AFTER = timedelta(seconds=4 * SEEN_SECONDS)
CUT = "cut"


async def note_running(calls: Collection[str], *, now: datetime) -> None:
    """Note that these calls (ids of their records) run at this moment."""
    if calls:
        await CallRecord.filter(id__in=list(calls), ended_at=None).update(seen_at=now)


async def close_cut_calls(*, now: datetime) -> int:
    """End the records that no server has vouched for in two minutes, at the last moment known of each.

    Returns how many. Servers that share a database leave each other's calls alone: each vouches for its own.
    """
    silent = Q(seen_at__lt=now - CUT_AFTER) | Q(seen_at=None, opened_at__lt=now - CUT_AFTER)
    closed = 0
    for call in await CallRecord.filter(silent, ended_at=None):
        closed += await _close(call)
    return closed


async def _close(call: CallRecord) -> int:
    async with transaction():
        present = await CallParticipation.filter(call_id=call.id)
        moments = [call.opened_at, call.started_at, call.seen_at]
        moments += [moment for someone in present for moment in (someone.joined_at, someone.left_at)]
        last = max(moment for moment in moments if moment is not None)
        unchanged = CallRecord.filter(id=call.id, ended_at=None, seen_at=call.seen_at)
        if not await unchanged.update(ended_at=last, end_reason=CUT, failure=Failure.RESTART):
            return 0
        await CallParticipation.filter(call_id=call.id, left_at=None).update(
            left_at=last, leave_reason=CUT, failure=Failure.RESTART
        )
        return 1
