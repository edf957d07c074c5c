"""Mails as they are made: their parts, their headers, and what cannot get into them."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from booking.notifications.kinds import GUESTS, Kind, Recipient
from booking.notifications.letters import SUBJECTS
from booking.notifications.meeting import Meeting
from booking.notifications.messages import METHODS, AddressInvalid
from teleconsult.web.i18n import format_day_time
from tests.booking.meetings import NOW, ORIGIN, SENDER, composer, make_meeting

NOTICE = "f" * 32
NEAREST = {"start": "2026-11-24T10:00:00+01:00", "timezone": "Europe/Paris", "name": "France services Gien"}
PARAMS: dict[Kind, dict[str, Any]] = {
    Kind.DISPLACED: {"trouble": "kiosk_out", "alternatives": [NEAREST]},
    Kind.LATE: {"minutes": 20},
}
# an agent makes trouble known, and is not written to about it; guests are only told where their calendar stands
OWED = [
    (kind, to)
    for kind in Kind
    for to in Recipient
    if kind in SUBJECTS and (to is Recipient.CITIZEN or kind not in PARAMS) and (to not in GUESTS or kind in METHODS)
]


def mail(
    folder: Path, meeting: Meeting, *, kind: Kind = Kind.INVITATION, to: Recipient = Recipient.CITIZEN, **more: Any
) -> EmailMessage:
    """Return a mail as its reader gets it: written out and parsed again."""
    more = {"params": PARAMS.get(kind, {}), "notice_id": NOTICE, "now": NOW} | more
    made = composer(folder).compose(meeting, kind=kind, recipient=to, **more)
    return message_from_bytes(made.as_bytes(policy=SMTP), policy=default)


def part(message: EmailMessage, kind: str) -> EmailMessage:
    (found,) = [each for each in message.walk() if each.get_content_type() == kind]
    assert isinstance(found, EmailMessage)
    return found


class Words(HTMLParser):
    """What a reader sees of some HTML, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str | None] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if tag == "a" and name == "href"]


def shape(message: EmailMessage) -> Any:
    kind = message.get_content_type()
    return (kind, [shape(each) for each in message.iter_parts()]) if message.is_multipart() else kind


@pytest.mark.parametrize("recipient", Recipient)
@pytest.mark.parametrize(
    ("kind", "method"), [(Kind.INVITATION, "REQUEST"), (Kind.CHANGE, "REQUEST"), (Kind.CANCELLATION, "CANCEL")]
)
def test_parts_are_those_that_calendars_look_for(tmp_path: Path, kind: Kind, method: str, recipient: Recipient) -> None:
    message = mail(tmp_path, make_meeting(), kind=kind, to=recipient)
    assert shape(message) == (
        "multipart/mixed",
        [("multipart/alternative", ["text/plain", "text/html", "text/calendar"]), "application/ics"],
    )
    inline = part(message, "text/calendar")
    assert inline.get_param("method") == method
    assert inline.get_param("charset") == "utf-8"
    attached = part(message, "application/ics")
    assert attached.get_filename() == "invite.ics"
    assert attached.get_content_disposition() == "attachment"
    content = attached.get_content()
    assert inline.get_content().encode().splitlines() == content.splitlines()
    assert Calendar.from_ical(content)["method"] == method
    leaves = [each for each in message.walk() if not each.is_multipart()]
    assert {each["Content-Transfer-Encoding"] for each in leaves} == {"base64"}


def test_reminder_has_no_invitation(tmp_path: Path) -> None:
    message = mail(tmp_path, make_meeting(), kind=Kind.REMINDER)
    assert shape(message) == ("multipart/alternative", ["text/plain", "text/html"])


