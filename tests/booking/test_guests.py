"""Who is invited besides the citizen and the agent, what they may read, and how they are told that it is off."""

from datetime import datetime
from typing import Any

import pytest
from icalendar import Calendar, Event

from booking.book import book
from booking.change import cancel, reschedule
from booking.models import Appointment, Notice, Organisation, Room, Service, Site, Workplace
from booking.notifications import outbox
from booking.notifications.due import read_due
from booking.notifications.guests import guests_of
from booking.notifications.invitations import Links, Method, invitation
from booking.notifications.kinds import GUESTS, Kind, NoticeState, Recipient
from booking.notifications.meeting import Meeting
from booking.notifications.notices import plan_notices
from booking.schemas import Citizen
from teleconsult.database import Database, transaction
from tests.booking.meetings import NOW, SENDER, make_meeting, translator
from tests.booking.offers import MONDAY_8, SYSTEM, Offer, make_offer, make_site, paris_monday

ZOE = Citizen(given_name="Zoé", family_name="Quatremère", email="zoe.q@mail.example")
INTERPRET = "https://rdv.example.fr/interpret/token"
DESK, INTERPRETERS = "accueil@maison.example", "interpretes@agence.example"


async def inviting_offer() -> Offer:
    """Return an offer whose house and interpreters want invitations."""
    offer = await make_offer(
        kiosks=2, agents=2, interpreter_email=INTERPRETERS, meets_needs=["sign_language", "interpreter"]
    )
    await Site.filter(id=offer.site.id).update(invites_desk=True, email=DESK)
    return offer


async def booked(offer: Offer, start: datetime, *needs: str, **more: Any) -> Appointment:
    done = await book(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=start, citizen=ZOE, actor=SYSTEM,
        channel="kiosk", needs=list(needs), **more,
    )  # fmt: skip
    return done.appointment


async def owed(appointment: Appointment) -> list[tuple[str, str, str, int, str]]:
    """Return kind, recipient, address, sequence and state of what guests are owed."""
    notices = await Notice.filter(appointment_id=appointment.id, recipient__in=[*GUESTS]).order_by("sequence", "kind")
    return [(each.kind, each.recipient, each.params["to"], each.sequence, each.state) for each in notices]


@pytest.mark.parametrize(
    ("needs", "mode", "invited"),
    [
        ((), "kiosk", {"adviser", "room"}),
        (("wheelchair",), "kiosk", {"adviser", "room"}),
        (("interpreter:ar",), "kiosk", {"adviser", "interpreter", "room"}),
        (("sign_language",), "home", {"interpreter", "room"}),
    ],
)
def test_who_is_invited(needs: tuple[str, ...], mode: str, invited: set[str]) -> None:
    house = Site(name="Gien", commune="Gien", latitude=1.0, longitude=2.0, email=DESK, invites_desk=True)
    room = Room(id="r" * 32, name="Loire", email="loire@ddt.example")
    guests = guests_of(house, interpreter_email=INTERPRETERS, needs=needs, mode=mode, room=room)
    assert {each.recipient.value for each in guests} == invited
    for silent in ({"email": ""}, {"invites_desk": False}):
        house.update_from_dict(silent)
        room.email = ""
        assert Recipient.ADVISER not in {
            each.recipient for each in guests_of(house, interpreter_email="", needs=needs, mode=mode, room=room)
        }
    assert guests_of(house, interpreter_email="", needs=needs, mode=mode, room=room) == []


async def test_desk_and_interpreter_are_invited_when_it_is_booked(database: Database) -> None:
    appointment = await booked(await inviting_offer(), paris_monday(14), "interpreter:ar")
    assert sorted(await owed(appointment)) == [
        ("invitation", "adviser", DESK, 0, "pending"),
        ("invitation", "interpreter", INTERPRETERS, 0, "pending"),
    ]


async def test_nobody_is_invited_who_did_not_ask(database: Database) -> None:
    appointment = await booked(await make_offer(), paris_monday(14))
    assert await owed(appointment) == []


