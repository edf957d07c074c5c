"""Finding the calendars of somebody who gives a server or a mail address (RFC 6764 6, RFC 4791 6.2, RFC 5397)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin, urlsplit

from aiohttp import ClientSession
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from booking.busy.calling import Source, asked, calling, origin, read_body, require
from booking.busy.errors import CalendarMissing, NoCalendarThere, NotACalendar
from booking.busy.guard import Network

WELL_KNOWN = "/.well-known/caldav"
MOST_FOUND = 50
MOST_URL = 600
MULTI_STATUS = 207
HEADERS = {"Content-Type": "application/xml; charset=utf-8"}
PROPERTIES = """<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop>
  <D:resourcetype/><D:displayname/><D:current-user-principal/><C:calendar-home-set/>
  <C:supported-calendar-component-set/>
</D:prop></D:propfind>"""
DAV, CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"


@dataclass(frozen=True, slots=True)
class Collection:
    """A calendar that was found. `key` stands for its address where that must not be shown."""

    url: str
    name: str

    @property
    def key(self) -> str:
        return sha256(self.url.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class _Resource:
    url: str
    name: str
    is_calendar: bool
    principal: str
    home: str


async def discover(source: Source, *, allowed: Sequence[Network] = ()) -> list[Collection]:
    """Return the calendars to choose from: the one at the address itself, else those of whoever signs in.

    Raises NoCalendarThere, CalendarUnreadable's other kinds.
    """
    async with calling(allowed) as session:
        here = await _here(session, source)
        if here is not None and here.is_calendar:
            return [Collection(here.url, here.name)]
        if here is None or not (here.home or here.principal):
            here, source = await _well_known(session, source)
        home = here.home
        if not home and here.principal:
            home = next((each.home for each in await _ask(session, source, here.principal) if each.home), "")
        if not home:
            raise NoCalendarThere
        found = [Collection(each.url, each.name) for each in await _ask(session, source, home, "1") if each.is_calendar]
    usable = [each for each in found if origin(each.url) == origin(source.url) and len(each.url) <= MOST_URL]
    if not usable:
        raise NoCalendarThere
    return usable[:MOST_FOUND]


async def _here(session: ClientSession, source: Source) -> _Resource | None:
    """Return what stands at the address that was given; None if that is nothing that could be asked."""
    try:
        found = await _ask(session, source, source.url)
    except (CalendarMissing, NotACalendar):
        return None
    return found[0] if found else None


async def _well_known(session: ClientSession, source: Source) -> tuple[_Resource, Source]:
    """Return what the server's known place leads to, and the source as it is to be asked from then on."""
    start = urljoin(source.url, WELL_KNOWN)
    async with asked(session, "PROPFIND", source, {**HEADERS, "Depth": "0"}, PROPERTIES, url=start) as answer:
        end = str(answer.url)
        if origin(end) == origin(source.url) or not _same_house(source.url, end):
            try:
                require(answer, MULTI_STATUS)
                found = list(_resources(await read_body(answer), end))
            except (CalendarMissing, NotACalendar):
                raise NoCalendarThere from None
        else:
            found, source = [], replace(source, url=end)
    found = found or await _ask(session, source, end)
    if not found:
        raise NoCalendarThere
    return found[0], source


def _same_house(given: str, led_to: str) -> bool:
    """Whether a password that was given for one server may go to another: the same or below it, and encrypted."""
    host, other = urlsplit(given).hostname or "", urlsplit(led_to)
    return other.scheme == "https" and (other.hostname == host or str(other.hostname).endswith(f".{host}"))


async def _ask(session: ClientSession, source: Source, url: str, depth: str = "0") -> list[_Resource]:
    async with asked(session, "PROPFIND", source, {**HEADERS, "Depth": depth}, PROPERTIES, url=url) as answer:
        require(answer, MULTI_STATUS)
        return list(_resources(await read_body(answer), str(answer.url)))


def _resources(body: bytes, base: str) -> Iterator[_Resource]:
    """Yield what a multi-status answer (RFC 4918 13) names; pure. Raises NotACalendar."""
    try:
        tree = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise NotACalendar from None
    for response in tree.iter(f"{DAV}response"):
        found = [each for each in response.iter(f"{DAV}propstat") if " 200" in (each.findtext(f"{DAV}status") or "")]
        url = _joined(base, response.findtext(f"{DAV}href"))
        name = next((each.findtext(f".//{DAV}displayname") for each in found), "") or ""
        yield _Resource(
            url=url,
            name=" ".join(name.split())[:100] or (urlsplit(url).path.rstrip("/").rpartition("/")[2]),
            is_calendar=any(_is_calendar(each) for each in found),
            principal=_first(found, f".//{DAV}current-user-principal/{DAV}href", base),
            home=_first(found, f".//{CALDAV}calendar-home-set/{DAV}href", base),
        )


def _is_calendar(propstat: Any) -> bool:
    if propstat.find(f".//{DAV}resourcetype/{CALDAV}calendar") is None:
        return False
    kinds = [str(each.get("name", "")).upper() for each in propstat.iter(f"{CALDAV}comp")]
    return not kinds or "VEVENT" in kinds


def _first(found: Sequence[Any], path: str, base: str) -> str:
    return next((_joined(base, text) for each in found if (text := each.findtext(path))), "")


def _joined(base: str, href: str | None) -> str:
    return urljoin(base, (href or "").strip())
