"""The citizen passes from one agent to another: on the wire, and in browsers."""

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Page, expect

from signaling.keys import GATEKEEPER, HUB
from tests.signaling.members import ROOM, SOON, Member, client, connect, gatekeeper, join, ticket
from tests.signaling.seats import assert_accessible, in_call, open_call, shows_as
from tests.support.media import AGENT, CITIZEN, COLLEAGUE

__all__ = ["client", "gatekeeper"]

Client = TestClient[web.Request, web.Application]
ASK = {"colleague": "colleague:1", "reason": "Dossier agricole", "stays": False}


async def in_conversation(client: Client) -> tuple[Member, Member]:
    citizen = await join(client, "citizen")
    agent = await join(client, "agent", "&admit=1")
    await citizen.hear("snapshot", lambda body: body["state"] == "in_call")
    return citizen, agent


async def test_a_colleague_is_asked_reads_why_and_becomes_the_agent(client: Client) -> None:
    _, agent = await in_conversation(client)
    await agent.say("hand_over", ASK)
    assert (await agent.hear("snapshot", lambda body: bool(body["handover"])))["body"]["handover"]["state"] == "asked"
    colleague = await join(client, "colleague")
    preview = (await colleague.hear("snapshot"))["body"]
    assert (preview["state"], preview["others"]) == ("rung", [])
    assert preview["handover"]["reason"] == ASK["reason"]
    await colleague.say("answer_hand_over", {"accepted": True})
    taken = (await colleague.hear("snapshot", lambda body: body["state"] == "in_call"))["body"]
    assert taken["you"]["role"] == "agent"
    assert {other["participant"] for other in taken["others"]} == {"agent:1", "citizen:1"}
    assert (await colleague.hear("offer"))["generation"] == 1
    assert client.app[GATEKEEPER].handed == [(ROOM, "colleague:1")]  # type: ignore[attr-defined]


async def test_a_colleague_who_declines_is_let_go_and_the_agent_is_told(client: Client) -> None:
    _, agent = await in_conversation(client)
    await agent.say("hand_over", ASK)
    colleague = await join(client, "colleague")
    await colleague.say("answer_hand_over", {"accepted": False})
    assert (await colleague.hear("ended"))["body"]["reason"] == "unneeded"
    assert await colleague.closed() == 1000
    await agent.hear("snapshot", lambda body: bool(body["handover"]) and body["handover"]["state"] == "declined")


async def test_a_colleague_whom_nobody_asks_stays_outside(client: Client) -> None:
    await in_conversation(client)
    colleague = await connect(client)
    await colleague.say("join", {"ticket": await ticket(client, "colleague")})
    assert (await colleague.hear("refused"))["body"]["code"] == "handover_gone"
    assert await colleague.closed() == 4410


async def test_a_colleague_who_is_refused_by_an_empty_server_opens_no_room_there(client: Client) -> None:
    # the server was started anew while they were asked: they are back before everyone else
    colleague = await connect(client)
    await colleague.say("join", {"ticket": await ticket(client, "colleague")})
    assert (await colleague.hear("refused"))["body"]["code"] == "handover_gone"
    assert not client.app[HUB].rooms()
    await asyncio.wait_for(client.app[HUB].drain(), SOON)


async def test_nobody_but_the_agent_passes_the_citizen_on_or_hears_of_it(client: Client) -> None:
    citizen, agent = await in_conversation(client)
    await citizen.say("hand_over", ASK)
    assert (await citizen.hear("refused"))["body"]["code"] == "not_allowed"
    await agent.say("hand_over", ASK)
    await agent.say("media", {"microphone": "on", "camera": "on"})
    told = await citizen.hear("snapshot", lambda body: body["others"][0]["camera"] == "on")
    assert told["body"]["handover"] is None
    await agent.say("hand_over", ASK)
    assert (await agent.hear("refused"))["body"]["code"] == "handover_pending"


async def test_only_the_agent_is_told_who_may_take_over(client: Client) -> None:
    answer = await client.get(f"/call/{ROOM}/colleagues?as=agent")
    assert await answer.json() == {
        "items": [{"participant": "colleague:1", "name": "Nadia Roux", "busy": False}]
    }  # fmt: skip
    for who in ("citizen", "adviser", "colleague"):
        assert (await client.get(f"/call/{ROOM}/colleagues?as={who}")).status == 403


async def test_the_first_agent_stays_for_a_moment_and_is_seen_beside_the_new_one(
    server: TestServer, citizen: Page, agent: Page, colleague: Page
) -> None:
    await in_call(citizen, agent, server)
    await agent.click("#hand-over")
    await expect(agent.locator("#hand-over-colleagues input:checked")).to_have_count(1)
    await assert_accessible(agent)
    await agent.fill("#hand-over-reason", "Dossier agricole")
    await agent.check("#hand-over-stays", force=True)
    await agent.click("#hand-over-ask")
    await open_call(colleague, server, "colleague")
    await expect(colleague.locator("#rung-reason")).to_have_text("Dossier agricole")
    await assert_accessible(colleague)
    await colleague.click("#rung-accept")
    await shows_as(citizen, "agent", COLLEAGUE)
    await shows_as(citizen, "colleague", AGENT)
    await shows_as(agent, "agent", COLLEAGUE)
    await expect(agent.locator("#hang-up")).to_have_text("Quitter l’appel")
    await expect(citizen.locator("#call-status")).to_have_text("Vous êtes maintenant avec Nadia Roux.")
    await agent.click("#hang-up")
    await agent.click("#hang-up-confirm")
    await expect(citizen.locator("#tiles video")).to_have_count(1)
    await shows_as(citizen, "agent", COLLEAGUE)
    await shows_as(colleague, "citizen", CITIZEN)
