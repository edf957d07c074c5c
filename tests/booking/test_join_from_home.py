"""An appointment from home: booked without a kiosk, told as such, joined by its link within the window."""

import re
from datetime import timedelta

import pytest
from icalendar import Calendar

from booking.change import reschedule
from booking.errors import KioskNeeded
from booking.lifecycle import Actor, ActorKind
from booking.models import Appointment, Kiosk, Occupancy, Service
from booking.notifications.invitations import Links, Method, invitation
from booking.notifications.letters import write_letter
from booking.notifications.notices import Kind, Recipient
from booking.passes import GUEST_COOKIE, read_guest
from booking.progress import check_in
from teleconsult.clock import utcnow
from teleconsult.web.tokens import SIGNER
from tests.booking.agenda_world import STEP, Client, World, page, sign_in, url
from tests.booking.meetings import NOW, make_meeting, translator
from tests.booking.test_journey_booking import confirm, slots_in, slots_url, to_person

CITIZEN = Actor(ActorKind.CITIZEN)
TWO_HOURS = timedelta(hours=2)


@pytest.fixture(autouse=True)
async def home_too(world: World) -> None:
    await Service.filter(id=world.service.id).update(modes=["kiosk", "home"])


async def test_home_is_offered_where_the_service_allows_it(client: Client, world: World) -> None:
    assert "possible de chez vous" in await page(client, "/rdv")
    html = await page(client, slots_url(world))
    assert "De chez moi" in html
    await Service.filter(id=world.service.id).update(modes=["kiosk"])
    assert "De chez moi" not in await page(client, slots_url(world))
    assert "possible de chez vous" not in await page(client, "/rdv")


async def test_home_takes_no_kiosk(client: Client, world: World) -> None:
    await Kiosk.all().update(in_service=False)
    assert slots_in(await page(client, slots_url(world))) == []
    address, form = await to_person(client, world, mode="home")
    html = await page(client, address)
    assert "En visioconférence, de chez vous" in html
    assert "Fauteuil roulant" not in html
    own = (await confirm(client, form)).headers["Location"]
    booked = await Appointment.get(given_name="Rose")
    assert (booked.mode, booked.kiosk_id) == ("home", None)
    assert [row.resource.partition(":")[0] for row in await Occupancy.filter(appointment_id=booked.id)] == ["agent"]
    html = await page(client, own)
    assert "En visioconférence, de chez vous" in html
    assert "Borne" not in html
    assert "Vous pourrez rejoindre l’agent ici" in html
    answer = await client.get(f"{own.partition('?')[0]}/pass", allow_redirects=False)
    assert answer.status == 303


async def book_home(world: World) -> Appointment:
    return await world.book(world.near_start, mode="home")


async def test_joining_announces_the_citizen_and_opens_the_call(client: Client, world: World) -> None:
    appointment = await book_home(world)
    own = world.manage_url(appointment)
    assert "Rejoindre" in await page(client, own)
    # a mail program that opens links announces nobody
    answer = await client.get(f"{own}/join", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"{own}#join")
    assert (await Appointment.get(id=appointment.id)).status == "booked"
    answer = await client.post(f"{own}/join", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"/call/{appointment.id}?as=guest")
    cookie = answer.cookies[GUEST_COOKIE]
    assert cookie["httponly"]
    assert cookie["path"] == "/call"
    assert read_guest(world.app[SIGNER], cookie.value, utcnow()) == appointment.id
    joined = await Appointment.get(id=appointment.id)
    assert (joined.status, joined.kiosk_id) == ("checked_in", None)
    # once more, after the page was closed by mistake
    assert "L’agent sait que vous êtes là" in await page(client, own)
    assert (await client.post(f"{own}/join", allow_redirects=False)).status == 303


async def test_too_early_is_said(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS, mode="home")
    own = world.manage_url(appointment)
    html = await page(client, own)
    assert "Vous pourrez rejoindre l’agent ici à partir de" in html
    assert f'action="{own}/join"' not in html
    answer = await client.post(f"{own}/join", allow_redirects=False)
    assert answer.status == 409
    assert GUEST_COOKIE not in answer.cookies
    assert (await Appointment.get(id=appointment.id)).status == "booked"


async def test_a_kiosk_appointment_is_not_joined_from_home(client: Client, world: World) -> None:
    appointment = await world.book(world.near_start)
    answer = await client.post(f"{world.manage_url(appointment)}/join", allow_redirects=False)
    assert answer.status == 409
    assert GUEST_COOKIE not in answer.cookies
    with pytest.raises(KioskNeeded):
        await check_in(now=utcnow(), appointment_id=appointment.id, kiosk_id=None, actor=CITIZEN)
    await world.arrive(appointment, world.now)
    assert (await client.post(f"{world.manage_url(appointment)}/join", allow_redirects=False)).status == 409


async def test_it_moves_to_another_time_at_home(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS, mode="home")
    await Kiosk.all().update(in_service=False)
    html = await page(client, f"{world.manage_url(appointment)}/move")
    assert re.search(r'name="start" id="[^"]+" value="', html)
    await reschedule(now=utcnow(), appointment_id=appointment.id, start=appointment.starts_at + 4 * STEP, actor=CITIZEN)
    moved = await Appointment.get(id=appointment.id)
    assert (moved.mode, moved.kiosk_id) == ("home", None)


async def test_the_agent_sees_that_the_citizen_is_at_home(client: Client, world: World) -> None:
    appointment = await book_home(world)
    await sign_in(client, "claire")
    assert "en visioconférence" in await page(client, "/agent")
    html = await page(client, url(appointment))
    assert "l’usager est chez lui" in html
    assert "Borne" not in html


@pytest.mark.parametrize("recipient", [each for each in Recipient if each not in (Recipient.ADVISER, Recipient.ROOM)])
def test_letters_and_invitations_name_no_house(recipient: Recipient) -> None:
    meeting, links = make_meeting(mode="home", kiosk=""), Links(page="https://rdv.example.fr/rdv/token")
    text = write_letter(Kind.INVITATION, meeting, recipient=recipient, links=links, _=translator("fr")).as_text()
    calendar = Calendar.from_ical(
        invitation(
            meeting,
            recipient=recipient,
            method=Method.REQUEST,
            organizer="rdv@example.fr",
            links=links,
            now=NOW,
            _=translator("fr"),
        )
    )
    event = calendar.walk("VEVENT")[0]
    for said in (text, str(event["location"]), str(event["description"])):
        assert "Orléans" not in said
        assert "orne" not in said
    assert "En visioconférence" in text
    assert "En visioconférence" in event["location"]
    assert "geo" not in event
