"""Our mails as calendar programs act on them: what a real CalDAV server shows after each."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from booking.book import book
from booking.change import cancel, reschedule
from booking.models import Agent, Appointment, Site
from booking.notifications.delivery import Delivery
from booking.schemas import Citizen
from tests.booking.offers import MONDAY_8, SYSTEM, make_offer, make_site, paris_monday
from tests.booking.test_delivery import Clock, clock, delivery, mailer
from tests.support.calendars import Read, read_elsewhere, read_with_vobject
from tests.support.itip import CalendarProgram, Verdict
from tests.support.radicale import RadicaleServer, running_radicale
from tests.support.smtp import SmtpServer

__all__ = ["clock", "delivery", "mailer"]
ZOE = Citizen(given_name="Zoé", family_name="Quatremère", email="zoe.q@mail.example")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RadicaleServer]:
    async with running_radicale(tmp_path) as server:
        yield server


async def shown(server: RadicaleServer) -> list[Read]:
    """Return the events that a calendar on the server shows, as two programs read them."""
    whole = (await server.whole()).encode()
    if b"BEGIN:VEVENT" not in whole:
        return []
    (read,) = await read_elsewhere([whole])
    assert read == read_with_vobject(whole)
    events: list[Read] = read["events"]
    return events


async def booked(site_id: str, service_id: str, start: datetime) -> Appointment:
    done = await book(
        now=MONDAY_8, service_id=service_id, site_id=site_id, start=start, citizen=ZOE, actor=SYSTEM, channel="kiosk"
    )
    return done.appointment


@pytest.mark.parametrize("who", ["citizen", "agent"])
async def test_book_move_move_cancel_as_radicale_shows_it(
    who: str, delivery: Delivery, smtp_server: SmtpServer, clock: Clock, server: RadicaleServer
) -> None:
    offer = await make_offer()
    appointment = await booked(offer.site.id, offer.service.id, paris_monday(10))
    address = str(ZOE.email) if who == "citizen" else (await Agent.get(id=appointment.agent_id)).email
    program = CalendarProgram(server, address)
    await delivery.deliver_due()
    starts = [paris_monday(10), paris_monday(14), paris_monday(11, day=24)]
    for sequence, start in enumerate(starts):
        if sequence:
            clock.now += timedelta(minutes=1)
            await reschedule(now=clock.now, appointment_id=appointment.id, start=start, actor=SYSTEM)
            await delivery.deliver_due()
        mail = smtp_server.to(address)[-1]
        assert await program.receive(mail) is Verdict.TAKEN
        assert await program.receive(mail) is Verdict.OLD, "said twice, it is known"
        (event,) = await shown(server)
        assert (event["sequence"], event["start"], event["status"]) == (sequence, start.timestamp(), "CONFIRMED")
        assert event["uid"].replace("-", "") == appointment.id
    clock.now += timedelta(minutes=1)
    await cancel(now=clock.now, appointment_id=appointment.id, actor=SYSTEM)
    await delivery.deliver_due()
    mails = smtp_server.to(address)
    assert len(mails) == 4
    assert await program.receive(mails[3]) is Verdict.TAKEN
    for late in mails[:3]:
        assert await program.receive(late) is Verdict.OLD, "mails overtake each other"
    (event,) = await shown(server)
    assert (event["sequence"], event["status"], event["transp"]) == (3, "CANCELLED", "TRANSPARENT")
    assert event["alarms"] == [], "nobody is reminded of what is off"


async def test_mails_that_overtake_each_other_end_in_the_newest(
    delivery: Delivery, smtp_server: SmtpServer, clock: Clock, server: RadicaleServer
) -> None:
    offer = await make_offer()
    appointment = await booked(offer.site.id, offer.service.id, paris_monday(10))
    await delivery.deliver_due()
    await reschedule(now=clock.now, appointment_id=appointment.id, start=paris_monday(14), actor=SYSTEM)
    await delivery.deliver_due()
    first, second = smtp_server.to(str(ZOE.email))
    program = CalendarProgram(server, str(ZOE.email))
    assert await program.receive(second) is Verdict.TAKEN
    assert await program.receive(first) is Verdict.OLD
    (event,) = await shown(server)
    assert event["start"] == paris_monday(14).timestamp()


async def test_desks_calendar_follows_the_appointment_from_house_to_house(
    delivery: Delivery, smtp_server: SmtpServer, clock: Clock, server: RadicaleServer
) -> None:
    offer = await make_offer()
    await Site.filter(id=offer.site.id).update(invites_desk=True, email="orleans@maison.example")
    other, _ = await make_site("Gien", 1, invites_desk=True, email="gien@maison.example")
    appointment = await booked(offer.site.id, offer.service.id, paris_monday(10))
    await delivery.deliver_due()
    for site_id, start in ((other.id, paris_monday(14)), (offer.site.id, paris_monday(15))):
        clock.now += timedelta(minutes=1)
        await reschedule(now=clock.now, appointment_id=appointment.id, start=start, site_id=site_id, actor=SYSTEM)
        await delivery.deliver_due()
    program = CalendarProgram(server, "orleans@maison.example")
    seen = []
    for mail in smtp_server.to("orleans@maison.example"):
        assert await program.receive(mail) is Verdict.TAKEN
        (event,) = await shown(server)
        seen.append((event["sequence"], event["status"], event["start"], event["location"].partition(",")[0]))
    assert seen == [
        (0, "CONFIRMED", paris_monday(10).timestamp(), "Orléans"),
        (1, "CANCELLED", paris_monday(10).timestamp(), "Orléans"),
        (2, "CONFIRMED", paris_monday(15).timestamp(), "Orléans"),
    ]
    for mail in smtp_server.to("gien@maison.example"):
        assert await program.receive(mail) is Verdict.NOT_OURS
