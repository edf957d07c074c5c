"""Typing to each other: as it grows, once it is done, after a resume, in an aside, and never after the call."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import FloatRect, Page, expect

from signaling.rooms.conversation import MAX_LINES, Conversation, Line
from tests.signaling.members import client, connect, gatekeeper, join
from tests.signaling.seats import assert_accessible, in_call

__all__ = ["client", "gatekeeper"]

SMALLEST_TARGET = 64  # CSS pixels, for a finger that is not steady
Client = TestClient[web.Request, web.Application]
LINES = st.builds(
    Line,
    sender=st.sampled_from("ab"),
    name=st.just("x"),
    number=st.integers(0, 5),
    text=st.text(max_size=3),
    done=st.booleans(),
    side=st.sampled_from([None, True, False]),
)


@given(st.lists(LINES, max_size=30))
def test_a_line_that_is_done_never_changes_and_an_aside_stays_on_its_side(lines: list[Line]) -> None:
    conversation = Conversation()
    done: dict[tuple[str, int], Line] = {}
    for line in lines:
        key = (line.sender, line.number)
        assert conversation.write(line) == (key not in done)
        if line.done:
            done.setdefault(key, line)
    for key, line in done.items():
        assert conversation.lines[key] == line
    for citizen in (True, False):
        assert all(line.side in (None, citizen) for line in conversation.seen_by(citizen=citizen))


def test_memory_is_bounded() -> None:
    conversation = Conversation()
    for number in range(MAX_LINES + 10):
        conversation.write(Line("a", "x", number, "t", done=True))
    assert [line.number for line in conversation.seen_by(citizen=True)] == list(range(10, MAX_LINES + 10))


async def test_it_grows_is_done_and_is_there_after_a_resume(client: Client) -> None:
    citizen = await join(client, "citizen")
    agent = await join(client, "agent", "&admit=1")
    await citizen.hear("snapshot", lambda body: body["state"] == "in_call")
    for text, done in (("Bonj", False), ("Bonjour", True), ("trop tard", True)):
        await citizen.say("text", {"line": 1, "text": text, "done": done})
    (growing,) = (await agent.hear("lines"))["body"]["lines"]
    assert (growing["text"], growing["done"], growing["name"]) == ("Bonj", False, "Jeanne Martin")
    assert (await agent.hear("lines"))["body"]["lines"][0]["text"] == "Bonjour"
    await agent.socket.close()
    back = await connect(client)
    await back.say("resume", {"session": agent.session, "last_seq": agent.received})
    everything = (await back.hear("lines"))["body"]
    assert everything["whole"]
    assert [line["text"] for line in everything["lines"]] == ["Bonjour"]


async def test_what_is_typed_in_an_aside_does_not_reach_the_citizen(client: Client) -> None:
    citizen = await join(client, "citizen")
    agent = await join(client, "agent", "&admit=1")
    adviser = await join(client, "adviser")
    await agent.say("aside", {"active": True})
    await agent.say("text", {"line": 1, "text": "entre nous", "done": True})
    await adviser.hear("lines")
    await agent.say("aside", {"active": False})
    await agent.say("text", {"line": 2, "text": "pour tous", "done": True})
    assert [line["text"] for line in (await citizen.hear("lines"))["body"]["lines"]] == ["pour tous"]


@pytest.mark.parametrize("body", [{"line": 1, "text": "x" * 501, "done": True}, {"line": -1, "text": "", "done": True}])
async def test_a_line_too_long_is_refused(client: Client, body: dict[str, object]) -> None:
    agent = await join(client, "agent")
    await agent.say("text", body)
    assert (await agent.hear("refused"))["body"]["code"] == "invalid_message"


async def test_nobody_types_from_the_lobby(client: Client) -> None:
    citizen = await join(client, "citizen")
    await citizen.say("text", {"line": 1, "text": "x", "done": True})
    assert (await citizen.hear("refused"))["body"]["code"] == "not_allowed"


async def test_typing_is_seen_as_it_grows_and_nothing_is_left_at_the_end(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await in_call(citizen, agent, server)
    await agent.locator("#text-input").press_sequentially("Avez-vous votre avis")
    await expect(citizen.locator("#text-caption")).to_have_text("Avez-vous votre avis")
    await expect(citizen.locator("#text-lines li")).to_have_count(0)
    await agent.locator("#text-input").press_sequentially(" d’imposition ?")
    await agent.keyboard.press("Enter")
    for page, who in ((citizen, "Paul Durand"), (agent, "Vous")):
        await expect(page.locator("#text-lines li")).to_contain_text(f"{who}")
        await expect(page.locator("#text-lines li")).to_contain_text("Avez-vous votre avis d’imposition ?")
        await assert_accessible(page)
    await expect(citizen.locator("#text-caption")).to_be_hidden()  # a face is not covered for ever
    await agent.click("#hang-up")
    await agent.click("#hang-up-confirm")
    await expect(citizen.locator("#over")).to_be_visible()
    await expect(citizen.locator("#text-lines li")).to_have_count(0)


async def test_a_kiosk_has_a_keyboard_for_it_and_shows_faces_at_twice_the_size(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await in_call(citizen, agent, server)
    await expect(agent.locator("#keyboard")).to_have_count(0)
    for width, height in ((1920, 1080), (1080, 1920)):
        await citizen.set_viewport_size({"width": width, "height": height})
        await citizen.locator("#text-input").click()
        keys = await box(citizen, "#keyboard")
        field = await box(citizen, "#text-input")
        assert field["y"] + field["height"] <= keys["y"]
        assert keys["y"] + keys["height"] <= height
        for key in await citizen.locator("#keyboard button").all():
            found = await key.bounding_box()
            assert found
            assert min(found["width"], found["height"]) >= SMALLEST_TARGET, await key.inner_text()
        await citizen.get_by_role("button", name="Masquer le clavier").click()
    await citizen.locator("#text-input").click()
    for letter in "oui, 2":
        await citizen.locator(f'#keyboard button[data-type="{letter}"]').click()
    await expect(agent.locator("#text-caption")).to_have_text("Oui, 2")
    await assert_accessible(citizen)
    await citizen.get_by_role("button", name="OK", exact=True).click()
    await expect(agent.locator("#text-lines li")).to_have_text("Jeanne Martin\u00a0: Oui, 2")
    await expect(citizen.locator("#keyboard")).to_be_visible()
    await citizen.get_by_role("button", name="Masquer le clavier").click()
    for width, height in ((540, 960), (960, 540)):  # the kiosk's screen, at 200 %
        await citizen.set_viewport_size({"width": width, "height": height})
        face = await box(citizen, ".call-tile")
        own = await box(citizen, "#self-view")
        assert face["height"] >= 200
        assert own["y"] + own["height"] <= face["y"] + face["height"] + 16
        assert await citizen.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def box(page: Page, selector: str) -> FloatRect:
    found = await page.locator(selector).bounding_box()
    assert found
    return found
