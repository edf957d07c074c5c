"""Two Chromiums in a call through the relay: whose picture arrives is told by its colour."""

import hashlib
import io
import random
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from PIL import Image
from playwright.async_api import Page, expect

from signaling.keys import GATEKEEPER, HUB
from tests.signaling.seats import COLOUR, ROOM, assert_accessible, in_call, open_call, shows, state
from tests.support.browsers import running_browser
from tests.support.media import ADVISER, AGENT, CITIZEN

KEEP_SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket { constructor(...a) { super(...a); window.sockets.push(this); } };
"""
KEEP_CONNECTIONS = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...a) { super(...a); window.connections.push(this); }
};
"""
COUNT_RENEGOTIATIONS = """
window.renegotiated = 0;
const tell = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (typeof data === "string" && data.includes('"renegotiate"')) window.renegotiated += 1;
  tell.call(this, data);
};
"""
# The connection dies at the moment when the recipient would say that it has the document.
CLOSE_AT_DONE = """
const send = RTCDataChannel.prototype.send;
RTCDataChannel.prototype.send = function (data) {
  if (typeof data === "string" && data.includes('"done"') && !window.lostWord) {
    window.lostWord = data;
    window.connections.at(-1).close();
  } else send.call(this, data);
};
"""

# A laptop, the same at 200 %, a telephone.
SCREENS = ((1366, 768), (683, 384), (390, 844))
# Whether one's own picture leaves the middle of the others' pictures free, where their faces are.
COVERS_NO_FACE = """() => {
  const own = document.querySelector("#self-view").getBoundingClientRect();
  return [...document.querySelectorAll("#tiles video")].every(video => {
    const box = video.getBoundingClientRect();
    const scale = Math.min(box.width / video.videoWidth, box.height / video.videoHeight);
    const [wide, high] = [video.videoWidth * scale, video.videoHeight * scale];
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    return own.right < x - wide / 5 || own.left > x + wide / 5 || own.bottom < y - high * 0.4 || own.top > y + high / 4;
  });
}"""


async def test_both_see_each_other_once_the_agent_admits(server: TestServer, citizen: Page, agent: Page) -> None:
    await open_call(citizen, server, "citizen")
    await state(citizen, "lobby")
    await open_call(agent, server, "agent")
    await agent.wait_for_selector("#waiting-list [data-admit]")
    assert await citizen.evaluate(COLOUR, "agent") is None, "nobody is seen before being admitted"
    await agent.click("#waiting-list [data-admit]")
    await state(citizen, "connected")
    await state(agent, "connected")
    await shows(citizen, AGENT)
    await shows(agent, CITIZEN)


