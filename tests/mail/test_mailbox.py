"""The demonstration's mailbox: real mails in a real maildir, and the pages that show them."""

import mailbox
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
import vobject
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from icalendar import Calendar
from playwright.async_api import Page

import teleconsult.mail.routes
from booking.events import AppointmentBooked
from booking.keys import MAILER
from booking.lifecycle import Status
from booking.models import Appointment, Notice
from booking.notifications import delivery
from booking.notifications.notices import Kind, Recipient, plan_notices
from booking.ports import TemporaryFailure
from teleconsult.clock import utcnow
from teleconsult.ground import make_ground
from teleconsult.mail.maildir import MaildirMailer
from teleconsult.settings import Settings
from teleconsult.web.events import publish
from teleconsult.web.kit import add_package
from tests.booking.meetings import NOW, ORIGIN, composer, make_meeting
from tests.booking.offers import make_offer
from tests.booking.test_notices import ZOE
from tests.support.accessibility import assert_accessible
from tests.support.waiting import until

Client = TestClient[web.Request, web.Application]


def make_app(url: str, folder: Path, *, demo: bool = True) -> web.Application:
    """Return an application of the ground, mail and delivery."""
    app = make_ground(Settings(data_dir=folder, database_url=url, demo=demo, secret_key="s" * 32))
    teleconsult.mail.routes.setup(app)
    add_package(app, "booking")
    delivery.setup(app)
    return app


@pytest.fixture
async def client(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_app(sqlite_url, tmp_path))) as client:
        yield client


def write(folder: Path, *, kind: Kind = Kind.INVITATION, now: datetime = NOW, origin: str = ORIGIN) -> EmailMessage:
    """Return a mail to a citizen whose name is a script."""
    meeting = make_meeting(given_name="<script>alert(1)</script>Zoé")
    writer = replace(composer(folder), origin=origin)
    return writer.compose(meeting, notice_id="e" * 32, kind=kind, recipient=Recipient.CITIZEN, now=now)


async def put(folder: Path, message: EmailMessage) -> str:
    """Send a mail into the maildir and return its key."""
    before = set(mailbox.Maildir(folder / "mail").keys()) if (folder / "mail").is_dir() else set()
    await MaildirMailer(folder / "mail").send(message, recipient="zoe.q@mail.example")
    (key,) = set(mailbox.Maildir(folder / "mail").keys()) - before
    return key


async def test_maildir_holds_the_mail_as_it_would_be_sent(tmp_path: Path) -> None:
    message = write(tmp_path)
    key = await put(tmp_path, message)
    box = mailbox.Maildir(tmp_path / "mail", create=False)
    parsed = message_from_bytes(box.get_bytes(key), policy=default)
    assert not parsed.defects
    assert parsed["Message-ID"] == message["Message-ID"]
    kept, made = (
        [part.get_content().splitlines() for part in each.walk() if part.get_content_type() == "text/calendar"]
        for each in (parsed, message)
    )
    assert kept == made


