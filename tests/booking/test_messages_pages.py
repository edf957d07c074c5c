"""The administrator's page of messages: counts, search, a message's life, sending again; nobody's name on it."""

import asyncio
import csv
from datetime import datetime, timedelta
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from booking.keys import MAILER, SMS_SENDER
from booking.models import Appointment, Notice
from booking.notifications.delivery import DELIVERY
from booking.notifications.messages import message_id
from booking.notifications.plain_words import reason_text
from booking.office import messages as read
from booking.office.messages import Asked, masked_email
from booking.office.messages_pages import SERVERS
from booking.passes import shown_reference
from booking.ports import TemporaryFailure
from teleconsult.database import Database
from teleconsult.mail.maildir import MaildirMailer, NoMailer
from teleconsult.mail.smtp import SmtpMailer, read_server
from teleconsult.sms.kept import KeptSmsSender
from tests.booking.agenda_world import PASSWORD, Client, World, page, sign_in
from tests.booking.meetings import translator
from tests.booking.test_office_offer import post
from tests.support.accessibility import assert_accessible
from tests.support.ports import free_port
from tests.support.smtp import SmtpServer

HOME = "/admin/messages"


async def notice(appointment: Appointment | None, now: datetime, **more: Any) -> Notice:
    starts = appointment.starts_at if appointment else now
    facts: dict[str, Any] = {
        "appointment": appointment, "kind": "late", "recipient": "citizen", "channel": "email", "sequence": 0,
        "starts_at": starts, "ends_at": starts, "due_at": now, "deadline_at": starts + timedelta(hours=1),
    }  # fmt: skip
    return await Notice.create(**facts | more)


@pytest.fixture
async def booked(world: World) -> Appointment:
    """An appointment of tomorrow, whose own messages are out of the way."""
    appointment = await world.book(world.next_start + timedelta(days=1))
    await Notice.all().delete()
    return appointment


@pytest.mark.parametrize(("who", "status"), [("claire", 403), ("staff", 403), (None, 303)])
async def test_only_administrators_look(
    client: Client, booked: Appointment, world: World, who: str, status: int
) -> None:
    row = await notice(booked, world.now, state="failed")
    if who:
        await sign_in(client, who)
    for path in (HOME, f"{HOME}/board", f"{HOME}.csv", f"{HOME}/{row.id}"):
        assert (await client.get(path, allow_redirects=False)).status == status
    assert (await client.post(f"{HOME}/{row.id}/again", allow_redirects=False)).status in (401, 403)


async def test_empty_page_says_so_and_that_servers_answer(client: Client, world: World, tmp_path: Path) -> None:
    world.app._state[MAILER] = NoMailer()  # type: ignore[index]
    await sign_in(client, "admin")
    html = unescape(await page(client, HOME))
    assert "Aucun message pour l’instant" in html
    assert "aucun serveur de messagerie n’est réglé" in html
    assert "pas réglé" in html
    assert "Aucun SMS ces six derniers mois." in html
    world.app._state[MAILER] = MaildirMailer(tmp_path / "mail")  # type: ignore[index]
    world.app._state[SMS_SENDER] = KeptSmsSender(tmp_path / "sms")  # type: ignore[index]
    world.app[SERVERS]._asked_at = None
    assert unescape(await page(client, HOME)).count(">répond<") == 2


async def test_page_shows_references_and_never_a_person(client: Client, world: World, booked: Appointment) -> None:
    await notice(booked, world.now, state="failed", last_error="smtp_550")
    await notice(booked, world.now, kind="reminder", channel="sms", state="sent", sent_at=world.now, parts=1)
    await notice(booked, world.now, kind="invitation", recipient="agent", agent_id=world.agent.id, state="void")
    await sign_in(client, "admin")
    html = unescape(await page(client, HOME))
    assert shown_reference(booked.reference) in html
    assert "j…@example.org" in html
    assert "+336 … 78" in html
    assert "le serveur du destinataire a refusé le courriel" in html
    for personal in ("Jeanne", "Martin", "jeanne@", "12345678", "Claire", "claire@"):
        assert personal not in html.replace("Adèle", ""), personal


