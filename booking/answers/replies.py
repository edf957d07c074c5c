"""What a calendar answers: an iTIP REPLY (RFC 5546 3.2.3) about one of our events. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from icalendar import Calendar

EVENT_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MAILTO = re.compile(r"\s*mailto:\s*", re.IGNORECASE)
# A signed 32-bit integer, as databases keep it
HIGHEST_SEQUENCE = 2**31 - 1


class Answer(StrEnum):
    """What an attendee answers (PARTSTAT, RFC 5545 3.2.12)."""

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class NotAReply(Exception):
    """Not an answer to an invitation of ours. `reason`: `other_method`, `malformed` or `no_answer`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: about which appointment and which version of it, whose, and when it was given."""

    appointment_id: str
    sequence: int
    stamped_at: datetime
    attendee: str
    answer: Answer


def read_reply(text: bytes) -> Reply:
    """Read an iCalendar object. Raises NotAReply.

    There must be one event, with our kind of UID, one ATTENDEE, a DTSTAMP; SEQUENCE is 0 when it is not there.
    """
    try:
        return _read(_only_event(text))
    except NotAReply:
        raise
    # What the library raises on what is no iCalendar, when reading it or only when a value is looked at
    except Exception as error:
        raise NotAReply("malformed") from error


def _read(event: Any) -> Reply:
    uid = str(event.get("UID", "")).strip().casefold()
    attendee, stamp, sequence = event.get("ATTENDEE"), event.get("DTSTAMP"), event.get("SEQUENCE", 0)
    stamped_at = getattr(stamp, "dt", None)
    if not EVENT_UID.fullmatch(uid) or "RECURRENCE-ID" in event:
        raise NotAReply("malformed")
    if not isinstance(attendee, str) or not isinstance(stamped_at, datetime) or not isinstance(sequence, int):
        raise NotAReply("malformed")
    if not 0 <= sequence <= HIGHEST_SEQUENCE:
        raise NotAReply("malformed")
    said = str(getattr(attendee, "params", {}).get("PARTSTAT", "")).casefold()
    if said not in [*Answer]:
        raise NotAReply("no_answer")
    address = MAILTO.sub("", str(attendee), count=1).strip().casefold()
    return Reply(uid.replace("-", ""), int(sequence), _in_utc(stamped_at), address, Answer(said))


def _only_event(text: bytes) -> Any:
    calendars = Calendar.from_ical(text, multiple=True)
    if len(calendars) != 1 or calendars[0].name != "VCALENDAR":
        raise NotAReply("malformed")
    if str(calendars[0].get("METHOD", "")).strip().upper() != "REPLY":
        raise NotAReply("other_method")
    events = calendars[0].walk("VEVENT")
    if len(events) != 1:
        raise NotAReply("malformed")
    return events[0]


def _in_utc(when: datetime) -> datetime:
    """Return an instant in UTC, in which DTSTAMP must be given (RFC 5545 3.8.7.2). Raises OverflowError."""
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