def test_headers(tmp_path: Path) -> None:
    message = mail(tmp_path, make_meeting(), earlier=["a" * 32, "b" * 32])
    assert message["From"] == f"Téléconsultation <{SENDER}>"
    assert message["To"] == "Zoé Quatremère <zoe.q@mail.example>"
    assert message["Subject"] == "Rendez-vous confirmé\u00a0: lundi 23 novembre 2026 à 10\u00a0h\u00a000 (ACD-EFG)"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == f"<{NOTICE}@rdv.example.fr>"
    assert message["In-Reply-To"] == f"<{'b' * 32}@rdv.example.fr>"
    assert message["References"].split() == [f"<{each * 32}@rdv.example.fr>" for each in "ab"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "fr"
    first = mail(tmp_path, make_meeting())
    assert first["In-Reply-To"] is None
    assert first["References"] is None


@pytest.mark.parametrize("month", range(1, 13))
def test_no_space_is_lost_where_a_header_is_folded(tmp_path: Path, month: int) -> None:
    meeting = make_meeting(
        datetime(2026, month, 11, 9, tzinfo=UTC),
        given_name="Zoé Élise Noëlle",
        family_name="d’Été de la Préfecture-sur-Mer",
    )
    made = composer(tmp_path).compose(meeting, kind=Kind.CHANGE, recipient=Recipient.CITIZEN, notice_id=NOTICE, now=NOW)
    source = made.as_bytes(policy=SMTP)
    message = message_from_bytes(source, policy=default)
    day = format_day_time(meeting.starts_at, "Europe/Paris", "fr")
    assert message["Subject"] == f"Rendez-vous déplacé\u00a0: {day} (ACD-EFG)"
    # Read the older way: Python 3.11's newer parser puts a space between two encoded words of a name (RFC 2047 6.2).
    to = str(make_header(decode_header(message_from_bytes(source)["To"])))
    assert " ".join(to.split()) == "Zoé Élise Noëlle d’Été de la Préfecture-sur-Mer <zoe.q@mail.example>"
    assert max(len(line) for line in source.split(b"\r\n\r\n")[0].split(b"\r\n")) <= 78  # RFC 5322 2.1.1


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(("kind", "recipient"), OWED)
def test_text_and_html_say_the_same(tmp_path: Path, kind: Kind, recipient: Recipient, language: str) -> None:
    meeting = make_meeting(language=language, agent_language=language, cancel_reason="Agent malade")
    message = mail(tmp_path, meeting, kind=kind, to=recipient)
    html = Words(part(message, "text/html").get_content())
    lines = part(message, "text/plain").get_content().splitlines()
    for line in lines:
        if line.startswith("http"):
            assert line in html.links
            continue
        for piece in line.removeprefix("- ").split("\u00a0: ", 1):
            assert piece in html.text or line in ("", "-- ")
    written = "fr" if recipient in GUESTS else language
    assert message["Content-Language"] == written
    assert ("Agent malade" in html.text) == (kind is Kind.CANCELLATION and recipient is Recipient.CITIZEN)
    assert ("Bonjour" in html.text) == (written == "fr")
    links = "".join(map(str, html.links))
    assert ("/rdv/" in links) == (recipient is Recipient.CITIZEN and kind is not Kind.CANCELLATION)


def test_agent_in_another_zone_reads_their_own_time_and_the_houses(tmp_path: Path) -> None:
    meeting = make_meeting(timezone="Indian/Reunion")
    message = mail(tmp_path, meeting, to=Recipient.AGENT)
    text = part(message, "text/plain").get_content()
    assert "à 10\u00a0h\u00a000" in text
    assert "Heure sur place\u00a0: 13\u00a0h\u00a000" in text
    assert "à 13\u00a0h\u00a000" in part(mail(tmp_path, meeting), "text/plain").get_content()


@pytest.mark.parametrize("to", [to for to in Recipient if to is not Recipient.CITIZEN])
def test_mails_to_others_hold_nothing_of_the_citizens(tmp_path: Path, to: Recipient) -> None:
    for kind in [kind for kind, each in OWED if each is to]:
        message = mail(tmp_path, make_meeting(cancel_reason="Je suis malade"), kind=kind, to=to)
        everything = "".join(str(each.get_content()) for each in message.walk() if not each.is_multipart())
        everything += str(message.items())
        for personal in ("Zoé", "Quatremère", "zoe.q", "malade"):
            assert personal not in everything
        if to is not Recipient.AGENT:
            assert "Camille" not in everything
        paths = {Recipient.AGENT: "/agent/appointments/", Recipient.ADVISER: f"/desk/{'5' * 32}/appointments/"}
        if to is Recipient.INTERPRETER:
            assert f"{ORIGIN}/interpret/" in everything
        elif to in paths:
            assert f"{ORIGIN}{paths[to]}{'0123456789abcdef' * 2}" in everything
        else:
            assert ORIGIN not in everything, "who does not sign in is given no address"


def test_line_breaks_cannot_add_headers(tmp_path: Path) -> None:
    evil = "X\r\nBcc: evil@example.org\r\n\r\nbody"
    meeting = make_meeting(
        given_name=evil, family_name=evil, service=evil, site=evil, reference="A\r\nB: c", agent_name=evil
    )
    for kind, recipient in OWED:
        message = mail(tmp_path, meeting, kind=kind, to=recipient)
        assert "Bcc" not in message
        assert "B" not in message
        assert set(message.keys()) - {"List-Unsubscribe", "List-Unsubscribe-Post"} == {
            "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version",
            "Content-Type",
        }  # fmt: skip
        assert not message.defects
        assert len(message["To"].addresses) == 1


def test_displaced_citizen_reads_why_and_what_is_free(tmp_path: Path) -> None:
    message = mail(tmp_path, make_meeting(), kind=Kind.DISPLACED)
    text = part(message, "text/plain").get_content()
    assert "en panne" in text
    assert "- mardi 24 novembre 2026 à 10\u00a0h\u00a000, France services Gien" in text
    assert [line for line in text.splitlines() if line.endswith("/move")]
    assert not [each for each in message.walk() if each.get_content_type() == "text/calendar"]


def test_late_agents_citizen_reads_when_it_will_be(tmp_path: Path) -> None:
    text = part(mail(tmp_path, make_meeting(), kind=Kind.LATE), "text/plain").get_content()
    assert "environ 20 minutes" in text
    assert "vers 10\u00a0h\u00a020" in text


@pytest.mark.parametrize(("mode", "joins"), [("home", True), ("kiosk", False)])
def test_citizen_at_home_joins_by_the_link_in_the_calendar(tmp_path: Path, mode: str, joins: bool) -> None:
    message = mail(tmp_path, make_meeting(mode=mode, kiosk="" if joins else "Borne 2"))
    (event,) = Calendar.from_ical(part(message, "text/calendar").get_payload(decode=True)).events
    assert event.get("conference") == (f"{event['url']}/join" if joins else None)


def test_replacement_updates_the_calendar(tmp_path: Path) -> None:
    message = mail(tmp_path, make_meeting(sequence=3), kind=Kind.REPLACEMENT)
    calendar = Calendar.from_ical(part(message, "text/calendar").get_payload(decode=True))
    assert (calendar["method"], calendar.events[0]["sequence"]) == ("REQUEST", 3)


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b@c", "a\r\nBcc: x@example.org", "a@example.org, b@example.org", "<a@example.org>"]
)
def test_what_cannot_be_an_address_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(AddressInvalid):
        mail(tmp_path, make_meeting(email=address))


def test_markup_in_names_is_only_text(tmp_path: Path) -> None:
    message = mail(tmp_path, make_meeting(given_name="<b>Zoé</b>", site="<script>alert(1)</script>"))
    html = part(message, "text/html").get_content()
    assert "<script" not in html
    assert "<b>" not in html
    assert "<script>alert(1)</script>" in Words(html).text