async def test_who_is_refused_reads_words_and_no_code(
    server: TestServer, citizen: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = citizen.locator("#over-text")
    gatekeeper = server.app[GATEKEEPER]
    gatekeeper.refused.add("citizen:1")  # type: ignore[attr-defined]
    await open_call(citizen, server, "citizen")
    await expect(words).to_have_text("Vous ne pouvez pas entrer dans cet appel.")
    gatekeeper.refused.clear()  # type: ignore[attr-defined]
    with monkeypatch.context() as full:
        full.setattr("signaling.rooms.room.CAPACITY", 0)
        await open_call(citizen, server, "citizen")
        await expect(words).to_have_text("Cet appel est complet. Rechargez la page quand quelqu’un en sera sorti.")
    # refused before there is a socket: the service's own words
    await citizen.route(
        "**/ticket?*", lambda route: route.continue_(url=route.request.url.replace("citizen", "nobody"))
    )
    await open_call(citizen, server, "citizen")
    await expect(words).to_have_text("Vous n’avez pas le droit de faire cela.")


async def test_a_cut_socket_comes_back_into_the_call(server: TestServer, citizen: Page, agent: Page) -> None:
    await citizen.add_init_script(KEEP_SOCKETS)
    await in_call(citizen, agent, server)
    # what is said while the socket is away is said when there is one again
    await citizen.evaluate("window.sockets.at(-1).close(4000), document.querySelector('#raise-hand').click()")
    await citizen.wait_for_function("() => window.sockets.length === 2 && window.sockets[1].readyState === 1")
    await state(citizen, "connected")
    await agent.wait_for_selector('.call-tile[data-hand="true"]')
    await agent.click("#toggle-camera")
    await citizen.wait_for_selector('.call-tile[data-camera="off"]')
    await agent.click("#toggle-camera")
    await shows(citizen, AGENT)


@pytest.mark.parametrize("who", ["citizen", "agent"])
async def test_a_tab_that_was_killed_comes_back_without_a_click(
    server: TestServer, citizen: Page, agent: Page, who: str
) -> None:
    await in_call(citizen, agent, server)
    killed = {"citizen": citizen, "agent": agent}[who]
    context = killed.context
    address = killed.url
    await killed.close()
    reopened = await context.new_page()
    await reopened.goto(address)
    await state(reopened, "connected")
    await shows(reopened, AGENT if who == "citizen" else CITIZEN)
    other = agent if who == "citizen" else citizen
    await shows(other, CITIZEN if who == "citizen" else AGENT)


async def test_a_dead_media_path_is_replaced(server: TestServer, citizen: Page, agent: Page) -> None:
    await citizen.add_init_script(KEEP_CONNECTIONS)
    await in_call(citizen, agent, server)
    await citizen.evaluate("window.connections.at(-1).close()")
    await citizen.wait_for_function("() => window.connections.length >= 2", timeout=25_000)
    await state(citizen, "connected")
    await shows(citizen, AGENT)
    await shows(agent, CITIZEN)


async def test_a_room_that_moved_is_taken_at_its_first_offer(server: TestServer, citizen: Page, agent: Page) -> None:
    """Another node counts the connections of a call from one again."""
    for page in (citizen, agent):
        await page.add_init_script(KEEP_CONNECTIONS + COUNT_RENEGOTIATIONS)
    await in_call(citizen, agent, server)
    await citizen.evaluate("window.connections.at(-1).close()")
    await citizen.wait_for_function("() => window.connections.length >= 2", timeout=25_000)
    await shows(citizen, AGENT)
    for page in (citizen, agent):
        await page.evaluate("window.before = window.connections.length, window.renegotiated = 0")
    server.app[GATEKEEPER].let_in = True  # as booking knows of whoever was in a call
    server.app[HUB].lose(ROOM)
    for page, other in ((citizen, AGENT), (agent, CITIZEN)):
        await page.wait_for_function("() => window.connections.length > window.before")
        await page.wait_for_function("() => window.connections.at(-1).connectionState === 'connected'")
        await shows(page, other)
        assert await page.evaluate("window.connections.length - window.before") == 1
        assert await page.evaluate("window.renegotiated") == 0, "it was not there by itself"


async def test_a_path_on_which_nothing_comes_any_more_is_replaced_by_who_hears_nothing(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await citizen.add_init_script(KEEP_CONNECTIONS)
    await in_call(citizen, agent, server)
    line = server.app[HUB]._rooms[ROOM]._relay._lines["citizen:1"]
    assert line.current is not None
    # one way only: the relay goes on receiving, and sees nothing wrong
    path: Any = line.current._connection.getTransceivers()[0].receiver.transport.media_path  # type: ignore[attr-defined]
    path.send = lambda packet: None
    await citizen.wait_for_function("() => window.connections.length >= 2", timeout=25_000)
    await state(citizen, "connected")
    await shows(citizen, AGENT)


async def test_documents_cross_both_ways_with_their_hash_and_vanish_at_the_end(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await in_call(citizen, agent, server)
    photo = make_photo()
    await citizen.set_input_files("#file", [{"name": "photo.png", "mimeType": "image/png", "buffer": photo}])
    await received(agent, citizen, "photo.png", photo)
    await agent.wait_for_selector("#viewer img.call-viewer__image")
    form = make_pdf()
    await agent.set_input_files("#file", [{"name": "formulaire.pdf", "mimeType": "application/pdf", "buffer": form}])
    await received(citizen, agent, "formulaire.pdf", form)
    await citizen.wait_for_selector("#viewer canvas.call-viewer__canvas")
    await agent.click("#hang-up")
    await agent.click("#hang-up-confirm")
    for page, who in ((citizen, "citizen"), (agent, "agent")):
        await page.wait_for_url(f"**/after/{who}", wait_until="domcontentloaded")


@pytest.mark.parametrize("breaks", ["sender", "recipient"])
async def test_a_document_survives_the_loss_of_the_connection(
    server: TestServer, citizen: Page, agent: Page, breaks: str
) -> None:
    for page in (citizen, agent):
        await page.add_init_script(KEEP_CONNECTIONS)
    await in_call(citizen, agent, server)
    content = b"%PDF-1.7\n" + random.Random(2).randbytes(6 * 1024 * 1024)
    await citizen.set_input_files("#file", [{"name": "gros.pdf", "mimeType": "application/pdf", "buffer": content}])
    broken = citizen if breaks == "sender" else agent
    await broken.wait_for_function(
        """() => {
          const bar = document.querySelector("#documents-list progress");
          if (!bar || bar.value < 0.1) return false;
          window.brokenAt = bar.value;
          window.dispatchEvent(new Event("online"));
          return true;
        }"""
    )
    assert await broken.evaluate("window.brokenAt") < 1, "it was under way"
    await broken.wait_for_function("() => window.connections.length === 2")
    digest = hashlib.sha256(content).hexdigest()
    for page in (citizen, agent):
        await page.wait_for_selector(f'#documents-list [data-sha256="{digest}"][data-state="done"]', timeout=60_000)


async def test_the_word_that_a_document_is_whole_is_said_again_when_it_was_lost(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await agent.add_init_script(KEEP_CONNECTIONS)
    await agent.add_init_script(CLOSE_AT_DONE)
    await in_call(citizen, agent, server)
    photo = make_photo()
    await citizen.set_input_files("#file", [{"name": "photo.png", "mimeType": "image/png", "buffer": photo}])
    digest = hashlib.sha256(photo).hexdigest()
    await citizen.wait_for_selector(f'#documents-list [data-sha256="{digest}"][data-state="done"]', timeout=60_000)
    assert await agent.evaluate("window.lostWord")


async def test_a_document_that_lies_about_its_type_is_refused_by_the_relay(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await in_call(citizen, agent, server)
    program = b"MZ" + b"\0" * 1000
    await citizen.set_input_files("#file", [{"name": "facture.pdf", "mimeType": "application/pdf", "buffer": program}])
    row = await citizen.wait_for_selector('#documents-list [data-state="failed"]')
    assert "ne correspond pas" in await row.inner_text()
    await agent.wait_for_selector('#documents-list [data-state="failed"]')


async def test_enter_opens_the_file_dialogue_although_the_other_had_gone_meanwhile(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await in_call(citizen, agent, server)
    await agent.focus("#send-document")
    await citizen.click("#hang-up")
    await citizen.click("#hang-up-confirm")
    await agent.wait_for_selector('#tiles[data-count="0"]', state="attached")
    await agent.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    await agent.keyboard.press("Enter")
    await agent.wait_for_function("() => document.querySelector('#documents-news').textContent.includes('Personne')")
    await open_call(citizen, server, "citizen")
    await shows(agent, CITIZEN)
    async with agent.expect_file_chooser():
        assert await agent.evaluate("document.activeElement.id") == "send-document", "the focus stayed"
        await agent.keyboard.press("Enter")


async def test_an_adviser_joins_as_the_third(server: TestServer, citizen: Page, agent: Page, adviser: Page) -> None:
    await in_call(citizen, agent, server)
    await open_call(adviser, server, "adviser")
    for page, people in ((adviser, (CITIZEN, AGENT)), (citizen, (AGENT, ADVISER)), (agent, (CITIZEN, ADVISER))):
        for person in people:
            await shows(page, person)
    await expect(agent.locator("#waiting-panel")).to_be_visible()
    await expect(adviser.locator("#waiting-panel")).to_be_hidden()  # who lets nobody in, and of whom nobody waits
    for width, height in SCREENS:
        await agent.set_viewport_size({"width": width, "height": height})
        assert await agent.evaluate(COVERS_NO_FACE), (width, height)
    await adviser.click("#hang-up")
    await adviser.click("#hang-up-confirm")
    await adviser.wait_for_url("**/after/adviser", wait_until="domcontentloaded")
    await agent.wait_for_selector('video[data-role="adviser"]', state="detached")
    await shows(agent, CITIZEN)
    await state(agent, "connected")


async def test_without_camera_and_microphone_one_still_sees_the_other(
    server: TestServer, agent: Page, tmp_path: Path
) -> None:
    async with running_browser() as browser:
        context = await browser.new_context(viewport={"width": 1080, "height": 1920})
        bare = await context.new_page()
        await bare.add_init_script("navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('refused'))")
        await open_call(bare, server, "citizen")
        await state(bare, "lobby")
        await bare.wait_for_selector("#device-notice:not([hidden])")
        await open_call(agent, server, "agent", "&admit=1")
        await state(bare, "connected")
        await shows(bare, AGENT)
        await agent.wait_for_selector('.call-tile[data-camera="missing"]')


async def test_no_accessibility_violation(server: TestServer, citizen: Page, agent: Page) -> None:
    await open_call(citizen, server, "citizen")
    await state(citizen, "lobby")
    await assert_accessible(citizen)
    await open_call(agent, server, "agent")
    await agent.wait_for_selector("#waiting-list [data-admit]")
    await agent.click("#waiting-list [data-admit]")
    await shows(agent, CITIZEN)
    await citizen.set_input_files("#file", [{"name": "p.png", "mimeType": "image/png", "buffer": make_photo()}])
    await agent.wait_for_selector("#viewer img")
    for page in (citizen, agent):
        await assert_accessible(page)
    await agent.click("#hang-up")
    await assert_accessible(agent)


async def received(recipient: Page, sender: Page, name: str, content: bytes) -> None:
    """Wait until a document is done on both sides, and check that both show the hash of what was sent."""
    digest = hashlib.sha256(content).hexdigest()
    for page in (recipient, sender):
        row = await page.wait_for_selector(f'#documents-list [data-name="{name}"][data-state="done"]')
        assert await row.get_attribute("data-sha256") == digest
    await recipient.wait_for_selector(f'html[data-document="{digest}"]', state="attached")


def make_photo() -> bytes:
    """Return a PNG that does not compress, of some 1.4 MB, so that it takes several acknowledgements."""
    image = Image.frombytes("RGB", (700, 700), random.Random(1).randbytes(700 * 700 * 3))
    buffer = io.BytesIO()
    image.save(buffer, "png")
    return buffer.getvalue()


def make_pdf() -> bytes:
    """Return a PDF of two pages."""
    buffer = io.BytesIO()
    pages = [Image.new("RGB", (600, 800), colour) for colour in ("white", "yellow")]
    pages[0].save(buffer, "pdf", save_all=True, append_images=pages[1:])
    return buffer.getvalue()
