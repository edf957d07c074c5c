"""Looking together in browsers: a page with a pointer, a screen beside the camera, and words for everything else."""

import io

import pytest
from aiohttp.test_utils import TestServer
from PIL import Image
from playwright.async_api import Page, expect

from tests.signaling.seats import assert_accessible, in_call, open_call, shows, state
from tests.signaling.test_browsers import KEEP_SOCKETS
from tests.support.media import AGENT, CITIZEN
from tests.support.pointing import marked, press_at, touch_at, watch_marks

COLOURS = ((200, 40, 40), (40, 160, 60), (40, 60, 200))
MIDDLE = """canvas => Array.from(
    canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data.slice(0, 3)
)"""
# how much of what is seen of a screen changed since it was asked last
NEW_FRAMES = "video => video.videoWidth ? video.getVideoPlaybackQuality().totalVideoFrames : 0"
REFUSE = """navigator.mediaDevices.getDisplayMedia = async () => {
  throw new DOMException("no", "NotAllowedError");
};"""

# somebody thinks before they choose in the browser's dialogue
THINK = """
window.asked = 0;
window.captured = [];
const capture = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
const chosen = new Promise((resolve) => (window.choose = resolve));
navigator.mediaDevices.getDisplayMedia = async (wish) => {
  window.asked += 1;
  await chosen;
  const stream = await capture(wish);
  window.captured.push(...stream.getTracks());
  return stream;
};"""


def make_pdf() -> bytes:
    """Three pages, red, green and blue."""
    pages = [Image.new("RGB", (620, 877), colour) for colour in COLOURS]
    pdf = io.BytesIO()
    pages[0].save(pdf, "PDF", save_all=True, append_images=pages[1:])
    return pdf.getvalue()


async def send(page: Page, other: Page, name: str = "facture.pdf") -> None:
    file = {"name": name, "mimeType": "application/pdf", "buffer": make_pdf()}
    await page.set_input_files("#file", [file])  # type: ignore[list-item]
    await expect(other.locator(f"#documents-list [data-name='{name}'][data-state=done]")).to_be_visible()


async def on_page(page: Page, number: int) -> None:
    canvas = page.locator(f"#viewer canvas[data-page='{number}']")
    await expect(canvas).to_be_visible()
    middle = await canvas.evaluate(MIDDLE)
    assert all(abs(one - other) < 30 for one, other in zip(middle, COLOURS[number - 1], strict=True)), middle


async def looks(page: Page, what: str) -> None:
    await expect(page.locator("html")).to_have_attribute("data-shown", what)


async def looks_at_people(page: Page) -> None:
    await expect(page.locator("html:not([data-shown])")).to_have_count(1)
    await expect(page.locator("#shown")).to_be_hidden()


