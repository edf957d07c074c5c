"""Agents' own calendars, end to end: linked, read from a real CalDAV server, told of when they break."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from booking.busy.calendars import LEASE, TOLD_AFTER, claim_due
from booking.busy.work import refresh_due
from booking.models import Agent, BusyCalendar, BusyTime
from tests.booking.agenda_world import Client, World, page, sign_in
from tests.booking.test_busy_reading import Hostile, calendar, says
from tests.booking.test_office_offer import post
from tests.support.radicale import PASSWORD, USER, RadicaleServer, running_radicale

OWN = "/agent/calendar"
LINK = f"{OWN}/calendars/new"


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


def event(start: datetime, *lines: str, uid: str = "event", hours: int = 1) -> str:
    """Return a calendar with one event."""
    body = [f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{start + timedelta(hours=hours):%Y%m%dT%H%M%SZ}", *lines]
    return calendar("\r\n".join(body)).decode().replace("UID:event-0", f"UID:{uid}")


def tomorrow(world: World, hour: int = 9) -> datetime:
    day = (world.now + timedelta(days=1)).date()
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


async def busy() -> list[tuple[datetime, datetime]]:
    return [(each.starts_at, each.ends_at) for each in await BusyTime.all().order_by("starts_at")]


def caldav(radicale: RadicaleServer, **other: str) -> dict[str, Any]:
    return {"kind": "caldav", "url": radicale.url, "username": USER, "password": PASSWORD} | other


async def test_caldav_calendar_is_linked_read_again_and_forgotten(
    client: Client, world: World, radicale: RadicaleServer
) -> None:
    start = tomorrow(world)
    await radicale.put("once", event(start))
    await radicale.put("daily", event(start + timedelta(hours=2), "RRULE:FREQ=DAILY;COUNT=3", uid="daily"))
    await radicale.put("free", event(start + timedelta(hours=4), "TRANSP:TRANSPARENT", uid="free"))
    await sign_in(client, "claire")
    assert await post(client, LINK, caldav(radicale)) == f"{OWN}?done=saved"
    hour, day = timedelta(hours=1), timedelta(days=1)
    later = start + 2 * hour
    assert await busy() == [(start, start + hour), *((later + n * day, later + n * day + hour) for n in range(3))]
    html = await page(client, OWN)
    for text in ("127.0.0.1", "Fonctionne", "lu pour la dernière fois"):
        assert text in html
    for secret in (radicale.url, PASSWORD):
        assert secret not in html

    [kept] = await BusyCalendar.all()
    assert radicale.url not in kept.url
    assert PASSWORD not in kept.sealed_password
    await radicale.delete("daily")
    assert await refresh_due(world.app, now=world.now) == 0, "not due yet"
    assert await refresh_due(world.app, now=world.now + timedelta(minutes=20)) == 1
    assert await busy() == [(start, start + hour)]

    await post(client, f"{OWN}/calendars/{kept.id}/delete", {})
    assert await busy() == []
    assert not await BusyCalendar.exists()


async def test_wrong_password_is_said_and_nothing_is_kept(
    client: Client, world: World, radicale: RadicaleServer
) -> None:
    await sign_in(client, "claire")
    html = await post(client, LINK, caldav(radicale, password="faux"), 422)
    assert "Ce calendrier refuse l’accès." in html
    assert f'value="{radicale.url}"' in html
    assert "faux" not in html
    assert not await BusyCalendar.exists()


@pytest.mark.parametrize(
    "url", ["ftp://example.org/a.ics", "example.org", "http://", "https://claire:secret@example.org/a.ics", "http://[/"]
)
async def test_address_that_is_none_is_refused_before_anything_is_called(client: Client, url: str) -> None:
    await sign_in(client, "claire")
    html = await post(client, LINK, {"kind": "ics", "url": url}, 422)
    assert "Écrivez une adresse qui commence par https" in html


async def test_private_address_is_refused_unless_the_deployer_allows_it(
    client: Client, world: World, hostile: Hostile
) -> None:
    hostile.answer = says(calendar())
    await sign_in(client, "claire")
    await post(client, LINK, {"kind": "ics", "url": hostile.url()})
    html = await post(client, LINK, {"kind": "ics", "url": "http://169.254.169.254/latest/meta-data/"}, 422)
    assert "Cette adresse n’est pas permise" in html
    assert await BusyCalendar.all().count() == 1


async def test_own_appointments_in_the_agents_calendar_are_not_taken_twice(
    client: Client, world: World, hostile: Hostile
) -> None:
    appointment = await world.book(world.next_start)
    texts = event(tomorrow(world), uid=str(UUID(appointment.id))), event(tomorrow(world, 14), uid=str(UUID(int=7)))
    hostile.answer = says("".join(texts).encode())
    await sign_in(client, "claire")
    await post(client, LINK, {"kind": "ics", "url": hostile.url()})
    assert [start for start, _ in await busy()] == [tomorrow(world, 14)]


async def test_agent_is_told_once_when_it_breaks_and_again_after_it_worked(
    client: Client, world: World, hostile: Hostile, tmp_path: Path
) -> None:
    start = tomorrow(world)
    good, bad = says(event(start).encode()), says(status=500)
    hostile.answer = good
    await sign_in(client, "claire")
    await post(client, LINK, {"kind": "ics", "url": hostile.url("/secret.ics")})

    def mails() -> list[str]:
        return [path.read_text() for path in (tmp_path / "data").rglob("*") if "/new/" in str(path) and path.is_file()]

    hostile.answer, at = bad, world.now + timedelta(minutes=20)
    await refresh_due(world.app, now=at)
    assert mails() == [], "a short failure is nobody's trouble"
    assert await busy() == [(start, start + timedelta(hours=1))], "what was known stays"
    html = await page(client, OWN)
    assert "En panne" in html
    assert "Il n’y a pas de calendrier à cette adresse." in html
    for _ in range(3):
        at += TOLD_AFTER
        await refresh_due(world.app, now=at)
    [mail] = mails()
    assert "To: Claire Fontaine <claire@example.org>" in mail
    assert "secret.ics" not in mail
    hostile.answer = good
    await refresh_due(world.app, now=(at := at + timedelta(hours=2)))
    assert "Fonctionne" in await page(client, OWN)
    hostile.answer = bad
    for _ in range(3):
        at += TOLD_AFTER
        await refresh_due(world.app, now=at)
    assert len(mails()) == 2


async def test_one_reader_at_a_time_and_a_dead_ones_work_comes_back(world: World) -> None:
    await BusyCalendar.create(agent=world.agent, kind="ics", url="", due_at=world.now)
    assert len(await claim_due(now=world.now, limit=4)) == 1
    assert await claim_due(now=world.now, limit=4) == []
    assert len(await claim_due(now=world.now + LEASE, limit=4)) == 1


async def test_key_that_changed_is_said(client: Client, world: World) -> None:
    await BusyCalendar.create(agent=world.agent, kind="ics", url="gAAAAA-of-another-key", due_at=world.now)
    await refresh_due(world.app, now=world.now)
    await sign_in(client, "claire")
    assert "La clé du service a changé" in await page(client, OWN)


async def test_calendars_are_the_agents_own_and_not_too_many(client: Client, world: World, hostile: Hostile) -> None:
    other = await Agent.exclude(id=world.agent.id).first()
    theirs = await BusyCalendar.create(agent=other, kind="ics", url="", due_at=world.now)
    await sign_in(client, "claire")
    assert (await client.post(f"{OWN}/calendars/{theirs.id}/delete")).status == 404
    hostile.answer = says(calendar())
    for _ in range(5):
        await post(client, LINK, {"kind": "ics", "url": hostile.url()})
    assert "autant de calendriers que possible" in await post(client, LINK, {"kind": "ics", "url": hostile.url()}, 409)
