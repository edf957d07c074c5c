"""When one way of telling somebody fails for good, the other one is tried, once."""

from datetime import datetime

from booking.models import Appointment, Notice, Site, WaitingEntry
from booking.notifications import outbox
from booking.notifications.kinds import CALDAV, EMAIL, SMS, NoticeState, Recipient
from booking.notifications.timing import after_quiet
from booking.wording.mobile import can_be_texted
from teleconsult.database import transaction

OTHER_WAY = {EMAIL: SMS, SMS: EMAIL, CALDAV: EMAIL}


async def fail(notice: Notice, *, reason: str, now: datetime) -> bool:
    """Write down that a notice was refused for good, and owe it by the other way; return whether there is one."""
    async with transaction():
        return await outbox.mark_failed(notice, reason=reason) and await owe_other_way(notice, now=now)


async def owe_other_way(notice: Notice, *, now: datetime) -> bool:
    """Owe what a failed notice says by the other way; False if there is none, or it was tried.

    From mail to text message and back for a citizen, from calendar to mail for an agent. Call in the transaction that
    wrote the failure down.
    """
    channel = OTHER_WAY.get(notice.channel)
    about = await _about(notice)
    if channel is None or about is None or not _reaches(channel, notice, about):
        return False
    due_at = now
    if channel == SMS:
        (timezone,) = await Site.filter(id=about.site_id).values_list("timezone", flat=True)
        due_at = after_quiet(now, str(timezone))
    same = {
        name: getattr(notice, name)
        for name in ("appointment_id", "waiting_id", "kind", "recipient", "agent_id", "room_id", "sequence")
    }
    if due_at >= notice.deadline_at or await Notice.filter(**same, channel=channel).exists():
        return False
    await Notice.create(
        **same, channel=channel, starts_at=notice.starts_at, ends_at=notice.ends_at, due_at=due_at,
        deadline_at=notice.deadline_at, params=notice.params, state=NoticeState.PENDING,
    )  # fmt: skip
    return True


async def _about(notice: Notice) -> Appointment | WaitingEntry | None:
    """Return the appointment, or the place on a waiting list, that a notice speaks of; None for an agent's day."""
    if notice.appointment_id is not None:
        return await Appointment.get(id=notice.appointment_id)
    return await WaitingEntry.get_or_none(id=notice.waiting_id) if notice.waiting_id is not None else None


def _reaches(channel: str, notice: Notice, about: Appointment | WaitingEntry) -> bool:
    if notice.recipient == Recipient.AGENT:
        return notice.channel == CALDAV
    if notice.recipient != Recipient.CITIZEN:
        return False
    return bool(about.email) if channel == EMAIL else can_be_texted(about.phone)
