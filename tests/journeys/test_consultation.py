"""A whole consultation, for all four people, in real browsers, against the program as a user starts it."""

from pathlib import Path

from playwright.async_api import Playwright, expect

from tests.journeys import call, kiosk, offices
from tests.journeys.hands import Keyboard, Pointer
from tests.journeys.letters import invitations_for
from tests.journeys.offices import ADMINISTRATOR_EMAIL, ADVISER_EMAIL, AGENT_EMAIL
from tests.journeys.people import LANDSCAPE, PORTRAIT, Table, everybody
from tests.support.media import ADVISER, AGENT, CITIZEN
from tests.support.senses import hears_nothing, sees_nothing_of
from tests.support.server import Server


async def test_consultation_with_a_finger(server: Server, player: Playwright, tmp_path: Path) -> None:
    async with everybody(player, tmp_path, PORTRAIT, Pointer(), judged=True) as people:
        await whole_consultation(people, server, tmp_path)


async def test_consultation_with_the_keyboard_alone(
    server_on_postgres: Server, player: Playwright, tmp_path: Path
) -> None:
    async with everybody(player, tmp_path, LANDSCAPE, Keyboard(), judged=False) as people:
        await whole_consultation(people, server_on_postgres, tmp_path)


async def whole_consultation(people: Table, server: Server, folder: Path) -> None:
    """The nine steps of the product, in order."""
    citizen, agent, administrator = people.citizen, people.agent, people.administrator
    mailbox = server.data / "mail"
    await offices.sign_in(administrator, server.url, "/admin", ADMINISTRATOR_EMAIL)
    before = await offices.figures(administrator, server.url, folder)

    ready = await kiosk.open_kiosk(citizen, server.url)
    booked = await kiosk.book(citizen)
    await kiosk.leave(citizen)
    (invitation,) = await invitations_for(mailbox, kiosk.EMAIL)
    assert (invitation.method, invitation.sequence) == ("REQUEST", 0)
    assert (invitation.starts_at, invitation.timezone) == (booked.starts_at, "Europe/Paris")
    assert kiosk.EMAIL in invitation.attendees
    await kiosk.arrive_too_early(citizen, booked.reference)

    await offices.sign_in(agent, server.url, "/agent", AGENT_EMAIL)
    await offices.sign_in(people.adviser, server.url, "/desk", ADVISER_EMAIL)
    await offices.go_to_house(people.adviser, ready.house)
    await kiosk.arrive(citizen, ready.reference)
    await call.wait_in_lobby(citizen)
    await offices.see_arrival(agent)
    await offices.receive(agent)
    await talk(people)
    await exchange_documents(people, folder)
    await be_helped(people)
    await call.hang_up(agent)
    await call.sees_it_is_over(citizen)

    await offices.note_outcome(agent)
    follow_up = await offices.book_follow_up(agent)
    await kiosk.say_how_it_went(citizen)
    after = await offices.figures(administrator, server.url, folder)
    assert follow_up > booked.starts_at or follow_up != booked.starts_at
    for heading, more in {"Tenus": 1, "Avis": 1}.items():
        assert after[heading] == before[heading] + more, heading


async def talk(people: Table) -> None:
    """See and hear each other; then neither sound nor picture while the agent has turned them off."""
    citizen, agent = people.citizen, people.agent
    await call.meets(citizen, "agent", AGENT)
    await call.meets(agent, "citizen", CITIZEN)
    await citizen.look()
    await agent.look()
    await call.toggle(agent, "microphone", "off")
    await hears_nothing(call.picture_of(citizen, "agent"))
    await call.toggle(agent, "camera", "off")
    await sees_nothing_of(call.picture_of(citizen, "agent"), AGENT)
    await citizen.look()
    await call.toggle(agent, "microphone", "on")
    await call.toggle(agent, "camera", "on")
    await call.meets(citizen, "agent", AGENT)


async def exchange_documents(people: Table, folder: Path) -> None:
    """A photo from the citizen, a form from the agent."""
    await call.pass_on(people.citizen, people.agent, call.make_photo(folder))
    await call.pass_on(people.agent, people.citizen, call.make_pdf(folder))


async def be_helped(people: Table) -> None:
    """The citizen calls for help; the adviser is told, joins as the third person, and leaves again."""
    citizen, agent, adviser = people.citizen, people.agent, people.adviser
    await citizen.hands.press(citizen.page.locator("#ask-help"))
    await expect(adviser.page.get_by_role("heading", name="On vous demande")).to_be_visible(timeout=15_000)
    await adviser.look()
    await adviser.hands.press(adviser.page.get_by_role("button", name="Rejoindre l’appel"))
    for seat, role, person in (
        (adviser, "citizen", CITIZEN),
        (adviser, "agent", AGENT),
        (citizen, "adviser", ADVISER),
        (agent, "adviser", ADVISER),
    ):
        await call.meets(seat, role, person)
    await adviser.look()
    await call.hang_up(adviser)
    await adviser.page.wait_for_url("**/desk/**")
    await expect(call.picture_of(citizen, "adviser")).to_have_count(0)
    await call.meets(citizen, "agent", AGENT)
