"""Verbs on writing appointments into an agent's calendar: asked for, and no longer asked for."""

from datetime import datetime
from typing import Any

from booking.lifecycle import Actor, Status
from booking.models import Appointment, BusyCalendar, Notice
from booking.notifications.kinds import CALDAV, Kind, NoticeState, Recipient, deadline_of
from booking.office.errors import EntryUnknown
from booking.office.record import Changed, changed
from teleconsult.database import transaction

# More than anybody's weeks to come hold
MOST_AHEAD = 500


async def start_writing(*, now: datetime, actor: Actor, agent_id: str, entry_id: str) -> Changed:
    """Write an agent's appointments into this calendar from now on, those to come at once. Raises EntryUnknown.

    It is the only one of theirs that is written to.
    """
    async with transaction():
        own = BusyCalendar.filter(agent_id=agent_id)
        if not await own.filter(id=entry_id, kind=CALDAV).update(
            writes=True, write_failing_since=None, write_told_at=None, write_error=""
        ):
            raise EntryUnknown
        await own.exclude(id=entry_id).update(writes=False)
        ahead = Appointment.filter(agent_id=agent_id, status=Status.BOOKED, starts_at__gt=now)
        for appointment in await ahead.order_by("starts_at").limit(MOST_AHEAD):
            await _owe(appointment, now)
    return changed("busy_calendar", entry_id, "updated", actor, agent_id)


async def stop_writing(*, actor: Actor, agent_id: str, entry_id: str) -> Changed:
    """Write no new appointments into a calendar; those in it are kept up to date there. Raises EntryUnknown."""
    if not await BusyCalendar.filter(id=entry_id, agent_id=agent_id).update(writes=False):
        raise EntryUnknown
    return changed("busy_calendar", entry_id, "updated", actor, agent_id)


async def _owe(appointment: Appointment, now: datetime) -> None:
    """Owe the agent an appointment as it stands, in the calendar; again if that was owed before."""
    same: dict[str, Any] = {
        "appointment_id": appointment.id, "kind": Kind.INVITATION, "recipient": Recipient.AGENT, "channel": CALDAV,
        "sequence": appointment.sequence,
    }  # fmt: skip
    again: dict[str, Any] = {
        "state": NoticeState.PENDING,
        "due_at": now,
        "attempts": 0,
        "leased_until": None,
        "last_error": "",
    }
    if await Notice.filter(**same).update(**again):
        return
    await Notice.create(
        **same, agent_id=appointment.agent_id, starts_at=appointment.starts_at, ends_at=appointment.ends_at,
        due_at=now, deadline_at=deadline_of(appointment.starts_at, now),
    )  # fmt: skip
