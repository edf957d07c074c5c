"""Reads the maildir of the demonstration: what was sent, and what an invitation in it says."""

import mailbox
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from icalendar import Calendar, Event

from teleconsult.errors import NotFound

SHOWN = 100
HTML_BASE = '<head><base target="_top">'


class MailUnknown(NotFound):
    code = "mail_unknown"


@dataclass(frozen=True)
class Line:
    """A mail in the list."""

    key: str
    sent_at: datetime
    to: str
    subject: str
    method: str


@dataclass(frozen=True)
class ReadInvitation:
    """What a calendar would make of an invitation; `starts_at` and `ends_at` are aware, in the place's zone."""

    method: str
    sequence: int
    uid: str
    summary: str
    location: str
    starts_at: datetime
    ends_at: datetime
    timezone: str


@dataclass(frozen=True)
class Mail:
    """A mail, opened: its headers, its parts as text, its invitation if it has one, and itself as it was sent."""

    line: Line
    sender: str
    language: str
    text: str
    html: str
    calendar: bytes | None
    invitation: ReadInvitation | None
    source: bytes


def list_mails(folder: Path) -> list[Line]:
    """Return the newest mails of a maildir, newest first; none if there is no maildir yet."""
    if not folder.is_dir():
        return []
    box = mailbox.Maildir(folder, create=False)
    newest = sorted(box.keys(), key=_age_of, reverse=True)[:SHOWN]
    return sorted(
        (_line(key, _parse(box.get_bytes(key))) for key in newest), key=lambda line: line.sent_at, reverse=True
    )


def open_mail(folder: Path, key: str) -> Mail:
    """Return a mail; raises MailUnknown."""
    try:
        source = mailbox.Maildir(folder, create=False).get_bytes(key)
    except (KeyError, mailbox.NoSuchMailboxError):
        raise MailUnknown from None
    message = _parse(source)
    calendar = _content(message, "text/calendar")
    return Mail(
        line=_line(key, message),
        sender=str(message["From"]),
        language=str(message["Content-Language"] or "fr"),
        text=_content(message, "text/plain"),
        html=_content(message, "text/html").replace("<head>", HTML_BASE, 1),
        calendar=calendar.encode() if calendar else None,
        invitation=read_invitation(calendar) if calendar else None,
        source=source,
    )


def read_invitation(calendar: str) -> ReadInvitation:
    """Return what an iCalendar object with one event says; raises ValueError if it is none."""
    parsed = Calendar.from_ical(calendar)
    event: Event = parsed.events[0]
    return ReadInvitation(
        method=str(parsed.get("method", "")),
        sequence=int(event.get("sequence", 0)),
        uid=str(event.get("uid", "")),
        summary=str(event.get("summary", "")),
        location=str(event.get("location", "")),
        starts_at=event.decoded("dtstart"),
        ends_at=event.decoded("dtend"),
        timezone=str(event["dtstart"].params.get("TZID", "UTC")),
    )


def _parse(source: bytes) -> EmailMessage:
    return message_from_bytes(source, policy=default)


def _age_of(key: str) -> tuple[int, str]:
    # A maildir's file names begin with the second of delivery (cr.yp.to/proto/maildir.html).
    second, _, rest = key.partition(".")
    return (int(second) if second.isdigit() else 0, rest)


def _line(key: str, message: EmailMessage) -> Line:
    calendars = (part.get_param("method") for part in _parts(message) if part.get_content_type() == "text/calendar")
    return Line(
        key=key,
        sent_at=parsedate_to_datetime(str(message["Date"])).astimezone(UTC),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        method=str(next(calendars, "") or ""),
    )


def _content(message: EmailMessage, kind: str) -> str:
    for part in _parts(message):
        if part.get_content_type() == kind:
            return str(part.get_content())
    return ""


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    return (part for part in message.walk() if isinstance(part, EmailMessage) and not part.is_multipart())
