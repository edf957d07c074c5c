"""The shared look: sign-in, errors, the change of language, and a deployer's own copy of the State's design system."""

import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Page, expect

from teleconsult.accounts.pages import DEMO_LOGINS
from teleconsult.ground import make_ground
from teleconsult.settings import Settings
from teleconsult.web.dsfr import DsfrMissing
from tests.support.accessibility import assert_accessible
from tests.teleconsult.conftest import Client


async def links(app: web.Application) -> tuple[list[str], list[int]]:
    """Return the style sheets that a page links, without their fingerprints, and the status of each."""
    async with TestClient(TestServer(app)) as client:
        html = await (await client.get("/sign-in")).text()
        found = re.findall(r'rel="stylesheet" href="([^"?]+)', html)
        return found, [(await client.get(address)).status for address in found]


def ground(database_url: str, folder: Path, dist: Path | None = None) -> web.Application:
    return make_ground(Settings(data_dir=folder / "data", database_url=database_url, dsfr_dist=dist))


async def test_our_own_sheets_are_linked_and_served(sqlite_url: str, tmp_path: Path) -> None:
    found, statuses = await links(ground(sqlite_url, tmp_path))
    assert "/static/teleconsult/components.css" in found
    assert set(statuses) == {200}
    assert not [address for address in found if "dsfr" in address]


async def test_a_deployers_design_system_replaces_our_components(sqlite_url: str, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "dsfr.min.css").write_text(".fr-btn{color:inherit}")
    found, statuses = await links(ground(sqlite_url, tmp_path, dist))
    assert found == ["/static/teleconsult/tokens.css", "/static/dsfr/dsfr.min.css", "/static/teleconsult/parts.css"]
    assert set(statuses) == {200}


def test_a_folder_without_the_design_system_stops_the_program(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(DsfrMissing, match="TELECONSULT_DSFR_DIST"):
        ground(sqlite_url, tmp_path, tmp_path)


async def test_changing_the_language_keeps_the_rest_of_the_address(client: Client) -> None:
    html = await (await client.get("/sign-in?next=/agent&lang=fr")).text()
    assert 'href="/sign-in?next=/agent&amp;lang=en" lang="en"' in html
    html = await (await client.get("/sign-in?next=/agent&lang=en")).text()
    assert 'href="/sign-in?next=/agent&amp;lang=fr" lang="fr"' in html
    assert "<h1>Sign in</h1>" in html


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_sign_in_and_errors_are_accessible(app: web.Application, page: Page, scheme: str) -> None:
    app[DEMO_LOGINS] = [("Agent", "agent@demo.example", "demo")]
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    async with TestServer(app) as server:
        for path, status in (("/sign-in?lang=fr", 200), ("/fail", 500), ("/nowhere", 404)):
            answer = await page.goto(str(server.make_url(path)))
            assert answer is not None
            assert answer.status == status
            await page.set_viewport_size({"width": 320, "height": 700})
            assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
            await assert_accessible(page)
        await page.goto(str(server.make_url("/sign-in")))
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
        await page.get_by_label("Adresse électronique").fill("nobody@example.org")
        await page.get_by_label("Mot de passe").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_be_visible()
        await expect(page.get_by_label("Adresse électronique")).to_have_value("nobody@example.org")
        await expect(page.get_by_label("Mot de passe")).to_have_value("")
        await assert_accessible(page)
