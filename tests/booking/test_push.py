"""Appointments in agents' own calendars, on a real CalDAV server: kept up to date, shared with the agent, withdrawn."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import vobject
from aiohttp import web
from aiohttp.test_utils import TestServer

from booking.busy.calendars import Reading, refresh
from booking.busy.guard import read_networks
from booking.busy.seal import Seal
from booking.change import cancel, reschedule
from booking.models import Absence, Agent, AgentHours, Appointment, BusyCalendar, BusyTime, Notice, PushedEvent
from booking.notifications.by_mail import MailChannel
from booking.notifications.delivery import DELIVERY, Delivery
from booking.notifications.invitations import event_uid
from booking.notifications.notices import NoticeState
from booking.push import pushing
from booking.push.objects import NotTheEvent, merge, sequence_of, stored_object
from booking.push.pushing import CalendarChannel
from booking.push.work import tell_failures
from booking.trouble import replace_all
from teleconsult.database import Database, connect
from teleconsult.mail.smtp import SmtpMailer, read_server
from tests.booking.agenda_world import Client, World, page, sign_in
from tests.booking.meetings import SENDER, composer
from tests.booking.offers import MONDAY_8, SYSTEM, Offer, make_offer, paris_monday
from tests.booking.test_delivery import Clock
from tests.booking.test_notices import booked
from tests.booking.test_office_offer import post
from tests.support.radicale import PASSWORD, USER, RadicaleServer, running_radicale
from tests.support.smtp import SmtpServer

TEN = paris_monday(10)
SEAL = Seal("s" * 32)
LOOPBACK = read_networks("127.0.0.0/8")
MINUTE = timedelta(minutes=1)
OWN = "/agent/calendar"


class Desk:
    """An offer with one agent whose calendar is written to, and the outbox's worker."""

    def __init__(self, offer: Offer, calendar: BusyCalendar, delivery: Delivery, clock: Clock) -> None:
        self.offer, self.calendar, self.delivery, self.clock = offer, calendar, delivery, clock

    async def deliver(self) -> None:
        self.clock.now += MINUTE
        await self.delivery.deliver_due()

    async def move(self, appointment: Appointment, hour: int) -> None:
        await reschedule(
            now=self.clock.now, appointment_id=appointment.id, start=paris_monday(hour), actor=SYSTEM
        )  # fmt: skip
        await self.deliver()

    async def cancel(self, appointment: Appointment) -> None:
        await cancel(now=self.clock.now, appointment_id=appointment.id, actor=SYSTEM)
        await self.deliver()

    async def reload(self) -> BusyCalendar:
        self.calendar = await BusyCalendar.get(id=self.calendar.id)
        return self.calendar


@pytest.fixture
async def radicale(tmp_path: Path) -> AsyncIterator[RadicaleServer]:
    folder = tmp_path / "radicale"
    folder.mkdir()
    async with running_radicale(folder) as server:
        yield server


@pytest.fixture
async def opened(sqlite_url: str) -> AsyncIterator[Database]:
    database = await connect(sqlite_url)
    yield database
    await database.close()


async def make_calendar(agent: Agent, address: str, **more: Any) -> BusyCalendar:
    facts: dict[str, Any] = {"kind": "caldav", "username": USER, "due_at": MONDAY_8, "writes": True} | more
    password = SEAL.close(facts.pop("password", PASSWORD))
    return await BusyCalendar.create(agent=agent, url=SEAL.close(address), sealed_password=password, **facts)


@pytest.fixture
async def desk(
    opened: Database, radicale: RadicaleServer, smtp_server: SmtpServer, tmp_path: Path
) -> AsyncIterator[Desk]:
    offer = await make_offer(agents=1)
    calendar = await make_calendar(offer.agents[0], radicale.url)
    clock = Clock(MONDAY_8)
    async with SmtpMailer(read_server(smtp_server.url), sender=SENDER) as mailer:
        words = composer(tmp_path)
        channels = {
            "email": MailChannel(mailer, words, clock=clock),
            "caldav": CalendarChannel(Reading(SEAL, LOOPBACK), words, clock=clock),
        }
        yield Desk(offer, calendar, Delivery(channels, clock=clock), clock)


async def event_in(radicale: RadicaleServer, appointment: Appointment) -> Any:
    """Return the one event of the calendar, as a second implementation reads it."""
    whole = await radicale.whole()
    assert whole.count("BEGIN:VEVENT") == 1
    text = await radicale.get(event_uid(appointment.id))
    assert text is not None
    return vobject.readOne(text)


