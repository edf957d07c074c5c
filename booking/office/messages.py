"""What became of messages: counts, what is late, one message's life, and sending one again. No personal data.

A message is known by its appointment's reference; whom it is for is shown masked.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tortoise.functions import Count, Min, Sum
from tortoise.queryset import QuerySet

from booking.errors import AppointmentUnknown
from booking.models import Appointment, Notice
from booking.notifications.due import is_stale
from booking.notifications.kinds import EMAIL, SMS, Kind, NoticeState, Recipient, deadline_of
from booking.office.errors import EntryUnknown
from booking.passes import shown_reference, typed_reference
from booking.wording.mobile import masked
from booking.wording.slots import CHANNEL_LABELS, KIND_LABELS, RECIPIENT_LABELS
from teleconsult.database import transaction
from teleconsult.errors import Conflict
from teleconsult.web.i18n import N_
from teleconsult.web.sheets import safe_text

ZONE = ZoneInfo("Europe/Paris")
DAYS = 7
MONTHS = 6
# What was due longer ago than this and has not gone out is late.
LATE = timedelta(minutes=2)
LISTED, EXPORTED = 50, 5000
STATE_LABELS = {
    NoticeState.PENDING: N_("En attente"),
    NoticeState.SENT: N_("Envoyé"),
    NoticeState.FAILED: N_("Échec"),
    NoticeState.DROPPED: N_("Abandonné, trop tard"),
    NoticeState.VOID: N_("Sans objet"),
    NoticeState.BY_HAND: N_("À dire de vive voix"),
    NoticeState.TOLD: N_("Dit de vive voix"),
}
RECEIPT_LABELS = {"delivered": N_("Remis"), "failed": N_("Non remis")}
AGAIN = frozenset({NoticeState.SENT, NoticeState.FAILED, NoticeState.DROPPED})
WITHOUT_APPOINTMENT = frozenset({Kind.OFFER, Kind.AGENDA, Kind.SATISFACTION})


class NotSentAgain(Conflict):
    """What the message says no longer holds, or it is on its way."""

    code = "not_sent_again"


MESSAGES_ERROR_TEXTS = {
    NotSentAgain.code: N_(
        "Ce message ne peut pas être renvoyé : ce qu’il dit n’est plus vrai, son heure est passée, "
        "ou il est déjà en route."
    ),
}


@dataclass(frozen=True, kw_only=True)
class DayCount:
    """What was due on one day by one channel, by state."""

    day: datetime
    states: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Board:
    """How sending goes. `oldest` is when the longest waiting message that is due was due, None if none is."""

    due: int
    late: int
    oldest: datetime | None
    to_come: int
    not_told: int
    days: dict[str, list[DayCount]]


@dataclass(frozen=True, kw_only=True)
class Month:
    """What text messages took in one month; `cost` in euros."""

    first: datetime
    messages: int
    parts: int
    cost: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """A message in a list; labels are French."""

    id: str
    reference: str
    kind: str
    recipient: str
    channel: str
    to: str
    state: str
    label: str
    late: bool
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    error: str
    receipt: str
    receipt_at: datetime | None
    parts: int


@dataclass(frozen=True, kw_only=True)
class Life:
    """One message: its line, when what it speaks of begins, its last moment, and whether it can go out again."""

    line: Line
    starts_at: datetime
    timezone: str
    deadline_at: datetime
    again: bool


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is looked for: an appointment's reference as it was typed, a state (or `late`), a channel."""

    reference: str = ""
    state: str = ""
    channel: str = ""


async def board(now: datetime) -> Board:
    """Return how sending goes now, and what was due in the last days. Ten queries."""
    pending = Notice.filter(state=NoticeState.PENDING)
    due = pending.filter(due_at__lte=now)
    oldest = await due.annotate(first=Min("due_at")).values("first")
    days: dict[str, list[DayCount]] = defaultdict(list)
    first = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    for number in range(DAYS):
        day = first + timedelta(days=number)
        counted = await _counted(day, day + timedelta(days=1))
        for channel, states in counted.items():
            days[channel].append(DayCount(day=day, states=states))
    return Board(
        due=await due.count(),
        late=await pending.filter(due_at__lte=now - LATE).count(),
        oldest=_instant(oldest[0]["first"]) if oldest else None,
        to_come=await pending.filter(due_at__gt=now).count(),
        not_told=await Notice.filter(state__in=[NoticeState.FAILED, NoticeState.BY_HAND], starts_at__gt=now).count(),
        days=dict(sorted(days.items())),
    )


async def _counted(first: datetime, after: datetime) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    span = Notice.filter(state__in=[*NoticeState], due_at__gte=_utc(first), due_at__lt=_utc(after))
    for row in await span.annotate(n=Count("id")).group_by("channel", "state").values("channel", "state", "n"):
        found.setdefault(row["channel"], {})[row["state"]] = row["n"]
    return found


async def months(now: datetime, *, price: float) -> list[Month]:
    """Return what text messages took in the last months, newest first; `price` is that of a part, in euros."""
    first = now.astimezone(ZONE).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found, after = [], now + timedelta(days=1)
    for _ in range(MONTHS):
        sent = Notice.filter(channel=SMS, sent_at__gte=_utc(first), sent_at__lt=_utc(after), parts__gt=0)
        [row] = await sent.annotate(n=Count("id"), taken=Sum("parts")).values("n", "taken")
        parts = int(row["taken"] or 0)
        found.append(Month(first=first, messages=row["n"], parts=parts, cost=parts * price))
        after, first = first, (first - timedelta(days=1)).replace(day=1)
    return found


