"""Reading a calendar over HTTP: an iCalendar file, or a CalDAV collection, from a server that is not trusted."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector, encode_basic_auth
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from booking.busy.errors import (
    CalendarAddressRefused,
    CalendarMissing,
    CalendarSignInRefused,
    CalendarSilent,
    CalendarTooLarge,
    NotACalendar,
)
from booking.busy.guard import AddressRefused, Network, guarded_sockets

MOST_BYTES = 5 * 1024 * 1024
SECONDS = 20
MOST_REDIRECTS = 3
CHUNK = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Compressed answers are not asked for, and not taken: a small one could unfold to anything.
HEADERS = {"Accept-Encoding": "identity", "User-Agent": "teleconsult-busy-time"}

# RFC 4791 7.8: the events that touch a range of time, with their recurrences whole.
QUERY = """<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:prop><C:calendar-data/></D:prop>
  <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
    <C:time-range start="{start:%Y%m%dT%H%M%SZ}" end="{end:%Y%m%dT%H%M%SZ}"/>
  </C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>"""
CALENDAR_DATA = "{urn:ietf:params:xml:ns:caldav}calendar-data"
MULTI_STATUS = 207


@dataclass(frozen=True, slots=True)
class Source:
    """Where a calendar is and how to sign in. `kind`: ics or caldav."""

    kind: str
    url: str
    username: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a calendar holds: iCalendar texts; None when it is as it was when the ETag was given."""

    texts: tuple[bytes, ...] | None
    etag: str = ""


async def fetch(
    source: Source, start: datetime, end: datetime, *, allowed: Sequence[Network] = (), etag: str = ""
) -> Fetched:
    """Read what a calendar holds between two instants at least. Raises CalendarUnreadable's kinds."""
    connector = TCPConnector(socket_factory=guarded_sockets(allowed), force_close=True)
    try:
        async with ClientSession(
            connector=connector, timeout=ClientTimeout(total=SECONDS), auto_decompress=False, headers=HEADERS
        ) as session:
            if source.kind == "caldav":
                return await _query(session, source, start, end)
            return await _file(session, source, etag)
    except AddressRefused:
        raise CalendarAddressRefused from None
    except (ClientError, OSError, TimeoutError, ValueError) as error:
        if _refused(error):
            raise CalendarAddressRefused from None
        raise CalendarSilent from None


def _refused(error: BaseException | None) -> bool:
    """Tell whether the guard is what lies below an error of the client's."""
    if error is None or isinstance(error, AddressRefused):
        return error is not None
    nested: tuple[BaseException, ...] = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    below = (getattr(error, "os_error", None), error.__cause__, error.__context__, *nested)
    return any(_refused(each) for each in below if each is not error)


async def _file(session: ClientSession, source: Source, etag: str) -> Fetched:
    headers = {"Accept": "text/calendar"} | ({"If-None-Match": etag} if etag else {})
    async with _asked(session, "GET", source, headers) as answer:
        if answer.status == 304 and etag:
            return Fetched(None, etag)
        _require(answer, 200)
        return Fetched((await _body(answer),), answer.headers.get("ETag", "")[:200])


async def _query(session: ClientSession, source: Source, start: datetime, end: datetime) -> Fetched:
    body = QUERY.format(start=start.astimezone(UTC), end=end.astimezone(UTC))
    headers = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
    async with _asked(session, "REPORT", source, headers, body) as answer:
        _require(answer, MULTI_STATUS)
        found = await _body(answer)
    try:
        tree = fromstring(found)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise NotACalendar from None
    return Fetched(tuple((each.text or "").encode() for each in tree.iter(CALENDAR_DATA)))


@asynccontextmanager
async def _asked(
    session: ClientSession, method: str, source: Source, headers: dict[str, str], body: str | None = None
) -> AsyncIterator[ClientResponse]:
    """Ask, following a few redirects by hand; the password goes to the origin that it was given for, no further."""
    url = source.url
    for _ in range(MOST_REDIRECTS + 1):
        if urlsplit(url).scheme not in ("http", "https"):
            raise CalendarAddressRefused
        own = {"Authorization": encode_basic_auth(source.username, source.password, "utf-8")} if source.username else {}
        sent = headers | own if _origin(url) == _origin(source.url) else headers
        async with session.request(method, url, headers=sent, data=body, allow_redirects=False) as answer:
            if answer.status not in REDIRECTS:
                yield answer
                return
            url = urljoin(url, answer.headers.get("Location", ""))
    raise CalendarMissing


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _require(answer: ClientResponse, status: int) -> None:
    if answer.status in (401, 403):
        raise CalendarSignInRefused
    if answer.status != status:
        raise CalendarMissing
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise NotACalendar


async def _body(answer: ClientResponse) -> bytes:
    found = bytearray()
    async for chunk in answer.content.iter_chunked(CHUNK):
        found += chunk
        if len(found) > MOST_BYTES:
            raise CalendarTooLarge
    return bytes(found)
