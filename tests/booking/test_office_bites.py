"""What the back office writes is what the search obeys, at once, on both databases."""

from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from booking.busy.work import refresh_due
from booking.engine.search import slots
from booking.models import BusyCalendar, Kiosk
from tests.booking.agenda_world import Client, World, page, served_world, sign_in
from tests.booking.test_busy_reading import Hostile, calendar, says
from tests.booking.test_office_offer import post


@pytest.fixture
async def served_on(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[World, TestServer]]:
    """The world's pages, on either database; calendars may be read from loopback."""
    monkeypatch.setenv("TELECONSULT_CALENDAR_ALLOWED_NETWORKS", "127.0.0.0/8")
    async with served_world(database_url, tmp_path / "data") as both:
        yield both


@pytest.fixture
async def browser_of(served_on: tuple[World, TestServer]) -> AsyncIterator[Client]:
    async with TestClient(served_on[1]) as client:
        yield client


@pytest.fixture
async def hostile() -> AsyncIterator[Hostile]:
    server = Hostile()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    async with TestServer(app) as running:
        server.port = running.port or 0
        yield server


async def starts(world: World, day: date) -> list[str]:
    """Return when the world's agent can be booked on a day, in the world's zone."""
    found = await slots(
        now=world.now,
        service_id=world.service.id,
        site_id=world.site.id,
        agent_id=world.agent.id,
        first_day=day,
        days=1,
    )
    return [f"{slot.start.astimezone(ZoneInfo(world.zone)):%H:%M}" for slot in found]


async def test_administrator_changes_what_can_be_booked(
    served_on: tuple[World, TestServer], browser_of: Client
) -> None:
    world, client = served_on[0], browser_of
    await sign_in(client, "admin")
    for path in ("/admin/offer", "/admin/agents", "/admin/houses?q=45", f"/admin/houses/{world.site.id}"):
        await page(client, path)
    agent, house = f"/admin/agents/{world.agent.id}", f"/admin/houses/{world.site.id}"
    day = (world.now + timedelta(days=3)).astimezone(ZoneInfo(world.zone)).date()
    assert len(await starts(world, day)) == 48

    await post(client, f"{house}/hours", {f"day{number}": "9h-12h" for number in range(7)})
    assert await starts(world, day) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]

    rule = {"works": "no", "first_day": str(day - timedelta(days=7)), "repeat": "weekly", "ranges": "10h-11h"}
    await post(client, f"{agent}/rules/new", rule)
    assert await starts(world, day) == ["09:00", "09:30", "11:00", "11:30"]

    await post(client, f"{agent}/absences/new", {"first": str(day), "last": str(day), "start": "11:30"})
    assert await starts(world, day) == ["09:00", "09:30", "11:00"]

    outage = {"first": str(day), "last": str(day), "start": "09:00", "end": "09:30"}
    await post(client, f"{house}/kiosks/{world.kiosk.id}/outages/new", outage)
    assert await starts(world, day) == ["09:30", "11:00"]

    await post(client, f"{house}/kiosks/{world.kiosk.id}", {"name": "Borne 1"})
    assert not await Kiosk.filter(site_id=world.site.id, in_service=True).exists()
    assert await starts(world, day) == []
    for path in (agent, house, f"{agent}/edit", f"{house}/staff/new"):
        await page(client, path)


async def test_busy_calendar_takes_slots_until_it_is_forgotten(
    served_on: tuple[World, TestServer], browser_of: Client, hostile: Hostile
) -> None:
    world, client = served_on[0], browser_of
    zone = ZoneInfo(world.zone)
    day = (world.now + timedelta(days=3)).astimezone(zone).date()
    hostile.answer = says(
        calendar(f"DTSTART:{day:%Y%m%d}T090000\r\nDTEND:{day:%Y%m%d}T235959\r\nRRULE:FREQ=WEEKLY;COUNT=3")
    )
    await sign_in(client, "claire")
    before = await starts(world, day)
    await post(client, "/agent/calendar/calendars/new", {"kind": "ics", "url": hostile.url()})
    assert await starts(world, day) == [each for each in before if each < "09:00"]
    nine = datetime.combine(day + timedelta(days=14), time(9), zone)
    assert f"{nine:%H:%M}" not in await starts(world, nine.date())
    assert await refresh_due(world.app, now=world.now + timedelta(minutes=20)) == 1
    assert "Fonctionne" in await page(client, "/agent/calendar")
    [kept] = await BusyCalendar.all()
    await post(client, f"/agent/calendar/calendars/{kept.id}/delete", {})
    assert await starts(world, day) == before
