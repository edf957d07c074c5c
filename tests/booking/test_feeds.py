"""Feeds: what they show, to whom, at what cost, and that they end when they are taken back."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from icalendar import Calendar

from booking.book import book
from booking.change import cancel, reschedule
from booking.feeds.addresses import (
    FeedUnknown,
    Owner,
    OwnerKind,
    close_feed,
    feed_state,
    open_feed,
    owner_of,
    token_hash,
)
from booking.feeds.calendars import CANCELLED_FOR, PAST, Shown, look, write
from booking.lifecycle import Status
from booking.models import Agent, Appointment, Feed, Organisation, Room, Site, Workplace
from booking.schemas import Citizen
from teleconsult.accounts.models import Account
from teleconsult.database import Database
from tests.booking.agenda_world import Client, World, page, sign_in
from tests.booking.meetings import composer
from tests.booking.offers import MONDAY_8, SYSTEM, Offer, make_offer, paris_monday
from tests.support.calendars import read_elsewhere, read_with_vobject

ZOE = Citizen(given_name="Zoé", family_name="Quatremère", email="zoe.q@mail.example", phone="+33612345678")
DAY = timedelta(days=1)
PERSONAL = ("Zoé", "Quatremère", "zoe.q", "12345678")


async def booked(offer: Offer, start: datetime) -> Appointment:
    done = await book(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=start, citizen=ZOE, actor=SYSTEM,
        channel="kiosk",
    )  # fmt: skip
    return done.appointment


def owners(appointment: Appointment) -> dict[str, Owner]:
    return {
        "agent": Owner(OwnerKind.AGENT, appointment.agent_id),
        "site": Owner(OwnerKind.SITE, appointment.site_id),
        "room": Owner(OwnerKind.ROOM, appointment.room_id or ""),
    }


async def with_room(appointment: Appointment) -> Appointment:
    office = await Organisation.get()
    workplace = await Workplace.create(organisation=office, name="Cité administrative")
    appointment.room_id = (await Room.create(workplace=workplace, name="Salle Loire")).id
    await appointment.save(update_fields=["room_id"])
    return appointment


async def test_an_address_is_kept_as_a_hash_and_ends_when_it_is_renewed_or_taken_back(database: Database) -> None:
    offer = await make_offer()
    owner = Owner(OwnerKind.AGENT, offer.agents[0].id)
    assert await feed_state(owner) is None
    _, first = await open_feed(owner=owner, actor=SYSTEM, now=MONDAY_8)
    assert len(first) == 43
    assert first not in str(await Feed.all().values())
    assert (await Feed.get()).token_hash == token_hash(first)
    assert await owner_of(first, MONDAY_8) == owner
    _, second = await open_feed(owner=owner, actor=SYSTEM, now=MONDAY_8)
    with pytest.raises(FeedUnknown):
        await owner_of(first, MONDAY_8)
    assert await owner_of(second, MONDAY_8 + DAY) == owner
    state = await feed_state(owner)
    assert state is not None
    assert (state.created_at, state.read_at) == (MONDAY_8, MONDAY_8 + DAY)
    await close_feed(owner=owner, actor=SYSTEM, now=MONDAY_8)
    for token in (first, second, "x" * 43):
        with pytest.raises(FeedUnknown):
            await owner_of(token, MONDAY_8)
    assert await feed_state(owner) is None


async def test_who_has_left_shares_nothing_any_more(database: Database) -> None:
    offer = await make_offer()
    account = await Account.create(email="a@b.example", name="A", password_hash="", roles=["agent"])
    await Agent.filter(id=offer.agents[0].id).update(account_id=account.id)
    _, agents = await open_feed(owner=Owner(OwnerKind.AGENT, offer.agents[0].id), actor=SYSTEM, now=MONDAY_8)
    _, houses = await open_feed(owner=Owner(OwnerKind.SITE, offer.site.id), actor=SYSTEM, now=MONDAY_8)
    for model, column, token in ((Account, "active", agents), (Agent, "active", agents), (Site, "active", houses)):
        await owner_of(token, MONDAY_8)
        await model.all().update(**{column: False})
        with pytest.raises(FeedUnknown):
            await owner_of(token, MONDAY_8)
        await model.all().update(**{column: True})


@pytest.mark.parametrize("kind", ["agent", "site", "room"])
async def test_everybodys_feed_shows_their_appointments_and_nobodys_name(
    database: Database, tmp_path: Path, kind: str
) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    appointment = await with_room(await booked(offer, paris_monday(14)))
    await booked(offer, paris_monday(14))
    body = await write(await look(owners(appointment)[kind], now=MONDAY_8), composer(tmp_path))
    text = body.replace(b"\r\n ", b"").decode()
    assert not [each for each in (*PERSONAL, "ATTENDEE", "ORGANIZER", "VALARM", "METHOD") if each in text]
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M" in text
    assert "X-PUBLISHED-TTL:PT15M" in text
    assert text.count("BEGIN:VTIMEZONE") == 1
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    events = Calendar.from_ical(body).events
    assert len(events) == (2 if kind == "site" else 1)
    (event,) = [each for each in events if str(each["uid"]).replace("-", "") == appointment.id]
    assert event["summary"].endswith(f"Z. · {appointment.reference[:3]}-{appointment.reference[3:]}")
    assert event.decoded("dtstart") == paris_monday(14)
    assert (event["location"] == "Salle Loire") == (kind == "room")
    assert event["dtstamp"].dt == MONDAY_8
    assert ("conference" in event) == (kind == "agent"), "who joins by link"


async def test_other_programs_read_the_same_in_a_feed(database: Database, tmp_path: Path) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    for hour in (9, 10, 14):
        appointment = await booked(offer, paris_monday(hour))
    await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=SYSTEM)
    body = await write(await look(owners(appointment)["site"], now=MONDAY_8), composer(tmp_path))
    # both readers want the ORGANIZER that an invitation has and a feed has not
    addressed = body.replace(b"BEGIN:VEVENT\r\n", b"BEGIN:VEVENT\r\nORGANIZER:mailto:x@y.example\r\n")
    (read,) = await read_elsewhere([addressed])
    assert read == read_with_vobject(addressed)
    starts = [paris_monday(hour).timestamp() for hour in (9, 10, 14)]
    assert [(each["start"], each["status"]) for each in read["events"]] == [
        (starts[0], "CONFIRMED"),
        (starts[1], "CONFIRMED"),
        (starts[2], "CANCELLED"),
    ]


async def test_past_and_cancelled_appointments_stay_for_a_while(database: Database, tmp_path: Path) -> None:
    appointment = await booked(await make_offer(), paris_monday(14))
    owner = owners(appointment)["agent"]

    async def shown(now: datetime) -> list[str]:
        body = await write(await look(owner, now=now), composer(tmp_path))
        return [str(event["status"]) for event in Calendar.from_ical(body).events]

    assert await shown(MONDAY_8) == ["CONFIRMED"]
    assert await shown(MONDAY_8 + PAST) == ["CONFIRMED"]
    assert await shown(MONDAY_8 + PAST + DAY) == []
    await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=SYSTEM)
    assert await shown(MONDAY_8) == ["CANCELLED"]
    assert await shown(MONDAY_8 + CANCELLED_FOR) == ["CANCELLED"]
    assert await shown(MONDAY_8 + CANCELLED_FOR + DAY) == []


async def test_etag_changes_with_what_is_shown_and_with_nothing_else(database: Database) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    appointment = await booked(offer, paris_monday(14))
    owner = owners(appointment)["agent"]

    async def seen(now: datetime = MONDAY_8) -> Shown:
        return await look(owner, now=now)

    first = await seen()
    assert (await seen(MONDAY_8 + timedelta(hours=10))).etag == first.etag
    await Appointment.all().update(status=Status.CHECKED_IN)
    assert (await seen()).etag == first.etag, "that somebody came is not in it"
    await Appointment.all().update(status=Status.BOOKED)
    tags = [first.etag]
    await reschedule(now=MONDAY_8, appointment_id=appointment.id, start=paris_monday(15), actor=SYSTEM)
    tags.append((await seen()).etag)
    await Site.all().update(address="2 rue Neuve")
    tags.append((await seen()).etag)
    await Agent.filter(id=owner.id).update(language="en")
    tags.append((await seen()).etag)
    await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=SYSTEM)
    tags.append((await seen()).etag)
    assert len(set(tags)) == 5
    with pytest.raises(FeedUnknown):
        await look(Owner(OwnerKind.ROOM, "0" * 32), now=MONDAY_8)


async def address_in(answer: ClientResponse) -> str:
    html = await answer.text()
    assert answer.status == 200, html
    (address,) = re.findall(r'value="http[^"]*(/calendar/feed-[\w-]{43}\.ics)"', html)
    assert f'href="webcal://localhost:8080{address}"' in html
    return str(address)


async def test_an_agent_shares_renews_and_takes_back_their_agenda(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    await sign_in(client, "claire")
    assert "Créer l’adresse" in await (await client.get("/agent/calendar/feed")).text()
    address = await address_in(await client.post("/agent/calendar/feed"))
    assert address not in await (await client.get("/agent/calendar/feed")).text(), "it is shown once"
    client.session.cookie_jar.clear()
    answer = await client.get(address)
    body = await answer.text()
    assert answer.status == 200
    assert answer.content_type == "text/calendar"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert appointment.reference[:3] in body
    head = await client.head(address)
    assert (head.status, head.headers["ETag"], await head.read()) == (200, answer.headers["ETag"], b"")
    for known in (answer.headers["ETag"], f"W/{answer.headers['ETag']}", f'"x", {answer.headers["ETag"]}', "*"):
        again = await client.get(address, headers={"If-None-Match": known})
        assert (again.status, await again.read()) == (304, b"")
        assert again.headers["ETag"] == answer.headers["ETag"]
    other = await client.get(address, headers={"If-None-Match": '"x"'})
    assert other.status == 200
    await sign_in(client, "claire")
    newer = await address_in(await client.post("/agent/calendar/feed"))
    assert (await client.get(address)).status == 404
    assert (await client.get(newer)).status == 200
    answer = await client.post("/agent/calendar/feed/close")
    assert "C’est enregistré" in await answer.text()
    gone = await client.get(newer)
    assert gone.status == 404
    assert "n’est plus partagé" in await gone.text()


async def test_a_program_that_asks_too_often_is_told_to_wait(client: Client, world: World) -> None:
    _, token = await open_feed(owner=Owner(OwnerKind.SITE, world.site.id), actor=SYSTEM, now=world.now)
    address = f"/calendar/feed-{token}.ics"
    statuses = [(await client.head(address)).status for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    assert "Retry-After" in (await client.get(address)).headers
    assert (await client.get(f"/calendar/feed-{'x' * 43}.ics")).status == 404, "the others go on"
    assert (await client.get(f"/calendar/feed-{'x' * 42}.ics")).status == 403, "no feed's address: a link, and forged"


async def test_an_administrator_gives_rooms_an_address_and_ends_anybodys(client: Client, world: World) -> None:
    office = await Organisation.first()
    workplace = await Workplace.create(organisation=office, name="Cité administrative")
    room = await Room.create(workplace=workplace, name="Salle Loire")
    _, token = await open_feed(owner=Owner(OwnerKind.AGENT, world.agent.id), actor=SYSTEM, now=world.now)
    await sign_in(client, "admin")
    html = await page(client, "/admin/feeds")
    assert "Salle Loire" in html
    assert world.agent.name in html
    assert "Aucune maison ne partage" in html
    address = await address_in(await client.post(f"/admin/feeds/room/{room.id}"))
    assert "Salle Loire" in await (await client.get(address)).text()
    assert (await client.post(f"/admin/feeds/room/{'0' * 32}")).status == 404
    assert (await client.post(f"/admin/feeds/account/{room.id}")).status == 404
    for owner in (f"agent/{world.agent.id}", f"room/{room.id}"):
        assert (await client.post(f"/admin/feeds/{owner}/close")).status == 200
    assert (await client.get(address)).status == 404
    assert (await client.get(f"/calendar/feed-{token}.ics")).status == 404
    assert "Aucun agent ne partage" in await page(client, "/admin/feeds")
