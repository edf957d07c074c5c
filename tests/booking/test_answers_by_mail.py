"""The mailbox that answers come from, with a real mail server on either side: the whole circle."""

from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import vobject
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from booking.answers import work
from booking.answers.mails import MOST_BYTES
from booking.answers.work import poll
from booking.events import AppointmentAnswered, AppointmentDisplaced
from booking.models import Agent, CalendarReply, Duty, Notice
from booking.notifications.delivery import DELIVERY
from booking.notifications.notices import NoticeState
from teleconsult.web.keys import SETTINGS
from tests.booking.agenda_world import STEP, Client, World, heard, page, served_world, sign_in, url
from tests.booking.answering import (
    AUTHSERV_ID,
    CRLF,
    Said,
    bounce,
    letter,
    out_of_office,
    outlook,
    said_by_agent,
    stored,
    thunderbird,
    with_calendar,
)
from tests.mail.servers import make_certificate
from tests.support.dovecot import DovecotServer, running_dovecot
from tests.support.smtp import SmtpServer

EVE = "eve@evil.example"


@pytest.fixture
async def dovecot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DovecotServer]:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with running_dovecot(certificate) as server:
        yield server


@pytest.fixture
async def connected(
    dovecot: DovecotServer, smtp_server: SmtpServer, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[World, Client]]:
    """A served world between a real SMTP server and a real mailbox."""
    monkeypatch.setenv("TELECONSULT_SMTP_URL", smtp_server.url)
    monkeypatch.setenv("TELECONSULT_IMAP_URL", dovecot.url(done="Lus"))
    monkeypatch.setenv("TELECONSULT_IMAP_AUTHSERV_ID", AUTHSERV_ID)
    async with served_world(sqlite_url, tmp_path / "data") as (world, server), TestClient(server) as client:
        assert isinstance(server, TestServer)
        yield world, client


async def due_again() -> None:
    await Duty.filter(name=work.DUTY).update(leased_until=None)


async def read_mailbox(app: web.Application) -> int:
    await due_again()
    return await poll(app)


def set_mailbox(world: World, address: str) -> None:
    """Point the running application to another mailbox; its settings are frozen otherwise."""
    world.app[SETTINGS].__dict__["imap_url"] = address