async def test_desk_of_the_house_that_is_left_is_told_and_the_next_invited(database: Database) -> None:
    offer = await inviting_offer()
    other, _ = await make_site("Gien", 1, invites_desk=True, email="gien@maison.example")
    appointment = await booked(offer, paris_monday(14))
    await Notice.all().update(state=NoticeState.SENT)
    move = {"now": MONDAY_8, "appointment_id": appointment.id, "actor": SYSTEM}
    await reschedule(**move, start=paris_monday(15), site_id=other.id)
    assert (await owed(appointment))[1:] == [
        ("cancellation", "adviser", DESK, 1, "pending"),
        ("invitation", "adviser", "gien@maison.example", 1, "pending"),
    ]
    # Moved again within the new house before anything went out: the first house is still owed its cancellation.
    await reschedule(**move, start=paris_monday(16), site_id=other.id)
    assert await owed(appointment) == [
        ("invitation", "adviser", DESK, 0, "sent"),
        ("cancellation", "adviser", DESK, 1, "pending"),
        ("invitation", "adviser", "gien@maison.example", 1, "void"),
        ("change", "adviser", "gien@maison.example", 2, "pending"),
    ]
    notices = {notice.kind: notice for notice in await outbox.claim(now=MONDAY_8, limit=20)}
    due = await read_due(list(notices.values()))
    told = due[notices["cancellation"].id].subject
    assert isinstance(told, Meeting)
    assert (told.address_of(Recipient.ADVISER), told.site, told.starts_at) == (DESK, "Orléans", paris_monday(14))
    assert told.site_id == offer.site.id, "its link leads to its own desk"
    # Back where it was: the cancellation must not follow the new invitation.
    await Notice.filter(state=NoticeState.PENDING).update(leased_until=None)
    await reschedule(**move, start=paris_monday(14), site_id=offer.site.id)
    assert (await owed(appointment))[1] == ("cancellation", "adviser", DESK, 1, "void")
    assert (await owed(appointment))[-2:] == [
        ("cancellation", "adviser", "gien@maison.example", 3, "pending"),
        ("invitation", "adviser", DESK, 3, "pending"),
    ]


async def test_cancellation_reaches_whoever_was_invited_even_if_the_house_no_longer_asks(database: Database) -> None:
    offer = await inviting_offer()
    appointment = await booked(offer, paris_monday(14), "sign_language")
    await Notice.all().update(state=NoticeState.SENT)
    await Site.all().update(invites_desk=False)
    await Service.all().update(interpreter_email="new@agence.example")
    await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=SYSTEM)
    assert sorted((await owed(appointment))[2:]) == [
        ("cancellation", "adviser", DESK, 1, "pending"),
        ("cancellation", "interpreter", INTERPRETERS, 1, "pending"),
    ]
    claimed = await outbox.claim(now=MONDAY_8, limit=20)
    assert len(await read_due(claimed)) == 4, "none of them is stale"


