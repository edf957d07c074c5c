"""One object of a CalDAV collection: read, written on a condition, taken out (RFC 4791 5.3, RFC 9110 13)."""

from dataclasses import dataclass
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from aiohttp import ClientResponse, ClientSession
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from booking.busy.calling import Source, asked, origin, read_body
from booking.busy.errors import CalendarMissing, CalendarSignInRefused, CalendarSilent, CalendarWriteRefused

CALENDAR_TYPE = {"Content-Type": "text/calendar; charset=utf-8"}
XML_TYPE = {"Content-Type": "application/xml; charset=utf-8"}
WRITTEN = frozenset({200, 201, 204})
# As it was before somebody else changed it, made it or took it away (RFC 9110 15.5.13)
CONDITION_FAILED = 412
BUSY_NOW = frozenset({408, 423, 425, 429})
UID_CONFLICT = b"no-uid-conflict"
HREF = "{DAV:}href"
MOST_HREF = 1000
MOST_ETAG = 200
BY_UID = """<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:prop><D:getetag/></D:prop>
  <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
    <C:prop-filter name="UID"><C:text-match collation="i;octet">{uid}</C:text-match></C:prop-filter>
  </C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>"""


class ChangedMeanwhile(Exception):
    """The condition of a write does not hold any more: look again."""


class ElsewhereAlready(Exception):
    """The calendar has this UID under another name (RFC 4791 5.3.2.1): `href`, or empty if it does not say which."""

    def __init__(self, href: str) -> None:
        super().__init__("uid conflict")
        self.href = href


@dataclass(frozen=True, slots=True)
class Kept:
    """An object as the server keeps it."""

    text: bytes
    etag: str


async def read_object(session: ClientSession, source: Source, href: str) -> Kept | None:
    """Return an object; None if it is not there. Raises CalendarUnreadable's kinds."""
    async with asked(session, "GET", source, {"Accept": "text/calendar"}, url=href) as answer:
        if answer.status in (404, 410):
            return None
        _refuse(answer)
        etag = answer.headers.get("ETag", "")
        if not etag:  # RFC 4791 5.3.4 requires one; without it nothing can be written safely
            raise CalendarWriteRefused
        return Kept(await read_body(answer), etag[:MOST_ETAG])


async def write_object(session: ClientSession, source: Source, href: str, text: bytes, *, etag: str = "") -> str:
    """Write an object if it still has this ETag, or without one if there is none yet; return the new ETag, if known.

    Raises ChangedMeanwhile, ElsewhereAlready, CalendarUnreadable's kinds.
    """
    condition = {"If-Match": etag} if etag else {"If-None-Match": "*"}
    async with asked(session, "PUT", source, {**CALENDAR_TYPE, **condition}, text, url=href) as answer:
        if answer.status in WRITTEN:
            return answer.headers.get("ETag", "")[:MOST_ETAG]
        if answer.status == CONDITION_FAILED or (etag and answer.status in (404, 410)):
            raise ChangedMeanwhile
        if answer.status in (403, 409):
            body = await read_body(answer)
            if UID_CONFLICT in body:
                raise ElsewhereAlready(_named(body, source))
        _refuse(answer)
        raise CalendarWriteRefused


async def delete_object(session: ClientSession, source: Source, href: str) -> None:
    """Take an object out; one that is not there is out already. Raises CalendarUnreadable's kinds."""
    async with asked(session, "DELETE", source, {}, url=href) as answer:
        if answer.status not in (404, 410):
            _refuse(answer)


async def find_object(session: ClientSession, source: Source, uid: str) -> str:
    """Return the address of the event with this UID, or nothing. Raises CalendarUnreadable's kinds."""
    body = BY_UID.format(uid=escape(uid))
    async with asked(session, "REPORT", source, {**XML_TYPE, "Depth": "1"}, body) as answer:
        _refuse(answer)
        return _named(await read_body(answer), source)


def _named(body: bytes, source: Source) -> str:
    """Return the first address that an answer names, if it is where the password may go."""
    try:
        hrefs = [(each.text or "").strip() for each in fromstring(body).iter(HREF)]
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return ""
    found = urljoin(source.url, hrefs[0]) if hrefs and hrefs[0] else ""
    return found if found and origin(found) == origin(source.url) and len(found) <= MOST_HREF else ""


def _refuse(answer: ClientResponse) -> None:
    """Raise what an answer other than a success means: later, sign-in, gone, or never."""
    if answer.status >= 500 or answer.status in BUSY_NOW:
        raise CalendarSilent
    if answer.status in (401, 403):
        raise CalendarSignInRefused
    if answer.status in (404, 409, 410):
        raise CalendarMissing
    if answer.status >= 300:
        raise CalendarWriteRefused
