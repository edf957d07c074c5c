"""Looking at a page or a screen together: who sees what, who may show and point, and what a flood comes to."""

import asyncio
import math
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from signaling.errors import NotAllowed, ParticipantUnknown
from signaling.rooms.live_room import POINTER_SECONDS
from signaling.rooms.looking import pointed_to, screen_goes, shown_to
from signaling.rooms.roles import Role
from signaling.rooms.room import Room
from signaling.wire.messages import Place
from signaling.wire.pace import Pace
from signaling.wire.requests import Point
from tests.signaling.media import until
from tests.signaling.members import Member, client, connect, gatekeeper, join
from tests.signaling.test_aside import conversation
from tests.signaling.test_handover_in_call import ASK

__all__ = ["client", "gatekeeper"]

Client = TestClient[web.Request, web.Application]
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TRANSFER = "0123456789abcdef" * 2
PAGE = {"transfer": TRANSFER, "page": 2, "zoom": 1, "x": 0.5, "y": 0.25}
PLACE = Place.model_validate(PAGE)
EVERYBODY = ("citizen", "agent", "adviser", "observer")
NUMBERS = st.floats() | st.integers() | st.sampled_from([0, 1, -0.0, 1e400, math.nextafter(1, 2)])


def room_of_four() -> Room:
    return conversation(Role.CITIZEN, Role.AGENT, Role.ADVISER, Role.OBSERVER)


def sees(room: Room) -> list[str]:
    return [who for who in EVERYBODY if shown_to(room, who) is not None]


@settings(deadline=None)
@given(x=NUMBERS, y=NUMBERS)
def test_one_points_within_the_page_or_not_at_all(x: float, y: float) -> None:
    within = 0 <= x <= 1 and 0 <= y <= 1
    try:
        assert Point.model_validate({"x": x, "y": y}) == Point(x=x, y=y)
        assert within
    except ValidationError:
        assert not within


@settings(deadline=None)
@given(page=NUMBERS, zoom=NUMBERS, x=NUMBERS, y=NUMBERS)
def test_a_place_lies_within_the_document(page: float, zoom: float, x: float, y: float) -> None:
    try:
        place = Place.model_validate({"transfer": TRANSFER, "page": page, "zoom": zoom, "x": x, "y": y})
    except ValidationError:
        return
    assert 1 <= place.page <= 10_000
    assert 1 <= place.zoom <= 4
    assert 0 <= place.x <= 1
    assert 0 <= place.y <= 1


ACTIONS = st.tuples(
    st.sampled_from(["show", "screen", "hide", "aside", "together", "leave"]), st.sampled_from(EVERYBODY)
)


@settings(deadline=None)
@given(st.lists(ACTIONS, max_size=12))
def test_nothing_crosses_an_aside_and_nothing_outlives_who_showed_it(actions: list[tuple[str, str]]) -> None:
    room = room_of_four()
    verbs: dict[str, Callable[[str], object]] = {
        "show": lambda by: room.show(by=by, place=PLACE),
        "screen": lambda by: room.show(by=by, place=None),
        "hide": lambda by: room.hide(by=by),
        "aside": lambda by: room.set_aside(by=by, aside=True),
        "together": lambda by: room.set_aside(by=by, aside=False),
        "leave": lambda by: room.leave(now=NOW, participant=by),
    }
    began_apart = False
    for verb, by in actions:
        if by not in room.participants:
            continue
        try:
            verbs[verb](by)
        except (NotAllowed, ParticipantUnknown):
            continue
        shown = room.showing.now
        if verb in ("show", "screen"):
            began_apart = room.aside
        if shown is None:
            continue
        assert shown.by in room.participants
        assert room.aside or not began_apart, "what was private ends with the aside"
        for viewer in room.participants:
            apart = room.aside and (viewer == "citizen") != (shown.by == "citizen")
            seen = shown_to(room, viewer) is not None
            assert not (seen and apart and (began_apart or shown.place is None))
            assert seen or apart
            assert screen_goes(room, viewer, shown.by) == (seen and shown.place is None)
            assert not [other for other in pointed_to(room, viewer) if not room.hears(other, viewer)]


def test_a_new_one_takes_the_place_of_the_old_and_only_its_owner_or_the_agent_ends_it() -> None:
    room = room_of_four()
    room.show(by="agent", place=None)
    room.show(by="citizen", place=PLACE)
    assert {shown_to(room, who).by for who in EVERYBODY} == {"citizen"}  # type: ignore[union-attr]
    room.hide(by="adviser")
    assert sees(room) == list(EVERYBODY), "an adviser does not end what the citizen shows"
    room.hide(by="agent")
    assert sees(room) == []


def test_a_page_that_lost_its_memory_shows_nothing_any_more() -> None:
    room = room_of_four()
    room.show(by="agent", place=None)
    room.join(now=NOW, participant="adviser", role=Role.ADVISER, name="l", session="new")
    assert sees(room) == list(EVERYBODY)
    room.join(now=NOW, participant="agent", role=Role.AGENT, name="a", session="newer")
    assert sees(room) == []


