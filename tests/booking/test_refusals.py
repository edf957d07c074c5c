"""Mails that are not wanted: the headers that say how to stop them, and that they stop."""

import re
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiohttp import web

from booking.book import book
from booking.models import Agent, Appointment, MailRefusal, Notice, WaitingEntry
from booking.notifications.kinds import Kind, NoticeState, Recipient
from booking.notifications.refusals import issue_refusal
from booking.schemas import Citizen
from teleconsult.clock import utcnow
from teleconsult.web.tokens import SIGNER
from tests.booking.agenda_world import Client, World
from tests.booking.meetings import NOW, ORIGIN, composer, make_meeting
from tests.booking.offers import MONDAY_8, SYSTEM, make_offer, paris_monday
from tests.booking.test_delivery import CITIZEN_ADDRESS, Clock, Delivery, clock, delivery, mailer
from tests.booking.test_notices import ZOE, booked
from tests.support.smtp import SmtpServer

__all__ = ["clock", "delivery", "mailer"]


def leave_path(mail: EmailMessage) -> str:
    """Return the path of the address by which a mail's reader is sent no more of its kind."""
    found = re.fullmatch(rf"<{ORIGIN}(/rdv/mails/[^>]+)>", mail["List-Unsubscribe"])
    assert found
    return found[1]


@pytest.mark.parametrize("kind", [Kind.INVITATION, Kind.CHANGE, Kind.CANCELLATION, Kind.REPLACEMENT, Kind.REMINDER])
def test_only_what_can_be_refused_says_how(tmp_path: Path, kind: Kind) -> None:
    for recipient in (Recipient.CITIZEN, Recipient.AGENT):
        mail = composer(tmp_path).compose(make_meeting(), kind=kind, recipient=recipient, notice_id="f" * 32, now=NOW)
        refusable = kind is Kind.REMINDER and recipient is Recipient.CITIZEN
        assert ("List-Unsubscribe" in mail) == refusable
        if refusable:
            assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            address = f"{ORIGIN}{leave_path(mail)}"
            for part in ("plain", "html"):
                (text,) = [each for each in mail.walk() if each.get_content_subtype() == part]
                assert address in text.get_content(), "who reads it finds it too"


async def test_refused_reminder_is_void_and_the_invitation_comes(
    delivery: Delivery, smtp_server: SmtpServer, clock: Clock, tmp_path: Path
) -> None:
    offer = await make_offer(reminder_minutes=120)
    first = await booked(offer, paris_monday(14))
    await MailRefusal.create(
        address_hash=composer(tmp_path).signer.digest("mails", CITIZEN_ADDRESS.lower()).hex(),
        kind=Kind.REMINDER,
        refused_at=MONDAY_8,
    )
    shouting = Citizen(given_name="Zoé", family_name="Q", email=str(ZOE.email).upper())
    done = await book(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=paris_monday(15), citizen=shouting,
        actor=SYSTEM, channel="kiosk",
    )  # fmt: skip
    await delivery.deliver_due()
    clock.now = paris_monday(13)
    await delivery.deliver_due()
    for appointment in (first, done.appointment):
        notices = Notice.filter(appointment_id=appointment.id, recipient="citizen", channel="email")
        states = {each.kind: each.state for each in await notices}
        assert states == {"invitation": NoticeState.SENT, "reminder": NoticeState.VOID}


async def asked_by_a_mail_program(client: Client, path: str) -> int:
    """Press a mail program's button: no cookie, no page, no following (RFC 8058 3.1)."""
    client.session.cookie_jar.clear()
    async with client.post(path, data={"List-Unsubscribe": "One-Click"}, allow_redirects=False) as answer:
        return answer.status


def path_of(world: World, kind: Kind, subject_id: str, hours: int = 1) -> str:
    until = utcnow() + timedelta(hours=hours)
    return f"/rdv/mails/{issue_refusal(world.app[SIGNER], kind=kind, subject_id=subject_id, until=until)}"


async def with_address(world: World) -> Appointment:
    appointment = await world.book(world.next_start)
    await Appointment.filter(id=appointment.id).update(email="Zoe.Q@mail.example")
    return appointment


async def test_one_click_is_enough_and_can_be_taken_back_on_the_page(client: Client, world: World) -> None:
    appointment = await with_address(world)
    path = path_of(world, Kind.REMINDER, appointment.id)
    html = await (await client.get(path)).text()
    assert "les rappels de rendez-vous" in html
    assert not await MailRefusal.exists(), "looking changes nothing"
    for _ in range(2):
        assert await asked_by_a_mail_program(client, path) == 200
    (refusal,) = await MailRefusal.all()
    assert refusal.kind == Kind.REMINDER
    assert "zoe" not in refusal.address_hash
    assert "Vous ne recevez plus" in await (await client.get(path)).text()
    assert "de nouveau" in await (await client.post(path, data={"choice": "again"})).text()
    assert not await MailRefusal.exists()


async def test_other_kinds_are_stopped_where_they_are_set(client: Client, world: World) -> None:
    agenda = path_of(world, Kind.AGENDA, world.agent.id)
    assert await asked_by_a_mail_program(client, agenda) == 200
    assert not (await Agent.get(id=world.agent.id)).daily_agenda
    assert (await client.post(agenda, data={"choice": "again"})).status == 200
    assert (await Agent.get(id=world.agent.id)).daily_agenda
    entry = await WaitingEntry.create(
        service=world.service, site=world.site, joined_at=world.now, not_before=world.now,
        not_after=world.now + timedelta(days=7), given_name="Zoé", family_name="Q", email="z@mail.example",
    )  # fmt: skip
    assert await asked_by_a_mail_program(client, path_of(world, Kind.OFFER, entry.id)) == 200
    assert (await WaitingEntry.get(id=entry.id)).state == "left"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_opens_nothing_else_and_ends(client: Client, world: World, method: str) -> None:
    appointment = await with_address(world)
    good = path_of(world, Kind.REMINDER, appointment.id)
    forged = world.app[SIGNER].issue("manage", f"reminder:{appointment.id}", utcnow() + timedelta(hours=1))
    must_come = world.app[SIGNER].issue("mails", f"invitation:{appointment.id}", utcnow() + timedelta(hours=1))
    for path in (f"{good}x", f"/rdv/mails/{forged}", f"/rdv/mails/{must_come}"):
        assert (await client.request(method, path)).status == 403
    assert (await client.request(method, path_of(world, Kind.REMINDER, appointment.id, hours=-24 * 31))).status == 410
    assert (await client.request(method, path_of(world, Kind.REMINDER, "0" * 32))).status == 404
    assert isinstance(world.app, web.Application)
    assert not await MailRefusal.exists()
