"""When a notice is due, by which way, and from when on it is worthless; pure. Instants are UTC, zones IANA names."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.notifications.kinds import BY_HAND, EMAIL, SMS, Kind, Recipient, deadline_of

# No text message is sent from the evening to the morning, by the clock of the place where it is read.
QUIET_FROM, QUIET_UNTIL = time(22, 0), time(8, 0)
# What would fall into the quiet hours goes out this long before them, while there is time to try again.
BEFORE_QUIET = timedelta(minutes=15)
# Who was told this short a time ago needs no reminder.
JUST_TOLD = timedelta(hours=1)
# News that the staff have to tell a citizen without address and mobile. Who was displaced is on their board anyway.
FOR_THE_STAFF = frozenset({Kind.CHANGE, Kind.CANCELLATION, Kind.REPLACEMENT})
NOT_REMINDED_OF = frozenset({Kind.CANCELLATION, Kind.DISPLACED, Kind.LATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the rules need to know: when it begins, where the citizen is, how they can be reached and are reminded.

    `mobile`: they gave a number that takes text messages. Minutes before the start; 0: no such reminder.
    """

    starts_at: datetime
    timezone: str
    email: bool
    mobile: bool
    reminder_minutes: int
    sms_reminder_minutes: int


@dataclass(frozen=True, slots=True)
class Owed:
    """One notice to write: due from `due_at` on, worthless from `deadline_at` on."""

    kind: Kind
    recipient: Recipient
    channel: str
    due_at: datetime
    deadline_at: datetime


def is_quiet(when: datetime, timezone: str) -> bool:
    """Whether an instant lies in the quiet hours of a place."""
    clock = when.astimezone(ZoneInfo(timezone)).time()
    return clock >= QUIET_FROM or clock < QUIET_UNTIL


def before_quiet(when: datetime, timezone: str) -> datetime:
    """Return the last sensible moment up to `when` for a text message: itself, or shortly before the quiet hours."""
    if not is_quiet(when, timezone):
        return when
    here = when.astimezone(ZoneInfo(timezone))
    evening = here.date() if here.time() >= QUIET_FROM else here.date() - timedelta(days=1)
    return _at(evening, QUIET_FROM, timezone, when) - BEFORE_QUIET


def after_quiet(when: datetime, timezone: str) -> datetime:
    """Return the first moment from `when` on at which a text message may go out."""
    if not is_quiet(when, timezone):
        return when
    here = when.astimezone(ZoneInfo(timezone))
    morning = here.date() + timedelta(days=1) if here.time() >= QUIET_FROM else here.date()
    return _at(morning, QUIET_UNTIL, timezone, when)


def news_channel(kind: Kind, terms: Terms, *, asked: bool = False) -> str | None:
    """Return the way by which a citizen is told something: e-mail, else a text message, else the staff, or nobody.

    `asked`: the citizen did it themselves, so that nobody need tell them.
    """
    if terms.email:
        return EMAIL
    if terms.mobile:
        return SMS
    return BY_HAND if kind in FOR_THE_STAFF and not asked else None


def news(kind: Kind, terms: Terms, now: datetime, *, asked: bool = False) -> Owed | None:
    """Return the notice that tells a citizen something at once, or None if nobody is to tell them.

    A text message waits for the morning, if the morning is early enough; else the staff must see to it.
    """
    channel, deadline = news_channel(kind, terms, asked=asked), deadline_of(terms.starts_at, now)
    due_at = after_quiet(now, terms.timezone) if channel == SMS else now
    if due_at >= deadline:
        if kind not in FOR_THE_STAFF or asked:
            return None
        channel, due_at = BY_HAND, now
    return None if channel is None else Owed(kind, Recipient.CITIZEN, channel, due_at, deadline)


def reminders(terms: Terms, now: datetime) -> Iterator[Owed]:
    """Yield the reminders of an appointment of which its citizen was told at `now`, each while it is still ahead.

    Never once it has begun. A moment that has passed, or is nearly there, has its reminder in what was just told.
    """
    by_mail = terms.starts_at - timedelta(minutes=terms.reminder_minutes)
    by_text = before_quiet(terms.starts_at - timedelta(minutes=terms.sms_reminder_minutes), terms.timezone)
    for channel, reachable, minutes, due_at in (
        (EMAIL, terms.email, terms.reminder_minutes, by_mail),
        (SMS, terms.mobile, terms.sms_reminder_minutes, by_text),
    ):
        if reachable and minutes > 0 and due_at - now >= JUST_TOLD:
            yield Owed(Kind.REMINDER, Recipient.CITIZEN, channel, due_at, terms.starts_at)


def owed_notices(kind: Kind, terms: Terms, now: datetime, *, asked: bool = False) -> list[Owed]:
    """Return what a booking, a move or a cancellation causes for the appointment's two people.

    Both are told at once, and no later than the start, or within an hour when the start is nearer than that; the
    citizen is reminded of what is still to come.
    """
    owed = [Owed(kind, Recipient.AGENT, EMAIL, now, deadline_of(terms.starts_at, now))]
    if (told := news(kind, terms, now, asked=asked)) is not None:
        owed.append(told)
    return owed if kind in NOT_REMINDED_OF else [*owed, *reminders(terms, now)]


def _at(day: date, clock: time, timezone: str, like: datetime) -> datetime:
    """Return an instant of a day by a place's clock, in the zone of `like`."""
    return datetime.combine(day, clock, ZoneInfo(timezone)).astimezone(like.tzinfo)
