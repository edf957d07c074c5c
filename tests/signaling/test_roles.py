"""Who may do what in a call: every role and every act, in the table, in the document and in the room."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Page, expect

from signaling.errors import NotAllowed, ParticipantUnknown
from signaling.keys import GATEKEEPER
from signaling.rooms.roles import MAY, Act, Role
from signaling.rooms.room import Room
from signaling.rooms.snapshots import snapshot_of
from signaling.wire.messages import Place
from tests.signaling.members import ROOM, client, gatekeeper, join
from tests.signaling.seats import assert_accessible, in_call
from tests.signaling.test_protocol import section

__all__ = ["client", "gatekeeper"]

Client = TestClient[web.Request, web.Application]
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PLACE = Place(transfer="0" * 32, page=1, zoom=1, x=0.5, y=0)

# `call_adviser` is asked over HTTP, `speak` and `send` are not asked for: see below
IN_THE_ROOM: dict[Act, Callable[[Room, str], object]] = {
    Act.ADMIT: lambda room, by: room.admit(now=NOW, by=by, participant="waiting"),
    Act.END: lambda room, by: room.end(now=NOW, by=by),
    Act.HAND_OVER: lambda room, by: room.hand_over(now=NOW, by=by, to="someone", reason="r", stays=False),
    Act.ASIDE: lambda room, by: room.set_aside(by=by, aside=True),
    Act.INVITE: lambda room, by: room.revoke(now=NOW, by=by, invitation="x"),
    Act.SHOW: lambda room, by: room.show(by=by, place=PLACE),
    Act.SHARE_SCREEN: lambda room, by: room.show(by=by, place=None),
    Act.RAISE_HAND: lambda room, by: room.raise_hand(participant=by, raised=True),
}


def full_room() -> Room:
    """Somebody of each role in the call, and a second citizen in the lobby."""
    room = Room("r", NOW)
    room.join(now=NOW, participant="citizen", role=Role.CITIZEN, name="c", session="s-c")
    room.join(now=NOW, participant="agent", role=Role.AGENT, name="a", session="s-a", admit_waiting=True)
    room.join(now=NOW, participant="adviser", role=Role.ADVISER, name="l", session="s-l")
    room.hand_over(now=NOW, by="agent", to="new", reason="r", stays=True)
    room.join(now=NOW, participant="new", role=Role.COLLEAGUE, name="n", session="s-n")
    room.answer_handover(now=NOW, by="new", accepted=True)
    room.confirm_handover(now=NOW, colleague="new")
    room.complete_handover(now=NOW, arrived="new")
    room.join(now=NOW, participant="invited:1", role=Role.INTERPRETER, name="i", session="s-i")
    room.join(now=NOW, participant="invited:2", role=Role.OBSERVER, name="o", session="s-o")
    room.leave(now=NOW, participant="adviser")
    room.join(now=NOW, participant="waiting", role=Role.CITIZEN, name="w", session="s-w")
    return room


def test_every_role_is_in_the_table_and_the_room_has_every_act() -> None:
    assert set(MAY) == set(Role)
    assert {*IN_THE_ROOM, Act.CALL_ADVISER, Act.SPEAK, Act.SEND} == set(Act)


@pytest.mark.parametrize("act", list(IN_THE_ROOM))
@pytest.mark.parametrize("role", list(Role))
def test_the_room_holds_to_the_table(role: Role, act: Act) -> None:
    room = full_room()
    if role is Role.ADVISER:  # a room has no place for one of each and somebody who waits
        room.leave(now=NOW, participant="invited:2")
        room.join(now=NOW, participant="adviser", role=Role.ADVISER, name="l", session="s-l")
    by = next(p.id for p in room.admitted() if p.role is role)
    if role.may(act):
        IN_THE_ROOM[act](room, by)
    else:
        with pytest.raises(NotAllowed):
            IN_THE_ROOM[act](room, by)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_not_speak_is_sent_to_nobody_and_told_to_everybody(role: Role) -> None:
    room = Room("r", NOW)
    room.join(now=NOW, participant="agent", role=Role.AGENT, name="a", session="s-a")
    room.join(now=NOW, participant="invited:1", role=role, name="x", session="s-x", admit_waiting=True)
    assert room.shows("agent", "invited:1") == role.may(Act.SPEAK)
    assert room.tells("agent", "invited:1")
    assert room.shows("invited:1", "agent")
    assert [other.role for other in snapshot_of(room, NOW, "agent").others] == [role]


def test_an_observer_is_nobody_to_talk_with_in_private() -> None:
    room = Room("r", NOW)
    room.join(now=NOW, participant="citizen", role=Role.CITIZEN, name="c", session="s-c")
    room.join(now=NOW, participant="agent", role=Role.AGENT, name="a", session="s-a", admit_waiting=True)
    room.join(now=NOW, participant="invited:1", role=Role.OBSERVER, name="o", session="s-o")
    with pytest.raises(ParticipantUnknown):
        room.set_aside(by="agent", aside=True)


def test_the_document_says_the_same() -> None:
    text = section("Who may do what")
    roles = re.findall(r"\w+", re.findall(r"^\| \|(.*)\|$", text, re.MULTILINE)[0])
    assert roles == list(Role)
    told = {}
    for name, cells in re.findall(r"^\| `(\w+)`.*?\|(.*)\|$", text, re.MULTILINE):
        told[name] = {role for role, cell in zip(roles, cells.split("|"), strict=True) if cell.strip() == "yes"}
    assert told == {act: {role for role in Role if role.may(act)} for act in Act}


async def test_agent_and_citizen_call_the_adviser_and_nobody_else(client: Client) -> None:
    for who, status in (("agent", 204), ("citizen", 204), ("adviser", 403), ("colleague", 403)):
        assert (await client.post(f"/call/{ROOM}/adviser?as={who}")).status == status
    assert client.app[GATEKEEPER].helped == 2  # type: ignore[attr-defined]


async def test_a_raised_hand_is_seen_by_the_others(client: Client) -> None:
    citizen = await join(client, "citizen")
    agent = await join(client, "agent", "&admit=1")
    await citizen.say("hand", {"raised": True})
    await agent.hear("snapshot", lambda body: any(other["hand"] for other in body["others"]))
    await citizen.say("hand", {"raised": False})
    await agent.hear("snapshot", lambda body: not any(other["hand"] for other in body["others"]))
    await agent.say("hand", {"raised": True})
    assert (await agent.hear("refused"))["body"]["code"] == "not_allowed"


async def test_raising_a_hand_and_calling_the_adviser_from_the_page(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await in_call(citizen, agent, server)
    await citizen.click("#raise-hand")
    await expect(agent.locator("#hand-news")).to_have_text("Jeanne Martin lève la main.")
    await expect(agent.locator(".call-tile[data-hand=true]")).to_contain_text("main levée")
    for page in (citizen, agent):
        await assert_accessible(page)
    await citizen.click("#raise-hand")
    await expect(agent.locator(".call-tile[data-hand=true]")).to_have_count(0)
    await expect(agent.locator("#raise-hand")).to_be_hidden()
    await expect(agent.locator("#ask-help")).to_have_text("Appeler le conseiller")
    await agent.click("#ask-help")
    await expect(agent.locator("#ask-help")).to_have_attribute("data-state", "asked")
