"""Links for interpreters, observers and colleagues: what they open, for how long, and how they are taken back."""

import json
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Page, expect

from signaling.invitations import INVITABLE, LIFETIME, InvitationOffice
from signaling.keys import GATEKEEPER
from signaling.relay.documents import DocumentRouter
from signaling.rooms.roles import Role
from teleconsult.clock import utcnow
from teleconsult.web.tokens import SIGNER, Signer, TokenExpired, TokenInvalid
from tests.signaling.seats import assert_accessible, in_call, shows_as, state
from tests.signaling.test_sockets import ROOM, Member, client, connect, gatekeeper, join
from tests.support.media import AGENT, CITIZEN

__all__ = ["client", "gatekeeper"]

Client = TestClient[web.Request, web.Application]


@pytest.mark.parametrize("role", INVITABLE)
def test_a_link_says_room_and_role_and_names_nobody(role: Role) -> None:
    office, now = InvitationOffice(Signer("secret")), utcnow()
    invitation, token = office.issue(ROOM, role, now)
    assert office.read(ROOM, token, now + LIFETIME - timedelta(seconds=1)) == invitation
    assert invitation.role is role
    with pytest.raises(TokenInvalid):
        office.read("another", token, now)
    with pytest.raises(TokenInvalid):
        InvitationOffice(Signer("other")).read(ROOM, token, now)
    with pytest.raises(TokenExpired):
        office.read(ROOM, token, now + LIFETIME)


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
    again = await come(client, made)
    assert (await again.hear("refused"))["body"]["code"] == "invitation_revoked"
    assert await again.closed() == 4410


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
    _, token = InvitationOffice(client.app[SIGNER]).issue("another", Role.OBSERVER, utcnow())  # type: ignore[union-attr]
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
    await colleague.goto(link)
    await shows_as(colleague, "citizen", CITIZEN)
    await shows_as(colleague, "agent", AGENT)
    await expect(colleague.locator("#observers")).to_contain_text("Vous observez")
    await expect(colleague.locator("#toggle-camera")).to_be_hidden()
    await assert_accessible(colleague)
    for page in (citizen, agent):
        await expect(page.locator("#observers")).to_have_text("Une personne en formation observe cet entretien.")
        await expect(page.locator("#tiles video")).to_have_count(1)
    await agent.click("#invite")
    await agent.click("#invite-list [data-action=revoke]")
    await state(colleague, "ended")
    await expect(citizen.locator("#observers")).to_be_hidden()
