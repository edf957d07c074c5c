"""Invitations that calendars believe: iTIP (RFC 5546) objects in iCalendar (RFC 5545); pure.

The UID of an appointment never changes and is the same for everybody; SEQUENCE is the appointment's version. Each
recipient's invitation names no other citizen, interpreter or adviser: all but the citizen's carry the reference and an
initial.
"""

import unicodedata
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Conference, Event, Timezone, vCalAddress

from booking.needs import need_text
from booking.notifications.kinds import Recipient
from booking.notifications.meeting import Meeting
from teleconsult.web.i18n import Gettext

# Control characters, line and paragraph separators, lone surrogates
UNWRITABLE = {"Cc", "Zl", "Zp", "Cs"}
PRODID = "-//Teleconsult//Teleconsult//FR"
# Half a year each way holds the change of hour on either side of the start, and nothing that is not needed.
ZONE_MARGIN = timedelta(days=200)
# A shared room's mailbox is woken by nothing.
ALARM_BEFORE = {
    Recipient.CITIZEN: timedelta(hours=2),
    Recipient.AGENT: timedelta(minutes=10),
    Recipient.ADVISER: timedelta(minutes=15),
    Recipient.INTERPRETER: timedelta(hours=1),
}
# CUTYPE, ROLE and RSVP of each attendee (RFC 5545 3.2.3, 3.2.16, 3.2.17): a desk is told and need not answer.
ATTENDS = {
    Recipient.CITIZEN: ("INDIVIDUAL", "REQ-PARTICIPANT", "TRUE"),
    Recipient.AGENT: ("INDIVIDUAL", "REQ-PARTICIPANT", "TRUE"),
    Recipient.ADVISER: ("GROUP", "OPT-PARTICIPANT", "FALSE"),
    Recipient.INTERPRETER: ("INDIVIDUAL", "REQ-PARTICIPANT", "TRUE"),
    Recipient.ROOM: ("ROOM", "NON-PARTICIPANT", "TRUE"),
}


class Method(StrEnum):
    """What an iCalendar object asks of a calendar (RFC 5546 1.4): note it, put it in, or take it out."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class Links:
    """Where a recipient finds the appointment (`page`, if anywhere), and for who joins by link the call's address."""

    page: str = ""
    call: str = ""


def event_uid(appointment_id: str) -> str:
    """Return the UID of an appointment's event, a UUID as RFC 7986 5.3 wants it."""
    return str(uuid.UUID(appointment_id))


def one_line(text: str) -> str:
    """Return a text as one line without control characters, fit for a header or a calendar's parameter."""
    kept = "".join(" " if unicodedata.category(char) in UNWRITABLE else char for char in text)
    return " ".join(part for part in kept.split(" ") if part)


def invitation(
    meeting: Meeting, *, recipient: Recipient, method: Method, organizer: str, links: Links, now: datetime, _: Gettext
) -> bytes:
    """Return the iCalendar object that asks `recipient`'s calendar for something, in the reader's language.

    `organizer` is the service's own address, `_` translates to the reader's language, `now` becomes DTSTAMP.
    A REQUEST or CANCEL has its one ATTENDEE; a PUBLISH has none (RFC 5546 3.2.1).
    """
    cancelled = method is Method.CANCEL or meeting.status == "cancelled"
    event = event_of(meeting, recipient=recipient, links=links, cancelled=cancelled, stamp=now, _=_)
    event.add("organizer", _address(organizer, _("Téléconsultation")))
    if method is not Method.PUBLISH:
        event.add("attendee", _attendee(meeting, recipient))
    if not cancelled and recipient in ALARM_BEFORE:
        event.add_component(_alarm(meeting, recipient, _))
    calendar = empty_calendar()
    calendar.add("method", method.value)
    day = meeting.starts_at.date()
    calendar.add_component(zone_of(meeting.timezone, day, day))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def empty_calendar() -> Calendar:
    """Return an iCalendar object of ours, with nothing in it."""
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def zone_of(timezone: str, first: date, last: date) -> Timezone:
    """Return the VTIMEZONE of a zone (RFC 5545 3.6.5), cut to what events from `first` to `last` need."""
    zone = Timezone.from_tzid(timezone, first_date=first - ZONE_MARGIN, last_date=last + ZONE_MARGIN)
    zone.pop("COMMENT", None)  # no COMMENT may stand there, and strict readers say so
    return zone


def event_of(
    meeting: Meeting, *, recipient: Recipient, links: Links, cancelled: bool, stamp: datetime, _: Gettext
) -> Event:
    """Return what `recipient` is shown of an appointment, addressed to nobody; `stamp` (UTC) is its DTSTAMP."""
    event = Event()
    event.add("uid", event_uid(meeting.appointment_id))
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", stamp)
    zone = ZoneInfo(meeting.timezone)
    event.add("dtstart", meeting.starts_at.astimezone(zone))
    event.add("dtend", meeting.ends_at.astimezone(zone))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    event.add("summary", _summary(meeting, recipient, cancelled, _))
    event.add("location", one_line(place_text(meeting, recipient, _)))
    if not meeting.at_home and recipient is not Recipient.ROOM:
        event.add("geo", (meeting.latitude, meeting.longitude))
    event.add("description", _description(meeting, recipient, links, cancelled, _))
    if links.page:
        event.add("url", links.page)
    if links.call and not cancelled:
        event.conferences = [Conference(links.call, feature=["VIDEO"], label=_("Rejoindre la téléconsultation"))]
    return event


