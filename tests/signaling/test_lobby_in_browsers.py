"""Before the call, in Chromium: one's place, the sound on the agent's side, a service that is full, a second window."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Page, expect

from signaling.keys import TICKETS
from signaling.ports import Entry, Role
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.signaling.members import Client, Member, connect
from tests.signaling.seats import ROOM, open_call, shows, state
from tests.signaling.test_browsers import KEEP_SOCKETS
from tests.support.media import AGENT

# How many notes were really started: a chime is two.
COUNT_NOTES = """
window.notes = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { window.notes += 1; return start.apply(this, when); };
"""
FRIEND = Entry(
    participant="friend:1", role=Role.CITIZEN, display_name="Ali Benali", surface="kiosk", language="fr", title="",
    details=(), after_url="/", help_url=None, admit_on_join=False,
)  # fmt: skip


@pytest.fixture
async def narrow(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Client]:
    """A server with place for one room."""
    settings = Settings(database_url=sqlite_url, data_dir=tmp_path / "data", media_loopback=True, relay_max_rooms=1)
    async with TestClient(TestServer(make_app(settings), host="localhost")) as client:
        yield client


async def comes(client: Client, room: str) -> Member:
    """Let another citizen into a room's lobby."""
    member = await connect(client, room)
    await member.say("join", {"ticket": client.app[TICKETS].issue(room, FRIEND, utcnow())})  # type: ignore[union-attr]
    await member.hear("welcome")
    return member


async def test_a_service_that_is_full_says_so_and_lets_one_in_by_itself(narrow: Client, citizen: Page) -> None:
    friend = await comes(narrow, "room2")
    server = narrow.server
    assert isinstance(server, TestServer)
    await open_call(citizen, server, "citizen")
    status = citizen.locator("#call-status")
    await expect(status).to_have_text("Tous les postes d’appel sont occupés. Nouvel essai en cours, restez ici.")
    await friend.say("leave")
    await state(citizen, "lobby")
    await expect(status).to_contain_text("Vous êtes bien arrivé")


async def test_who_waits_knows_their_place_and_the_agent_hears_of_each(
    narrow: Client, citizen: Page, agent: Page
) -> None:
    friend = await comes(narrow, ROOM)
    server = narrow.server
    assert isinstance(server, TestServer)
    await open_call(citizen, server, "citizen")
    await expect(citizen.locator("#lobby-place")).to_have_text("Personnes avant vous\u00a0: 1.")
    await expect(citizen.locator("#lobby-agent")).to_contain_text("L’agent n’est pas encore connecté")
    await agent.add_init_script(COUNT_NOTES + KEEP_SOCKETS)
    await open_call(agent, server, "agent")
    await expect(agent.locator("#waiting-list li")).to_have_count(2)
    await expect(agent.locator("#waiting-list li").first).to_contain_text("Ali Benali")
    await expect(agent.locator("#waiting-news")).to_have_text("Jeanne Martin attend dans la salle d’attente.")
    await agent.wait_for_function("window.notes >= 4", timeout=15_000)
    await expect(citizen.locator("#lobby-agent")).to_contain_text("L’agent est connecté")
    await friend.say("leave")
    await expect(citizen.locator("#lobby-place")).to_have_text("Vous êtes le prochain.")
    await expect(agent.locator("#waiting-list li")).to_have_count(1)
    # the same call in another window: there it goes on, here it says so and leaves it at that
    other = await agent.context.new_page()
    await open_call(other, server, "agent", "&admit=1")
    await state(agent, "superseded")
    await expect(agent.locator("#over-text")).to_have_text(
        "Cet appel est ouvert dans une autre fenêtre. Vous pouvez fermer celle-ci."
    )
    await expect(agent.locator("#over-link")).to_be_hidden()
    await shows(citizen, AGENT)
    await state(other, "connected")
    assert await agent.evaluate("window.sockets.length") == 1, "the older window does not come back"
