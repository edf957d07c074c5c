"""A calendar program by the standard: it takes invitations out of mails and keeps them on a CalDAV server."""

from email.message import EmailMessage
from enum import StrEnum

from icalendar import Calendar, Event

from tests.support.radicale import RadicaleServer


class Verdict(StrEnum):
    """What was done about an invitation."""

    TAKEN = "taken"
    OLD = "old"  # it speaks of a version that is no longer the newest one known
    NOT_OURS = "not ours"  # of another organiser, for somebody else, or no invitation


class CalendarProgram:
    """The calendar of one attendee. Follows RFC 5546 2.1.5 (which of two versions is newer) and 3.2.2, 3.2.5."""

    def __init__(self, server: RadicaleServer, attendee: str) -> None:
        self._server = server
        self._attendee = f"mailto:{attendee}"

    async def receive(self, mail: EmailMessage) -> Verdict:
        """Act on a mail as its `text/calendar` part asks; its method must be the same inside and outside."""
        parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
        if not parts:
            return Verdict.NOT_OURS
        calendar = Calendar.from_ical(parts[0].get_payload(decode=True))
        (event,) = calendar.events
        if calendar["method"] != parts[0].get_param("method") or event.get("attendee") != self._attendee:
            return Verdict.NOT_OURS
        kept = await self._kept(str(event["uid"]))
        if kept is not None and kept["organizer"] != event["organizer"]:
            return Verdict.NOT_OURS
        if kept is not None and _version(event) <= _version(kept):
            return Verdict.OLD
        if calendar["method"] == "CANCEL":
            assert event["status"] == "CANCELLED", "RFC 5546 3.2.5"
            if kept is None:
                return Verdict.TAKEN
        # What is kept on a server has no method (RFC 4791 4.1), and only one who answers changes PARTSTAT.
        del calendar["method"]
        await self._server.put(str(event["uid"]), calendar.to_ical().decode())
        return Verdict.TAKEN

    async def _kept(self, uid: str) -> Event | None:
        text = await self._server.get(uid)
        return Calendar.from_ical(text).events[0] if text is not None else None


def _version(event: Event) -> tuple[int, float]:
    return int(event["sequence"]), event["dtstamp"].dt.timestamp()