def place_text(meeting: Meeting, recipient: Recipient, _: Gettext) -> str:
    """Return where an appointment is held, in words: for a shared room's mailbox, in that room."""
    if recipient is Recipient.ROOM:
        return meeting.room
    if not meeting.at_home:
        return f"{meeting.site}, {meeting.address}"
    if recipient is Recipient.CITIZEN:
        return _("En visioconférence, de chez vous")
    return _("En visioconférence (l’usager est chez lui)")


def event_calendar(meeting: Meeting, *, organizer: str, links: Links, now: datetime, _: Gettext) -> bytes:
    """Return the citizen's appointment as a single event to subscribe to or to open (METHOD:PUBLISH)."""
    return invitation(
        meeting,
        recipient=Recipient.CITIZEN,
        method=Method.PUBLISH,
        organizer=organizer,
        links=links,
        now=now,
        _=_,
    )


def _address(email: str, name: str) -> vCalAddress:
    """Return a calendar user address (RFC 5545 3.3.3) with its common name."""
    address = vCalAddress(f"mailto:{email}")
    # Double quotes cannot be written in a parameter (RFC 5545 3.2), and few readers know RFC 6868; some take a
    # backslash for the beginning of an escape, which a parameter has none of.
    if shown := one_line(name).replace('"', "'").replace("\\", "/"):
        address.params["CN"] = shown
    return address


def _attendee(meeting: Meeting, recipient: Recipient) -> vCalAddress:
    address = _address(meeting.address_of(recipient), meeting.name_of(recipient))
    address.params["CUTYPE"], address.params["ROLE"], address.params["RSVP"] = ATTENDS[recipient]
    address.params["PARTSTAT"] = "NEEDS-ACTION"
    return address


def interpretation(meeting: Meeting, _: Gettext, language: str = "fr") -> str:
    """Return in words what an interpreter is asked for, a language or sign language; `_` translates to `language`."""
    return ", ".join(need_text(need, _, language) for need in meeting.interpreted)


def _summary(meeting: Meeting, recipient: Recipient, cancelled: bool, _: Gettext) -> str:
    service = meeting.service_in(meeting.language_of(recipient))
    if recipient is Recipient.CITIZEN:
        text = _("Téléconsultation : {service}", service=service)
    elif recipient is Recipient.INTERPRETER:
        text = f"{interpretation(meeting, _)} · {service} · {meeting.shown_reference}"
    else:
        text = f"{service} · {meeting.initial} · {meeting.shown_reference}"
    return one_line(_("Annulé : {summary}", summary=text) if cancelled else text)


def _description(meeting: Meeting, recipient: Recipient, links: Links, cancelled: bool, _: Gettext) -> str:
    language = meeting.language_of(recipient)
    lines = [_("Ce rendez-vous est annulé.")] if cancelled else []
    lines.append(_("Référence : {reference}", reference=meeting.shown_reference))
    if recipient is not Recipient.CITIZEN:
        return _lines([*lines, *_described_to_staff(meeting, recipient, links, cancelled, _)])
    lines += [meeting.service_in(language), _("Avec : {agent}", agent=meeting.agent_name)]
    if meeting.kiosk:
        lines.append(_("Borne : {kiosk}", kiosk=meeting.kiosk))
    papers = meeting.papers_in(language)
    if papers and not cancelled:
        lines += ["", _("À apporter :"), *(f"- {paper}" for paper in papers)]
    if not cancelled:
        lines += ["", _("Voir, déplacer ou annuler : {url}", url=links.page)]
    return _lines(lines)


def _described_to_staff(meeting: Meeting, recipient: Recipient, links: Links, cancelled: bool, _: Gettext) -> list[str]:
    lines = []
    if recipient is Recipient.INTERPRETER:
        lines.append(_("Demande : {need}", need=interpretation(meeting, _)))
    else:
        lines.append(_("Usager : {initial}", initial=meeting.initial))
    lines.append(meeting.service_in(meeting.language_of(recipient)))
    if meeting.room and recipient in (Recipient.AGENT, Recipient.ROOM):
        lines.append(_("Salle : {room}", room=meeting.room))
    if meeting.kiosk and recipient is not Recipient.ROOM:
        lines.append(_("Lieu : {site}, {kiosk}", site=meeting.site, kiosk=meeting.kiosk))
    if links.page and recipient is Recipient.INTERPRETER and not cancelled:
        lines.append(_("Rejoindre l’appel à l’heure prévue : {url}", url=links.page))
    elif links.page:
        lines.append(_("Ouvrir le rendez-vous : {url}", url=links.page))
    return lines


def _lines(lines: list[str]) -> str:
    return "\n".join(one_line(line) for line in lines)


def _alarm(meeting: Meeting, recipient: Recipient, _: Gettext) -> Alarm:
    return Alarm.new_display(_summary(meeting, recipient, False, _), -ALARM_BEFORE[recipient])
