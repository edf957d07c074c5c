"""Whoever waits at a kiosk is told there that the agent runs late: in the whole program, in a real browser."""

from datetime import timedelta
from pathlib import Path

from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from booking.late import tell_late
from booking.models import Appointment
from booking.passes import shown_reference
from teleconsult.app import make_app
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from teleconsult.web.events import publish
from tests.kiosks.house import appointment_at, build_world


async def test_who_waits_at_the_kiosk_reads_of_the_delay_at_once(
    browser: Browser, sqlite_url: str, tmp_path: Path
) -> None:
    page = await browser.new_page(locale="fr-FR")
    app = make_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data", demo=True))
    async with TestServer(app) as server:
        world = await build_world()
        start = (utcnow() + timedelta(minutes=5)).replace(second=0, microsecond=0)
        appointment = await appointment_at(world, start, kiosk=world.kiosk)
        await page.goto(str(server.make_url(f"/kiosk?kiosk={world.kiosk.id}")))
        form = {"code": shown_reference(appointment.reference)}
        arrived = await page.context.request.post(str(server.make_url("/kiosk/arrival")), form=form)
        assert arrived.ok
        waiting = str(server.make_url(f"/call/{appointment.id}?as=citizen"))
        await page.goto(waiting)
        news = page.locator("#lobby-news")
        await expect(page.locator("#lobby")).to_be_visible()
        await expect(news).to_have_text("")

        async def late(minutes: int) -> None:
            agent_id = (await Appointment.get(id=appointment.id)).agent_id
            for done in await tell_late(now=utcnow(), agent_id=agent_id, minutes=minutes):
                await publish(app, done.events)

        await late(15)
        await expect(news).to_contain_text("environ 15 minutes de retard")
        await page.goto(waiting)
        await expect(news).to_contain_text("environ 15 minutes de retard")
        await late(0)
        await expect(news).to_contain_text("de nouveau à l’heure")
