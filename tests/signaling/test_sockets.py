"""The WebSocket, with friendly and hostile clients."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import WSServerHandshakeError
from pytest_aiohttp import AiohttpClient

from signaling.errors import Flooding
from signaling.events import CallEnded, CallStarted, ParticipantJoined, ParticipantLeft, ParticipantWaiting
from signaling.keys import HUB, TICKETS
from signaling.models import CallParticipation, CallRecord
from signaling.pages.call_pages import TICKETS_A_MINUTE
from signaling.ports import Entry, Role
from signaling.report import call_seconds
from signaling.tickets import LIFETIME
from signaling.timings import Timings
from signaling.wire.allowance import BURST, Allowance
from signaling.wire.messages import Ping
from signaling.wire.outlet import MAX_QUEUED
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from teleconsult.web.events import EVENTS, Event
from tests.signaling.app import FakeGatekeeper, make_app
from tests.signaling.members import ROOM, SOON, Client, client, connect, eventually, gatekeeper, join, ticket

__all__ = ["client", "gatekeeper"]


@pytest.fixture
def told(client: Client) -> list[Event]:
    """Every event of signaling, in order."""
    events: list[Event] = []

    async def note(event: Event) -> None:
        events.append(event)

    for kind in (ParticipantWaiting, ParticipantJoined, ParticipantLeft, CallStarted, CallEnded):
        client.app[EVENTS].subscribe(kind, note)
    return events


async def test_a_call_is_recorded_and_told(client: Client, told: list[Event]) -> None:
    citizen = await join(client, "citizen")
    snapshot = await citizen.hear("snapshot")
    assert snapshot["body"]["state"] == "lobby"
    assert snapshot["from"] == "server"
    agent = await join(client, "agent")
    waiting = (await agent.hear("snapshot", lambda body: bool(body["others"])))["body"]["others"][0]
    assert (waiting["standing"], waiting["name"], waiting["place"]) == ("waiting", "Jeanne Martin", 1)
    await agent.say("admit", {"participant": waiting["participant"]})
    await citizen.hear("snapshot", lambda body: body["state"] == "in_call")
    offer = await citizen.hear("offer")
    assert offer["generation"] == 1
    assert [slot["participant"] for slot in offer["body"]["slots"]] == ["agent:1"]
    await agent.say("end")
    assert (await citizen.hear("ended"))["body"]["reason"] == "hung_up"
    assert await citizen.closed() == 1000
    assert await agent.closed() == 1000

    async def ended() -> bool:
        return any(isinstance(event, CallEnded) for event in told)

    await eventually(ended)
    kinds = [type(event).__name__ for event in told]
    assert kinds == [
        "ParticipantWaiting",
        "ParticipantJoined",
        "ParticipantJoined",
        "CallStarted",
        "ParticipantLeft",
        "ParticipantLeft",
        "CallEnded",
    ]
    record = await CallRecord.get(room=ROOM)
    assert record.started_at is not None
    assert record.ended_at is not None
    assert record.end_reason == "hung_up"
    roles = await CallParticipation.filter(call_id=record.id, left_at__isnull=False).values_list("role", flat=True)
    assert sorted(str(role) for role in roles) == ["agent", "citizen"]
    assert await call_seconds([ROOM]) == {ROOM: (record.ended_at - record.started_at).total_seconds()}


async def test_join_and_admit_in_one_click(client: Client) -> None:
    citizen = await join(client, "citizen")
    await join(client, "agent", "&admit=1")
    await citizen.hear("snapshot", lambda body: body["state"] == "in_call")


async def test_a_lost_socket_resumes_where_it_was(client: Client) -> None:
    citizen = await join(client, "citizen")
    agent = await join(client, "agent", "&admit=1")
    await citizen.hear("snapshot", lambda body: body["state"] == "in_call")
    await citizen.socket.close()
    await agent.hear("snapshot", lambda body: not body["others"][0]["connected"])
    back = await connect(client)
    await back.say("resume", {"session": citizen.session, "last_seq": 0})
    welcome = await back.hear("welcome")
    assert welcome["body"]["resumed"]
    assert (await back.hear("offer"))["seq"] == 1, "the offer that was missed comes again, under its number"
    await agent.hear("snapshot", lambda body: body["others"][0]["connected"])


async def test_what_was_sent_twice_is_done_once(client: Client) -> None:
    citizen = await join(client, "citizen")
    for microphone in ("on", "off"):
        await citizen.say("media", {"microphone": microphone, "camera": "on"}, seq=1)
    await citizen.say("media", {"microphone": "on", "camera": "off"}, seq=2)
    seen, camera = [], ""
    while camera != "off":
        you = (await citizen.hear("snapshot"))["body"]["you"]
        camera = you["camera"]
        seen.append(you["microphone"])
    assert "on" in seen
    assert "off" not in seen


async def test_the_newest_socket_wins_and_the_old_one_is_told(client: Client) -> None:
    older = await join(client, "citizen")
    newer = await join(client, "citizen")
    assert (await older.hear("refused"))["body"]["code"] == "superseded"
    assert await older.closed() == 4409
    assert (await newer.hear("snapshot"))["body"]["you"]["connected"]


async def test_a_resume_ends_the_socket_that_nobody_has_given_up_yet(client: Client) -> None:
    older = await join(client, "citizen")
    newer = await connect(client)
    await newer.say("resume", {"session": older.session, "last_seq": older.received})
    await newer.hear("welcome", lambda body: body["resumed"])
    assert await older.closed() == 4409
    assert client.app[HUB]._rooms[ROOM].room.participants["citizen:1"].connected


async def test_who_does_not_keep_up_is_told_why_and_comes_back(client: Client) -> None:
    slow = await join(client, "agent")
    session = client.app[HUB]._rooms[ROOM]._sessions["agent:1"]
    for _ in range(MAX_QUEUED + 1):
        session.send(Ping())
    assert (await slow.hear("refused"))["body"]["code"] == "too_slow"
    assert await slow.closed() == 4503
    back = await connect(client)
    await back.say("resume", {"session": slow.session, "last_seq": slow.received})
    await back.hear("welcome", lambda body: body["resumed"])


async def test_a_ticket_opens_one_session(client: Client) -> None:
    once = await ticket(client, "citizen")
    first, second = await connect(client), await connect(client)
    await first.say("join", {"ticket": once})
    await first.hear("welcome")
    await second.say("join", {"ticket": once})
    assert (await second.hear("refused"))["body"]["code"] == "ticket_spent"
    assert await second.closed() == 4409


async def test_a_ticket_of_another_room_opens_nothing(client: Client) -> None:
    member = await connect(client)
    await member.say("join", {"ticket": await ticket(client, "agent", room="another")})
    assert await member.closed() == 4401


async def test_an_old_ticket_opens_nothing(client: Client) -> None:
    entry = Entry("citizen:1", Role.CITIZEN, "x", "kiosk", "fr", "t", (), "/", None, False)
    old = client.app[TICKETS].issue(ROOM, entry, utcnow() - LIFETIME - timedelta(seconds=1))
    member = await connect(client)
    await member.say("join", {"ticket": old})
    assert (await member.hear("refused"))["body"]["code"] == "ticket_lapsed"
    assert await member.closed() == 4410


async def test_a_forged_ticket_opens_nothing(client: Client) -> None:
    member = await connect(client)
    good = await ticket(client, "citizen")
    await member.say("join", {"ticket": good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB")})
    assert await member.closed() == 4401


async def test_the_gatekeeper_is_asked_again_at_the_door(client: Client, gatekeeper: FakeGatekeeper) -> None:
    early = await ticket(client, "citizen")
    gatekeeper.refused.add("citizen:1")
    member = await connect(client)
    await member.say("join", {"ticket": early})
    assert await member.closed() == 4403


async def test_the_gatekeeper_is_asked_again_at_a_resume(client: Client, gatekeeper: FakeGatekeeper) -> None:
    citizen = await join(client, "citizen")
    await citizen.socket.close()
    gatekeeper.closed.add(ROOM)
    back = await connect(client)
    await back.say("resume", {"session": citizen.session, "last_seq": 0})
    assert await back.closed() == 4410


@pytest.mark.parametrize("last_seq", [0, 99])
async def test_a_session_that_never_was_is_not_resumed(client: Client, last_seq: int) -> None:
    citizen = await join(client, "citizen")
    member = await connect(client)
    session = citizen.session if last_seq else "0" * 32
    await member.say("resume", {"session": session, "last_seq": last_seq})
    assert (await member.hear("refused"))["body"]["code"] == "session_unknown"
    assert await member.closed() == 4410


async def test_nothing_but_join_or_resume_comes_first(client: Client) -> None:
    member = await connect(client)
    await member.say("end")
    assert (await member.hear("refused"))["body"]["code"] == "join_expected"
    assert await member.closed() == 4401


@pytest.mark.parametrize("bad", ["no json", "[]", '{"v":1}', "\x00", '{"v":1,"type":"nonsense","id":"x","seq":1}'])
async def test_bad_messages_are_refused_and_too_many_end_it(client: Client, bad: str) -> None:
    citizen = await join(client, "citizen")
    await citizen.socket.send_str(bad)
    assert (await citizen.hear("refused"))["body"]["code"] == "invalid_message"
    for _ in range(9):
        await citizen.socket.send_str(bad)
    assert await citizen.closed() == 4422


async def test_a_forged_sender_is_refused(client: Client) -> None:
    citizen = await join(client, "citizen")
    await citizen.say("media", {"microphone": "on", "camera": "on"}, **{"from": "agent:1"})
    refused = await citizen.hear("refused")
    assert (refused["body"]["code"], refused["body"]["reply_to"]) == ("invalid_message", "c1")


async def test_a_citizen_can_neither_admit_nor_end(client: Client) -> None:
    citizen = await join(client, "citizen")
    for kind, body in (("admit", {"participant": "citizen:1"}), ("end", {})):
        await citizen.say(kind, body)
        assert (await citizen.hear("refused"))["body"]["code"] == "not_allowed"


async def test_who_waits_gets_no_media_whatever_they_send(client: Client) -> None:
    citizen = await join(client, "citizen")
    await join(client, "agent")
    await citizen.say("renegotiate", {"fresh": True})
    await citizen.say("answer", {"sdp": "v=0"}, generation=1)
    await citizen.say("ping")
    while (message := json.loads(await citizen.socket.receive_str()))["type"] != "pong":
        assert message["type"] == "snapshot"
        assert message["body"]["others"] == []


async def test_a_bad_description_is_survived(client: Client) -> None:
    await join(client, "citizen")
    agent = await join(client, "agent", "&admit=1")
    offer = await agent.hear("offer")
    await agent.say("answer", {"sdp": "v=0\r\nm=nonsense"}, generation=offer["generation"])
    assert (await agent.hear("refused"))["body"]["code"] == "media_failed"
    await agent.say("renegotiate", {"fresh": True}, generation=offer["generation"])
    assert (await agent.hear("offer"))["generation"] == offer["generation"] + 1


async def test_a_flood_ends_it(client: Client) -> None:
    citizen = await join(client, "citizen")
    for _ in range(400):
        await citizen.say("pong")
    assert await citizen.closed() == 4429


async def test_a_message_that_is_too_long_ends_it(client: Client) -> None:
    citizen = await join(client, "citizen")
    await citizen.say("answer", {"sdp": "x" * 70_000})
    assert await citizen.closed() == 1009


async def test_binary_is_refused(client: Client) -> None:
    member = await connect(client)
    await member.socket.send_bytes(b"x")
    assert await member.closed() == 4422


async def test_a_page_of_another_site_gets_no_socket(client: Client) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(f"/signaling/rooms/{ROOM}", headers={"Origin": "https://evil.example"})
    assert refused.value.status == 403


async def test_who_may_not_see_the_page_gets_no_ticket(client: Client) -> None:
    assert (await client.post(f"/call/{ROOM}/ticket?as=stranger")).status == 403
    assert (await client.get(f"/call/{ROOM}?as=stranger")).status == 403


async def test_who_asks_for_too_many_tickets_keeps_nobody_else_out(client: Client) -> None:
    statuses = [(await client.post(f"/call/{ROOM}/ticket?as=agent")).status for _ in range(TICKETS_A_MINUTE + 1)]
    assert statuses[-2:] == [200, 429]
    assert await ticket(client, "citizen")
    assert await ticket(client, "agent", room="room2")


async def test_a_server_that_stops_tells_everyone_to_come_back(client: Client) -> None:
    citizen = await join(client, "citizen")
    await client.app[HUB].close()
    assert await citizen.closed() == 1012
    record = await CallRecord.get(room=ROOM)
    assert record.end_reason == "shutdown"


async def test_a_server_that_drains_opens_no_room_and_waits_for_those_that_run(client: Client) -> None:
    agent = await join(client, "agent")
    drained = asyncio.create_task(client.app[HUB].drain())
    newcomer = await connect(client, room="room2")
    await newcomer.say("join", {"ticket": await ticket(client, "citizen", room="room2")})
    assert (await newcomer.first())["body"]["code"] == "no_node_free"
    assert await newcomer.closed() == 4503
    citizen = await join(client, "citizen")  # a room that runs is not closed to those who belong there
    await citizen.hear("snapshot")
    assert not drained.done()
    await agent.say("end")
    await asyncio.wait_for(drained, SOON)


@pytest.fixture
async def hasty(aiohttp_client: AiohttpClient, sqlite_url: str, tmp_path: Path) -> Client:
    """A server with no patience."""
    app = make_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data"))
    app[HUB].timings = Timings(join=0.2, ping_after=0.2, dead_after=1.0)
    return await aiohttp_client(app)


async def test_a_silent_client_is_pinged_and_then_given_up(hasty: Client) -> None:
    citizen = await join(hasty, "citizen")
    await citizen.hear("ping")
    assert await citizen.closed() == 1000


async def test_a_client_that_answers_pings_stays(hasty: Client) -> None:
    citizen = await join(hasty, "citizen")
    for _ in range(8):
        await citizen.hear("ping")
        await citizen.say("pong")


async def test_who_never_joins_is_shown_out(hasty: Client) -> None:
    member = await connect(hasty)
    assert await member.closed() == 4401


def test_an_allowance_counts_what_a_message_costs() -> None:
    allowance = Allowance(a_second=0)
    allowance.take(0)
    allowance.take(BURST - 1)
    allowance.take()
    with pytest.raises(Flooding):
        allowance.take()
