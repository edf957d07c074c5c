"""Reading a calendar over HTTP: an iCalendar file, or a CalDAV collection."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import ClientSession
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from booking.busy.calling import Source, asked, calling, read_body, require
from booking.busy.errors import NotACalendar
from booking.busy.guard import Network

__all__ = ["Fetched", "Source", "fetch"]

# RFC 4791 7.8: the events that touch a range of time, with their recurrences whole.
QUERY = """<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:prop><C:calendar-data/></D:prop>
  <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
    <C:time-range start="{start:%Y%m%dT%H%M%SZ}" end="{end:%Y%m%dT%H%M%SZ}"/>
  </C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>"""
CALENDAR_DATA = "{urn:ietf:params:xml:ns:caldav}calendar-data"
# RFC 4791 7.10: only when somebody is taken, for whom may know no more (a calendar shared without its details).
FREE_BUSY = """<?xml version="1.0" encoding="utf-8"?>
<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">
  <C:time-range start="{start:%Y%m%dT%H%M%SZ}" end="{end:%Y%m%dT%H%M%SZ}"/>
</C:free-busy-query>"""
MULTI_STATUS = 207
NOT_EVENTS = 403


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a calendar holds: iCalendar texts; None when it is as it was when the ETag was given."""

    texts: tuple[bytes, ...] | None
    etag: str = ""


async def fetch(
    source: Source, start: datetime, end: datetime, *, allowed: Sequence[Network] = (), etag: str = ""
) -> Fetched:
    """Read what a calendar holds between two instants at least. Raises CalendarUnreadable's kinds."""
    async with calling(allowed) as session:
        if source.kind == "caldav":
            return await _query(session, source, start, end)
        return await _file(session, source, etag)


async def _file(session: ClientSession, source: Source, etag: str) -> Fetched:
    headers = {"Accept": "text/calendar"} | ({"If-None-Match": etag} if etag else {})
    async with asked(session, "GET", source, headers) as answer:
        if answer.status == 304 and etag:
            return Fetched(None, etag)
        require(answer, 200)
        return Fetched((await read_body(answer),), answer.headers.get("ETag", "")[:200])


async def _query(session: ClientSession, source: Source, start: datetime, end: datetime) -> Fetched:
    body = QUERY.format(start=start.astimezone(UTC), end=end.astimezone(UTC))
    headers = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
    async with asked(session, "REPORT", source, headers, body) as answer:
        if answer.status == NOT_EVENTS:
            return await _free_busy(session, source, start, end)
        require(answer, MULTI_STATUS)
        found = await read_body(answer)
    try:
        tree = fromstring(found)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise NotACalendar from None
    return Fetched(tuple((each.text or "").encode() for each in tree.iter(CALENDAR_DATA)))


async def _free_busy(session: ClientSession, source: Source, start: datetime, end: datetime) -> Fetched:
    body = FREE_BUSY.format(start=start.astimezone(UTC), end=end.astimezone(UTC))
    headers = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
    async with asked(session, "REPORT", source, headers, body) as answer:
        require(answer, 200)
        return Fetched((await read_body(answer),))
