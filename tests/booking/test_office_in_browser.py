"""The back office in a real browser: accessible on every page, at every width, and run by keyboard."""

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser

from booking.models import AgentHours, BusyCalendar, Organisation, Workplace
from tests.booking.agenda_world import PASSWORD, World
from tests.support.accessibility import assert_accessible

WIDTHS = (1366, 320)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_page_is_accessible_and_fits(
    served: tuple[World, TestServer], browser: Browser, theme: str
) -> None:
    world, server = served
    organisation = await Organisation.first()
    assert organisation
    await Workplace.create(organisation=organisation, name="Orléans")
    hours = await AgentHours.filter(agent_id=world.agent.id).first()
    assert hours
    context = await browser.new_context(locale="fr-FR", color_scheme=theme)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(str(server.make_url("/sign-in")))
    await page.get_by_label("Adresse électronique").fill("admin@example.org")
    await page.get_by_label("Mot de passe").fill(PASSWORD)
    await page.get_by_role("button", name="Se connecter", exact=True).click()
    await page.wait_for_url("**/admin")
    agent, house = f"/admin/agents/{world.agent.id}", f"/admin/houses/{world.site.id}"
    paths = (
        "/admin/offer", f"/admin/offer?ask=retire-{world.service.id}", f"/admin/offer/services/{world.service.id}",
        f"/admin/offer/organisations/{organisation.id}", "/admin/agents", f"{agent}?done=saved", f"{agent}/edit",
        f"{agent}/hours/{hours.id}", f"{agent}/rules/new", f"{agent}/absences/new", "/admin/houses", house,
        f"{house}/hours", f"{house}/kiosks/{world.kiosk.id}", f"{house}/kiosks/{world.kiosk.id}/outages/new",
    )  # fmt: skip
    for path in paths:
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            await page.goto(str(server.make_url(path)))
            assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (path, width)
        await assert_accessible(page)
    await context.close()


async def test_agents_calendar_is_accessible_and_fits(served: tuple[World, TestServer], browser: Browser) -> None:
    world, server = served
    for failing in (None, world.now):
        await BusyCalendar.create(
            agent=world.agent, kind="ics", url="", due_at=world.now, worked_at=world.now, failing_since=failing,
            last_error="calendar_silent" if failing else "",
        )  # fmt: skip
    context = await browser.new_context(locale="fr-FR")
    page = await context.new_page()
    await page.goto(str(server.make_url("/sign-in")))
    await page.get_by_label("Adresse électronique").fill("claire@example.org")
    await page.get_by_label("Mot de passe").fill(PASSWORD)
    await page.get_by_role("button", name="Se connecter", exact=True).click()
    await page.wait_for_url("**/agent")
    for path in ("/agent/calendar", "/agent/calendar/calendars/new", "/agent/calendar/absences/new"):
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            await page.goto(str(server.make_url(path)))
            assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (path, width)
        await assert_accessible(page)
    await context.close()


async def test_service_is_retired_after_a_question_by_keyboard(
    served: tuple[World, TestServer], browser: Browser
) -> None:
    world, server = served
    context = await browser.new_context(locale="fr-FR")
    page = await context.new_page()
    await page.goto(str(server.make_url("/sign-in?next=/admin/offer")))
    await page.get_by_label("Adresse électronique").fill("admin@example.org")
    await page.get_by_label("Mot de passe").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/admin/offer")
    await page.get_by_role("link", name="Retirer Aides au logement").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").get_by_role("button", name="Retirer la démarche").focus()
    await page.keyboard.press("Enter")
    await page.get_by_text("C’est enregistré.").wait_for()
    await world.service.refresh_from_db()
    assert world.service.retired_at is not None
    await context.close()
