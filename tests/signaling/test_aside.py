"""A private aside: what is said in it does not reach the citizen; told by the rules, and by decoded colour and tone."""

from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Page, expect

from signaling.errors import NotAllowed, ParticipantUnknown
from signaling.rooms.roles import Role
from signaling.rooms.room import Room
from signaling.rooms.snapshots import snapshot_of
from tests.signaling.seats import assert_accessible, in_call, open_call, shows_as, state
from tests.support.media import ADVISER, AGENT, CITIZEN
from tests.support.senses import hears, hears_nothing, sees

# What the browser was asked to say aloud: there is no voice where tests run.
KEEP_SPOKEN = """
window.spoken = [];
const speak = speechSynthesis.speak.bind(speechSynthesis);
speechSynthesis.speak = (words) => { window.spoken.push([words.text, words.lang]); speak(words); };
"""
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def conversation(*roles: Role) -> Room:
    """A room with one person of each role, named like it, all in the call."""
    room = Room("r", NOW)
    for role in sorted(roles, key=lambda role: role.hosts):
        room.join(now=NOW, participant=role.value, role=role, name=role, session=f"s-{role}", admit_waiting=role.hosts)
    return room


def test_the_agent_and_the_adviser_hear_each_other_and_the_citizen_neither() -> None:
    room = conversation(Role.CITIZEN, Role.AGENT, Role.ADVISER)
    room.set_aside(by="agent", aside=True)
    room.set_aside(by="agent", aside=True)
    assert room.hears("agent", "adviser")
    assert room.hears("adviser", "agent")
    for apart in (("citizen", "agent"), ("agent", "citizen"), ("citizen", "adviser"), ("adviser", "citizen")):
        assert not room.hears(*apart)
    assert all(snapshot_of(room, NOW, who).aside for who in room.participants)
    room.set_aside(by="agent", aside=False)
    assert room.hears("citizen", "agent")


@pytest.mark.parametrize("who", ["citizen", "adviser"])
def test_only_the_agent_begins_and_ends_it(who: str) -> None:
    room = conversation(Role.CITIZEN, Role.AGENT, Role.ADVISER)
    for aside in (True, False):
        with pytest.raises(NotAllowed):
            room.set_aside(by=who, aside=aside)


def test_alone_with_the_citizen_there_is_nobody_to_talk_with() -> None:
    room = conversation(Role.CITIZEN, Role.AGENT)
    with pytest.raises(ParticipantUnknown):
        room.set_aside(by="agent", aside=True)


@given(gone=st.lists(st.sampled_from(["citizen", "agent", "adviser"]), unique=True, max_size=3))
def test_nobody_stays_behind_a_door_that_nobody_can_open(gone: list[str]) -> None:
    room = conversation(Role.CITIZEN, Role.AGENT, Role.ADVISER)
    room.set_aside(by="agent", aside=True)
    for who in gone:
        room.leave(now=NOW, participant=who)
        assert not room.aside, "with any of the three gone there is no aside left"


async def test_the_citizen_hears_and_sees_nothing_of_an_aside_and_then_everything_again(
    server: TestServer, citizen: Page, agent: Page, adviser: Page
) -> None:
    await citizen.add_init_script(KEEP_SPOKEN)
    await in_call(citizen, agent, server)
    await open_call(adviser, server, "adviser")
    await shows_as(citizen, "adviser", ADVISER)
    await shows_as(adviser, "agent", AGENT)
    picture = {role: citizen.locator(f"#tiles video[data-role={role}]") for role in ("agent", "adviser")}
    await hears(picture["agent"], AGENT)
    await agent.click("#aside")
    await expect(citizen.locator("#held")).to_be_visible()
    await expect(citizen.locator("html")).to_have_attribute("data-held-chimes", "1")
    spoken = "Un instant, s’il vous plaît. Votre interlocuteur revient tout de suite."
    assert await citizen.evaluate("window.spoken") == [[spoken, "fr"]]
    for video in picture.values():
        await hears_nothing(video)
    await assert_accessible(citizen)
    frames = "video => video.getVideoPlaybackQuality().totalVideoFrames"
    still = [await video.evaluate(frames) for video in picture.values()]
    for page, role, person in ((agent, "adviser", ADVISER), (adviser, "agent", AGENT)):
        seen = page.locator(f"#tiles video[data-role={role}]")
        await sees(seen, person)
        await hears(seen, person)
    await hears_nothing(agent.locator("#tiles video[data-role=citizen]"))
    assert [await video.evaluate(frames) for video in picture.values()] == still, "no frame of anybody came meanwhile"
    await agent.click("#aside")
    await expect(citizen.locator("#held")).to_be_hidden()
    await sees(picture["agent"], AGENT)
    await hears(picture["agent"], AGENT)
    await sees(agent.locator("#tiles video[data-role=citizen]"), CITIZEN)
    await state(citizen, "connected")