async def test_search_by_reference_state_and_channel(client: Client, world: World, booked: Appointment) -> None:
    other = await world.book(world.next_start + timedelta(days=2))
    await Notice.all().delete()
    mine = await notice(booked, world.now - timedelta(minutes=10))
    await notice(other, world.now, channel="sms", state="failed")
    await sign_in(client, "admin")
    reference = shown_reference(booked.reference).lower()
    html = await page(client, f"{HOME}?reference={reference}")
    assert f"/admin/messages/{mine.id}" in html
    assert shown_reference(other.reference) not in html
    assert shown_reference(other.reference) not in await page(client, f"{HOME}?state=late")
    assert shown_reference(booked.reference) not in await page(client, f"{HOME}?state=failed&channel=sms")
    assert "Aucun message ne correspond" in unescape(await page(client, f"{HOME}?state=dropped"))
    unknown = unescape(await page(client, f"{HOME}?reference=nothing"))
    assert "Vérifiez la référence" in unknown


async def test_counts_by_day_and_channel(database: Database, now: datetime) -> None:
    for state, count in (("sent", 3), ("failed", 2), ("dropped", 1)):
        for _ in range(count):
            await notice(None, now, state=state)
    await notice(None, now, channel="sms", state="sent", due_at=now - timedelta(days=1))
    await notice(None, now - timedelta(minutes=5))
    await notice(None, now + timedelta(days=3))
    await notice(None, now, state="failed", starts_at=now + timedelta(days=1))
    await notice(None, now, state="sent", due_at=now - timedelta(days=30))
    board = await read.board(now)
    assert (board.due, board.late, board.to_come, board.not_told) == (1, 1, 1, 1)
    assert board.oldest == now - timedelta(minutes=5)
    total: dict[str, int] = {}
    for day in board.days["email"]:
        for state, count in day.states.items():
            total[state] = total.get(state, 0) + count
    assert total == {"sent": 3, "failed": 3, "dropped": 1, "pending": 1}
    assert sum(sum(day.states.values()) for day in board.days["sms"]) == 1


async def test_cost_is_counted_by_month(database: Database, now: datetime) -> None:
    for sent_at, parts in ((now, 1), (now, 2), (now - timedelta(days=70), 4)):
        await notice(None, now, channel="sms", state="sent", sent_at=sent_at, parts=parts)
    await notice(None, now, channel="email", state="sent", sent_at=now, parts=0)
    months = await read.months(now, price=0.05)
    assert len(months) == 6
    assert (months[0].messages, months[0].parts, round(months[0].cost, 2)) == (2, 3, 0.15)
    assert sum(month.parts for month in months) == 7
    assert [month.first.day for month in months] == [1] * 6


@pytest.fixture
def now() -> datetime:
    # noon in Paris: all of it is one day
    return datetime.fromisoformat("2026-11-23T11:00:00+00:00")


async def test_message_is_sent_again_under_the_same_name(
    client: Client, world: World, booked: Appointment, tmp_path: Path
) -> None:
    row = await notice(
        booked, world.now, kind="reminder", state="failed", attempts=4, last_error="smtp_550", receipt="failed",
        params={},
    )  # fmt: skip
    mailer = MaildirMailer(tmp_path / "mail")
    world.app[DELIVERY]._channels["email"]._mailer = mailer  # type: ignore[attr-defined]
    await sign_in(client, "admin")
    html = unescape(await page(client, f"{HOME}/{row.id}?ask=again"))
    assert "Renvoyer ce message\u00a0?" in html
    assert "smtp_550" in html
    assert await post(client, f"{HOME}/{row.id}/again", {}) == f"{HOME}/{row.id}?done=again"
    async with asyncio.timeout(20):
        while (row := await Notice.get(id=row.id)).state != "sent":
            await world.app[DELIVERY].deliver_due()
            await asyncio.sleep(0.05)
    assert (row.attempts, row.last_error, row.receipt) == (5, "", "")
    [mail] = [*(tmp_path / "mail" / "new").iterdir()]
    assert message_id(row.id, "x@localhost").encode() in mail.read_bytes()


