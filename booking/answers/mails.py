"""What is taken of a mail: who sent it, its calendar parts, whether it is a bounce or was sent by a machine. Pure.

Mails come from anybody. They are read with the oldest, most lenient policy of `email`, within bounds of size, depth and
number of parts, and nothing in one raises anything but MailUnreadable.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses

from booking.answers.authentic import Verdict, judge

MOST_BYTES = 2 * 1024 * 1024
MOST_CALENDAR_BYTES = 256 * 1024
MOST_PARTS = 60
DEEPEST = 12
CALENDAR_TYPES = frozenset({"text/calendar", "application/ics"})
# RFC 3462 2, RFC 6533 4
WITH_HEADERS = frozenset({"message/rfc822", "message/global", "message/global-headers"})
ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[a-z0-9.-]{1,253}")
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# RFC 3834 5, and what was usual before it
AUTOMATIC = {"auto-submitted": "no", "x-autoreply": "no", "x-autorespond": "no"}
BULK = frozenset({"auto_reply", "bulk", "junk", "list"})


class MailUnreadable(Exception):
    """Not a mail, or more of one than is read."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that its server gave up (RFC 3464): its Message-ID, and the enhanced status code (RFC 3463) or nothing."""

    message_id: str
    status: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail. `sender` is the one address of its From header, or empty; `key` stays the same when it is read again.

    `envelope` is the address that it was really sent from, as the mailbox's server noted it (Return-Path, RFC 5321
    4.4): empty for a notification, None if the server noted none.
    """

    key: str
    sender: str
    envelope: str | None
    verdict: Verdict
    automatic: bool
    calendars: tuple[bytes, ...]
    bounces: tuple[Bounce, ...]
    report: bool  # about a delivery, whatever it says


def read_mail(content: bytes, *, authserv_id: str) -> Mail:
    """Read a mail. `authserv_id`: whose Authentication-Results are believed (RFC 8601), or empty.

    Raises MailUnreadable.
    """
    if len(content) > MOST_BYTES:
        raise MailUnreadable("too_large")
    try:
        message = message_from_bytes(content)
        return _read(message, content, authserv_id)
    except MailUnreadable:
        raise
    # What the standard library raises on what only looks like a mail is not documented, and differs by version.
    except Exception as error:
        raise MailUnreadable(type(error).__name__) from error


def _read(message: Message, content: bytes, authserv_id: str) -> Mail:
    sender = _sender(message)
    parts = list(_parts(message))
    report = message.get_content_type() == "multipart/report" and _report_type(message) == "delivery-status"
    return Mail(
        key=_key(message, content),
        sender=sender,
        envelope=_envelope(message),
        verdict=judge(_texts(message, "Authentication-Results"), authserv_id=authserv_id, sender=sender),
        automatic=_automatic(message),
        calendars=() if report else tuple(_calendars(parts)),
        bounces=tuple(_bounces(parts)) if report else (),
        report=report,
    )


def _texts(message: Message, name: str) -> list[str]:
    return [str(each) for each in message.get_all(name, [])]


def _key(message: Message, content: bytes) -> str:
    """Return the hash by which a mail is known again: of its Message-ID, or of all of it when it has none."""
    ids = _texts(message, "Message-ID")
    known = ids[0].strip().encode("utf-8", "replace") if len(ids) == 1 and ids[0].strip() else content
    return hashlib.sha256(known).hexdigest()


def _sender(message: Message) -> str:
    headers = _texts(message, "From")
    if len(headers) != 1:  # RFC 5322 3.6: exactly one, and two readers would pick different ones of two
        return ""
    found = getaddresses(headers)
    return _address(found[0][1]) if len(found) == 1 else ""


def _address(text: str) -> str:
    text = text.strip().casefold()
    return text if ADDRESS.fullmatch(text) else ""


def _envelope(message: Message) -> str | None:
    headers = _texts(message, "Return-Path")
    return _address(headers[0].strip().removeprefix("<").removesuffix(">")) if headers else None


def _report_type(message: Message) -> str:
    return str(message.get_param("report-type", "")).casefold()


def _automatic(message: Message) -> bool:
    for name, exception in AUTOMATIC.items():
        said = _texts(message, name)
        if said and said[0].split(";")[0].strip().casefold() != exception:
            return True
    return any(each.strip().casefold() in BULK for each in _texts(message, "Precedence"))


def _parts(message: Message) -> Iterator[Message]:
    """Yield a mail's parts, not those of a mail inside it: these were somebody else's words."""
    waiting, seen = [(message, 0)], 0
    while waiting:
        part, depth = waiting.pop(0)
        seen += 1
        if seen > MOST_PARTS or depth > DEEPEST:
            raise MailUnreadable("too_many_parts")
        yield part
        if part.get_content_maintype() == "multipart":
            waiting += [(each, depth + 1) for each in _inside(part)]


def _inside(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _calendars(parts: list[Message]) -> Iterator[bytes]:
    for part in parts:
        name = str(part.get_filename() or "").casefold()
        if part.get_content_type() not in CALENDAR_TYPES and not name.endswith(".ics"):
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and 0 < len(payload) <= MOST_CALENDAR_BYTES:
            yield _in_utf8(payload, part.get_content_charset())


def _in_utf8(payload: bytes, charset: str | None) -> bytes:
    """Return a text in UTF-8, which RFC 6047 2.4 asks for and not everybody gives."""
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return payload.decode(charset or "latin-1", "replace").encode()
        except LookupError:
            return payload.decode("latin-1").encode()
    return payload


def _bounces(parts: list[Message]) -> Iterator[Bounce]:
    """Yield the mails that a delivery report says were given up: `Action: failed` (RFC 3464 2.3.3)."""
    statuses = [status for part in parts for status in _failures(part)]
    if not statuses:
        return
    for part in parts:
        found = _returned_id(part)
        if found:
            yield Bounce(found, statuses[0])


def _failures(part: Message) -> Iterator[str]:
    if part.get_content_type() != "message/delivery-status":
        return
    for block in _inside(part):
        action = "".join(_texts(block, "Action")).split("(")[0].strip().casefold()
        if action == "failed":
            status = STATUS.search("".join(_texts(block, "Status")))
            yield status.group() if status else ""


def _returned_id(part: Message) -> str:
    """Return the Message-ID of the mail, or of the headers, that a report gives back."""
    kind, inside = part.get_content_type(), _inside(part)
    if kind in WITH_HEADERS and inside:
        ids = _texts(inside[0], "Message-ID")
    elif kind == "text/rfc822-headers":
        headers = part.get_payload(decode=True)
        ids = _texts(message_from_bytes(headers), "Message-ID") if isinstance(headers, bytes) else []
    else:
        ids = []
    return ids[0].strip() if len(ids) == 1 else ""