def answered_by_vobject(message: EmailMessage, partstat: str) -> tuple[str, Said]:
    """Return the reply that a second implementation makes of a REQUEST, and whose it is."""
    (inline,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    calendar = vobject.readOne(inline.get_content())
    assert calendar.method.value == "REQUEST"
    calendar.method.value = "REPLY"
    event = calendar.vevent
    event.attendee.params["PARTSTAT"] = [partstat]
    event.dtstamp.value += timedelta(seconds=1)
    for name in [*event.contents]:
        if name not in ("uid", "sequence", "dtstamp", "attendee", "organizer", "dtstart", "dtend"):
            del event.contents[name]
    address = event.attendee.value.removeprefix("mailto:")
    return calendar.serialize(validate=False), Said(event.uid.value, address)


async def test_full_circle_from_our_request_to_the_agents_agenda(
    connected: tuple[World, Client], dovecot: DovecotServer, smtp_server: SmtpServer
) -> None:
    world, client = connected
    appointment = await world.book(world.next_start + STEP, at=world.now)
    await world.app[DELIVERY].deliver_due()
    (request,) = smtp_server.to(world.agent.email)
    text, said = answered_by_vobject(request, "ACCEPTED")
    events = heard(world, AppointmentAnswered)
    dovecot.deliver(with_calendar(said, text))
    assert await read_mailbox(world.app) == 1
    await sign_in(client, "claire")
    assert "Accepté dans votre agenda" in await page(client, "/agent")
    assert "Accepté dans votre agenda" in await page(client, url(appointment))
    assert [(each.who, each.answer) for each in events if isinstance(each, AppointmentAnswered)] == [
        ("agent", "accepted")
    ]
    # the mail is put away, and a second reading finds nothing
    assert (dovecot.flags(), dovecot.flags("Lus")) == ([], ["S"])
    assert await read_mailbox(world.app) == 0


async def test_declined_in_outlook_shows_on_the_list_and_the_citizen_may_choose(
    connected: tuple[World, Client], dovecot: DovecotServer
) -> None:
    world, client = connected
    appointment = await world.book(world.next_start + STEP, at=world.now)
    for agent in await Agent.exclude(id=world.agent.id):
        await agent.services.clear()
    events = heard(world, AppointmentDisplaced)
    said = (await said_by_agent(appointment, "DECLINED")).but(stamped_at=world.now)
    dovecot.deliver(outlook(said))
    await read_mailbox(world.app)
    assert len(events) == 1
    await sign_in(client, "claire")
    assert f'data-displaced="{appointment.id}"' in (listed := await page(client, "/agent/trouble"))
    assert "Décliné par l’agent" in listed
    assert "Décliné dans votre agenda" in await page(client, "/agent")


async def test_citizens_decline_is_shown_with_what_to_do(
    connected: tuple[World, Client], dovecot: DovecotServer
) -> None:
    world, client = connected
    appointment = await world.book(world.next_start + STEP, at=world.now)
    said = (await said_by_agent(appointment, "DECLINED")).but(stamped_at=world.now, attendee=appointment.email)
    dovecot.deliver(thunderbird(said))
    await read_mailbox(world.app)
    await sign_in(client, "claire")
    shown = await page(client, url(appointment))
    assert 'id="citizen-declined"' in shown
    assert "+33612345678" in shown
    assert "Décliné par l’agenda de l’usager" in await page(client, "/agent")


async def test_each_mail_goes_where_it_belongs(connected: tuple[World, Client], dovecot: DovecotServer) -> None:
    world, _ = connected
    appointment = await world.book(world.next_start + STEP, at=world.now)
    await world.app[DELIVERY].deliver_due()
    notice = await Notice.get(appointment_id=appointment.id, recipient="citizen", kind="invitation")
    assert notice.state == NoticeState.SENT
    counter = with_calendar(
        Said("", world.agent.email), f"BEGIN:VCALENDAR{CRLF}METHOD:COUNTER{CRLF}END:VCALENDAR{CRLF}"
    )
    for content in (
        bounce(f"<{notice.id}@localhost>"), bounce("<other@elsewhere.example>"), bounce("<x@y>", action="delayed"),
        out_of_office(EVE), letter(EVE), counter, b"\xff\x00garbage", b"",
    ):  # fmt: skip
        dovecot.deliver(content)
    dovecot.deliver(b"Subject: large\r\n\r\n" + b"x" * (MOST_BYTES + 1))
    with capture_logs() as logs:
        await read_mailbox(world.app)
    assert len(logs) >= 8
    assert not [entry for entry in logs if "@" in str(entry)]
    assert (await Notice.get(id=notice.id)).state == NoticeState.FAILED
    # what a person should read stays unread and flagged; the rest is put away
    assert dovecot.flags("Lus") == ["S"] * 3
    assert dovecot.flags() == ["F"] * 6
    assert await read_mailbox(world.app) == 0


async def test_crash_between_taking_and_putting_away_costs_nothing(
    connected: tuple[World, Client], dovecot: DovecotServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = connected
    appointment = await world.book(world.next_start + STEP, at=world.now)
    said = (await said_by_agent(appointment, "TENTATIVE")).but(stamped_at=world.now)
    dovecot.deliver(outlook(said))
    with monkeypatch.context() as crashing:
        crashing.setattr(work.Mailbox, "put_away", lambda _self, _uid: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            await read_mailbox(world.app)
    assert (await stored(appointment)).agent_answer == "tentative"
    assert dovecot.flags("Lus") == []
    assert await read_mailbox(world.app) == 1
    assert dovecot.flags("Lus") == ["S"]
    assert [each.result for each in await CalendarReply.all()] == ["taken"]


async def test_mailbox_without_a_folder_keeps_what_was_read(
    connected: tuple[World, Client], dovecot: DovecotServer
) -> None:
    world, _ = connected
    set_mailbox(world, dovecot.url(starttls=False))
    dovecot.deliver(out_of_office(EVE))
    assert await read_mailbox(world.app) == 1
    assert dovecot.flags() == ["S"]
    assert await read_mailbox(world.app) == 0


@pytest.mark.parametrize("fault", ["password", "silence", "folder"])
async def test_mailbox_that_cannot_be_read_is_written_down_and_tried_again(
    connected: tuple[World, Client], dovecot: DovecotServer, fault: str
) -> None:
    world, _ = connected
    good = dovecot.url(done="Lus")
    bad = {
        "password": good.replace("p%40ss", "wrong"), "silence": good.replace(str(dovecot.port), "1"),
        "folder": good.replace("INBOX", "Nowhere"),
    }  # fmt: skip
    set_mailbox(world, bad[fault])
    dovecot.deliver(out_of_office(EVE))
    assert await read_mailbox(world.app) == 0
    duty = await Duty.get(name=work.DUTY)
    assert duty.failing_since
    assert duty.last_error
    assert "@" not in duty.last_error
    set_mailbox(world, good)
    assert await read_mailbox(world.app) == 1
    assert (await Duty.get(name=work.DUTY)).failing_since is None
