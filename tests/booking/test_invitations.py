"""Invitations, read back by two iCalendar implementations."""

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from booking.notifications.invitations import Links, Method, event_calendar, invitation, one_line
from booking.notifications.kinds import Recipient
from booking.notifications.meeting import Meeting
from tests.booking.meetings import NOW, ORIGIN, SENDER, make_meeting, translator

LINKS = {
    Recipient.CITIZEN: Links(f"{ORIGIN}/rdv/token"),
    Recipient.AGENT: Links(f"{ORIGIN}/agent/appointments/1", f"{ORIGIN}/call/1?admit=1"),
    Recipient.ADVISER: Links(f"{ORIGIN}/desk/5/appointments/1"),
    Recipient.INTERPRETER: Links(),
    Recipient.ROOM: Links(),
}


def write(meeting: Meeting, recipient: Recipient = Recipient.CITIZEN, method: Method = Method.REQUEST) -> bytes:
    return invitation(
        meeting,
        recipient=recipient,
        method=method,
        organizer=SENDER,
        links=LINKS[recipient],
        now=NOW,
        _=translator(meeting.language_of(recipient)),
    )


def read(calendar: bytes) -> Event:
    (event,) = Calendar.from_ical(calendar).events
    return event


def test_zone_is_narrow() -> None:
    calendar = write(make_meeting())
    (zone,) = Calendar.from_ical(calendar).timezones
    assert {(part.name, part["dtstart"].dt.year) for part in zone.subcomponents} == {
        ("DAYLIGHT", 2026),
        ("STANDARD", 2026),
        ("DAYLIGHT", 2027),
    }
    assert "COMMENT" not in zone


def test_request_has_what_calendars_look_for() -> None:
    calendar = Calendar.from_ical(write(make_meeting(sequence=2)))
    assert calendar["method"] == "REQUEST"
    (event,) = calendar.events
    assert event["uid"] == "01234567-89ab-cdef-0123-456789abcdef"
    assert event["sequence"] == 2
    assert event["dtstamp"].dt == NOW
    assert event["status"] == "CONFIRMED"
    assert event["organizer"] == f"mailto:{SENDER}"
    attendee = event["attendee"]
    assert attendee == "mailto:zoe.q@mail.example"
    assert dict(attendee.params) == {
        "CN": "Zoé Quatremère",
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
    }
    assert event["location"] == "France Services Orléans, 1 rue de la République, 45000 Orléans"
    assert event["geo"].to_ical() == "47.9029;1.909"
    assert event["url"] == f"{ORIGIN}/rdv/token"
    (alarm,) = event.subcomponents
    assert alarm["action"] == "DISPLAY"
    assert alarm["trigger"].dt.total_seconds() == -2 * 3600
    description = str(event["description"])
    assert "Une pièce d’identité" in description
    assert "ACD-EFG" in description
    assert f"{ORIGIN}/rdv/token" in description


def test_agent_joins_by_link_and_reads_an_initial_only() -> None:
    calendar = write(make_meeting(), Recipient.AGENT).replace(b"\r\n ", b"").decode()
    (event,) = Calendar.from_ical(calendar).events
    assert event["summary"] == "Aides au logement \u00b7 Z. \u00b7 ACD-EFG"
    assert event["attendee"] == "mailto:camille.roy@ddt.example"
    assert event["conference"] == f"{ORIGIN}/call/1?admit=1"
    assert event["url"] == f"{ORIGIN}/agent/appointments/1"
    for personal in ("Zoé", "Quatremère", "zoe.q"):
        assert personal not in calendar


def test_citizen_reads_the_agents_name_but_not_the_address() -> None:
    calendar = write(make_meeting()).replace(b"\r\n ", b"").decode()
    assert "Camille Roy" in calendar
    assert "camille.roy@" not in calendar
    assert "admit" not in calendar


@pytest.mark.parametrize("recipient", Recipient)
def test_cancel_takes_the_same_event_out(recipient: Recipient) -> None:
    asked = read(write(make_meeting(), recipient))
    calendar = Calendar.from_ical(write(make_meeting(status="cancelled", sequence=1), recipient, Method.CANCEL))
    (event,) = calendar.events
    assert calendar["method"] == "CANCEL"
    assert event["uid"] == asked["uid"]
    assert event["sequence"] == 1
    assert event["status"] == "CANCELLED"
    assert event["attendee"] == asked["attendee"]
    assert event["organizer"] == asked["organizer"]
    assert not event.subcomponents
    assert "conference" not in event
    assert str(event["summary"]).startswith("Annulé\u00a0: ")


def test_language_is_the_readers() -> None:
    event = read(write(make_meeting(language="en")))
    assert event["summary"] == "Teleconsultation: Housing aid"
    description = str(event["description"])
    assert "An identity document" in description
    assert "Un avis d’impôt" in description, "a paper without an English name keeps its French one"
    assert "Please bring:" in description


@pytest.mark.parametrize(("status", "shown"), [("booked", "CONFIRMED"), ("cancelled", "CANCELLED")])
def test_single_event_is_published_and_asks_nobody(status: str, shown: str) -> None:
    calendar = Calendar.from_ical(
        event_calendar(
            make_meeting(status=status),
            organizer=SENDER,
            links=LINKS[Recipient.CITIZEN],
            now=NOW,
            _=translator("fr"),
        )
    )
    (event,) = calendar.events
    assert calendar["method"] == "PUBLISH"
    assert event["status"] == shown
    assert "attendee" not in event
    assert "organizer" in event


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=200))
def test_nothing_that_people_type_can_break_an_invitation(given_name: str, site: str, service: str) -> None:
    meeting = make_meeting(given_name=given_name, site=site, service=service, documents=({"fr": service},))
    for recipient in Recipient:
        calendar = write(meeting, recipient)
        event = read(calendar)
        place = "Salle Loire" if recipient is Recipient.ROOM else f"{site}, {meeting.address}"
        assert event["location"] == one_line(place)
        assert event["attendee"] == f"mailto:{meeting.address_of(recipient)}"
        other = vobject.readOne(calendar.decode())
        assert [component.name for component in other.getChildren()].count("VEVENT") == 1
        assert len(other.vevent.contents["attendee"]) == 1
        assert all(len(line) <= 75 for line in calendar.split(b"\r\n"))


def test_quotes_and_line_breaks_cannot_leave_a_name() -> None:
    meeting = make_meeting(given_name='Zoé "Zaz";X=1\r\nATTENDEE:mailto:evil@example.org')
    event = read(write(meeting))
    assert event["attendee"] == "mailto:zoe.q@mail.example"
    assert event["attendee"].params["CN"] == "Zoé 'Zaz';X=1 ATTENDEE:mailto:evil@example.org Quatremère"