def test_who_waits_sees_and_shows_nothing() -> None:
    room = Room("r", NOW)
    room.join(now=NOW, participant="citizen", role=Role.CITIZEN, name="c", session="s")
    room.join(now=NOW, participant="agent", role=Role.AGENT, name="a", session="t")
    room.show(by="agent", place=PLACE)
    assert shown_to(room, "citizen") is None
    with pytest.raises(NotAllowed):
        room.show(by="citizen", place=PLACE)


async def test_the_newest_of_what_comes_too_fast_is_done_and_nothing_else() -> None:
    done: list[int] = []
    pace = Pace(0.01)
    for number in range(100):
        pace.do("one", lambda number=number: done.append(number))  # type: ignore[misc]
    assert done == [0]
    await until(lambda: done[-1] == 99)
    assert done == [0, 99]
    pace.close()


async def looking(client: Client) -> tuple[Member, Member]:
    """Citizen and agent in the call: the agent shows a page."""
    citizen = await join(client, "citizen")
    agent = await join(client, "agent", "&admit=1")
    await citizen.hear("snapshot", lambda body: body["state"] == "in_call")
    await agent.say("show", {"place": PAGE})
    for member in (citizen, agent):
        shown = await member.hear("snapshot", lambda body: body["shown"])
        assert shown["body"]["shown"] == {"by": "agent:1", "place": PAGE}
    return citizen, agent


async def test_who_comes_back_and_who_comes_later_look_at_the_same_page(client: Client) -> None:
    citizen, agent = await looking(client)
    await citizen.socket.close()
    back = await connect(client)
    await back.say("resume", {"session": citizen.session, "last_seq": citizen.received})
    assert (await back.hear("snapshot"))["body"]["shown"]["place"] == PAGE
    adviser = await join(client, "adviser")
    assert (await adviser.hear("snapshot"))["body"]["shown"]["place"] == PAGE
    await agent.say("hide")
    await adviser.hear("snapshot", lambda body: body["shown"] is None)


async def test_a_screen_is_told_of_with_its_owner_and_ends_with_the_hand_over(client: Client) -> None:
    citizen, agent = await looking(client)
    await agent.say("show_screen")
    told = (await citizen.hear("snapshot", lambda body: body["others"][0]["screen"]))["body"]
    assert told["shown"] == {"by": "agent:1", "place": None}
    await agent.say("hand_over", ASK)
    await agent.say("leave")
    assert (await citizen.hear("snapshot", lambda body: not body["others"]))["body"]["shown"] is None


async def test_pointing_reaches_the_others_and_a_flood_of_it_is_thinned(client: Client) -> None:
    citizen, agent = await looking(client)
    began = asyncio.get_running_loop().time()
    for number in range(150):
        await agent.say("point", {"x": number / 149, "y": 0.5}, seq=0)
    heard = [(await citizen.hear("pointed"))["body"]]
    while heard[-1]["x"] < 1:
        heard.append((await citizen.hear("pointed"))["body"])
    lasted = asyncio.get_running_loop().time() - began
    assert heard[-1] == {"participant": "agent:1", "x": 1, "y": 0.5}, "the newest is never lost"
    assert len(heard) <= 2 + lasted / POINTER_SECONDS
    await citizen.say("point", {"x": 0.25, "y": 0.75}, seq=0)
    assert (await agent.hear("pointed"))["body"] == {"participant": "citizen:1", "x": 0.25, "y": 0.75}


async def test_pointing_and_turning_pages_in_an_aside_do_not_reach_the_citizen(client: Client) -> None:
    citizen, agent = await looking(client)
    adviser = await join(client, "adviser")
    await agent.say("aside", {"active": True})
    await agent.say("point", {"x": 0.5, "y": 0.5}, seq=0)
    assert (await adviser.hear("pointed"))["body"]["x"] == 0.5
    await agent.say("show", {"place": {**PAGE, "page": 7}})
    await adviser.hear("snapshot", lambda body: body["shown"] and body["shown"]["place"]["page"] == 7)
    await citizen.hear("snapshot", lambda body: body["aside"])
    assert (await citizen.hear("snapshot", lambda body: body["shown"] is None))["body"]["aside"]
    await agent.say("aside", {"active": False})
    await agent.say("text", {"line": 1, "text": "fin", "done": True})
    seen = []
    while (message := await citizen.first())["type"] != "lines":
        seen.append(message)
    assert not [message for message in seen if message["type"] == "pointed" or message["body"].get("shown")]


@pytest.mark.parametrize("body", [{"x": 1.5, "y": 0}, {"x": "NaN", "y": 0}, {"x": 0}], ids=str)
async def test_a_point_beside_the_page_is_refused(client: Client, body: dict[str, object]) -> None:
    _, agent = await looking(client)
    await agent.say("point", body, seq=0)
    assert (await agent.hear("refused"))["body"]["code"] == "invalid_message"


async def test_a_citizen_shows_pages_and_no_screen(client: Client) -> None:
    citizen, agent = await looking(client)
    await citizen.say("show_screen")
    assert (await citizen.hear("refused"))["body"]["code"] == "not_allowed"
    await citizen.say("show", {"place": {**PAGE, "page": 3}})
    shown = (await agent.hear("snapshot", lambda body: body["shown"]["by"] == "citizen:1"))["body"]["shown"]
    assert shown["place"]["page"] == 3
