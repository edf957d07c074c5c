"""The question's page: on one's own device, at a kiosk, and with a link that is no good."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, Page

from booking.models import Appointment
from teleconsult.clock import utcnow
from teleconsult.feedback.links import feedback_url
from teleconsult.feedback.models import Answer
from teleconsult.web.tokens import SIGNER
from tests.demo.served import demo_server
from tests.support.accessibility import assert_accessible

Client = TestClient[web.Request, web.Application]


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


def link(server: TestServer, appointment: Appointment, surface: str, age: timedelta = timedelta()) -> str:
    return feedback_url(server.app[SIGNER], appointment.id, utcnow() - age, surface)  # type: ignore[attr-defined]


@pytest.fixture
async def held(server: TestServer) -> Appointment:
    """A consultation that took place and that nobody has rated."""
    appointment = await Appointment.filter(status="completed", outcome="solved").order_by("-starts_at").first()
    assert appointment is not None
    await Answer.filter(appointment_id=appointment.id).delete()
    return appointment


async def test_one_tap_is_kept_and_can_be_changed(client: Client, server: TestServer, held: Appointment) -> None:
    url = link(server, held, "desktop")
    html = await (await client.get(url)).text()
    assert "De façon générale, comment ça s’est passé\u00a0?" in html
    assert "Votre réponse</span>" not in html
    answer = await client.post(url, data={"score": "10"}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"{url}/thanks")
    assert "Votre réponse est enregistrée" in await (await client.get(f"{url}/thanks")).text()
    await client.post(url, data={"score": "0"})
    given = await Answer.get(appointment_id=held.id)
    assert (given.score, given.surface) == (0, "desktop")
    assert "Votre réponse</span>" in await (await client.get(url)).text()


async def test_a_kiosk_goes_on_to_be_wiped(client: Client, server: TestServer, held: Appointment) -> None:
    await client.get("/kiosk")  # the demonstration enrols it
    url = link(server, held, "kiosk")
    html = await (await client.get(url)).text()
    assert 'class="kiosk"' in html
    assert 'href="/kiosk/goodbye"' in html
    answer = await client.post(url, data={"score": "5"}, allow_redirects=False)
    assert answer.headers["Location"] == "/kiosk/goodbye"
    assert (await Answer.get(appointment_id=held.id)).surface == "kiosk"


async def test_a_kiosks_link_opened_elsewhere_ends_in_thanks(
    client: Client, server: TestServer, held: Appointment
) -> None:
    url = link(server, held, "kiosk")
    html = await (await client.get(url)).text()
    assert 'class="kiosk"' not in html
    answer = await client.post(url, data={"score": "10"}, allow_redirects=False)
    assert answer.headers["Location"] == f"{url}/thanks"


@pytest.mark.parametrize("data", [{}, {"score": ""}, {"score": "7"}, {"score": "good"}, {"score": "-5"}])
async def test_anything_else_is_asked_again(
    client: Client, server: TestServer, held: Appointment, data: dict[str, str]
) -> None:
    answer = await client.post(link(server, held, "desktop"), data=data)
    assert answer.status == 422
    assert 'role="alert"' in await answer.text()
    assert not await Answer.filter(appointment_id=held.id).exists()


async def test_another_site_cannot_answer(client: Client, server: TestServer, held: Appointment) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = await client.post(link(server, held, "desktop"), data={"score": "0"}, headers=headers)
    assert answer.status == 403
    assert not await Answer.filter(appointment_id=held.id).exists()


@pytest.mark.parametrize("at_kiosk", [True, False])
async def test_a_link_that_is_no_good_gets_a_friendly_answer(
    client: Client, server: TestServer, held: Appointment, at_kiosk: bool
) -> None:
    if at_kiosk:
        await client.get("/kiosk")
    expired = link(server, held, "kiosk", age=timedelta(hours=5))
    foreign = "/feedback/" + server.app[SIGNER].issue("pass", held.id, utcnow() + timedelta(hours=1))  # type: ignore[attr-defined]
    for url, status, text in (
        (expired, 410, "sa durée est dépassée"),
        (foreign, 403, "Ce lien n’est pas valable"),
        ("/feedback/nonsense", 403, "Ce lien n’est pas valable"),
        (f"{expired}/thanks", 410, "sa durée est dépassée"),
    ):
        answer = await client.get(url)
        html = await answer.text()
        assert answer.status == status
        assert text in html
        assert f'href="{"/kiosk/goodbye" if at_kiosk else "/"}"' in html
        assert ('class="kiosk"' in html) == at_kiosk
    assert (await client.post(expired, data={"score": "10"})).status == 410
    assert not await Answer.filter(appointment_id=held.id).exists()


async def test_what_never_took_place_is_not_rated(client: Client, server: TestServer) -> None:
    cancelled = await Appointment.filter(status="cancelled").first()
    assert cancelled is not None
    url = link(server, cancelled, "desktop")
    for answer in (await client.get(url), await client.post(url, data={"score": "10"})):
        assert answer.status == 409
        assert "n’a pas eu lieu" in await answer.text()


@pytest.mark.parametrize(
    ("surface", "width", "height"),
    [("desktop", 1366, 768), ("desktop", 390, 844), ("kiosk", 1080, 1920), ("kiosk", 1920, 1080)],
)
async def test_it_is_accessible_and_answered_by_keyboard_alone(
    server: TestServer, held: Appointment, page: Page, surface: str, width: int, height: int
) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    if surface == "kiosk":
        await page.goto(str(server.make_url("/kiosk")))
    await page.goto(str(server.make_url(link(server, held, surface))))
    await assert_accessible(page)
    buttons = page.locator(".feedback__choice")
    assert [text.strip() for text in await buttons.all_inner_texts()] == ["Bien", "Moyen", "Mal"]
    for button in await buttons.all():
        box = await button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 64
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    await buttons.first.focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/kiosk/goodbye" if surface == "kiosk" else "**/thanks")
    assert (await Answer.get(appointment_id=held.id)).score == 5
    await assert_accessible(page)
