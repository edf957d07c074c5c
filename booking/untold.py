"""Citizens who could not be told something about an appointment to come, for the staff to tell them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from booking.errors import NoticeUnknown
from booking.models import Notice
from booking.notifications.kinds import Kind, NoticeState, Recipient

UNTOLD = (NoticeState.FAILED, NoticeState.BY_HAND, NoticeState.DROPPED)
# On its way, or there: by this way or by another.
ON_ITS_WAY, THERE = NoticeState.PENDING, (NoticeState.SENT, NoticeState.TOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Somebody to tell, and what: `kind` is the news, `state` why they do not know it. Instants are UTC."""

    notice_id: str
    appointment_id: str
    reference: str
    citizen: str
    email: str
    phone: str
    kind: Kind
    state: NoticeState
    starts_at: datetime


async def untold(*, now: datetime, site_id: str) -> list[Untold]:
    """Return who of a house's citizens to come does not know the newest about their appointment, the soonest first."""
    failed = Notice.filter(
        recipient=Recipient.CITIZEN, state__in=UNTOLD, appointment__site_id=site_id, ends_at__gt=now
    ).exclude(kind=Kind.SATISFACTION)
    rows = await failed.order_by("sequence", "due_at").select_related("appointment")
    ids = {str(row.appointment_id) for row in rows}
    if not ids:
        return []
    found = await Notice.filter(appointment_id__in=ids, recipient=Recipient.CITIZEN, state__in=(ON_ITS_WAY, *THERE))
    others = defaultdict(list)
    for other in found:
        others[str(other.appointment_id)].append(other)
    newest = {str(row.appointment_id): row for row in rows}
    left = [row for row in newest.values() if not knows(row, others[str(row.appointment_id)])]
    return sorted((_untold(row) for row in left), key=lambda each: (each.starts_at, each.reference))


def knows(failed: Notice, others: Iterable[Notice]) -> bool:
    """Whether a citizen was told all the same, or is about to be, by other notices of the appointment; pure.

    By the same news going out another way, by newer news, or by anything sent later about the same version.
    """
    for other in others:
        if other.sequence < failed.sequence:
            continue
        if other.state == ON_ITS_WAY:
            if other.kind == failed.kind or other.sequence > failed.sequence:
                return True
        elif other.sequence > failed.sequence or (other.sent_at is not None and other.sent_at >= failed.due_at):
            return True
    return False


async def note_told(*, now: datetime, site_id: str, notice_id: str) -> None:
    """Note that the staff told a citizen; again: nothing more happens. Raises NoticeUnknown for another house's."""
    notice = await Notice.get_or_none(id=notice_id, appointment__site_id=site_id, recipient=Recipient.CITIZEN)
    if notice is None:
        raise NoticeUnknown
    about = Notice.filter(appointment_id=notice.appointment_id, recipient=Recipient.CITIZEN, state__in=UNTOLD)
    await about.filter(sequence__lte=notice.sequence).update(state=NoticeState.TOLD, sent_at=now)


def _untold(row: Notice) -> Untold:
    appointment = row.appointment
    if appointment is None:
        raise ValueError("read without its appointment")
    return Untold(
        notice_id=row.id, appointment_id=appointment.id, reference=appointment.reference,
        citizen=f"{appointment.given_name} {appointment.family_name}", email=appointment.email,
        phone=appointment.phone, kind=Kind(row.kind), state=NoticeState(row.state), starts_at=appointment.starts_at,
    )  # fmt: skip