async def agents_mails(desk: Desk, smtp_server: SmtpServer) -> list[str]:
    agent = await Agent.get(id=desk.calendar.agent_id)  # type: ignore[attr-defined]
    return [str(mail["Subject"]) for mail in smtp_server.to(agent.email)]


async def test_book_move_move_cancel_is_one_event_and_then_none(
    desk: Desk, radicale: RadicaleServer, smtp_server: SmtpServer
) -> None:
    appointment = await booked(desk.offer, TEN)
    await desk.deliver()
    for sequence, hour in enumerate((10, 14, 11)):
        if sequence:
            await desk.move(appointment, hour)
        calendar = await event_in(radicale, appointment)
        event = calendar.vevent
        assert not hasattr(calendar, "method")
        assert (event.uid.value, event.sequence.value) == (event_uid(appointment.id), str(sequence))
        assert event.dtstart.value == paris_monday(hour)
        assert event.status.value == "CONFIRMED"
        # the server mails nobody about it, and it is in the calendar because its owner asked for that
        assert event.organizer.params["SCHEDULE-AGENT"] == ["CLIENT"]
        assert event.attendee.params["PARTSTAT"] == ["ACCEPTED"]
        assert "Quatrem" not in calendar.serialize()
    await desk.cancel(appointment)
    assert "VEVENT" not in await radicale.whole()
    assert not await PushedEvent.exists()
    assert await agents_mails(desk, smtp_server) == []
    assert not await Notice.filter(recipient="agent", state__not=NoticeState.SENT).exists()
    calendar_row = await desk.reload()
    assert (calendar_row.wrote_at, calendar_row.write_error) == (desk.clock.now, "")


async def edit(radicale: RadicaleServer, appointment: Appointment, old: str, new: str) -> None:
    """Change the event as the agent's calendar program does."""
    name = event_uid(appointment.id)
    text = await radicale.get(name)
    assert text is not None
    assert old in text
    await radicale.put(name, text.replace(old, new))


async def test_what_the_agent_put_into_the_event_is_kept(desk: Desk, radicale: RadicaleServer) -> None:
    appointment = await booked(desk.offer, TEN)
    await desk.deliver()
    await edit(radicale, appointment, "TRANSP:OPAQUE", "TRANSP:TRANSPARENT\r\nCATEGORIES:Bureau,Visio\r\nCOLOR:teal")
    await edit(radicale, appointment, "TRIGGER:-PT10M", "TRIGGER:-PT45M")
    await edit(radicale, appointment, "DTSTART;TZID=Europe/Paris:20261123T100000", "DTSTART:20301123T100000Z")
    for hour in (14, 11):
        await desk.move(appointment, hour)
        event = (await event_in(radicale, appointment)).vevent
        assert event.dtstart.value == paris_monday(hour)
        assert event.transp.value == "TRANSPARENT"
        assert event.categories.value == ["Bureau", "Visio"]
        assert event.color.value == "teal"
        assert event.valarm.trigger.value == timedelta(minutes=-45)
    text = await radicale.get(event_uid(appointment.id))
    assert text is not None
    start, end = text.index("BEGIN:VALARM"), text.index("END:VALARM")
    await radicale.put(event_uid(appointment.id), text[:start] + text[end + len("END:VALARM\r\n") :])
    await desk.move(appointment, 15)
    assert "VALARM" not in await radicale.whole()


