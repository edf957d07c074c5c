"""What is owed to whom about an appointment: the rows of the outbox, written by the verbs in their own transaction.

Sending is elsewhere: `booking.notifications.outbox` claims rows, `booking.notifications.delivery` sends them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q

from booking.models import Appointment, Notice, Service, Site
from booking.notifications.guests import plan_guests
from booking.notifications.kinds import (
    BY_HAND,
    EMAIL,
    GUESTS,
    MOVES,
    Kind,
    NoticeState,
    Recipient,
    deadline_of,
    expects,
)
from booking.notifications.timing import Owed, Terms, news, owed_notices
from booking.push.choice import choose_channels
from booking.wording.mobile import can_be_texted

__all__ = [
    "Kind", "NoticeState", "Recipient", "deadline_of", "notices_of", "plan_news", "plan_notices", "plan_satisfaction",
    "terms_of",
]  # fmt: skip

# When a citizen is asked how it was, if they have not said so at the kiosk; and how long that is worth asking.
ASKED_AFTER, ASKED_FOR = timedelta(hours=2), timedelta(days=3)


def terms_of(appointment: Appointment, *, timezone: str, reminder_minutes: int, sms_reminder_minutes: int) -> Terms:
    """Return what the rules of notices need to know of an appointment; `timezone` is its house's."""
    return Terms(
        starts_at=appointment.starts_at, timezone=timezone, email=bool(appointment.email),
        mobile=can_be_texted(appointment.phone), reminder_minutes=reminder_minutes,
        sms_reminder_minutes=sms_reminder_minutes,
    )  # fmt: skip


def notices_of(appointment: Appointment, owed: Iterable[Owed], **more: Any) -> list[Notice]:
    """Return the rows of what is owed about an appointment as it now stands, not yet written; `more` stands in each."""
    return [
        Notice(
            appointment_id=appointment.id, kind=each.kind, recipient=each.recipient, channel=each.channel,
            agent_id=appointment.agent_id if each.recipient is Recipient.AGENT else None,
            sequence=appointment.sequence, starts_at=appointment.starts_at, ends_at=appointment.ends_at,
            due_at=each.due_at, deadline_at=each.deadline_at,
            state=NoticeState.BY_HAND if each.channel == BY_HAND else NoticeState.PENDING, **more,
        )
        for each in owed
    ]  # fmt: skip


async def plan_notices(*, appointment: Appointment, kind: Kind | str, now: datetime, asked: bool = False) -> None:
    """Write what is owed because `appointment` was booked, moved or cancelled; call inside that transaction.

    `kind` is `invitation`, `change`, `replacement` or `cancellation`; `asked`: the citizen did it. The appointment must
    already be saved as it now stands: all but the first raise `sequence` by one before (RFC 5546 2.1.4). Whatever is
    pending about an older sequence becomes void, so that nobody is reminded of a time that no longer holds. When a move
    gave the appointment to another agent, that one is invited, and the one before is told that it is no longer theirs.
    Guests likewise.
    """
    kind = Kind(kind)
    holders = {} if kind is Kind.INVITATION else await _make_void(appointment)
    service = await Service.get(id=appointment.service_id)
    terms = await _terms(appointment, service)
    rows = notices_of(appointment, owed_notices(kind, terms, now, asked=asked))
    if kind in MOVES and not expects(holders.get(appointment.agent_id)):
        for row in rows:
            if row.recipient == Recipient.AGENT:
                row.kind = Kind.INVITATION
    await choose_channels(rows)
    await Notice.bulk_create(rows)
    for holder_id, last in holders.items():
        if holder_id != appointment.agent_id and expects(last):
            await _withdraw(appointment, last, now)
    await plan_guests(appointment=appointment, service=service, kind=kind, now=now)


async def plan_news(*, appointment: Appointment, kind: Kind, now: datetime, params: dict[str, Any]) -> bool:
    """Write that the citizen is owed news of an appointment that stays where it is: displaced, or late.

    Call inside the transaction that made it so. The newest news of a kind takes the place of what was said before at
    this sequence. Nobody is reminded of an appointment that cannot be held. Returns False if nothing can be sent.
    """
    own = Notice.filter(appointment_id=appointment.id)
    if kind is Kind.DISPLACED:
        await own.filter(kind=Kind.REMINDER, state=NoticeState.PENDING).update(state=NoticeState.VOID)
    await own.filter(kind=kind, recipient=Recipient.CITIZEN, sequence=appointment.sequence).delete()
    owed = news(kind, await _terms(appointment, await Service.get(id=appointment.service_id)), now)
    if owed is None:
        return False
    await Notice.bulk_create(notices_of(appointment, [owed], params=params))
    return owed.channel != BY_HAND


async def plan_satisfaction(*, appointment: Appointment, now: datetime) -> None:
    """Write that a citizen with an address is to be asked how it was, once; call as the appointment is completed."""
    known = Notice.filter(appointment_id=appointment.id, kind=Kind.SATISFACTION)
    if appointment.email and not await known.exists():
        due_at = now + ASKED_AFTER
        owed = Owed(Kind.SATISFACTION, Recipient.CITIZEN, EMAIL, due_at, due_at + ASKED_FOR)
        await Notice.bulk_create(notices_of(appointment, [owed]))


async def _terms(appointment: Appointment, service: Service) -> Terms:
    (timezone,) = await Site.filter(id=appointment.site_id).values_list("timezone", flat=True)
    return terms_of(
        appointment, timezone=str(timezone), reminder_minutes=service.reminder_minutes,
        sms_reminder_minutes=service.sms_reminder_minutes,
    )  # fmt: skip


async def _make_void(appointment: Appointment) -> dict[str, Notice]:
    """Make void what nobody was told of an older version, and return the newest notice of each agent told, by agent."""
    holders = await _last_told(appointment.id)
    await Notice.filter(
        Q(agent_id=appointment.agent_id) | Q(agent_id=None) | Q(kind__not=Kind.CANCELLATION),
        appointment_id=appointment.id,
        state__in=(NoticeState.PENDING, NoticeState.BY_HAND),
        sequence__lt=appointment.sequence,
        recipient__not_in=[*GUESTS],
    ).update(state=NoticeState.VOID)
    return holders


async def _last_told(appointment_id: str) -> dict[str, Notice]:
    """Return the newest notice of each agent who was, or is about to be, told of an appointment."""
    notices = Notice.filter(appointment_id=appointment_id, recipient=Recipient.AGENT)
    told = await notices.exclude(state=NoticeState.VOID).order_by("sequence")
    return {str(notice.agent_id): notice for notice in told}


async def _withdraw(appointment: Appointment, last: Notice, now: datetime) -> None:
    """Owe a cancellation to an agent who no longer has the appointment, at the time that they know of."""
    row = Notice(
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
    await choose_channels([row])
    await row.save(force_create=True)
