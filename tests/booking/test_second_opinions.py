"""What ical.js and vobject read in everything that we emit, field by field, against what was meant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.notifications.invitations import ATTENDS, Links, Method, invitation, one_line
from booking.notifications.kinds import Recipient
from booking.notifications.meeting import Meeting
from tests.booking.meetings import NOW, ORIGIN, SENDER, make_meeting, translator
from tests.support.calendars import Read, read_with_icaljs, read_with_vobject

# The days on which clocks change in Paris and in Saint-Pierre, and by how many hours each place is then off UTC at nine
# and later. Written down by hand (timeanddate.com, IANA tz 2026): not computed by what is tested.
OFFSETS = {
    (2026, 10, 25): {"Europe/Paris": 1, "America/Guadeloupe": -4, "Indian/Reunion": 4, "America/Miquelon": -2},
    (2026, 11, 1): {"Europe/Paris": 1, "America/Guadeloupe": -4, "Indian/Reunion": 4, "America/Miquelon": -3},
    (2027, 3, 14): {"Europe/Paris": 1, "America/Guadeloupe": -4, "Indian/Reunion": 4, "America/Miquelon": -2},
    (2027, 3, 28): {"Europe/Paris": 2, "America/Guadeloupe": -4, "Indian/Reunion": 4, "America/Miquelon": -2},
}
LINKS = {
    Recipient.CITIZEN: Links(f"{ORIGIN}/rdv/token", f"{ORIGIN}/rdv/token/join"),
    Recipient.AGENT: Links(f"{ORIGIN}/agent/appointments/1", f"{ORIGIN}/call/1?as=agent&admit=1"),
    Recipient.ADVISER: Links(f"{ORIGIN}/desk/5/appointments/1"),
}
ALARMS = {Recipient.CITIZEN: 7200, Recipient.AGENT: 600, Recipient.ADVISER: 900, Recipient.INTERPRETER: 3600}


def write(meeting: Meeting, recipient: Recipient, method: Method = Method.REQUEST) -> bytes:
    translate = translator(meeting.language_of(recipient))
    links = LINKS.get(recipient, Links())
    return invitation(meeting, recipient=recipient, method=method, organizer=SENDER, links=links, now=NOW, _=translate)


def both(calendars: list[bytes]) -> list[Read]:
    """Return what both readers read, after making sure that they agree on every field."""
    read = read_with_icaljs(calendars)
    for other, calendar in zip(read, calendars, strict=True):
        assert other == read_with_vobject(calendar)
        assert all(len(line) <= 75 for line in calendar.split(b"\r\n")), "RFC 5545 3.1"
        assert b"\n" not in calendar.replace(b"\r\n", b"")
    return read


def test_instants_on_the_days_when_clocks_change() -> None:
    cases = [
        (datetime(*day, hour), zone, offset)  # noqa: DTZ001 - what the clock on the wall says
        for day, zones in OFFSETS.items()
        for zone, offset in zones.items()
        for hour in (9, 14)
    ]
    instants = [wall.replace(tzinfo=UTC) - timedelta(hours=offset) for wall, _, offset in cases]
    # the agent is in Paris, wherever the kiosk is: both get the same instant, named by the clock of the kiosk
    for recipient in (Recipient.AGENT, Recipient.CITIZEN):
        meetings = [make_meeting(instant, timezone=zone) for instant, (_, zone, _) in zip(instants, cases, strict=True)]
        read = both([write(meeting, recipient) for meeting in meetings])
        for found, instant, (wall, zone, _) in zip(read, instants, cases, strict=True):
            (event,) = found["events"]
            assert event["start"] == instant.timestamp(), (wall, zone)
            assert event["end"] - event["start"] == 30 * 60
            assert (event["zone"], event["wall"]) == (zone, wall.isoformat())


@pytest.mark.parametrize("mode", ["kiosk", "home"])
def test_every_field_of_every_recipients_request_and_cancel(mode: str) -> None:
    meetings = {
        Method.REQUEST: make_meeting(sequence=2, mode=mode, kiosk="" if mode == "home" else "Borne 2"),
        Method.CANCEL: make_meeting(sequence=3, mode=mode, kiosk="", status="cancelled"),
    }
    cases = [(recipient, method) for recipient in Recipient for method in meetings]
    read = both([write(meetings[method], recipient, method) for recipient, method in cases])
    for (recipient, method), found in zip(cases, read, strict=True):
        (event,) = found["events"]
        assert found["method"] == method
        expect_common(event, meetings[method], recipient)
        cancelled = method is Method.CANCEL
        assert event["status"] == ("CANCELLED" if cancelled else "CONFIRMED")
        assert event["transp"] == ("TRANSPARENT" if cancelled else "OPAQUE")
        assert event["conference"] == (None if cancelled else LINKS.get(recipient, Links()).call or None)
        assert event["url"] == (LINKS.get(recipient, Links()).page or None)
        placed = mode == "kiosk" and recipient is not Recipient.ROOM
        assert event["geo"] == ([47.9029, 1.909] if placed else None)
        assert event["summary"].startswith("Annulé") == cancelled
        alarm = {"action": "DISPLAY", "seconds": -ALARMS.get(recipient, 0), "description": event["summary"]}
        assert event["alarms"] == ([] if cancelled or recipient is Recipient.ROOM else [alarm])


def expect_common(event: dict[str, Any], meeting: Meeting, recipient: Recipient) -> None:
    assert event["uid"] == "01234567-89ab-cdef-0123-456789abcdef"
    assert event["sequence"] == meeting.sequence
    assert event["stamp"] == NOW.timestamp()
    assert event["start"] == meeting.starts_at.timestamp()
    assert event["organizer"]["address"] == f"mailto:{SENDER}"
    assert event["organizer"]["cn"] == "Téléconsultation"
    cutype, role, rsvp = ATTENDS[recipient]
    (attendee,) = event["attendees"]
    assert attendee == {
        "address": f"mailto:{meeting.address_of(recipient)}",
        "cn": meeting.name_of(recipient) or None,
        "cutype": cutype,
        "role": role,
        "partstat": "NEEDS-ACTION",
        "rsvp": rsvp,
    }


# Whatever somebody can type: quotes, commas, emoji with modifiers, right-to-left text with its marks, long lines.
HARD = [
    'Zoé "Zaz" O’Neill, dite « la Grande »; et ^n^\' fils \\n \\, \\;',
    "👩🏽‍💻👨‍👩‍👧‍👦🇫🇷" * 12,
    "שלום \u200f(עולם)\u200e مرحبا بالعالم",
    "é" * 400,
    "a" * 73 + "é" + "b" * 73 + "🎉",
    ":;,=\"'^%{}[]|<>&",
    "X-LIC:BEGIN:VALARM",
]
TYPED = st.one_of(st.sampled_from(HARD), st.text(max_size=120))


@settings(max_examples=20)
@given(st.lists(st.tuples(TYPED, TYPED, TYPED, TYPED), min_size=1, max_size=8))
def test_whatever_people_type_is_read_as_it_was_typed(rows: list[tuple[str, str, str, str]]) -> None:
    meetings = [
        make_meeting(given_name=given, family_name=family, site=site, service=service, documents=({"fr": service},))
        for given, family, site, service in rows
    ]
    read = both([write(meeting, Recipient.CITIZEN) for meeting in meetings])
    for found, meeting in zip(read, meetings, strict=True):
        (event,) = found["events"]
        assert event["location"] == one_line(f"{meeting.site}, {meeting.address}")
        assert event["summary"] == one_line(f"Téléconsultation\u00a0: {meeting.service}")
        assert not meeting.service or one_line(f"- {meeting.service}") in event["description"].split("\n")
        (attendee,) = event["attendees"]
        assert (attendee["cn"] or "") == one_line(meeting.name_of(Recipient.CITIZEN)).replace('"', "'").replace(
            "\\", "/"
        )
        assert attendee["address"] == "mailto:zoe.q@mail.example"
