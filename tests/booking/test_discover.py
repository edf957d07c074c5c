"""An agent gives a server or a mail address: which calendars are found there, and where the password goes."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import ValidationError

from booking.busy import discover as discovering
from booking.busy.calendars import CalendarForm, claim_due
from booking.busy.calling import Source
from booking.busy.discover import discover
from booking.busy.errors import CalendarAddressRefused, CalendarSignInRefused, NoCalendarThere, NotACalendar
from booking.busy.guard import read_networks
from booking.models import BusyCalendar, BusyTime
from tests.booking.agenda_world import Client, World, page, sign_in
from tests.booking.test_busy_calendars import event, tomorrow
from tests.booking.test_busy_reading import BOMB, OUTSIDE, Hostile, says
from tests.booking.test_office_offer import post
from tests.support.radicale import PASSWORD, USER, RadicaleServer, running_radicale

OWN = "/agent/calendar"
LINK = f"{OWN}/calendars/new"
LOOPBACK = read_networks("127.0.0.0/8, ::1/128")


@pytest.fixture(autouse=True)
def loopback_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' servers are on loopback, which a deployer would have to allow."""
    monkeypatch.setenv("TELECONSULT_CALENDAR_ALLOWED_NETWORKS", "127.0.0.0/8")


@pytest.fixture
async def radicale(tmp_path: Path) -> AsyncIterator[RadicaleServer]:
    folder = tmp_path / "radicale"
    folder.mkdir()
    async with running_radicale(folder) as server:
        yield server


@pytest.fixture
async def hostile() -> AsyncIterator[Hostile]:
    server = Hostile()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    async with TestServer(app) as running:
        server.port = running.port or 0
        yield server


def root(radicale: RadicaleServer) -> str:
    return radicale.url.split(f"/{USER}/")[0]


async def found(url: str, username: str = USER, password: str = PASSWORD) -> list[str]:
    return [each.url for each in await discover(Source("caldav", url, username, password), allowed=LOOPBACK)]


async def test_calendars_are_found_from_wherever_one_begins(radicale: RadicaleServer) -> None:
    other = RadicaleServer(radicale.url.replace("agenda", "perso"))
    await other.make()
    for begin in (
        root(radicale),
        f"{root(radicale)}/",
        f"{root(radicale)}/{USER}/",
        f"{root(radicale)}/{USER}/nowhere/",
    ):
        assert sorted(await found(begin)) == sorted([radicale.url, other.url])
    assert await found(radicale.url) == [radicale.url]
    with pytest.raises(CalendarSignInRefused):
        await found(root(radicale), password="wrong")
    with pytest.raises(CalendarAddressRefused):
        await discover(Source("caldav", root(radicale), USER, PASSWORD))


async def test_only_calendar_of_a_server_is_linked_at_once(
    client: Client, world: World, radicale: RadicaleServer
) -> None:
    await radicale.put("event", event(tomorrow(world)))
    await sign_in(client, "claire")
    await post(client, LINK, {"kind": "caldav", "url": root(radicale), "username": USER, "password": PASSWORD})
    assert (await BusyCalendar.get()).kind == "caldav"
    assert [each.starts_at for each in await BusyTime.all()] == [tomorrow(world)]


async def test_agent_picks_one_of_several(client: Client, world: World, radicale: RadicaleServer) -> None:
    other = RadicaleServer(radicale.url.replace("agenda", "perso"))
    await other.make()
    await other.put("event", event(tomorrow(world)))
    await sign_in(client, "claire")
    await post(client, LINK, {"kind": "caldav", "url": root(radicale), "username": USER, "password": PASSWORD})
    calendar = await BusyCalendar.get()
    choose = f"{OWN}/calendars/{calendar.id}/choose"
    assert choose in await page(client, OWN)
    # until one is chosen nothing is read, and nothing can be written
    assert await claim_due(now=world.now.replace(year=world.now.year + 1), limit=5) == []
    assert (await client.post(f"{OWN}/calendars/{calendar.id}/write")).status == 404
    shown = await page(client, choose)
    assert radicale.url not in shown
    keys = re.findall(r'<option value="([0-9a-f]{24})"', shown)
    assert len(keys) == 2
    (wanted,) = [each.key for each in await discover(Source("caldav", other.url, USER, PASSWORD), allowed=LOOPBACK)]
    assert wanted in keys
    assert (await client.post(choose, data={"calendar": "0" * 24})).status == 422
    assert (await client.post(choose, data={"calendar": other.url})).status == 422
    assert await post(client, choose, {"calendar": wanted}) == f"{OWN}?done=saved"
    assert [each.starts_at for each in await BusyTime.all()] == [tomorrow(world)]
    assert (await BusyCalendar.get()).kind == "caldav"
    assert choose not in await page(client, OWN)
    assert (await client.get(choose)).status == 404


