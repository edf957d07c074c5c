"""Links for interpreters, observers and colleagues: what they open, for how long, and how they are taken back."""

import json
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Page, expect

from signaling.errors import InvitationRevoked
from signaling.invitations import INVITABLE, LIFETIME, InvitationOffice, revoke
from signaling.keys import GATEKEEPER
from signaling.models import CallInvitation
from signaling.relay.documents import DocumentRouter
from signaling.rooms.roles import Role
from teleconsult.clock import utcnow
from teleconsult.database import Database
from teleconsult.web.tokens import SIGNER, Signer, TokenExpired, TokenInvalid
from tests.signaling.members import ROOM, Member, client, connect, gatekeeper, join
from tests.signaling.seats import assert_accessible, in_call, shows_as, state
from tests.support.media import AGENT, CITIZEN
from tests.support.waiting import until

__all__ = ["client", "gatekeeper"]

Client = TestClient[web.Request, web.Application]
# How often a page asked for a device.
COUNT_DEVICES = """
window.opened = 0;
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (asked) => { window.opened += 1; return open(asked); };
"""


@pytest.mark.parametrize("role", INVITABLE)
async def test_a_link_opens_one_room_in_one_role_until_its_end(role: Role, database: Database) -> None:
    office, now = InvitationOffice(Signer("secret")), utcnow()
    invitation = await office.issue(ROOM, role, now)
    token = office.token(invitation)
    assert await office.read(ROOM, token, now + LIFETIME - timedelta(seconds=1)) == invitation
    assert invitation.role is role
    with pytest.raises(TokenInvalid):
        await office.read("another", token, now)
    with pytest.raises(TokenInvalid):
        await InvitationOffice(Signer("other")).read(ROOM, token, now)
    with pytest.raises(TokenExpired):
        await office.read(ROOM, token, now + LIFETIME)


async def test_what_is_taken_back_stays_so_and_nothing_else_is(database: Database) -> None:
    office, now = InvitationOffice(Signer("secret")), utcnow()
    kept, gone = [await office.issue(ROOM, Role.OBSERVER, now + timedelta(seconds=n)) for n in (0, 1)]
    await revoke("another", kept.id, now)
    await revoke(ROOM, gone.id, now)
    await revoke(ROOM, gone.id, now)
    with pytest.raises(InvitationRevoked):
        await office.read(ROOM, office.token(gone), now)
    assert await office.standing(ROOM, now) == [kept]
    assert await office.standing("another", now) == []
    later = now + LIFETIME + timedelta(seconds=1)
    assert await office.standing(ROOM, later) == []
    await office.issue("another", Role.OBSERVER, later)
    assert await CallInvitation.all().count() == 1, "what has expired is deleted"


async def invite(client: Client, role: str) -> dict[str, str]:
    answer = await client.post(f"/call/{ROOM}/invitations?as=agent", json={"role": role})
    assert answer.status == 201
    return dict(await answer.json())


async def come(client: Client, made: dict[str, str]) -> Member:
    """Join by a link."""
    path, _, query = made["url"].partition("?")
    ticket = await client.post(f"{path}/ticket?{query}")
    assert ticket.status == 200, await ticket.text()
    member = await connect(client)
    await member.say("join", {"ticket": (await ticket.json())["ticket"]})
    return member


async def test_only_the_agent_invites_and_only_to_what_one_may_be_invited_to(client: Client) -> None:
    for who in ("citizen", "adviser", "colleague"):
        assert (await client.post(f"/call/{ROOM}/invitations?as={who}", json={"role": "observer"})).status == 403
    for role in ("agent", "citizen", "adviser", "x"):
        assert (await client.post(f"/call/{ROOM}/invitations?as=agent", json={"role": role})).status == 422


async def test_an_invitation_that_is_taken_back_ends_the_visit_and_opens_nothing(client: Client) -> None:
    agent = await join(client, "agent")
    made = await invite(client, "interpreter")
    interpreter = await come(client, made)
    assert (await interpreter.hear("welcome"))["body"]["role"] == "interpreter"
    await agent.say("revoke", {"invitation": made["invitation"]})
    assert (await interpreter.hear("ended"))["body"]["reason"] == "unneeded"
    path, _, query = made["url"].partition("?")

    async def refused() -> bool:
        answer = await client.post(f"{path}/ticket?{query}", headers={"Accept": "application/json"})
        return answer.status == 410 and (await answer.json())["code"] == "invitation_revoked"

    await until(refused, "refused")
    # whatever holds the room now, or when none does
    await agent.say("end")
    await agent.hear("ended")
    assert await refused()
    assert (await client.get(made["url"])).status == 410