async def lines(asked: Asked, now: datetime, *, limit: int = LISTED) -> list[Line]:
    """Return the messages that are looked for, the newest due first. Raises AppointmentUnknown."""
    found = _newest(now)
    if asked.reference.strip():
        reference = typed_reference(asked.reference)
        appointment = await Appointment.get_or_none(reference=reference) if reference else None
        if appointment is None:
            raise AppointmentUnknown
        found = Notice.filter(appointment_id=appointment.id)
    if asked.state == "late":
        found = found.filter(state=NoticeState.PENDING, due_at__lte=now - LATE)
    elif asked.state == "undelivered":
        found = found.filter(receipt="failed")
    elif asked.state in STATE_LABELS:
        found = found.filter(state=asked.state)
    if asked.channel in CHANNEL_LABELS:
        found = found.filter(channel=asked.channel)
    rows = await found.order_by("-due_at", "id").limit(limit).select_related("appointment", "agent", "waiting")
    return _lines(rows, now)


def _newest(now: datetime) -> QuerySet[Notice]:
    """Everything but reminders of weeks to come, which would hide what goes out now."""
    return Notice.filter(due_at__lte=now + timedelta(days=1))


def _lines(rows: Iterable[Notice], now: datetime) -> list[Line]:
    return [_line(row, now) for row in rows]


def _line(row: Notice, now: datetime) -> Line:
    appointment = row.appointment
    return Line(
        id=row.id,
        reference=shown_reference(appointment.reference) if appointment else "",
        kind=KIND_LABELS.get(Kind(row.kind), row.kind),
        recipient=RECIPIENT_LABELS[Recipient(row.recipient)],
        channel=CHANNEL_LABELS[row.channel],
        to=_masked_to(row),
        state=row.state,
        label=STATE_LABELS[NoticeState(row.state)],
        late=row.state == NoticeState.PENDING and row.due_at <= now - LATE,
        due_at=row.due_at,
        sent_at=row.sent_at,
        attempts=row.attempts,
        error=row.last_error,
        receipt=RECEIPT_LABELS.get(row.receipt, ""),
        receipt_at=row.receipt_at,
        parts=row.parts,
    )


def _masked_to(row: Notice) -> str:
    who = row.agent if row.recipient == Recipient.AGENT else row.appointment or row.waiting
    if who is None or row.recipient not in (Recipient.AGENT, Recipient.CITIZEN):
        return ""
    if row.channel == SMS:
        return masked(getattr(who, "phone", ""))
    return masked_email(str(who.email)) if row.channel == EMAIL else ""


def masked_email(email: str) -> str:
    """Return as much of an address as tells somebody who knows it: `j…@example.org`."""
    name, at, host = email.partition("@")
    return f"{name[:1]}…@{host}" if at else ""


async def life(notice_id: str, now: datetime) -> Life:
    """Return one message. Raises EntryUnknown."""
    row = await _read(notice_id)
    appointment = row.appointment
    return Life(
        line=_line(row, now),
        starts_at=row.starts_at,
        timezone=appointment.site.timezone if appointment else str(ZONE),
        deadline_at=row.deadline_at,
        again=_may_go_again(row, now),
    )


async def _read(notice_id: str) -> Notice:
    related = ("appointment__site", "agent", "waiting")
    row = await Notice.get_or_none(id=notice_id).select_related(*related)
    if row is None:
        raise EntryUnknown
    return row


def _may_go_again(row: Notice, now: datetime) -> bool:
    appointment = row.appointment
    if row.state not in AGAIN or row.kind in WITHOUT_APPOINTMENT or appointment is None or row.starts_at <= now:
        return False
    return not is_stale(
        row, sequence=appointment.sequence, status=appointment.status, agent_id=str(appointment.agent_id)
    )


async def send_again(notice_id: str, *, now: datetime) -> None:
    """Put a message back into the queue, under the same Message-ID: who has it already gets no second one beside it.

    Raises EntryUnknown, NotSentAgain.
    """
    async with transaction():
        row = await _read(notice_id)
        if not _may_go_again(row, now):
            raise NotSentAgain
        ends = row.starts_at if row.kind == Kind.REMINDER else deadline_of(row.starts_at, now)
        changed = await Notice.filter(id=notice_id, state=row.state, attempts=row.attempts).update(
            state=NoticeState.PENDING, due_at=now, deadline_at=ends, leased_until=None, last_error="", receipt="",
            receipt_at=None, message_ref="",
        )  # fmt: skip
        if not changed:
            raise NotSentAgain


def as_rows(found: Sequence[Line]) -> list[list[str]]:
    """Return lines as the cells of a table without personal data: internal words, instants as RFC 3339."""
    return [
        [
            line.reference, line.kind, line.recipient, line.channel, line.label, line.due_at.isoformat(),
            line.sent_at.isoformat() if line.sent_at else "", str(line.attempts), safe_text(line.error), line.receipt,
            str(line.parts),
        ]
        for line in found
    ]  # fmt: skip


def _utc(when: datetime) -> datetime:
    return when.astimezone(ZoneInfo("UTC"))


def _instant(value: datetime | str | None) -> datetime | None:
    """Return an aggregate as an instant: SQLite gives its text."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=ZoneInfo("UTC")) if value and value.tzinfo is None else value