async def test_choice_is_the_agents_own(client: Client, world: World, radicale: RadicaleServer) -> None:
    await RadicaleServer(radicale.url.replace("agenda", "perso")).make()
    await sign_in(client, "claire")
    await post(client, LINK, {"kind": "caldav", "url": root(radicale), "username": USER, "password": PASSWORD})
    calendar = await BusyCalendar.get()
    await sign_in(client, "other")
    path = f"{OWN}/calendars/{calendar.id}/choose"
    assert (await client.get(path)).status == 404
    assert (await client.post(path, data={"calendar": "0" * 24})).status == 404


# A hostile server

CALENDAR = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"


def names(*properties: str, status: str = "200 OK") -> bytes:
    """Return an answer that names `/a`, `/b` and so on, each with its properties."""
    responses = "".join(
        f"<D:response><D:href>/{chr(97 + number)}/</D:href><D:propstat><D:prop>{each}</D:prop>"
        f"<D:status>HTTP/1.1 {status}</D:status></D:propstat></D:response>"
        for number, each in enumerate(properties)
    )
    return f'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{responses}</D:multistatus>'.encode()


@pytest.mark.parametrize("body", [BOMB, OUTSIDE, b"<a", b"", names(), names(CALENDAR, status="404 Not Found")])
async def test_answer_that_names_nothing(hostile: Hostile, body: bytes) -> None:
    hostile.answer = says(body, status=207)
    with pytest.raises((NoCalendarThere, NotACalendar)):
        await found(hostile.url("/"))
    assert len(hostile.asked) <= 6


async def test_calendars_of_tasks_and_of_other_servers_are_left_out(hostile: Hostile) -> None:
    tasks = f'{CALENDAR}<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'
    away = names(CALENDAR).replace(b"/a/", b"http://127.0.0.2/a/")

    async def answer(request: web.Request) -> web.Response:
        if request.headers["Depth"] == "0":
            home = "<C:calendar-home-set><D:href>/home/</D:href></C:calendar-home-set>"
            return web.Response(status=207, body=names(home))
        return web.Response(status=207, body=listed)

    hostile.answer = answer
    listed = names(tasks, CALENDAR)
    assert await found(hostile.url("/")) == [hostile.url("/b/")]
    listed = away
    with pytest.raises(NoCalendarThere):
        await found(hostile.url("/"))
    listed = names(*[CALENDAR] * 26 * 3)
    assert len(await found(hostile.url("/"))) == discovering.MOST_FOUND


async def test_password_does_not_follow_to_another_server(hostile: Hostile) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.host.startswith("127.0.0.1"):
            return web.Response(status=301, headers={"Location": hostile.url("/dav/", "localhost")})
        return web.Response(status=401)

    hostile.answer = answer
    with pytest.raises(CalendarSignInRefused):
        await found(hostile.url("/"))
    assert all(not authorized for path, _, authorized in _by_path(hostile) if path == "/dav/")
    assert any(path == "/dav/" for path, _, _ in _by_path(hostile))


def _by_path(hostile: Hostile) -> list[tuple[str, str, str]]:
    return [(path, method, authorized) for method, path, authorized in hostile.asked]


@pytest.mark.parametrize(
    ("given", "led_to", "may"),
    [
        ("https://example.org/", "https://dav.example.org/x", True),
        ("http://example.org/", "https://example.org/x", True),
        ("https://example.org/", "http://dav.example.org/x", False),
        ("https://example.org/", "https://example.org.evil.example/", False),
        ("https://example.org/", "https://evilexample.org/", False),
        ("https://dav.example.org/", "https://example.org/", False),
    ],
)
def test_password_goes_below_the_given_server_only(given: str, led_to: str, may: bool) -> None:
    assert discovering._same_house(given, led_to) is may


@pytest.mark.parametrize(
    ("typed", "username", "expected"),
    [
        ("dav.example.org", "claire", ("https://dav.example.org", "claire")),
        ("claire@example.org", "", ("https://example.org", "claire@example.org")),
        ("claire@example.org", "cfo", ("https://example.org", "cfo")),
        (" https://dav.example.org/x ", "", ("https://dav.example.org/x", "")),
    ],
)
def test_server_or_mail_address_will_do(typed: str, username: str, expected: tuple[str, str]) -> None:
    form = CalendarForm.model_validate({"kind": "caldav", "url": typed, "username": username})
    assert (form.url, form.username) == expected


@pytest.mark.parametrize("typed", ["", "@", "https://a:b@example.org/", "file:///etc/passwd", "claire@"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        CalendarForm.model_validate({"kind": "caldav", "url": typed})
    with pytest.raises(ValidationError):
        CalendarForm.model_validate({"kind": "ics", "url": "claire@example.org"})
