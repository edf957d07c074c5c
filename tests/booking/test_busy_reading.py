"""Reading calendars from servers that nobody vouches for: what may be called, what is taken, and how much of it."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from booking.busy import apart
from booking.busy import calling as fetching
from booking.busy.apart import unfold_apart
from booking.busy.errors import (
    CalendarAddressRefused,
    CalendarMissing,
    CalendarSignInRefused,
    CalendarSilent,
    CalendarTooLarge,
    CalendarUnreadable,
    NotACalendar,
    SealBroken,
)
from booking.busy.fetch import Source, fetch
from booking.busy.guard import may_call, read_networks
from booking.busy.seal import Seal
from booking.busy.unfold import MOST_EVENTS, Busy, taken, unfold

LOOPBACK = (ip_network("127.0.0.0/8"),)
START = datetime(2026, 11, 23, tzinfo=UTC)
END = START + timedelta(days=14)
EVENT = "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261101T000000Z\r\n{body}\r\nEND:VEVENT\r\n"


def calendar(*bodies: str) -> bytes:
    """Return an iCalendar file with an event for each body."""
    events = "".join(EVENT.format(uid=f"event-{number}", body=body) for number, body in enumerate(bodies))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n{events}END:VCALENDAR\r\n".encode()


def times(*bodies: str, timezone: str = "Europe/Paris") -> list[tuple[str, str]]:
    """Return what events take, in UTC, as texts."""
    found = taken(unfold([calendar(*bodies)], START, END, timezone), set())
    return [
        (f"{datetime.fromtimestamp(start, UTC):%d %H:%M}", f"{datetime.fromtimestamp(end, UTC):%d %H:%M}")
        for start, end in found
    ]


# Whom this server may call


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111"])
def test_public_addresses_may_be_called(address: str) -> None:
    assert may_call(address, ())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "localhost", "",
    ],
)  # fmt: skip
def test_others_may_not_however_they_are_written(address: str) -> None:
    assert not may_call(address, ())


def test_deployer_may_allow_a_network_and_no_more() -> None:
    allowed = read_networks("10.20.0.0/16, fd12::/48")
    assert may_call("10.20.3.4", allowed)
    assert may_call("fd12::1", allowed)
    assert not may_call("10.21.0.1", allowed)
    with pytest.raises(ValueError, match="host bits"):
        read_networks("10.20.3.4/16")


# A hostile server


@dataclass
class Hostile:
    """A server whose every answer is set by the test; it keeps what it was asked."""

    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    port: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path, request.headers.get("Authorization", "")))
        assert self.answer is not None
        return await self.answer(request)

    def url(self, path: str = "/a.ics", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
async def hostile() -> AsyncIterator[Hostile]:
    server = Hostile()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    async with TestServer(app) as running:
        server.port = running.port or 0
        yield server


def says(body: bytes = b"", status: int = 200, **headers: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


async def test_file_is_read_once_and_not_again_while_it_stays_as_it_was(hostile: Hostile) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        return web.Response(body=calendar("DTSTART:20261124T090000Z"), headers={"ETag": '"1"'})

    hostile.answer = answer
    first = await fetch(Source("ics", hostile.url()), START, END, allowed=LOOPBACK)
    assert first.texts == (calendar("DTSTART:20261124T090000Z"),)
    again = await fetch(Source("ics", hostile.url()), START, END, allowed=LOOPBACK, etag=first.etag)
    assert (again.texts, again.etag) == (None, '"1"')


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1"])
@pytest.mark.parametrize("kind", ["ics", "caldav"])
async def test_private_address_is_never_connected_to(hostile: Hostile, host: str, kind: str) -> None:
    hostile.answer = says(calendar())
    with pytest.raises(CalendarUnreadable) as refused:
        await fetch(Source(kind, hostile.url(host=host)), START, END)
    if host in ("127.0.0.1", "localhost"):
        assert isinstance(refused.value, CalendarAddressRefused)
    assert hostile.asked == []


async def test_redirect_to_a_private_address_is_not_followed(hostile: Hostile) -> None:
    # this server stands for a public one; what it points to is not within what is allowed
    hostile.answer = says(status=302, Location=f"http://127.0.0.2:{hostile.port}/inner")
    with pytest.raises(CalendarAddressRefused):
        await fetch(Source("ics", hostile.url()), START, END, allowed=read_networks("127.0.0.1/32"))
    assert [path for _, path, _ in hostile.asked] == ["/a.ics"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/"])
async def test_redirect_to_another_scheme_is_not_followed(hostile: Hostile, target: str) -> None:
    hostile.answer = says(status=302, Location=target)
    with pytest.raises(CalendarAddressRefused):
        await fetch(Source("ics", hostile.url()), START, END, allowed=LOOPBACK)


async def test_redirects_end(hostile: Hostile) -> None:
    hostile.answer = says(status=307, Location="/again")
    with pytest.raises(CalendarMissing):
        await fetch(Source("ics", hostile.url()), START, END, allowed=LOOPBACK)
    assert len(hostile.asked) == fetching.MOST_REDIRECTS + 1


async def test_password_stays_with_the_origin_that_it_was_given_for(hostile: Hostile) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.host.startswith("127.0.0.1"):
            return web.Response(status=302, headers={"Location": hostile.url("/b.ics", "localhost")})
        return web.Response(body=calendar())

    hostile.answer = answer
    await fetch(
        Source("ics", hostile.url(), "claire", "secret"), START, END, allowed=(*LOOPBACK, *read_networks("::1/128"))
    )
    assert [(path, bool(auth)) for _, path, auth in hostile.asked] == [("/a.ics", True), ("/b.ics", False)]


@pytest.mark.parametrize(
    ("status", "kind"), [(401, CalendarSignInRefused), (403, CalendarSignInRefused), (404, CalendarMissing),
                         (500, CalendarMissing), (204, CalendarMissing), (304, CalendarMissing)],
)  # fmt: skip
async def test_other_answers_are_told_apart(hostile: Hostile, status: int, kind: type[CalendarUnreadable]) -> None:
    hostile.answer = says(status=status)
    with pytest.raises(kind):
        await fetch(Source("ics", hostile.url()), START, END, allowed=LOOPBACK)


async def test_endless_answer_is_cut(hostile: Hostile) -> None:
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while sent < 100 * fetching.MOST_BYTES:
                await response.write(b"x" * fetching.CHUNK)
                sent += fetching.CHUNK
        except ConnectionError:
            pass
        return response

    hostile.answer = answer
    with pytest.raises(CalendarTooLarge):
        await fetch(Source("ics", hostile.url()), START, END, allowed=LOOPBACK)
    assert sent < 20 * fetching.MOST_BYTES


async def test_compressed_answer_is_not_unfolded(hostile: Hostile) -> None:
    hostile.answer = says(gzip.compress(b"x" * 50_000_000), Content_Encoding="gzip")
    with pytest.raises(NotACalendar):
        await fetch(Source("ics", hostile.url()), START, END, allowed=LOOPBACK)


async def test_server_that_never_answers_is_left(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(_request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    hostile.answer = answer
    monkeypatch.setattr(fetching, "SECONDS", 0.2)
    with pytest.raises(CalendarSilent):
        await fetch(Source("ics", hostile.url()), START, END, allowed=LOOPBACK)


async def test_nobody_there_is_silence() -> None:
    for url in ("http://127.0.0.1:1/a.ics", "http://nowhere.invalid/a.ics"):
        with pytest.raises(CalendarSilent):
            await fetch(Source("ics", url), START, END, allowed=LOOPBACK)


BOMB = (
    b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>"""
    b"""<a>&c;</a>"""
)
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"""


@pytest.mark.parametrize("body", [BOMB, OUTSIDE, b"<a", b"", b"\xff\xfe", b"BEGIN:VCALENDAR"])
async def test_caldav_answer_that_is_no_answer(hostile: Hostile, body: bytes) -> None:
    hostile.answer = says(body, status=207)
    with pytest.raises(NotACalendar):
        await fetch(Source("caldav", hostile.url()), START, END, allowed=LOOPBACK)


# What it means


def test_times_are_taken_in_their_zone_or_the_agents() -> None:
    assert times("DTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z") == [("24 09:00", "24 10:00")]
    assert times("DTSTART;TZID=America/Cayenne:20261124T090000\r\nDURATION:PT30M") == [("24 12:00", "24 12:30")]
    assert times("DTSTART:20261124T090000\r\nDTEND:20261124T100000") == [("24 08:00", "24 09:00")]
    assert times("DTSTART;VALUE=DATE:20261124", timezone="Indian/Reunion") == [("23 20:00", "24 20:00")]


def test_series_with_exceptions_are_unfolded_and_joined() -> None:
    weekly = "DTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z\r\nRRULE:FREQ=DAILY;COUNT=4\r\nEXDATE:20261125T090000Z"
    then = "DTSTART:20261124T100000Z\r\nDTEND:20261124T103000Z"
    assert times(weekly, then) == [("24 09:00", "24 10:30"), ("26 09:00", "26 10:00"), ("27 09:00", "27 10:00")]


@pytest.mark.parametrize("line", ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"])
def test_what_takes_no_time_is_left_out(line: str) -> None:
    assert times(f"DTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z\r\n{line}") == []


def test_only_what_touches_the_window_is_kept_and_cut_to_it() -> None:
    assert times(
        "DTSTART:20260101T000000Z\r\nDTEND:20261123T080000Z", "DTSTART:20270101T000000Z\r\nDTEND:20270102T000000Z"
    ) == [("23 00:00", "23 08:00")]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,1,2,3,4,5,6,7",
        "FREQ=NEVER", "INTERVAL=2",
    ],
)  # fmt: skip
def test_series_without_bounds_take_no_time_and_the_others_count(rule: str) -> None:
    found = times(
        f"DTSTART:20261124T090000Z\r\nDTEND:20261124T091000Z\r\nRRULE:{rule}",
        "DTSTART:20261125T090000Z\r\nDTEND:20261125T100000Z",
    )
    assert found == [("25 09:00", "25 10:00")]


def test_series_from_the_middle_ages_takes_no_time() -> None:
    assert times("DTSTART:10000101T090000Z\r\nDTEND:10000101T100000Z\r\nRRULE:FREQ=DAILY") == []


def test_calendar_that_is_too_much_is_given_up() -> None:
    single = "DTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z"
    with pytest.raises(CalendarTooLarge):
        unfold([calendar(*[single] * (MOST_EVENTS + 1))], START, END, "Europe/Paris")
    ticks = iter(range(0, 10_000, 6))
    with pytest.raises(CalendarTooLarge):
        unfold([calendar(*[single] * 10)], START, END, "Europe/Paris", clock=lambda: float(next(ticks)))


@pytest.mark.parametrize(
    "text", [b"", b"<html>", b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", b"\xff\xfe\x00", b"BEGIN:VCALENDAR"]
)
def test_what_is_no_calendar_is_told_apart_from_an_empty_one(text: bytes) -> None:
    with pytest.raises(NotACalendar):
        unfold([text], START, END, "Europe/Paris")
    assert unfold([calendar()], START, END, "Europe/Paris") == []


def test_own_appointments_do_not_count_twice() -> None:
    ours = Busy("0b5b7d1c-6a3e-4f57-9a43-9a4b5c0d6e7f", (0, 10))
    assert taken([ours, Busy("theirs", (20, 30))], {ours.uid.replace("-", "")}) == [(20, 30)]


# Only when, never what: VFREEBUSY


FREE_BUSY = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VFREEBUSY\r\nUID:a\r\nDTSTART:20261123T000000Z\r\n"
    b"FREEBUSY;FBTYPE=BUSY:20261124T090000Z/PT1H,20261124T130000Z/20261124T140000Z\r\n"
    b"FREEBUSY;FBTYPE=FREE:20261125T090000Z/PT1H\r\nFREEBUSY;FBTYPE=BUSY-TENTATIVE:20261125T110000Z/PT1H\r\n"
    b"FREEBUSY:20261126T090000Z/PT1H,20200101T090000Z/PT1H\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
)


def test_free_busy_times_count_but_for_what_is_free() -> None:
    found = unfold([FREE_BUSY], START, END, "Europe/Paris")
    hours = [f"{datetime.fromtimestamp(low, UTC):%d %H}" for low, _ in taken(found, set())]
    assert hours == ["24 09", "24 13", "25 11", "26 09"]
    # nameless as they are, they may be appointments of ours: an agent's own times stay out of it
    nine = int(datetime(2026, 11, 24, 9, tzinfo=UTC).timestamp())
    kept = taken(found, set(), [(nine, nine + 1800)])
    assert kept[0] == (nine + 1800, nine + 3600)
    assert len(kept) == 4


async def test_calendar_shared_without_details_is_read_for_its_times(hostile: Hostile) -> None:
    async def answer(request: web.Request) -> web.Response:
        if b"free-busy-query" in await request.read():
            return web.Response(body=FREE_BUSY, content_type="text/calendar")
        return web.Response(status=403)

    hostile.answer = answer
    fetched = await fetch(Source("caldav", hostile.url()), START, END, allowed=LOOPBACK)
    assert fetched.texts == (FREE_BUSY,)


# In a process of its own


async def test_process_answers_as_the_function_does() -> None:
    texts = [calendar("DTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z\r\nRRULE:FREQ=DAILY;COUNT=3")]
    assert await unfold_apart(texts, START, END, "Europe/Paris") == unfold(texts, START, END, "Europe/Paris")
    with pytest.raises(NotACalendar):
        await unfold_apart([b"<html>"], START, END, "Europe/Paris")


@pytest.mark.parametrize("limit", ["CPU_SECONDS", "SECONDS"])
async def test_rule_that_never_comes_true_ends_with_its_process(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    never = "DTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z\r\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
    if limit == "SECONDS":
        monkeypatch.setattr(apart, "SECONDS", 3)
    with pytest.raises(CalendarTooLarge):
        await unfold_apart([calendar(*[never] * 3)], START, END, "Europe/Paris")


# Secrets


def test_seal_opens_with_its_own_key_only() -> None:
    sealed = Seal("a" * 32).close("mot de passe")
    assert "mot" not in sealed
    assert Seal("a" * 32).open(sealed) == "mot de passe"
    with pytest.raises(SealBroken):
        Seal("b" * 32).open(sealed)
    assert Seal("a" * 32).open(Seal("a" * 32).close("")) == ""
