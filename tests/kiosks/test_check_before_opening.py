"""Half an hour before its house opens a kiosk tests itself, alone, and the front desk sees what came out."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from booking.models import Site, SiteOpening
from kiosks import terminals
from kiosks.board import board
from kiosks.houses import view
from kiosks.models import Terminal
from teleconsult.app import make_app
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from tests.kiosks.booth import PORTRAIT
from tests.kiosks.house import build_world
from tests.signaling.test_devices import write_silence
from tests.support.browsers import running_browser

NOON = 12


def zone_where_it_is_noon(now: datetime) -> str:
    """Return a time zone in which a day has neither just begun nor almost ended."""
    west = now.hour - NOON
    return f"Etc/GMT{west:+d}" if west else "Etc/GMT"


async def test_a_kiosk_tests_itself_and_the_front_desk_sees_what_is_wrong(sqlite_url: str, tmp_path: Path) -> None:
    app = make_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data", media_loopback=True))
    async with (
        TestServer(app, host="localhost") as server,
        running_browser(microphone=write_silence(tmp_path / "silence.wav")) as browser,
    ):
        world = await build_world()
        zone = zone_where_it_is_noon(utcnow())
        local = utcnow().astimezone(ZoneInfo(zone))
        opens = local.hour * 60 + local.minute + 15
        await Site.filter(id=world.here.id).update(timezone=zone)
        await SiteOpening.filter(site_id=world.here.id).update(start_minute=opens)
        enrolled = await terminals.enrol_demo(now=utcnow(), kiosk_id=world.kiosk.id)
        context = await browser.new_context(
            viewport=PORTRAIT,  # type: ignore[arg-type]
            permissions=["camera", "microphone"],
            locale="fr-FR",
        )
        url = f"http://localhost:{server.port}"
        await context.add_cookies([{"name": terminals.COOKIE, "value": enrolled.token, "url": url}])
        page = await context.new_page()
        await page.goto(f"{url}/kiosk")
        await page.wait_for_url(f"{url}/kiosk/check?run")
        microphone = page.locator("[data-step=microphone]")
        await expect(microphone).to_have_attribute("data-light", "orange", timeout=60_000)
        await expect(microphone).to_contain_text("n’entend rien")
        await expect(page.locator("#check-result")).to_have_text(
            "L’appel est possible, mais un point est à surveiller.", timeout=60_000
        )
        await page.click("#check-not-heard")
        await expect(page.locator("[data-step=speaker]")).to_have_attribute("data-light", "red")
        await expect(page.locator("#check-result")).to_contain_text("Un appel n’est pas possible ainsi")
        # nobody has to lead it back, and it is not tested over and over
        await page.wait_for_url(f"{url}/kiosk")
        async with page.expect_response("**/kiosk/heartbeat") as beat:
            pass
        assert await (await beat.value).json() == {"check": False}
        shown = await board(now=utcnow(), house=view(await Site.get(id=world.here.id)))
        card = next(card for card in shown.kiosks if card.id == world.kiosk.id)
        assert card.check_light == "red"
        kept = (await Terminal.get(kiosk_id=world.kiosk.id)).check_report
        assert kept is not None
        assert {each["step"]: each["words"] for each in kept["findings"]}["speaker"] == "notHeard"