async def test_shared_room_is_invited_and_withdrawn_when_the_room_changes(database: Database) -> None:
    offer = await make_offer()
    office = await Organisation.get(id=offer.service.organisation_id)  # type: ignore[attr-defined]
    workplace = await Workplace.create(organisation=office, name="Cité administrative")
    rooms = [
        await Room.create(workplace=workplace, name=name, email=f"{name.lower()}@ddt.example")
        for name in ("Loire", "Cher")
    ]
    appointment = await booked(offer, paris_monday(14))
    names = {room.id: room.name for room in rooms}

    async def take(room: Room, kind: Kind) -> None:
        async with transaction():
            appointment.room_id = room.id
            appointment.sequence += 1
            await appointment.save(update_fields=["room_id", "sequence"])
            await plan_notices(appointment=appointment, kind=kind, now=MONDAY_8)

    async def told() -> list[tuple[str, str, int, str]]:
        notices = await Notice.filter(recipient=Recipient.ROOM).order_by("sequence", "kind")
        return [(each.kind, names[str(each.room_id)], each.sequence, each.state) for each in notices]

    await take(rooms[0], Kind.CHANGE)
    assert await told() == [("invitation", "Loire", 1, "pending")]
    await Notice.all().update(state=NoticeState.SENT)
    await take(rooms[1], Kind.REPLACEMENT)
    assert (await told())[1:] == [("cancellation", "Loire", 2, "pending"), ("invitation", "Cher", 2, "pending")]
    claimed = await outbox.claim(now=MONDAY_8, limit=20)
    due = await read_due(claimed)
    mailed = {}
    for each in claimed:
        meeting = due[each.id].subject
        if each.recipient == Recipient.ROOM and isinstance(meeting, Meeting):
            mailed[meeting.address_of(Recipient.ROOM)] = (each.kind, meeting.room)
    assert mailed == {"loire@ddt.example": ("cancellation", "Loire"), "cher@ddt.example": ("invitation", "Cher")}


LINKS = {
    Recipient.ADVISER: Links("https://rdv.example.fr/desk"),
    Recipient.INTERPRETER: Links(INTERPRET, INTERPRET),
    Recipient.ROOM: Links(),
}


def read(recipient: Recipient, method: Method = Method.REQUEST, **more: Any) -> Event:
    meeting = make_meeting(**more)
    calendar = invitation(
        meeting, recipient=recipient, method=method, organizer=SENDER,
        links=LINKS[recipient], now=NOW,
        _=translator("fr"),
    )  # fmt: skip
    text = calendar.replace(b"\r\n ", b"").decode()
    for personal in ("Zoé", "Quatremère", "zoe.q", "Camille", "camille.roy", "Borne 2" if "ROOM" in text else "\0"):
        assert personal not in text
    (event,) = Calendar.from_ical(calendar).events
    return event


@pytest.mark.parametrize(
    ("recipient", "params"),
    [
        (Recipient.ADVISER, {"CUTYPE": "GROUP", "ROLE": "OPT-PARTICIPANT", "RSVP": "FALSE"}),
        (Recipient.INTERPRETER, {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "RSVP": "TRUE"}),
        (Recipient.ROOM, {"CUTYPE": "ROOM", "ROLE": "NON-PARTICIPANT", "RSVP": "TRUE"}),
    ],
)
def test_guest_is_the_one_attendee_and_in_their_own_part(recipient: Recipient, params: dict[str, str]) -> None:
    for method in (Method.REQUEST, Method.CANCEL):
        event = read(recipient, method)
        assert event["attendee"] == "mailto:guest@maison.example"
        assert {name: event["attendee"].params[name] for name in params} == params
        joins = recipient is Recipient.INTERPRETER and method is Method.REQUEST
        assert ("conference" in event) == joins


def test_each_guest_reads_what_they_need() -> None:
    adviser, interpreter, room = (read(each) for each in (Recipient.ADVISER, Recipient.INTERPRETER, Recipient.ROOM))
    assert adviser["summary"] == "Aides au logement · Z. · ACD-EFG"
    assert "Borne 2" in adviser["description"]
    assert adviser["url"] == "https://rdv.example.fr/desk"
    assert interpreter["summary"] == "Interprète (arabe) · Aides au logement · ACD-EFG"
    assert "wheelchair" not in interpreter["description"]
    assert "Fauteuil" not in interpreter["description"], "other needs are not an interpreter's business"
    assert "Z." not in interpreter["description"]
    assert interpreter["url"] == INTERPRET
    assert f"Rejoindre l’appel à l’heure prévue\u00a0: {INTERPRET}" in interpreter["description"]
    assert room["location"] == "Salle Loire"
    assert "geo" not in room
    assert not room.subcomponents, "a mailbox is woken by nothing"
    signing = read(Recipient.INTERPRETER, needs=("sign_language",))
    assert signing["summary"].startswith("Langue des signes")