async def test_folder_that_cannot_be_written_is_a_failure_for_now(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(TemporaryFailure):
        await put(tmp_path, write(tmp_path))


async def test_list_is_newest_first_and_says_so_when_empty(client: Client, tmp_path: Path) -> None:
    assert "Aucun message pour l’instant" in await (await client.get("/demo/mailbox")).text()
    await put(tmp_path, write(tmp_path, now=datetime(2026, 11, 22, tzinfo=UTC), kind=Kind.CANCELLATION))
    await put(tmp_path, write(tmp_path, now=datetime(2026, 11, 20, tzinfo=UTC)))
    await put(tmp_path, write(tmp_path, now=datetime(2026, 11, 21, tzinfo=UTC), kind=Kind.REMINDER))
    text = await (await client.get("/demo/mailbox")).text()
    positions = [text.index(word) for word in ("Rendez-vous annulé", "Rappel de votre", "Rendez-vous confirmé")]
    assert positions == sorted(positions)
    assert "Annulation (CANCEL)" in text
    assert "<script>alert" not in text


async def test_mail_is_shown_in_words_and_its_html_can_run_nothing(client: Client, tmp_path: Path) -> None:
    key = await put(tmp_path, write(tmp_path))
    response = await client.get(f"/demo/mailbox/{key}")
    text = await response.text()
    for words in (
        "Invitation ou mise à jour (REQUEST)",
        "lundi 23 novembre 2026 à 10\u00a0h\u00a000",
        "lundi 23 novembre 2026 à 10\u00a0h\u00a030",
        "Europe/Paris",
        "France Services Orléans",
        'sandbox="allow-top-navigation-by-user-activation"',
    ):
        assert words in text
    assert "<script>alert" not in text
    framed = await client.get(f"/demo/mailbox/{key}/html")
    policy = framed.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert "script" not in policy
    assert "<script>alert" not in await framed.text()


async def test_downloads_are_the_invitation_and_the_whole_mail(client: Client, tmp_path: Path) -> None:
    message = write(tmp_path)
    key = await put(tmp_path, message)
    response = await client.get(f"/demo/mailbox/{key}/invite.ics")
    assert response.content_type == "text/calendar"
    assert response.headers["Content-Disposition"] == 'attachment; filename="invite.ics"'
    content = await response.read()
    assert Calendar.from_ical(content)["method"] == "REQUEST"
    assert vobject.readOne(content.decode()).vevent.dtstart.value.astimezone(UTC) == make_meeting().starts_at
    source = await client.get(f"/demo/mailbox/{key}/message.eml")
    assert message_from_bytes(await source.read(), policy=default)["Message-ID"] == message["Message-ID"]
    reminder = await put(tmp_path, write(tmp_path, kind=Kind.REMINDER))
    assert (await client.get(f"/demo/mailbox/{reminder}/invite.ics")).status == 404


@pytest.mark.parametrize("key", ["nothing", "..%2F..%2Fsecret.key", "%00"])
async def test_what_is_not_a_mail_is_not_found(client: Client, tmp_path: Path, key: str) -> None:
    await put(tmp_path, write(tmp_path))
    for rest in ("", "/html", "/invite.ics", "/message.eml"):
        assert (await client.get(f"/demo/mailbox/{key}{rest}")).status == 404


async def test_there_is_no_mailbox_outside_the_demonstration(sqlite_url: str, tmp_path: Path) -> None:
    app = make_app(sqlite_url, tmp_path, demo=False)
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/demo/mailbox")).status == 404
        # and without a mail server mails wait, instead of being called sent
        with pytest.raises(TemporaryFailure):
            await app[MAILER].send(write(tmp_path), recipient="zoe.q@mail.example")


async def test_invitations_arrive_right_after_the_booking(client: Client, tmp_path: Path) -> None:
    offer = await make_offer()
    now = utcnow()
    appointment = await Appointment.create(
        reference="ACDEFG", service=offer.service, site=offer.site, kiosk=offer.kiosks[0], agent=offer.agents[0],
        starts_at=now, ends_at=now, given_name="Zoé", family_name="Quatremère", email=ZOE.email, booked_at=now,
    )  # fmt: skip
    await plan_notices(appointment=appointment, kind=Kind.INVITATION, now=now)
    ids = {"appointment_id": appointment.id, "agent_id": offer.agents[0].id, "site_id": offer.site.id}
    await publish(client.app, [AppointmentBooked(**ids, kiosk_id=offer.kiosks[0].id, status=Status.BOOKED)])  # type: ignore[arg-type]

    async def both_sent() -> bool:
        return await Notice.filter(state="sent").count() == 2

    await until(both_sent, "both invitations sent")
    text = await (await client.get("/demo/mailbox")).text()
    assert "zoe.q@mail.example" in text
    assert "agent0@ddt.example" in text


async def test_pages_are_accessible_and_links_in_a_mail_lead_out_of_its_frame(
    client: Client, tmp_path: Path, page: Page
) -> None:
    await page.goto(str(client.make_url("/demo/mailbox")))
    await assert_accessible(page)
    origin = str(client.make_url("")).rstrip("/")
    key = await put(tmp_path, write(tmp_path, origin=origin))
    await page.goto(f"{origin}/demo/mailbox")
    await assert_accessible(page)
    await page.locator("main table a").click()
    await page.wait_for_url(f"**/demo/mailbox/{key}")
    await assert_accessible(page)
    await page.frame_locator("iframe").get_by_role("link", name="Voir, déplacer ou annuler").click()
    await page.wait_for_url(f"{origin}/rdv/**")