async def test_a_ticket_that_was_asked_for_before_opens_nothing_either(client: Client) -> None:
    agent = await join(client, "agent")
    made = await invite(client, "interpreter")
    path, _, query = made["url"].partition("?")
    ticket = (await (await client.post(f"{path}/ticket?{query}")).json())["ticket"]
    await agent.say("revoke", {"invitation": made["invitation"]})
    await agent.say("hand", {"raised": True})
    await agent.hear("refused")
    late = await connect(client)
    await late.say("join", {"ticket": ticket})
    assert (await late.hear("refused"))["body"]["code"] == "invitation_revoked"
    assert await late.closed() == 4410


async def test_an_invitation_ends_with_the_call_though_the_room_may_open_again(client: Client) -> None:
    agent = await join(client, "agent")
    made = await invite(client, "interpreter")
    assert (await client.get(made["url"])).status == 200
    await agent.say("end")
    await agent.hear("ended")

    async def gone() -> bool:
        return (await client.get(made["url"])).status == 410

    await until(gone, "gone")
    await join(client, "agent")
    assert await gone()


async def test_the_agents_page_finds_its_invitations_again(client: Client) -> None:
    made = await invite(client, "interpreter")
    answer = await client.get(f"/call/{ROOM}/invitations?as=agent")
    assert (await answer.json())["items"] == [made]
    for who in ("citizen", "adviser", "colleague"):
        assert (await client.get(f"/call/{ROOM}/invitations?as={who}")).status == 403


async def test_who_was_invited_takes_nothing_back(client: Client) -> None:
    await join(client, "agent")
    interpreter = await come(client, await invite(client, "interpreter"))
    await interpreter.say("revoke", {"invitation": "x"})
    assert (await interpreter.hear("refused"))["body"]["code"] == "not_allowed"


async def test_a_link_does_not_outlive_its_call(client: Client) -> None:
    made = await invite(client, "observer")
    client.app[GATEKEEPER].closed.add(ROOM)  # type: ignore[attr-defined]
    assert (await client.get(made["url"])).status == 410


async def test_a_forged_link_opens_nothing(client: Client) -> None:
    assert (await client.get(f"/call/{ROOM}?invitation=nonsense")).status == 403
    office = InvitationOffice(client.app[SIGNER])  # type: ignore[union-attr]
    token = office.token(await office.issue("another", Role.OBSERVER, utcnow()))
    assert (await client.get(f"/call/{ROOM}?invitation={token}")).status == 403


def test_an_observer_sends_no_documents() -> None:
    router = DocumentRouter()
    router.member_joined("agent")
    router.member_joined("observer")
    offer = {"type": "file", "transfer": "0" * 32, "name": "x.pdf", "size": 9, "sha256": "0" * 64}
    text = json.dumps({**offer, "media_type": "application/pdf"})
    ((who, answer),) = router.receive("observer", text, offers=False)
    assert who == "observer"
    assert isinstance(answer, str)
    assert json.loads(answer)["code"] == "not_allowed"
    assert [recipient for recipient, _ in router.receive("observer", text)] == ["agent"]


async def test_an_observer_sees_everyone_and_everyone_is_told(
    server: TestServer, citizen: Page, agent: Page, colleague: Page
) -> None:
    await in_call(citizen, agent, server)
    await agent.click("#invite")
    await assert_accessible(agent)
    await agent.check("#invite-observer", force=True)
    await agent.click("#invite-make")
    link = await agent.locator("#invite-list input").input_value()
    await agent.click("#invite-close")
    await colleague.add_init_script(COUNT_DEVICES)
    await colleague.goto(link)
    await shows_as(colleague, "citizen", CITIZEN)
    await shows_as(colleague, "agent", AGENT)
    await expect(colleague.locator("#observers")).to_contain_text("Vous observez")
    await expect(colleague.locator("#toggle-camera")).to_be_hidden()
    assert await colleague.evaluate("window.opened") == 0, "neither camera nor microphone of theirs is on"
    await assert_accessible(colleague)
    for page in (citizen, agent):
        await expect(page.locator("#observers")).to_have_text("Une personne en formation observe cet entretien.")
        await expect(page.locator("#tiles video")).to_have_count(1)
    # the page is loaded anew, and knows whom it invited
    await agent.reload()
    await shows_as(agent, "citizen", CITIZEN)
    await agent.click("#invite")
    await expect(agent.locator("#invite-list input")).to_have_value(link)
    await agent.click("#invite-list [data-action=revoke]")
    await state(colleague, "ended")
    await expect(citizen.locator("#observers")).to_be_hidden()