async def test_change_made_while_we_write_is_not_lost(
    desk: Desk, radicale: RadicaleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    appointment = await booked(desk.offer, TEN)
    await desk.deliver()
    reads = 0
    read = pushing.read_object

    async def read_and_be_overtaken(*arguments: Any) -> Any:
        nonlocal reads
        kept = await read(*arguments)
        reads += 1
        if reads <= edits:
            await edit(radicale, appointment, "TRANSP:OPAQUE", f"COMMENT:note {reads}\r\nTRANSP:OPAQUE")
        return kept

    monkeypatch.setattr(pushing, "read_object", read_and_be_overtaken)
    edits = 2
    await desk.move(appointment, 14)
    event = (await event_in(radicale, appointment)).vevent
    assert reads == 3
    assert event.dtstart.value == paris_monday(14)
    assert {each.value for each in event.comment_list} == {"note 1", "note 2"}
    # somebody who is always faster: tried again later, and nothing of theirs is overwritten
    reads, edits = 0, 100
    await desk.move(appointment, 15)
    assert reads == pushing.TRIES
    notice = await Notice.get(appointment_id=appointment.id, recipient="agent", sequence=2)
    assert (notice.state, notice.channel, notice.attempts) == (NoticeState.PENDING, "caldav", 1)
    edits = 0
    desk.clock.now += timedelta(minutes=5)
    await desk.deliver()
    assert (await event_in(radicale, appointment)).vevent.dtstart.value == paris_monday(15)


async def test_event_taken_out_is_put_back_once_and_then_left(
    desk: Desk, radicale: RadicaleServer, smtp_server: SmtpServer
) -> None:
    appointment = await booked(desk.offer, TEN)
    await desk.deliver()
    await radicale.delete(event_uid(appointment.id))
    await desk.move(appointment, 14)
    assert (await event_in(radicale, appointment)).vevent.sequence.value == "1"
    assert await agents_mails(desk, smtp_server) == []
    await radicale.delete(event_uid(appointment.id))
    for count, hour in enumerate((11, 15), start=1):
        await desk.move(appointment, hour)
        assert "VEVENT" not in await radicale.whole()
        # the news goes by mail, which is how they are told
        assert len(await agents_mails(desk, smtp_server)) == count
    await desk.cancel(appointment)
    assert len(await agents_mails(desk, smtp_server)) == 3
    assert (await desk.reload()).write_failing_since is None


async def test_appointment_that_goes_to_a_colleague_leaves_the_calendar(
    desk: Desk, radicale: RadicaleServer, smtp_server: SmtpServer
) -> None:
    appointment = await booked(desk.offer, TEN)
    await desk.deliver()
    first = await Agent.get(id=appointment.agent_id)
    other = await Agent.create(organisation_id=first.organisation_id, name="Autre", email="autre@ddt.example")  # type: ignore[attr-defined]
    await other.services.add(desk.offer.service)
    for weekday in range(5):
        await AgentHours.create(agent=other, weekday=weekday, start_minute=9 * 60, end_minute=17 * 60)
    await Absence.create(agent=first, starts_at=MONDAY_8, ends_at=paris_monday(18))
    await replace_all(now=desk.clock.now)
    await desk.deliver()
    assert "VEVENT" not in await radicale.whole()
    assert await agents_mails(desk, smtp_server) == []
    assert len(smtp_server.to("autre@ddt.example")) == 1


async def test_event_that_came_by_mail_before_is_taken_over(desk: Desk, radicale: RadicaleServer) -> None:
    """The agent had accepted the mailed invitation into this calendar: it must not stand there twice."""
    appointment = await booked(desk.offer, TEN)
    uid = event_uid(appointment.id)
    await radicale.put(
        "accepted-by-outlook",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261123T090000Z\r\nSUMMARY:Ancien\r\nCOLOR:red\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n",
    )
    await desk.deliver()
    await desk.move(appointment, 14)
    whole = await radicale.whole()
    assert whole.count("BEGIN:VEVENT") == 1
    text = await radicale.get("accepted-by-outlook")
    assert text is not None
    event = vobject.readOne(text).vevent
    assert (event.sequence.value, event.color.value, event.dtstart.value) == ("1", "red", paris_monday(14))
    await desk.cancel(appointment)
    assert "VEVENT" not in await radicale.whole()


async def test_older_version_does_not_overwrite_a_newer(desk: Desk, radicale: RadicaleServer) -> None:
    appointment = await booked(desk.offer, TEN)
    await desk.deliver()
    await edit(radicale, appointment, "SEQUENCE:0", "SEQUENCE:9")
    await desk.move(appointment, 14)
    event = (await event_in(radicale, appointment)).vevent
    assert (event.sequence.value, event.dtstart.value) == ("9", TEN)


async def test_what_is_cancelled_while_it_is_written_does_not_stay(
    desk: Desk, radicale: RadicaleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    appointment = await booked(desk.offer, TEN)
    write = pushing.write_object

    async def write_late(*arguments: Any, **more: Any) -> str:
        await cancel(now=desk.clock.now, appointment_id=appointment.id, actor=SYSTEM)
        return await write(*arguments, **more)

    monkeypatch.setattr(pushing, "write_object", write_late)
    await desk.deliver()
    assert "VEVENT" not in await radicale.whole()
    assert not await PushedEvent.exists()


async def test_own_events_are_no_busy_time(desk: Desk, radicale: RadicaleServer) -> None:
    await booked(desk.offer, TEN)
    await desk.deliver()
    await radicale.put(
        "dentist",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:dentist\r\nDTSTAMP:20261101T000000Z\r\n"
        "DTSTART:20261123T150000Z\r\nDTEND:20261123T160000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    )
    assert await refresh(await desk.reload(), now=desk.clock.now, reading=Reading(SEAL, LOOPBACK))
    assert [each.starts_at for each in await BusyTime.all()] == [paris_monday(16)]


# When it breaks


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("password", "calendar_sign_in_refused"), ("collection", "calendar_missing"), ("key", "calendar_seal_broken"),
        ("network", "calendar_address_refused"),
    ],
)  # fmt: skip
async def test_calendar_that_cannot_be_written_to_gives_way_to_mail(
    desk: Desk, radicale: RadicaleServer, smtp_server: SmtpServer, fault: str, why: str
) -> None:
    good = {"url": desk.calendar.url, "sealed_password": desk.calendar.sealed_password}
    bad = {
        "password": {"sealed_password": SEAL.close("perdu")},
        "collection": {"url": SEAL.close(radicale.url.replace("agenda", "gone"))},
        "key": {"url": Seal("t" * 32).close(radicale.url)},
        "network": {"url": SEAL.close("http://169.254.169.254/latest/")},
    }  # fmt: skip
    await BusyCalendar.filter(id=desk.calendar.id).update(**bad[fault])
    appointment = await booked(desk.offer, TEN)
    await desk.deliver()
    mails = await agents_mails(desk, smtp_server)
    assert len(mails) == 1
    calendar = await desk.reload()
    assert (calendar.write_error, calendar.write_failing_since) == (why, desk.clock.now)
    await BusyCalendar.filter(id=desk.calendar.id).update(**good)
    await desk.move(appointment, 14)
    assert (await event_in(radicale, appointment)).vevent.sequence.value == "1"
    assert len(await agents_mails(desk, smtp_server)) == 1
    assert (await desk.reload()).write_failing_since is None


async def test_server_that_is_away_is_asked_again_and_then_mail_goes_out(
    desk: Desk, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await BusyCalendar.filter(id=desk.calendar.id).update(url=SEAL.close("http://127.0.0.1:1/agenda/"))
    await booked(desk.offer, paris_monday(14))
    for attempt in range(1, pushing.PATIENCE + 1):
        assert await agents_mails(desk, smtp_server) == []
        assert (await desk.reload()).write_failing_since is None
        await desk.deliver()
        desk.clock.now += timedelta(minutes=31)
        assert (await Notice.get(recipient="agent", channel="caldav")).attempts == attempt
    await desk.deliver()
    assert len(await agents_mails(desk, smtp_server)) == 1
    assert (await desk.reload()).write_error == "calendar_silent"


@pytest.mark.parametrize(
    ("status", "temporary"),
    [(500, True), (503, True), (423, True), (429, True), (400, False), (405, False), (507, True), (401, False)],
)
async def test_other_answers_mean_later_or_never(
    opened: Database, tmp_path: Path, status: int, temporary: bool
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=404 if request.method == "GET" else status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        offer = await make_offer()
        await make_calendar(offer.agents[0], str(server.make_url("/agenda/")))
        clock = Clock(MONDAY_8)
        channel = CalendarChannel(Reading(SEAL, LOOPBACK), composer(tmp_path), clock=clock)
        await booked(offer, TEN)
        await Delivery({"caldav": channel}, clock=clock).deliver_due()
    notice = await Notice.get(recipient="agent", channel="caldav")
    assert notice.state == (NoticeState.PENDING if temporary else NoticeState.FAILED)


async def test_who_has_no_such_calendar_is_mailed(database: Database) -> None:
    offer = await make_offer(agents=1)
    calendar = await make_calendar(offer.agents[0], "http://127.0.0.1:1/", writes=False)
    first = await booked(offer, TEN)
    await BusyCalendar.filter(id=calendar.id).update(writes=True)
    second = await booked(offer, paris_monday(11))
    for appointment in (first, second):
        await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=SYSTEM)

    async def channels(appointment: Appointment) -> set[str]:
        return {each.channel for each in await Notice.filter(appointment_id=appointment.id, recipient="agent")}

    # who was told by mail is told the end of it by mail
    assert [await channels(each) for each in (first, second)] == [{"email"}, {"caldav"}]
    assert {each.channel for each in await Notice.filter(recipient="citizen")} == {"email"}


# The agent's page


async def test_agent_turns_it_on_and_off(
    client: Client, world: World, radicale: RadicaleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = make_loopback_reading(world)
    monkeypatch.setattr("booking.pages.own_calendar.make_reading", lambda _app: reading)
    ahead = await world.book(world.next_start + timedelta(hours=2), at=world.now)
    await sign_in(client, "claire")
    link = {"kind": "caldav", "url": radicale.url, "username": USER, "password": PASSWORD}
    await post(client, f"{OWN}/calendars/new", link)
    calendar = await BusyCalendar.get()
    assert "Y écrire mes rendez-vous" in await page(client, OWN)
    assert await post(client, f"{OWN}/calendars/{calendar.id}/write", {}) == f"{OWN}?done=saved"
    world.app[DELIVERY]._channels["caldav"]._reading = reading  # type: ignore[index, attr-defined]
    await world.app[DELIVERY].deliver_due()
    # those to come are there at once
    assert event_uid(ahead.id) in await radicale.whole()
    shown = await page(client, OWN)
    assert "Vos rendez-vous y sont écrits" in shown
    assert "Écrit pour la dernière fois" in shown
    await post(client, f"{OWN}/calendars/{calendar.id}/stop", {})
    assert "Y écrire mes rendez-vous" in await page(client, OWN)
    # what is in it is kept up to date there, whatever is wanted now
    await cancel(now=world.now, appointment_id=ahead.id, actor=SYSTEM)
    await world.app[DELIVERY].deliver_due()
    assert "VEVENT" not in await radicale.whole()
    # on again: owed again
    await post(client, f"{OWN}/calendars/{calendar.id}/write", {})
    assert (await BusyCalendar.get()).writes


def make_loopback_reading(world: World) -> Reading:
    """Return what reads and writes calendars on this machine, which nobody may otherwise."""
    from booking.busy.work import make_reading

    return Reading(make_reading(world.app).seal, LOOPBACK)


async def test_agent_is_told_once_when_it_breaks_and_sees_why(
    client: Client, world: World, radicale: RadicaleServer, tmp_path: Path
) -> None:
    calendar = await BusyCalendar.create(
        agent=world.agent, kind="caldav", url=make_loopback_reading(world).seal.close(radicale.url), writes=True,
        due_at=world.now, write_failing_since=world.now, write_error="calendar_sign_in_refused",
    )  # fmt: skip
    assert [await tell_failures(world.app), await tell_failures(world.app)] == [1, 0]
    sent = [path.read_text() for path in (tmp_path / "data" / "mail" / "new").iterdir()]
    assert len([mail for mail in sent if world.agent.email in mail]) == 1
    await sign_in(client, "claire")
    shown = await page(client, OWN)
    assert "N’est plus écrit" in shown
    assert "refuse l’accès" in shown
    # another agent's is not theirs to switch, and an address to read cannot be written to
    await BusyCalendar.filter(id=calendar.id).update(agent=await Agent.exclude(id=world.agent.id).first())
    for name in ("write", "stop"):
        assert (await client.post(f"{OWN}/calendars/{calendar.id}/{name}")).status == 404
    await BusyCalendar.filter(id=calendar.id).update(agent=world.agent, kind="ics")
    assert (await client.post(f"{OWN}/calendars/{calendar.id}/write")).status == 404


# What an event is made of


def test_what_cannot_be_merged_gives_way_to_ours() -> None:
    ours = stored_object(
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u\r\nSEQUENCE:4\r\n"
        b"DTSTAMP:20261101T000000Z\r\nDTSTART:20261123T090000Z\r\nORGANIZER:mailto:a@b.c\r\nATTENDEE:mailto:d@e.f\r\n"
        b"END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert sequence_of(ours) == 4
    for theirs in (b"", b"<html>", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", ours.replace(b"BEGIN:VEVENT", b"BEGIN:X")):
        assert merge(ours, theirs) == ours
        with pytest.raises(NotTheEvent):
            sequence_of(theirs)
    repeated = ours.replace(b"UID:u", b"UID:u\r\nRRULE:FREQ=DAILY\r\nDURATION:PT9H\r\nX-MINE:yes\r\nLOCATION:Mars")
    merged = merge(ours, repeated)
    assert b"X-MINE:yes" in merged
    for name in (b"RRULE", b"DURATION", b"Mars"):
        assert name not in merged


async def test_many_at_once_are_each_there_once(desk: Desk, radicale: RadicaleServer) -> None:
    appointments = [await booked(desk.offer, paris_monday(hour, 0)) for hour in (10, 11, 14, 15, 16)]
    await asyncio.gather(desk.delivery.deliver_due(), desk.delivery.deliver_due())
    whole = await radicale.whole()
    assert whole.count("BEGIN:VEVENT") == 5
    assert all(event_uid(each.id) in whole for each in appointments)