async def test_a_page_is_looked_at_together_and_pointed_at_from_both_sides(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await citizen.add_init_script(KEEP_SOCKETS)
    await in_call(citizen, agent, server)
    await send(citizen, agent)
    await agent.click("#viewer-next")
    await agent.click("#viewer-show")
    for page in (citizen, agent):
        await looks(page, "document")
        await on_page(page, 2)
        await assert_accessible(page)
    await expect(citizen.locator("#shown-news")).to_have_text("Paul Durand vous montre la page 2 de facture.pdf.")
    await expect(agent.locator("#shown-news")).to_have_text("Vous montrez la page 2 de facture.pdf à tout le monde.")
    await shows(citizen, AGENT)
    for page in (citizen, agent):
        await watch_marks(page)
    await press_at(agent, 0.25, 0.2)
    await marked(citizen, "Paul Durand", 0.25, 0.2)
    await touch_at(citizen, 0.75, 0.3)
    await marked(agent, "Jeanne Martin", 0.75, 0.3)
    await expect(citizen.locator(".call-mark")).to_have_count(0)
    await agent.focus("#viewer-point")
    await agent.keyboard.press("Enter")
    for _ in range(5):
        await agent.keyboard.press("Shift+ArrowLeft")
    await citizen.wait_for_function("() => window.marks.some(([by, left]) => by === 'Paul Durand' && left < 0.01)")
    await agent.keyboard.press("Escape")
    await agent.click("#viewer-larger")
    width = await citizen.locator("#viewer-page").evaluate("page => page.clientWidth")
    await citizen.wait_for_function(
        "width => document.querySelector('#viewer-sheet').offsetWidth > 1.4 * (width - 32)", arg=width
    )
    await citizen.evaluate("window.sockets.at(-1).close(4000)")
    await citizen.wait_for_function("() => window.sockets.length === 2 && window.sockets[1].readyState === 1")
    await citizen.click("#viewer-next")
    await expect(agent.locator("#shown-news")).to_have_text("Jeanne Martin vous montre la page 3 de facture.pdf.")
    await on_page(agent, 3)
    await agent.click("#viewer-show")
    for page in (citizen, agent):
        await looks_at_people(page)


async def test_who_has_not_the_document_is_told_and_follows_once_it_came(
    server: TestServer, citizen: Page, agent: Page, adviser: Page
) -> None:
    await in_call(citizen, agent, server)
    await send(citizen, agent)
    await agent.click("#viewer-show")
    await open_call(adviser, server, "adviser")
    await expect(adviser.locator("#shown-news")).to_contain_text("que vous n’avez pas reçu. Demandez-lui")
    await expect(adviser.locator("#viewer")).to_be_hidden()
    await expect(adviser.locator("#shown-look")).to_be_hidden()
    await assert_accessible(adviser)
    await citizen.click("#viewer-close")
    await looks(agent, "document")
    await citizen.click("#shown-look")
    await looks(citizen, "document")
    await agent.click("#viewer-close")
    for page in (citizen, agent, adviser):
        await looks_at_people(page)


async def test_the_agents_screen_is_large_beside_the_face_and_ends_by_either_button(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await in_call(citizen, agent, server)
    await expect(citizen.locator("#share-screen")).to_have_count(0)
    for end in ("#share-screen", None):
        await agent.click("#share-screen")
        await looks(citizen, "screen")
        await expect(citizen.locator("#shown-news")).to_have_text("Paul Durand vous montre son écran.")
        await expect(citizen.locator("#viewer-title")).to_have_text("Écran de Paul Durand")
        await expect(agent.locator("#share-screen")).to_have_attribute("aria-pressed", "true")
        screen = citizen.locator("#viewer video.call-viewer__screen")
        await citizen.wait_for_function(
            f"() => ({NEW_FRAMES})(document.querySelector('#viewer video.call-viewer__screen')) > 10"
        )
        assert await screen.evaluate("video => video.videoWidth >= 640")
        await shows(citizen, AGENT)
        await shows(agent, CITIZEN)
        for page in (citizen, agent):
            await assert_accessible(page)
        await watch_marks(agent)
        await press_at(citizen, 0.5, 0.5)
        await marked(agent, "Jeanne Martin", 0.5, 0.5)
        if end:
            await agent.click(end)
        else:
            # what the browser's own "stop sharing" does to the page
            await agent.locator("#viewer video").evaluate(
                "video => video.srcObject.getTracks()[0].dispatchEvent(new Event('ended'))"
            )
        for page in (citizen, agent):
            await looks_at_people(page)
        await expect(agent.locator("#share-screen")).to_have_attribute("aria-pressed", "false")


async def test_a_page_takes_the_place_of_the_screen_and_words_say_so(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await in_call(citizen, agent, server)
    await send(agent, citizen)
    await agent.click("#share-screen")
    await looks(citizen, "screen")
    await citizen.click("#documents-list [data-action=show]")
    await citizen.click("#viewer-show")
    await looks(citizen, "document")
    await looks(agent, "document")
    news = agent.locator("#shown-news")
    await expect(news).to_have_text(
        "Jeanne Martin vous montre la page 1 de facture.pdf. Votre écran n’est plus montré."
    )
    await expect(agent.locator("#share-screen")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize(
    ("script", "words"),
    [(REFUSE, "annulé ou refusé"), ("navigator.mediaDevices.getDisplayMedia = undefined;", "ne sait pas partager")],
    ids=["refused", "absent"],
)
async def test_a_screen_that_cannot_be_shared_is_told_in_words(
    server: TestServer, agent: Page, citizen: Page, script: str, words: str
) -> None:
    await agent.add_init_script(script)
    await in_call(citizen, agent, server)
    await agent.click("#share-screen")
    await expect(agent.locator("#shown-news")).to_contain_text(words)
    await expect(agent.locator("#share-screen")).to_have_attribute("aria-pressed", "false")
    await assert_accessible(agent)


async def test_a_screen_that_is_chosen_too_late_or_twice_is_not_captured(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await agent.add_init_script(THINK)
    await in_call(citizen, agent, server)
    button = agent.locator("#share-screen")
    await button.click()
    await button.evaluate("button => button.click()")
    assert await agent.evaluate("window.asked") == 1
    # meanwhile the call goes on in another window
    other = await agent.context.new_page()
    await open_call(other, server, "agent")
    await state(agent, "superseded")
    await agent.evaluate("window.choose()")
    await agent.wait_for_function("() => window.captured.length && captured.every(t => t.readyState === 'ended')")
    await other.close()