@pytest.mark.parametrize(
    "more",
    [
        {"state": "pending"}, {"state": "void"}, {"state": "sent", "sequence": 7}, {"state": "sent", "kind": "offer"},
        {"state": "failed", "starts_at": datetime.fromisoformat("2026-01-01T00:00:00+00:00")},
    ],
)  # fmt: skip
async def test_what_no_longer_holds_is_not_sent_again(
    client: Client, world: World, booked: Appointment, more: dict[str, Any]
) -> None:
    row = await notice(booked, world.now + timedelta(hours=1), **more)
    await sign_in(client, "admin")
    assert "Ce message ne peut pas être renvoyé" in unescape(await page(client, f"{HOME}/{row.id}"))
    html = await post(client, f"{HOME}/{row.id}/again", {}, 409)
    assert "ne peut pas être renvoyé" in html
    assert (await Notice.get(id=row.id)).state == more["state"]
    assert (await client.post(f"{HOME}/{'0' * 32}/again")).status == 404


async def test_export_is_what_is_shown_without_anybody(client: Client, world: World, booked: Appointment) -> None:
    await notice(booked, world.now, state="failed", last_error="=cmd")
    await sign_in(client, "admin")
    answer = await client.get(f"{HOME}.csv?state=failed")
    assert answer.content_type == "text/csv"
    body = (await answer.read()).decode("utf-8-sig")
    [heads, row] = list(csv.reader(StringIO(body), delimiter=";"))
    assert len(heads) == len(row) == 11
    assert row[:5] == [shown_reference(booked.reference), "Agent en retard", "Usager", "Courriel", "Échec"]
    assert row[8] == "'=cmd"
    assert "jeanne" not in body


def test_every_error_is_said_in_words() -> None:
    for language in ("fr", "en"):
        _ = translator(language)
        for reason in (
            "smtp_550",
            "smtp_421",
            "http_429",
            "smpp_0x58",
            "ClientConnectorError",
            "KeyError",
            "bounced 5.1.1",
        ):
            said = reason_text(reason, _)
            assert said.endswith(f"({reason})")
            assert len(said) > 30
    assert reason_text("", translator("fr")) == ""


def test_masked_address_tells_nobody_else() -> None:
    assert masked_email("zoe.q@mail.example") == "z…@mail.example"
    assert masked_email("") == ""


async def test_mail_server_is_asked_without_a_mail(smtp_server: SmtpServer) -> None:
    async with SmtpMailer(read_server(smtp_server.url), sender="rdv@example.org") as mailer:
        await mailer.check()
        await mailer.check()
    assert smtp_server.received == []
    async with SmtpMailer(read_server(f"smtp://127.0.0.1:{free_port()}"), sender="rdv@example.org") as mailer:
        with pytest.raises(TemporaryFailure):
            await mailer.check()


async def test_lists_of_thousands_are_cut(database: Database, now: datetime) -> None:
    for _ in range(55):
        await notice(None, now, state="sent")
    assert len(await read.lines(Asked(), now)) == 50
    assert len(await read.lines(Asked(), now, limit=read.EXPORTED)) == 55


async def test_page_is_accessible_fits_and_keeps_itself_up_to_date(
    served: tuple[World, TestServer], browser: Browser
) -> None:
    world, server = served
    appointment = await world.book(world.next_start + timedelta(days=1))
    await Notice.filter(recipient="citizen").update(state="failed", last_error="smtp_550")
    row = await Notice.filter(state="failed").first()
    assert row
    context = await browser.new_context(locale="fr-FR")
    tab = await context.new_page()
    await tab.goto(str(server.make_url(f"/sign-in?next={HOME}")))
    await tab.get_by_label("Adresse électronique").fill("admin@example.org")
    await tab.get_by_label("Mot de passe").fill(PASSWORD)
    await tab.keyboard.press("Enter")
    await tab.get_by_role("heading", name="Messages envoyés et en attente").wait_for()
    for path in (HOME, f"{HOME}?reference={appointment.reference}", f"{HOME}/{row.id}", f"{HOME}/{row.id}?ask=again"):
        for width in (1366, 320):
            await tab.set_viewport_size({"width": width, "height": 800})
            await tab.goto(str(server.make_url(path)))
            assert await tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (path, width)
        await assert_accessible(tab)
    await tab.goto(str(server.make_url(f"{HOME}?state=dropped")))
    await tab.get_by_text("Aucun message ne correspond").wait_for()
    # as the timer does, which nobody waits for here: the first time it looks, the second time something has changed
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    async with tab.expect_response("**/board*"):
        await tab.evaluate(look)
    await Notice.filter(id=row.id).update(state="dropped")
    async with tab.expect_response("**/board*"):
        await tab.evaluate(look)
    await expect(tab.locator("#board")).to_contain_text("Abandonné, trop tard")
    await context.close()
