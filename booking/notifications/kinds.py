"""The words of the outbox: what a notice says, to whom, and where it stands; pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from booking.models import Notice

# A notice about an appointment that begins at once (a walk-in) is still worth having for this long.
GRACE = timedelta(hours=1)


# The ways by which notices go out (`booking.ports.Channel`), and the one that needs a person.
EMAIL, SMS, CALDAV, BY_HAND = "email", "sms", "caldav", "hand"


class Kind(StrEnum):
    """What a notice says."""

    INVITATION = "invitation"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    REMINDER = "reminder"
    REPLACEMENT = "replacement"  # the same time, with another agent or at another kiosk
    DISPLACED = "displaced"  # it cannot be held as planned, and nothing else is free then
    LATE = "late"  # the agent runs late
    OFFER = "offer"  # a slot is free, for who waits for one
    SATISFACTION = "satisfaction"  # it is over: how was it?
    AGENDA = "agenda"  # an agent's appointments of the day


# Both give the appointment to whoever has it now, who may not have had it before.
MOVES = frozenset({Kind.CHANGE, Kind.REPLACEMENT})


class Recipient(StrEnum):
    """Who a notice is for."""

    CITIZEN = "citizen"
    AGENT = "agent"
    ADVISER = "adviser"  # the house's desk, where it asks for it
    INTERPRETER = "interpreter"
    ROOM = "room"  # the mailbox of a shared video room


# Whom an appointment invites besides its two people (`booking.notifications.guests`).
GUESTS = frozenset({Recipient.ADVISER, Recipient.INTERPRETER, Recipient.ROOM})


class NoticeState(StrEnum):
    """Where a notice stands. Everything but `pending` is final for the outbox; staff end `failed` and `by_hand`."""

    PENDING = "pending"
    SENT = "sent"
    DROPPED = "dropped"  # its deadline passed before it could be sent
    VOID = "void"  # the appointment moved or was cancelled before it was sent
    FAILED = "failed"  # refused for good: this person could not be told
    BY_HAND = "by_hand"  # there is no address and no mobile: the staff are to tell this person
    TOLD = "told"  # the staff told this person


def deadline_of(starts_at: datetime, now: datetime) -> datetime:
    """Return when news about an appointment is of no more use: at its start, but not within the next hour."""
    return max(starts_at, now + GRACE)


def expects(last: Notice | None) -> bool:
    """Whether somebody who was last told this has, or is about to have, the appointment in the calendar; pure."""
    return last is not None and last.kind != Kind.CANCELLATION
