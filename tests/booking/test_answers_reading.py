"""What is made of mails that anybody may send: replies of four calendar programs, bounces, forgeries, garbage."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from booking.answers import mails
from booking.answers.authentic import Verdict, judge
from booking.answers.imap import MailboxAddress, read_address
from booking.answers.mails import Bounce, MailUnreadable, read_mail
from booking.answers.replies import Answer, NotAReply, read_reply
from teleconsult.settings import Settings
from tests.booking.answering import (
    AUTHSERV_ID,
    CLIENTS,
    Said,
    bounce,
    letter,
    out_of_office,
    outlook,
    thunderbird,
    with_calendar,
)

CLAIRE = "claire@example.org"
UID = "0b5b7d1c-6a3e-4f57-9a43-9a4b5c0d6e7f"
SAID = Said(UID, CLAIRE)


@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
@pytest.mark.parametrize("client", CLIENTS)
def test_reply_is_found_in_what_each_program_writes(client: str, partstat: str) -> None:
    mail = read_mail(CLIENTS[client](SAID.but(partstat=partstat, sequence=3)), authserv_id="")
    assert mail.sender == CLAIRE
    assert not mail.report
    assert not mail.automatic
    replies = {read_reply(text) for text in mail.calendars}
    assert len(replies) == 1
    (reply,) = replies
    assert reply.appointment_id == UID.replace("-", "")
    assert (reply.attendee, reply.answer, reply.sequence) == (CLAIRE, Answer(partstat.lower()), 3)
    assert reply.stamped_at == datetime(2026, 11, 21, 9, tzinfo=UTC)
    # a second implementation reads the samples alike
    (text,) = {each.decode() for each in mail.calendars}
    event = vobject.readOne(text).vevent
    assert event.uid.value.lower() == UID
    assert event.attendee.params["PARTSTAT"] == [partstat]


def test_one_mail_keeps_its_key_and_others_have_another() -> None:
    content = outlook(SAID)
    assert read_mail(content, authserv_id="").key == read_mail(content, authserv_id="").key
    assert read_mail(content, authserv_id="").key != read_mail(outlook(SAID), authserv_id="").key
    nameless = re.sub(rb"Message-ID: [^\r]*\r\n", b"", content)
    assert read_mail(nameless, authserv_id="").key != read_mail(nameless + b" ", authserv_id="").key


def test_calendar_in_a_forwarded_mail_is_not_the_senders() -> None:
    inner = thunderbird(SAID).decode()
    forwarded = with_calendar(SAID.but(sender="eve@evil.example"), inner, kind="message/rfc822")
    assert read_mail(forwarded, authserv_id="").calendars == ()


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("From: Claire <claire@example.org>", CLAIRE), ("From: CLAIRE@Example.org", CLAIRE),
        ("From: claire@example.org <eve@evil.example>", ""),
        ('From: "claire@example.org" <eve@evil.example>', "eve@evil.example"),
        ("From: a@example.org, b@example.org", ""), ("From: a@example.org\r\nFrom: b@example.org", ""),
        ("From: claire", ""), ("From:", ""), ("Subject: nobody", ""),
        ("From: claire@example.org (<eve@evil.example>)", CLAIRE),
    ],
)  # fmt: skip
def test_sender_is_one_address_or_none(header: str, sender: str) -> None:
    assert read_mail(f"{header}\r\n\r\n".encode(), authserv_id="").sender == sender


# Authentic or not, by our own server's word


def verdict(*headers: str, sender: str = CLAIRE) -> Verdict:
    return judge(headers, authserv_id=AUTHSERV_ID, sender=sender)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("dmarc=pass header.from=example.org", Verdict.PASS),
        ("dkim=pass header.d=example.org", Verdict.PASS),
        ("dkim=pass (2048-bit key) header.i=@example.org; spf=fail smtp.mailfrom=forwarder.example", Verdict.PASS),
        ("spf=pass smtp.mailfrom=claire@example.org; dkim=fail header.d=example.org", Verdict.PASS),
        ("spf=pass smtp.mailfrom=mail.example.org", Verdict.PASS),
        ("dmarc=fail header.from=example.org; dkim=pass header.d=example.org", Verdict.FAIL),
        ("spf=fail smtp.mailfrom=example.org", Verdict.FAIL),
        ("dkim=fail header.d=example.org; spf=none", Verdict.FAIL),
        ("dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=eve@evil.example", Verdict.NONE),
        ("dkim=pass header.d=notexample.org", Verdict.NONE),
        ("dkim=pass header.d=org", Verdict.NONE),
        ("spf=softfail smtp.mailfrom=example.org; dkim=none", Verdict.NONE),
        ("none", Verdict.NONE), ("", Verdict.NONE),
        ("dkim=none (dkim=pass header.d=example.org; dmarc=pass)", Verdict.NONE),
        ('spf=none reason="; dmarc=pass header.from=example.org"', Verdict.NONE),
    ],
)  # fmt: skip
def test_own_servers_findings_are_weighed(said: str, expected: Verdict) -> None:
    assert verdict(f"{AUTHSERV_ID}; {said}") is expected
    assert verdict(f"{AUTHSERV_ID.upper()} 1; {said}") is expected
    # nobody else's word counts, and none at all without a name to know ours by
    assert verdict(f"mx.evil.example; {said}") is Verdict.NONE
    assert judge([f"{AUTHSERV_ID}; {said}"], authserv_id="", sender=CLAIRE) is Verdict.NONE


def test_findings_in_several_headers_count_together() -> None:
    assert verdict(f"{AUTHSERV_ID}; spf=fail", f"{AUTHSERV_ID}; dkim=pass header.d=example.org") is Verdict.PASS
    assert verdict("evil; dkim=pass header.d=example.org", f"{AUTHSERV_ID}; spf=fail") is Verdict.FAIL


@given(st.text(max_size=300))
def test_no_header_of_others_vouches(text: str) -> None:
    assert verdict(f"mx.evil.example; {text}") is Verdict.NONE
    assert judge([text], authserv_id=AUTHSERV_ID, sender="") is not Verdict.PASS


# What machines send


@pytest.mark.parametrize("headers_only", [True, False])
def test_bounce_names_the_mail_that_was_given_up(headers_only: bool) -> None:
    mail = read_mail(bounce("<abc@localhost>", headers_only=headers_only), authserv_id="")
    assert mail.report
    assert mail.bounces == (Bounce("<abc@localhost>", "5.1.1"),)


def test_delay_is_no_bounce() -> None:
    mail = read_mail(bounce("<abc@localhost>", action="delayed", status="4.4.1"), authserv_id="")
    assert (mail.report, mail.bounces) == (True, ())


def test_automatic_answer_is_known_from_a_persons() -> None:
    assert read_mail(out_of_office(CLAIRE), authserv_id="").automatic
    assert not read_mail(letter(CLAIRE), authserv_id="").automatic


# What is no answer


def reply_text(*lines: str, without: str = "") -> str:
    """Return a reply with further lines in its event and without one property."""
    own = [f"UID:{UID}", "DTSTAMP:20261121T090000Z", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{CLAIRE}", "SEQUENCE:0"]
    kept = [line for line in own if not (without and line.startswith(without))]
    body = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "METHOD:REPLY", "BEGIN:VEVENT", *kept, *lines]
    return "\r\n".join([*body, "END:VEVENT", "END:VCALENDAR", ""])


def reason(text: str) -> str:
    with pytest.raises(NotAReply) as refused:
        read_reply(text.encode())
    return refused.value.reason


def test_sequence_is_nought_when_it_is_not_there() -> None:
    assert read_reply(reply_text(without="SEQUENCE").encode()).sequence == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (reply_text(without="UID"), "malformed"),
        (reply_text(without="DTSTAMP"), "malformed"),
        (reply_text(without="ATTENDEE"), "malformed"),
        (reply_text(f"ATTENDEE;PARTSTAT=DECLINED:mailto:{CLAIRE}"), "malformed"),
        (reply_text("UID:other", without="UID"), "malformed"),
        (reply_text("UID:../../etc/passwd", without="UID"), "malformed"),
        (reply_text("RECURRENCE-ID:20261121T090000Z"), "malformed"),
        (reply_text("SEQUENCE:-1", without="SEQUENCE"), "malformed"),
        (reply_text("SEQUENCE:99999999999999999999", without="SEQUENCE"), "malformed"),
        (reply_text("SEQUENCE:one", without="SEQUENCE"), "malformed"),
        (reply_text("DTSTAMP:yesterday", without="DTSTAMP"), "malformed"),
        (reply_text("DTSTAMP;VALUE=DATE:20261121", without="DTSTAMP"), "malformed"),
        (reply_text("ATTENDEE;PARTSTAT=DELEGATED:mailto:x@y.z", without="ATTENDEE"), "no_answer"),
        (reply_text("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:x@y.z", without="ATTENDEE"), "no_answer"),
        (reply_text("ATTENDEE:mailto:x@y.z", without="ATTENDEE"), "no_answer"),
        (reply_text().replace("METHOD:REPLY", "METHOD:COUNTER"), "other_method"),
        (reply_text().replace("METHOD:REPLY", "METHOD:REQUEST"), "other_method"),
        (reply_text().replace("METHOD:REPLY\r\n", ""), "other_method"),
        (reply_text().replace("VEVENT", "VTODO"), "malformed"),
        (reply_text() + reply_text(), "malformed"),
        ("", "malformed"), ("BEGIN:VCALENDAR", "malformed"), ("<html>", "malformed"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_with_why(text: str, why: str) -> None:
    assert reason(text) == why


def test_mails_beyond_what_is_read_are_refused() -> None:
    with pytest.raises(MailUnreadable):
        read_mail(b"x" * (mails.MOST_BYTES + 1), authserv_id="")
    part = "--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n"
    many = "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * (mails.MOST_PARTS + 1) + "--b--\r\n"
    with pytest.raises(MailUnreadable):
        read_mail(many.encode(), authserv_id="")
    deep = "".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n" for level in range(mails.DEEPEST + 2)
    )
    with pytest.raises(MailUnreadable):
        read_mail(deep.encode(), authserv_id="")
    large = with_calendar(SAID, "X" * (mails.MOST_CALENDAR_BYTES + 1))
    assert read_mail(large, authserv_id="").calendars == ()


def _mangled(draw: st.DrawFn) -> bytes:
    """Return a good mail in which bytes were changed, doubled, cut."""
    content = bytearray(draw(st.sampled_from([make(SAID) for make in CLIENTS.values()] + [bounce("<a@b>")])))
    for _ in range(draw(st.integers(1, 12))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 80))
        content[at : at + length] = draw(
            st.one_of(st.binary(max_size=12), st.just(bytes(content[at : at + length]) * 2), st.just(b"\r\n"))
        )
    return bytes(content)


@settings(max_examples=250)
@given(st.one_of(st.binary(max_size=600), st.composite(_mangled)()))
def test_garbage_raises_nothing_else(content: bytes) -> None:
    try:
        mail = read_mail(content, authserv_id=AUTHSERV_ID)
    except MailUnreadable:
        return
    for text in mail.calendars:
        with suppress(NotAReply):
            reply = read_reply(text)
            assert re.fullmatch("[0-9a-f]{32}", reply.appointment_id)
            assert reply.stamped_at.tzinfo is UTC


def test_reply_built_by_another_library_is_read() -> None:
    made = vobject.iCalendar()
    made.add("method").value = "REPLY"
    event = made.add("vevent")
    uid = str(uuid4())
    event.add("uid").value = uid
    event.add("dtstamp").value = datetime(2026, 11, 21, 9, tzinfo=vobject.icalendar.utc)
    event.add("sequence").value = "2"
    attendee = event.add("attendee")
    attendee.value, attendee.params = f"mailto:{CLAIRE}", {"PARTSTAT": ["TENTATIVE"]}
    reply = read_reply(made.serialize(validate=False).encode())
    assert (reply.appointment_id, reply.sequence, reply.answer) == (uid.replace("-", ""), 2, Answer.TENTATIVE)


# The setting


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "imaps://rdv%40example.fr:p%40ss@mail.example.fr/INBOX?done=Lus",
            MailboxAddress("mail.example.fr", 993, True, False, "rdv@example.fr", "p@ss", "INBOX", "Lus"),
        ),
        (
            "imap://rdv:secret@mail.example.fr:1143/Rendez%20vous?starttls=1",
            MailboxAddress("mail.example.fr", 1143, False, True, "rdv", "secret", "Rendez vous", ""),
        ),
        ("imap://rdv:secret@[::1]", MailboxAddress("::1", 143, False, None, "rdv", "secret", "INBOX", "")),
    ],
)
def test_mailbox_is_one_address(url: str, expected: MailboxAddress) -> None:
    assert read_address(Settings(imap_url=url).imap_url) == expected


@pytest.mark.parametrize(
    "url", ["http://a:b@host", "imaps://host", "imaps://a@host", "imaps://a:b@", "imap://a:é@host"]
)
def test_mailbox_that_makes_no_sense_stops_the_program(url: str) -> None:
    with pytest.raises(ValidationError, match="must"):
        Settings(imap_url=url)
