"""Documents whose data channel dies or never comes, in real browsers: they arrive by the web, whole, by themselves."""

import hashlib
import random

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, Request

from tests.signaling.seats import assert_accessible, in_call

KEEP_CHANNELS = """
window.channels = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...a) {
    super(...a);
    this.addEventListener("datachannel", ({ channel }) => window.channels.push(channel));
  }
};
"""
NO_CHANNEL = """
window.RTCPeerConnection = class extends RTCPeerConnection { set ondatachannel(handler) {} };
"""
# Notes when the progress that is shown goes back.
WATCH_PROGRESS = """
window.jumps = 0;
let shown = 0;
setInterval(() => {
  const bar = document.querySelector("#documents-list progress");
  if (!bar) return;
  if (bar.value < shown) window.jumps += 1;
  shown = bar.value;
}, 20);
"""
CLOSE_IN_THE_MIDDLE = """() => {
  const bar = document.querySelector("#documents-list progress");
  if (!bar || bar.value < 0.1) return false;
  window.closedAt = bar.value;
  window.channels.at(-1).close();
  return true;
}"""


def pieces_of(page: Page) -> list[str]:
    """Return the methods of the requests by which a page moves documents, as they come."""
    methods: list[str] = []

    def note(request: Request) -> None:
        if "/documents/" in request.url:
            methods.append(request.method)

    page.on("request", note)
    return methods


def document(megabytes: int, seed: int) -> bytes:
    return b"%PDF-1.7\n" + random.Random(seed).randbytes(megabytes * 1024 * 1024)


async def send(page: Page, name: str, content: bytes) -> None:
    await page.set_input_files("#file", [{"name": name, "mimeType": "application/pdf", "buffer": content}])


async def arrived(content: bytes, *pages: Page) -> None:
    digest = hashlib.sha256(content).hexdigest()
    for page in pages:
        await page.wait_for_selector(f'#documents-list [data-sha256="{digest}"][data-state="done"]', timeout=90_000)


@pytest.mark.parametrize("loses", ["sender", "recipient"])
async def test_a_document_goes_on_by_the_web_when_the_channel_dies_in_the_middle(
    server: TestServer, citizen: Page, agent: Page, loses: str
) -> None:
    loser, method = (citizen, "POST") if loses == "sender" else (agent, "GET")
    for page in (citizen, agent):
        await page.add_init_script(WATCH_PROGRESS)
    await loser.add_init_script(KEEP_CHANNELS)
    pieces = pieces_of(loser)
    await in_call(citizen, agent, server)
    content = document(10, seed=3)
    await send(citizen, "gros.pdf", content)
    await loser.wait_for_function(CLOSE_IN_THE_MIDDLE)
    assert await loser.evaluate("window.closedAt") < 1, "it was under way"
    words = "Envoi" if loses == "sender" else "Réception"
    await loser.wait_for_selector(f'#documents-list [data-way="web"]:has-text("{words} en cours par le web")')
    await arrived(content, citizen, agent)
    assert set(pieces) == {method}
    for page in (citizen, agent):
        assert await page.evaluate("window.jumps") == 0
    # the channel is still closed: the next one begins by the web, the other way round, too
    content = document(2, seed=4)
    await send(agent, "retour.pdf", content)
    await arrived(content, citizen, agent)
    await assert_accessible(loser)


async def test_documents_cross_both_ways_where_a_channel_never_opens(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await citizen.add_init_script(NO_CHANNEL)
    pieces = pieces_of(citizen)
    await in_call(citizen, agent, server)
    for page, content in ((citizen, document(3, seed=5)), (agent, document(3, seed=6))):
        await send(page, "document.pdf", content)
        await arrived(content, citizen, agent)
    assert set(pieces) == {"POST", "GET"}
