"""What is owed to whom about an appointment: the rows of the outbox, written by the verbs in their own transaction.

Sending is elsewhere: `booking.notifications.outbox` claims rows, `booking.notifications.delivery` sends them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q

from booking.models import Appointment, Notice, Service
from booking.notifications.guests import plan_guests
from booking.notifications.kinds import GUESTS, MOVES, Kind, NoticeState, Recipient, deadline_of, expects

__all__ = ["Kind", "NoticeState", "Owed", "Recipient", "deadline_of", "owed_notices", "plan_news", "plan_notices"]


@dataclass(frozen=True)
class Owed:
    """One notice to write: due from `due_at` on, worthless from `deadline_at` on (both UTC)."""

    kind: Kind
    recipient: Recipient
    due_at: datetime
    deadline_at: datetime


def owed_notices(
    *, kind: Kind, starts_at: datetime, reminder_minutes: int, citizen_has_email: bool, now: datetime
) -> list[Owed]:
    """Return the notices that a booking, a move or a cancellation causes; pure.

    Agent and citizen (if they gave an address) are told at once, and no later than the start, or within an hour when
    the start is nearer than that. The citizen is reminded `reminder_minutes` before the start if that is still ahead,
    and never once it has begun; somebody who books later than that has just been told and gets no reminder.
    """
    recipients = [Recipient.AGENT, *([Recipient.CITIZEN] if citizen_has_email else [])]
    owed = [Owed(kind, recipient, now, deadline_of(starts_at, now)) for recipient in recipients]
    remind_at = starts_at - timedelta(minutes=reminder_minutes)
    if kind is not Kind.CANCELLATION and citizen_has_email and reminder_minutes > 0 and remind_at > now:
        owed.append(Owed(Kind.REMINDER, Recipient.CITIZEN, remind_at, starts_at))
    return owed


async def plan_notices(*, appointment: Appointment, kind: Kind | str, now: datetime) -> None:
    """Write what is owed because `appointment` was booked, moved or cancelled; call inside that transaction.

    `kind` is `invitation`, `change`, `replacement` or `cancellation`. The appointment must already be saved as it now
    stands: all but the first raise `sequence` by one before (RFC 5546 2.1.4). Whatever is pending about an older
    sequence becomes void, so that nobody is reminded of a time that no longer holds. When a move gave the appointment
    to another agent, that one is invited, and the one before is told that it is no longer theirs. Guests likewise.
    """
    kind = Kind(kind)
    agent_id = str(appointment.agent_id)
    holders = await _last_told(appointment.id)
    await Notice.filter(
        Q(agent_id=agent_id) | Q(agent_id=None) | Q(kind__not=Kind.CANCELLATION),
        appointment_id=appointment.id,
        state=NoticeState.PENDING,
        sequence__lt=appointment.sequence,
        recipient__not_in=[*GUESTS],
    ).update(state=NoticeState.VOID)
    service = await Service.get(id=appointment.service_id)
    owed = owed_notices(
        kind=kind,
        starts_at=appointment.starts_at,
        reminder_minutes=service.reminder_minutes,
        citizen_has_email=bool(appointment.email),
        now=now,
    )
    newcomer = kind in MOVES and not expects(holders.get(agent_id))
    for notice in owed:
        to_agent = notice.recipient is Recipient.AGENT
        await Notice.create(
            appointment_id=appointment.id,
            kind=Kind.INVITATION if to_agent and newcomer else notice.kind,
            recipient=notice.recipient,
            agent_id=agent_id if to_agent else None,
            sequence=appointment.sequence,
            starts_at=appointment.starts_at,
            ends_at=appointment.ends_at,
            due_at=notice.due_at,
            deadline_at=notice.deadline_at,
        )
    for holder_id, last in holders.items():
        if holder_id != agent_id and expects(last):
            await _withdraw(appointment, last, now)
    await plan_guests(appointment=appointment, service=service, kind=kind, now=now)


async def plan_news(*, appointment: Appointment, kind: Kind, now: datetime, params: dict[str, Any]) -> bool:
    """Write that the citizen is owed news of an appointment that stays where it is: displaced, or late.

    Call inside the transaction that made it so. The newest news of a kind takes the place of what was said before at
    this sequence. Nobody is reminded of an appointment that cannot be held. Returns False for who gave no address.
    """
    own = Notice.filter(appointment_id=appointment.id)
    if kind is Kind.DISPLACED:
        await own.filter(kind=Kind.REMINDER, state=NoticeState.PENDING).update(state=NoticeState.VOID)
    await own.filter(kind=kind, recipient=Recipient.CITIZEN, sequence=appointment.sequence).delete()
    if not appointment.email:
        return False
    await Notice.create(
        appointment_id=appointment.id,
        kind=kind,
        recipient=Recipient.CITIZEN,
        sequence=appointment.sequence,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        due_at=now,
        deadline_at=deadline_of(appointment.starts_at, now),
        params=params,
    )
    return True


async def _last_told(appointment_id: str) -> dict[str, Notice]:
    """Return the newest notice of each agent who was, or is about to be, told of an appointment."""
    notices = Notice.filter(appointment_id=appointment_id, recipient=Recipient.AGENT)
    told = await notices.exclude(state=NoticeState.VOID).order_by("sequence")
    return {str(notice.agent_id): notice for notice in told}


async def _withdraw(appointment: Appointment, last: Notice, now: datetime) -> None:
    """Owe a cancellation to an agent who no longer has the appointment, at the time that they know of."""
    await Notice.create(
        appointment_id=appointment.id,
        kind=Kind.CANCELLATION,
        recipient=Recipient.AGENT,
        agent_id=last.agent_id,
        sequence=appointment.sequence,
        starts_at=last.starts_at,
        ends_at=last.ends_at,
        due_at=now,
        deadline_at=deadline_of(last.starts_at, now),
    )
