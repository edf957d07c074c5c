"""The demonstration while it is served: what is printed, what the kiosk shows, and what boards are told."""

import asyncio
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from booking.models import Appointment
from booking.passes import shown_reference
from kiosks.keys import DEMO_HINT
from teleconsult import demo
from teleconsult.clock import utcnow
from teleconsult.demo.guide import demo_guide
from teleconsult.demo.load import load_demo
from teleconsult.demo.people import ADMINISTRATOR_EMAIL, ADVISER_EMAIL, AGENT_EMAIL, PASSWORD
from teleconsult.demo.ready import CHANNEL, keep_one_ready
from teleconsult.settings import Settings
from teleconsult.web.live import LIVE
from teleconsult.web.ticks import TICKS
from tests.demo.served import demo_server, make_counting_app


def test_the_guide_says_where_each_goes_and_with_which_login() -> None:
    text = demo_guide(Settings(port=8123))
    for path in ("/kiosk", "/rdv", "/agent", "/desk", "/admin", "/demo/mailbox"):
        assert f"http://localhost:8123{path} " in text
    for login in (AGENT_EMAIL, ADVISER_EMAIL, ADMINISTRATOR_EMAIL, PASSWORD, "demo-partner-key"):
        assert login in text


async def test_the_kiosks_first_screen_names_what_can_be_checked_in(sqlite_url: str, tmp_path: Path) -> None:
    async with demo_server(sqlite_url, tmp_path / "data") as server, TestClient(server) as client:
        html = await (await client.get("/kiosk")).text()
        appointment = await Appointment.get(channel=CHANNEL)
        assert shown_reference(appointment.reference) in html
        hint = server.app[DEMO_HINT]  # type: ignore[attr-defined]
        assert await hint(appointment.site_id) == shown_reference(appointment.reference)
        assert await hint("another house") is None


async def test_a_new_one_is_told_to_the_boards_and_a_kept_one_is_not(sqlite_url: str, tmp_path: Path) -> None:
    app = make_counting_app(sqlite_url, tmp_path / "data")
    demo.setup(app)
    assert "demo_keep_one_ready" in {tick.name for tick in app[TICKS]}
    async with TestClient(TestServer(app)):
        await load_demo(utcnow())
        appointment = await Appointment.get(channel=CHANNEL)
        news = app[LIVE].listen([f"agent:{appointment.agent_id}"])
        await keep_one_ready(app)
        assert news.empty()
        await Appointment.filter(id=appointment.id).update(status="cancelled")
        await keep_one_ready(app)
        message = await asyncio.wait_for(news.get(), 5)
        assert message is not None
        name, data = message
        assert name == "agenda"
        assert data["appointment"] != appointment.id
        assert data["status"] == "booked"


async def test_before_the_demo_is_loaded_the_tick_does_nothing(sqlite_url: str, tmp_path: Path) -> None:
    app = make_counting_app(sqlite_url, tmp_path / "data")
    async with TestClient(TestServer(app)):
        await keep_one_ready(app)
        assert await Appointment.all().count() == 0
