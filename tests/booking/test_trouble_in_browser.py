"""The pages for trouble and for waiting, in a real browser: accessible in both themes, fit for a telephone."""

from datetime import timedelta

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser

from booking import waiting
from booking.late import tell_late
from booking.notifications.waiting_mail import issue_waiting
from booking.schemas import Citizen
from booking.trouble import report_outage
from teleconsult.web.tokens import SIGNER
from tests.booking.agenda_world import STEP, World, local_day_of
from tests.booking.test_pages_in_browser import NARROWEST, ROSE, SCREENS, new_page, sign_in
from tests.support.accessibility import assert_accessible


async def every_page(world: World) -> dict[str, str]:
    """Return the address of each page, in each of its states, after things went wrong."""
    start = world.next_start
    late, stuck = await world.book(start), await world.book(start + 2 * STEP, ROSE)
    await tell_late(now=world.now, agent_id=world.agent.id, minutes=15)
    await report_outage(now=world.now, kiosk_id=world.kiosk.id, until=stuck.ends_at)
    until = world.now + timedelta(days=7)
    ids = [
        await waiting.join(
            now=world.now + timedelta(seconds=number), service_id=world.service.id, site_id=world.site.id,
            citizen=Citizen(given_name="Ana", family_name="Petit", email=f"ana{number}@mail.example"), until=until,
        )
        for number in range(2)
    ]  # fmt: skip
    await waiting.offer_all(now=world.now)
    await waiting.leave(now=world.now, entry_id=ids[1])
    offered, left = (f"/rdv/offer/{issue_waiting(world.app[SIGNER], entry_id=each, until=until)}" for each in ids)
    return {
        "trouble": "/agent/trouble",
        "late": "/agent/trouble?late=20",
        "away": f"/agent/trouble?until={local_day_of(world, world.now)}",
        "agenda": "/agent",
        "late, for the citizen": world.manage_url(late),
        "displaced, for the citizen": world.manage_url(stuck),
        "another slot": f"{world.manage_url(stuck)}/move",
        "join": f"/rdv/waiting?service={world.service.id}&site={world.site.id}",
        "offered": offered,
        "left": left,
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_accessible_and_fits(
    browser: Browser, served: tuple[World, TestServer], scheme: str
) -> None:
    world, server = served
    pages = await every_page(world)
    context, page = await new_page(browser, color_scheme=scheme, viewport=SCREENS[0])
    await sign_in(page, server)
    for name, path in pages.items():
        answer = await page.goto(str(server.make_url(path)))
        assert answer is not None, name
        assert answer.status == 200, name
        await assert_accessible(page)
        await page.set_viewport_size(NARROWEST)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        await page.set_viewport_size(SCREENS[0])
    await context.close()
