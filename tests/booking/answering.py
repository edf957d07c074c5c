"""Mails that come back to the service: replies as Outlook, Google, Thunderbird and Apple write them, and bounces."""

import base64
import quopri
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.header import Header

from booking.models import Agent, Appointment
from booking.notifications.invitations import event_uid
from tests.booking.offers import MONDAY_8

SERVICE = "rendez-vous@localhost"
AUTHSERV_ID = "mx.ddt.example"
CRLF = "\r\n"


@dataclass(frozen=True)
class Said:
    """What somebody's calendar answers. `attendee` and `sender` are the same but for those who forge."""

    uid: str
    attendee: str
    partstat: str = "ACCEPTED"
    sequence: int = 0
    starts_at: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)
    stamped_at: datetime = datetime(2026, 11, 21, 9, tzinfo=UTC)
    sender: str = ""
    envelope: str | None = None
    message_id: str = ""
    results: tuple[str, ...] = ()  # Authentication-Results

    def but(self, **changes: object) -> "Said":
        return replace(self, **changes)  # type: ignore[arg-type]


def _zulu(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _folded(lines: list[str]) -> str:
    """Fold at 75 octets, as RFC 5545 3.1 asks."""
    folded = []
    for line in lines:
        while len(line.encode()) > 70:
            folded.append(line[:60])
            line = f" {line[60:]}"
        folded.append(line)
    return CRLF.join([*folded, ""])


def _headers(said: Said, subject: str, *more: str) -> list[str]:
    sender = said.sender or said.attendee
    envelope = sender if said.envelope is None else said.envelope
    return [
        f"Return-Path: <{envelope}>",
        *(f"Authentication-Results: {each}" for each in said.results),
        "Received: from mail.example (mail.example [198.51.100.7]) by mx.ddt.example with ESMTPS id 4XyZ;",
        "\tSat, 21 Nov 2026 10:00:00 +0100 (CET)",
        f"From: {Header('Claire Fontaine-Éluard', 'utf-8').encode()} <{sender}>",
        f"To: {Header('Téléconsultation', 'utf-8').encode()} <{SERVICE}>",
        f"Subject: {Header(subject, 'utf-8').encode()}",
        f"Message-ID: {said.message_id or f'<{uuid.uuid4()}@mail.example>'}",
        "Date: Sat, 21 Nov 2026 10:00:00 +0100",
        "MIME-Version: 1.0",
        *more,
    ]


def _b64(text: str) -> str:
    return base64.encodebytes(text.encode()).decode().replace("\n", CRLF)


def _mail(headers: list[str], body: str) -> bytes:
    return f"{CRLF.join(headers)}{CRLF}{CRLF}{body}".encode()


def outlook(said: Said) -> bytes:
    """Outlook through Exchange: Windows zone names, base64, a comment that is a line break."""
    end = said.starts_at + timedelta(minutes=30)
    zone = "Romance Standard Time"
    text = _folded([
        "BEGIN:VCALENDAR", "METHOD:REPLY", "PRODID:Microsoft Exchange Server 2010", "VERSION:2.0",
        "BEGIN:VTIMEZONE", f"TZID:{zone}",
        "BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100",
        "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10", "END:STANDARD",
        "BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200",
        "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT", "END:VTIMEZONE",
        "BEGIN:VEVENT", f"ATTENDEE;PARTSTAT={said.partstat};CN=Claire Fontaine:mailto:{said.attendee}",
        "COMMENT;LANGUAGE=fr-FR:\\n", f"UID:{said.uid}", "SUMMARY;LANGUAGE=fr-FR:Refusé : Aides au logement · Z.",
        f"DTSTART;TZID={zone}:{said.starts_at:%Y%m%dT%H%M%S}", f"DTEND;TZID={zone}:{end:%Y%m%dT%H%M%S}",
        "CLASS:PUBLIC", "PRIORITY:5", f"DTSTAMP:{_zulu(said.stamped_at)}", "TRANSP:OPAQUE", "STATUS:CONFIRMED",
        f"SEQUENCE:{said.sequence}", "LOCATION;LANGUAGE=fr-FR:France services Briare",
        f"X-MICROSOFT-CDO-APPT-SEQUENCE:{said.sequence}", "X-MICROSOFT-CDO-OWNERAPPTID:2123456789",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "X-MICROSOFT-CDO-IMPORTANCE:1", "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
        "END:VEVENT", "END:VCALENDAR",
    ])  # fmt: skip
    mark = "_000_PR3P193MB0123ABCDEF_"
    body = (
        f'--{mark}\r\nContent-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n{_b64(" ")}'
        f'\r\n--{mark}\r\nContent-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        f"{_b64('<html><body></body></html>')}\r\n--{mark}\r\n"
        f'Content-Type: text/calendar; charset="utf-8"; method=REPLY\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        f"{_b64(text)}\r\n--{mark}--\r\n"
    )
    kind = f'Content-Type: multipart/alternative;\r\n\tboundary="{mark}"'
    return _mail(_headers(said, "Refusé : Aides au logement", "X-MS-Has-Attach:", "Thread-Index: AdxYz==", kind), body)


def google(said: Said) -> bytes:
    """Google Calendar: the same object inline and attached, sent from an address of Google's own."""
    end = said.starts_at + timedelta(minutes=30)
    text = _folded([
        "BEGIN:VCALENDAR", "PRODID:-//Google Inc//Google Calendar 70.9054//EN", "VERSION:2.0", "CALSCALE:GREGORIAN",
        "METHOD:REPLY", "BEGIN:VEVENT", f"DTSTART:{_zulu(said.starts_at)}", f"DTEND:{_zulu(end)}",
        f"DTSTAMP:{_zulu(said.stamped_at)}", f"ORGANIZER;CN=Téléconsultation:mailto:{SERVICE}", f"UID:{said.uid}",
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={said.partstat};CN={said.attendee};X-NUM-GUESTS=0"
        f":mailto:{said.attendee}", "X-MICROSOFT-CDO-OWNERAPPTID:-1234", "CREATED:20261121T080000Z",
        "DESCRIPTION:Référence : ABC-DEF", "LAST-MODIFIED:20261121T090000Z", "LOCATION:Briare",
        f"SEQUENCE:{said.sequence}", "STATUS:CONFIRMED", "SUMMARY:Aides au logement", "TRANSP:OPAQUE", "END:VEVENT",
        "END:VCALENDAR",
    ])  # fmt: skip
    body = (
        '--0000outer\r\nContent-Type: multipart/alternative; boundary="0000inner"\r\n\r\n'
        '--0000inner\r\nContent-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{_b64('Claire a répondu.')}\r\n"
        '--0000inner\r\nContent-Type: text/html; charset="UTF-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
        '<p>Claire a r=C3=A9pondu.</p>\r\n--0000inner\r\nContent-Type: text/calendar; charset="UTF-8"; method=REPLY\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{_b64(text)}\r\n--0000inner--\r\n\r\n"
        '--0000outer\r\nContent-Type: application/ics; name="invite.ics"\r\n'
        'Content-Disposition: attachment; filename="invite.ics"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{_b64(text)}\r\n--0000outer--\r\n"
    )
    own = (
        said
        if said.envelope is not None
        else said.but(envelope="3abc-DEFghi.jklMNO@calendar-server.bounces.google.com")
    )
    more = (
        "Sender: Google Calendar <calendar-notification@google.com>",
        'Content-Type: multipart/mixed; boundary="0000outer"',
    )
    return _mail(_headers(own, "Accepté : Aides au logement", *more), body)


def thunderbird(said: Said) -> bytes:
    """Thunderbird: 8bit, what it was asked copied with times in their zone, an alarm's acknowledgement left in."""
    text = _folded([
        "BEGIN:VCALENDAR", "PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN", "VERSION:2.0", "METHOD:REPLY",
        "BEGIN:VEVENT", "CREATED:20261121T085500Z", "LAST-MODIFIED:20261121T090000Z",
        f"DTSTAMP:{_zulu(said.stamped_at)}", f"UID:{said.uid}", "SUMMARY:Aides au logement · Z. · ABC-DEF",
        "STATUS:CONFIRMED", f"ORGANIZER;CN=Téléconsultation:mailto:{SERVICE}",
        f"ATTENDEE;CN=Claire Fontaine;CUTYPE=INDIVIDUAL;PARTSTAT={said.partstat};ROLE=REQ-PARTICIPANT"
        f":mailto:{said.attendee}", "X-MOZ-RECEIVED-SEQUENCE:0", "X-MOZ-RECEIVED-DTSTAMP:20261121T080000Z",
        f"DTSTART;TZID=Europe/Paris:{said.starts_at:%Y%m%dT%H%M%S}",
        f"DTEND;TZID=Europe/Paris:{said.starts_at:%Y%m%dT%H%M%S}", "TRANSP:OPAQUE", f"SEQUENCE:{said.sequence}",
        "X-MOZ-INVITED-ATTENDEE:mailto:" + said.attendee, "END:VEVENT", "END:VCALENDAR",
    ])  # fmt: skip
    body = (
        "This is a multi-part message in MIME format.\r\n"
        '--------------Boundary_1\r\nContent-Type: multipart/alternative; boundary="------------Boundary_2"\r\n\r\n'
        "--------------Boundary_2\r\nContent-Type: text/plain; charset=UTF-8; format=flowed\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\nClaire a décliné votre invitation à l’évènement.\r\n"
        "--------------Boundary_2\r\nContent-Type: text/calendar; method=REPLY; charset=UTF-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n--------------Boundary_2--\r\n"
        '--------------Boundary_1\r\nContent-Type: application/ics; name="invite.ics"\r\n'
        'Content-Disposition: attachment; filename="invite.ics"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
        f"{text}\r\n--------------Boundary_1--\r\n"
    )
    kind = 'Content-Type: multipart/mixed; boundary="------------Boundary_1"'
    return _mail(_headers(said, "Réponse à l’invitation", "User-Agent: Mozilla Thunderbird", kind), body)


def apple(said: Said) -> bytes:
    """Apple: quoted-printable, MAILTO in capitals, a request status, parameters in quotes."""
    text = _folded([
        "BEGIN:VCALENDAR", "CALSCALE:GREGORIAN", "METHOD:REPLY", "PRODID:-//Apple Inc.//macOS 15.1//EN", "VERSION:2.0",
        "BEGIN:VEVENT", f'ATTENDEE;CN="Claire Fontaine";CUTYPE=INDIVIDUAL;EMAIL="{said.attendee}";PARTSTAT='
        f"{said.partstat};ROLE=REQ-PARTICIPANT:MAILTO:{said.attendee}", f"DTSTAMP:{_zulu(said.stamped_at)}",
        f"DTSTART;TZID=Europe/Paris:{said.starts_at:%Y%m%dT%H%M%S}", "DURATION:PT30M",
        f'ORGANIZER;CN="Téléconsultation":mailto:{SERVICE}', "REQUEST-STATUS:2.0;Success",
        f"SEQUENCE:{said.sequence}", "SUMMARY:Aides au logement", f"UID:{said.uid.upper()}", "END:VEVENT",
        "END:VCALENDAR",
    ])  # fmt: skip
    encoded = quopri.encodestring(text.replace(CRLF, "\n").encode()).decode().replace("\n", CRLF)
    body = (
        "--Apple-Mail=_1\r\nContent-Transfer-Encoding: 7bit\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\r\n"
        "--Apple-Mail=_1\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        "Content-Type: text/calendar; method=REPLY; charset=utf-8\r\n\r\n"
        f"{encoded}\r\n--Apple-Mail=_1--\r\n"
    )
    kind = 'Content-Type: multipart/alternative;\r\n\tboundary="Apple-Mail=_1"'
    return _mail(_headers(said, "Claire Fontaine a accepté", "X-Mailer: iCal (7.0)", kind), body)


CLIENTS = {"outlook": outlook, "google": google, "thunderbird": thunderbird, "apple": apple}


def with_calendar(said: Said, text: str, *more: str, kind: str = "text/calendar; method=REPLY") -> bytes:
    """Return a mail whose only part is this calendar."""
    return _mail(_headers(said, "Réponse", *more, f"Content-Type: {kind}; charset=utf-8"), text)


def out_of_office(sender: str) -> bytes:
    """Return what a mailbox answers by itself."""
    said = Said("", sender, envelope="")
    headers = _headers(
        said, "Réponse automatique : absente", "Auto-Submitted: auto-replied", "Content-Type: text/plain"
    )
    return _mail(headers, "Je suis absente.\r\n")


def letter(sender: str) -> bytes:
    """Return what a person writes."""
    return _mail(_headers(Said("", sender), "Question", "Content-Type: text/plain"), "Puis-je venir plus tôt ?\r\n")


def bounce(message_id: str, *, action: str = "failed", status: str = "5.1.1", headers_only: bool = False) -> bytes:
    """Return a delivery report as Postfix writes it, or with the headers only, as Exchange does."""
    inner = f"Message-ID: {message_id}\r\nFrom: {SERVICE}\r\nSubject: Votre rendez-vous\r\n\r\n"
    returned = "text/rfc822-headers" if headers_only else "message/rfc822"
    body = (
        "--D.1/mx\r\nContent-Description: Notification\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
        "This is the mail system. Your message could not be delivered.\r\n"
        "--D.1/mx\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.ddt.example\r\nX-Postfix-Queue-ID: D1\r\n"
        "Arrival-Date: Sat, 21 Nov 2026 10:00:00 +0100\r\n"
        "\r\nFinal-Recipient: rfc822; zoe.q@mail.example\r\nOriginal-Recipient: rfc822;zoe.q@mail.example\r\n"
        f"Action: {action}\r\nStatus: {status}\r\nRemote-MTA: dns; mail.example\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <zoe.q@mail.example>: User unknown\r\n"
        f"\r\n--D.1/mx\r\nContent-Description: Undelivered Message\r\nContent-Type: {returned}\r\n\r\n{inner}"
        "Bonjour\r\n--D.1/mx--\r\n"
    )
    headers = [
        "Return-Path: <>", "From: MAILER-DAEMON@mx.ddt.example (Mail Delivery System)", f"To: {SERVICE}",
        "Subject: Undelivered Mail Returned to Sender", f"Message-ID: <{uuid.uuid4()}@mx.ddt.example>",
        "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="D.1/mx"',
    ]  # fmt: skip
    return _mail(headers, body)


async def said_by_agent(appointment: Appointment, partstat: str = "ACCEPTED") -> Said:
    """Return what the calendar of an appointment's agent answers, were it asked of the present version."""
    agent = await Agent.get(id=appointment.agent_id)
    return Said(
        event_uid(appointment.id), agent.email, partstat, sequence=appointment.sequence,
        starts_at=appointment.starts_at, stamped_at=MONDAY_8,
    )  # fmt: skip


async def stored(appointment: Appointment) -> Appointment:
    """Return an appointment as it stands now."""
    return await Appointment.get(id=appointment.id)
