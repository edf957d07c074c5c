"""The administrator's page: for whom, what it shows, and that everybody can use it."""

import csv
import json
import re
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, Page

from booking.models import Appointment, Service, Site
from teleconsult.demo.people import ADMINISTRATOR_EMAIL, ADVISER_EMAIL, AGENT_EMAIL, PASSWORD
from tests.demo.served import demo_server
from tests.support.accessibility import assert_accessible

Client = TestClient[web.Request, web.Application]
TABLES = ("month", "service", "house")


@pytest.fixture
async def server(sqlite_url: str, tmp_path: Path) -> AsyncIterator[TestServer]:
    async with demo_server(sqlite_url, tmp_path / "data") as running:
        yield running


@pytest.fixture
async def client(server: TestServer) -> AsyncIterator[Client]:
    async with TestClient(server) as client:
        yield client


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page of somebody who reads French."""
    context = await browser.new_context(locale="fr-FR")
    yield await context.new_page()
    await context.close()


async def sign_in(client: Client, email: str) -> None:
    answer = await client.post("/sign-in", data={"email": email, "password": PASSWORD}, allow_redirects=False)
    assert answer.status == 303, await answer.text()


async def table(client: Client, grouping: str, **query: str) -> list[dict[str, str]]:
    answer = await client.get(f"/admin/tables/{grouping}.csv", params=query)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert (
        f"par-{ {'month': 'mois', 'service': 'service', 'house': 'maison'}[grouping] }-"
        in answer.headers["Content-Disposition"]
    )
    body = (await answer.read()).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(body), delimiter=";"))


@pytest.mark.parametrize("path", ["/admin", *(f"/admin/tables/{name}.csv" for name in TABLES)])
async def test_only_administrators_see_figures(client: Client, path: str) -> None:
    answer = await client.get(path, allow_redirects=False)
    assert (answer.status, answer.headers["Location"].split("?")[0]) == (303, "/sign-in")
    assert (await client.get(path, headers={"Accept": "application/json"})).status == 401
    for email in (AGENT_EMAIL, ADVISER_EMAIL):
        await sign_in(client, email)
        assert (await client.get(path)).status == 403
    await sign_in(client, ADMINISTRATOR_EMAIL)
    assert (await client.get(path)).status == 200


async def test_the_page_the_charts_and_the_exports_tell_the_same(client: Client) -> None:
    await sign_in(client, ADMINISTRATOR_EMAIL)
    html = await (await client.get("/admin")).text()
    block = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', html, re.DOTALL)
    assert block
    data = json.loads(block[1])
    assert {chart["id"] for chart in data["charts"]} == {f"chart-{name}-{n}" for name in TABLES for n in (1, 2)}
    for name in TABLES:
        *rows, total = await table(client, name)
        first = next(chart for chart in data["charts"] if chart["id"] == f"chart-{name}-1")
        labels = [next(iter(row.values())) for row in rows]
        assert first["labels"] == labels
        held = next(series["values"] for series in first["series"] if series["key"] == "held")
        assert held == [int(row["Tenus"]) for row in rows]
        assert sum(held) == int(total["Tenus"])
        for label in labels:
            assert label.replace("'", "&#39;") in html


async def test_filters_narrow_page_and_export_alike(client: Client) -> None:
    await sign_in(client, ADMINISTRATOR_EMAIL)
    site = await Site.get(external_id="260")
    service = await Service.get(slug="impots")
    query = {"site": site.id, "service": service.id, "department": "45"}
    *rows, total = await table(client, "house", **query)
    assert [row["Maison"] for row in rows] == ["France services de Montargis (45)"]
    *services, _ = await table(client, "service", **query)
    assert [row["Service"] for row in services] == [service.name]
    everything = (await table(client, "house"))[-1]
    assert 0 < int(total["Rendez-vous pris"]) < int(everything["Rendez-vous pris"])
    nothing = await table(client, "house", site="nowhere")
    assert [row["Rendez-vous pris"] for row in nothing] == ["0"]
    assert await table(client, "house", site=site.id, department="28") == nothing


async def test_a_selection_without_appointments_says_so(client: Client) -> None:
    await sign_in(client, ADMINISTRATOR_EMAIL)
    html = await (await client.get("/admin", params={"first": "2020-01-01", "last": "2020-01-31"})).text()
    assert "Aucun rendez-vous dans cette sélection" in html
    assert "<canvas" not in html


@pytest.mark.parametrize("first", ["2026-13-01", "2031-01-01", "' OR 1=1"])
async def test_a_period_that_makes_no_sense_is_explained(client: Client, first: str) -> None:
    await sign_in(client, ADMINISTRATOR_EMAIL)
    answer = await client.get("/admin", params={"first": first, "last": "2030-01-01"})
    assert answer.status == 422
    assert "La période n’est pas valable" in await answer.text()
    assert (await client.get("/admin/tables/month.csv", params={"first": first, "last": "2030-01-01"})).status == 422


async def test_an_unknown_table_is_not_found(client: Client) -> None:
    await sign_in(client, ADMINISTRATOR_EMAIL)
    assert (await client.get("/admin/tables/agent.csv")).status == 404


async def test_no_citizens_name_is_on_the_page(client: Client) -> None:
    await Appointment.all().update(given_name="Zébulon", family_name="Quasimodo", outcome_note="Secret médical")
    await sign_in(client, ADMINISTRATOR_EMAIL)
    pages = [await (await client.get("/admin")).text()]
    pages += [await (await client.get(f"/admin/tables/{name}.csv")).text() for name in TABLES]
    for text in pages:
        assert not re.search("Zébulon|Quasimodo|Secret", text)


async def test_a_hostile_service_name_is_text_everywhere(client: Client) -> None:
    await Service.filter(slug="impots").update(name='=cmd|" /C calc"!A0</script><b>')
    await sign_in(client, ADMINISTRATOR_EMAIL)
    html = await (await client.get("/admin")).text()
    assert "</script><b>" not in html
    rows = await table(client, "service")
    assert [row["Service"] for row in rows if "cmd" in row["Service"]] == ['\'=cmd|" /C calc"!A0</script><b>']


async def test_in_english(client: Client) -> None:
    await sign_in(client, ADMINISTRATOR_EMAIL)
    html = await (await client.get("/admin?lang=en")).text()
    for text in ("Kilometres avoided", "How these figures are counted", "Taxes: my return, my notice"):
        assert text in html


@pytest.mark.parametrize("width", [1366, 390])
async def test_the_page_draws_its_charts_and_is_accessible(server: TestServer, page: Page, width: int) -> None:
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda line: trouble.append(line.text) if line.type == "error" else None)
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(str(server.make_url("/sign-in?next=/admin")))
    await page.fill("#email", ADMINISTRATOR_EMAIL)
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/admin")
    inked = """() => [...document.querySelectorAll("canvas")].map(canvas => {
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return new Set(new Uint32Array(pixels.buffer)).size;
    })"""
    await page.wait_for_function(f"({inked})().every(colours => colours > 5)")
    assert len(await page.evaluate(inked)) == 6
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await assert_accessible(page)
    await page.get_by_role("combobox", name="Département").select_option("45")
    await page.get_by_role("button", name="Afficher").click()
    await page.wait_for_url("**department=45**")
    houses = await page.get_by_role("region", name="Par maison").inner_text()
    assert "(45)" in houses
    assert "(28)" not in houses
    await page.goto(str(server.make_url("/admin?first=2020-01-01&last=2020-01-31")))
    await assert_accessible(page)
    assert not trouble
