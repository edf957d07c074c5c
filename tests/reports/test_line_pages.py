"""The administrator's page of the quality of calls: for whom, what it shows, its exports."""

import csv
from html import unescape
from io import StringIO

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Page

from booking.models import Site
from teleconsult.demo.people import ADMINISTRATOR_EMAIL, ADVISER_EMAIL, AGENT_EMAIL, PASSWORD
from tests.reports.test_pages import client, page, server, sign_in
from tests.support.accessibility import assert_accessible

__all__ = ["client", "page", "server"]

Client = TestClient[web.Request, web.Application]
GROUPINGS = ("kiosk", "office")


async def table(client: Client, grouping: str, **query: str) -> list[dict[str, str]]:
    answer = await client.get(f"/admin/calls/{grouping}.csv", params=query)
    assert answer.status == 200
    assert "teleconsultation-appels-par-" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(StringIO((await answer.read()).decode("utf-8-sig")), delimiter=";"))


async def test_the_page_and_the_exports_tell_administrators_the_same(client: Client) -> None:
    for path in ("/admin/calls", *(f"/admin/calls/{name}.csv" for name in GROUPINGS)):
        assert (await client.get(path, headers={"Accept": "application/json"})).status == 401
    for email in (AGENT_EMAIL, ADVISER_EMAIL):
        await sign_in(client, email)
        assert (await client.get("/admin/calls")).status == 403
    await sign_in(client, ADMINISTRATOR_EMAIL)
    html = unescape(await (await client.get("/admin/calls")).text())
    for name in GROUPINGS:
        *rows, total = await table(client, name)
        assert len(rows) > 1
        assert int(total["Appels"]) == sum(int(row["Appels"]) for row in rows) > 0
        for row in rows:
            assert f'<th scope="row">{next(iter(row.values()))}</th>' in html
    kiosks = await table(client, "kiosk")
    closed = [row for row in kiosks[:-1] if row["TURN en TLS (%)"] not in ("", "0,0")]
    assert closed, "the demonstration has houses with a closed network"
    often = [
        row for row in closed if float(row["Part mauvaise (%)"].replace(",", ".")) >= 25 and int(row["Appels"]) >= 4
    ]
    for row in often:
        assert f"{row['Borne']}\u00a0: mauvaise connexion pour {row['Mauvaise connexion']} appels" in html
    assert ("Son réseau est fermé à l’UDP" in html) == bool(often)
    assert (await client.get("/admin/calls/person.csv")).status == 404
    refused = await client.get("/admin/calls", params={"first": "2026-13-01"})
    assert (refused.status, "La période n’est pas valable" in await refused.text()) == (422, True)
    english = await (await client.get("/admin/calls?lang=en")).text()
    assert "How often somebody lost the connection" in english


async def test_a_house_of_its_own_and_nothing_at_all(client: Client) -> None:
    await sign_in(client, ADMINISTRATOR_EMAIL)
    site = await Site.all().order_by("name").first()
    assert site is not None
    *rows, _ = await table(client, "kiosk", site=site.id)
    assert all(site.name in row["Borne"] for row in rows)
    html = await (await client.get("/admin/calls", params={"first": "2020-01-01", "last": "2020-01-31"})).text()
    assert "Aucun appel relevé dans cette sélection" in html
    assert [row["Appels"] for row in await table(client, "kiosk", site="nowhere")] == ["0"]


@pytest.mark.parametrize("width", [1366, 390])
async def test_the_page_is_accessible(server: TestServer, page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(str(server.make_url("/sign-in?next=/admin")))
    await page.fill("#email", ADMINISTRATOR_EMAIL)
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/admin")
    await page.get_by_role("link", name="Qualité des appels, borne par borne").click()
    await page.wait_for_url("**/admin/calls?**")
    assert await page.get_by_role("region", name="Par borne").locator("tbody tr").count() > 1
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await assert_accessible(page)
    await page.get_by_role("combobox", name="Département").select_option("45")
    await page.get_by_role("button", name="Afficher").click()
    await page.wait_for_url("**/admin/calls?**department=45**")
    assert "(28)" not in await page.get_by_role("region", name="Par borne").inner_text()
    await page.goto(str(server.make_url("/admin/calls?first=2020-01-01&last=2020-01-31")))
    await assert_accessible(page)
