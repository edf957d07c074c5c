"""The demonstration's maildir, read as a mail program and a calendar would."""

import mailbox
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from icalendar import Calendar

from tests.support.waiting import until


@dataclass(frozen=True)
class Invitation:
    """What a calendar takes from a message."""

    method: str
    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    timezone: str
    attendees: tuple[str, ...]


def letters_to(folder: Path, address: str) -> list[EmailMessage]:
    """Return the messages in a maildir for an address, in the order in which they were delivered."""
    if not folder.is_dir():
        return []
    box = mailbox.Maildir(folder, create=False)
    parsed = [message_from_bytes(box.get_bytes(key), policy=default) for key in sorted(box.keys())]
    return [message for message in parsed if address in str(message["To"])]


def invitation_in(message: EmailMessage) -> Invitation | None:
    """Return what the calendar part of a message says, None if it has none."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            calendar = Calendar.from_ical(part.get_content())
            event = calendar.events[0]
            attendees = event.get("attendee", [])
            attendees = attendees if isinstance(attendees, list) else [attendees]
            return Invitation(
                method=str(calendar["method"]),
                uid=str(event["uid"]),
                sequence=int(str(event["sequence"])),
                starts_at=event.decoded("dtstart"),
                ends_at=event.decoded("dtend"),
                timezone=str(event["dtstart"].params["TZID"]),
                attendees=tuple(str(each).removeprefix("mailto:").lower() for each in attendees),
            )
    return None


async def invitations_for(folder: Path, address: str, count: int = 1) -> list[Invitation]:
    """Wait until so many invitations have come in for an address and return them."""

    async def arrived() -> list[Invitation]:
        found = [invitation for each in letters_to(folder, address) if (invitation := invitation_in(each))]
        return found if len(found) >= count else []

    return await until(arrived, f"{count} invitations for {address} in {folder}", seconds=60)
