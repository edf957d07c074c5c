"""Blurring the background, with the real network in a real browser: the person stays sharp, what is behind does not."""

import gzip
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from scripts.segmenter import add_metadata
from tests.signaling.seats import assert_accessible, open_call, state
from tests.support.browsers import running_browser
from tests.support.server import ROOT

# Eileen Collins before a flag and a shuttle (NASA, public domain).
PERSON = Path(__file__).with_name("data") / "person.jpg"
# How much neighbouring pixels differ, in the face and in the flag; null until there is a picture.
DETAIL = """() => {
  const video = document.querySelector("#self");
  if (!video.videoWidth) return null;
  const pen = new OffscreenCanvas(640, 360).getContext("2d");
  pen.drawImage(video, 0, 0, 640, 360);
  const detail = (x, y, width, height) => {
    const { data } = pen.getImageData(x, y, width, height);
    let sum = 0;
    for (let at = 4; at < data.length; at += 4) if ((at / 4) % width) sum += Math.abs(data[at] - data[at - 4]);
    return sum / (width * height);
  };
  return { face: detail(220, 60, 130, 130), flag: detail(20, 20, 120, 160) };
}"""
# However slow the machine is that tests run on, the blur goes on; or it is too slow, however fast.
LIMIT = """
const say = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, ...others) {
  say.call(this, message.limitMs ? { ...message, limitMs: %s } : message, ...others);
};
"""


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[Page]:
    """A page whose camera shows a person."""
    film = tmp_path / "person.mjpeg"
    film.write_bytes(PERSON.read_bytes() * 2)
    async with running_browser(film) as browser:
        context = await browser.new_context(
            viewport={"width": 1440, "height": 900}, permissions=["camera", "microphone"], locale="fr-FR"
        )
        yield await context.new_page()


async def blurred(page: Page, plain: dict[str, float]) -> None:
    """Wait until the flag is blurred; the face must not be."""
    await page.wait_for_function(f"(flag) => ({DETAIL})()?.flag < flag / 2", arg=plain["flag"])
    assert (await page.evaluate(DETAIL))["face"] > plain["face"] / 2


async def test_the_background_is_blurred_and_the_person_is_not(server: TestServer, person: Page) -> None:
    await person.add_init_script(LIMIT % "1e9")
    await open_call(person, server, "agent")
    await state(person, "connected")
    await person.wait_for_function(f"() => ({DETAIL})()?.flag > 0")
    plain = await person.evaluate(DETAIL)
    await person.click("#open-devices")
    await person.locator("#devices-blur").check()
    await expect(person.locator("#devices-news")).to_have_text("L’arrière-plan est flou pour les autres.")
    await assert_accessible(person)
    await person.click("#devices-close")
    await blurred(person, plain)
    # at the next call it is blurred from the first picture on
    await person.reload()
    await person.wait_for_function(f"() => ({DETAIL})()?.flag > 0")
    await blurred(person, plain)
    await person.click("#open-devices")
    await person.locator("#devices-blur").uncheck()
    await person.wait_for_function(f"(flag) => ({DETAIL})()?.flag > flag * 0.8", arg=plain["flag"])
    assert await person.evaluate("localStorage.getItem('teleconsult.devices')") == "{}"


async def test_on_a_machine_that_is_too_slow_the_camera_goes_off_before_anything_shows(
    server: TestServer, person: Page
) -> None:
    await person.add_init_script(LIMIT % "1e-9")
    await open_call(person, server, "agent")
    await person.click("#open-devices")
    await person.locator("#devices-blur").check()
    await expect(person.locator("#hint-text")).to_contain_text("trop lent pour le flou. Votre caméra est éteinte")
    await expect(person.locator("#devices-blur")).not_to_be_checked()
    await person.wait_for_function(f"() => ({DETAIL})()?.flag === 0")
    await person.click("#devices-close")
    await person.click("#toggle-camera")
    await person.wait_for_function(f"() => ({DETAIL})()?.flag > 0")


async def test_who_counts_on_the_blur_is_not_shown_when_it_does_not_begin(server: TestServer, person: Page) -> None:
    await person.context.route("**/*.tflite", lambda route: route.abort())
    await person.add_init_script("localStorage.setItem('teleconsult.devices', '{\"blur\":\"yes\"}')")
    await open_call(person, server, "agent")
    await expect(person.locator("#hint-text")).to_contain_text("Le flou s’est arrêté. Votre caméra est éteinte")
    await expect(person.locator("#toggle-camera")).to_have_text("Allumer la caméra")
    assert await person.evaluate(f"() => ({DETAIL})()?.flag ?? 0") == 0


async def test_a_network_that_cannot_be_loaded_leaves_the_plain_picture(server: TestServer, person: Page) -> None:
    await person.context.route("**/*.tflite", lambda route: route.abort())
    await open_call(person, server, "agent")
    await person.click("#open-devices")
    await person.locator("#devices-blur").check()
    await expect(person.locator("#hint-text")).to_contain_text("Le flou ne fonctionne pas ici")
    await person.wait_for_function(f"() => ({DETAIL})()?.flag > 0")


async def test_where_the_browser_gives_no_frames_there_is_no_box(server: TestServer, person: Page) -> None:
    await person.add_init_script("delete window.MediaStreamTrackGenerator")
    await open_call(person, server, "agent")
    await person.click("#open-devices")
    await expect(person.locator("#devices-camera")).to_be_visible()
    await expect(person.locator("#devices-blur-group")).to_be_hidden()


async def test_the_runtime_is_sent_compressed(server: TestServer) -> None:
    name = "vision_wasm_module_internal.wasm"
    url = server.make_url(f"/static/vendor/mediapipe/{name}")
    async with ClientSession(auto_decompress=False) as http, http.get(url) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Type"] == "application/wasm"
        sent = await answer.read()
    assert gzip.decompress(sent) == (ROOT / "teleconsult/static/vendor/mediapipe" / name).read_bytes()


def test_the_network_keeps_its_content_and_says_how_its_input_is_scaled() -> None:
    source = ROOT / "node_modules/@mediapipe/selfie_segmentation/selfie_segmentation_landscape.tflite"
    assert source.exists(), "the network is missing: `make vendor` fetches it"
    model = source.read_bytes()
    made = add_metadata(model)
    assert made.endswith(model)
    assert (len(made) - len(model)) % 16 == 0, "weights stay aligned"
    assert b"TFLITE_METADATA" in made
    assert b"M001" in made
    assert struct.pack("<If", 1, 255.0) in made
    for wrong in (b"", b"\0" * 64, made):
        with pytest.raises(ValueError, match=r"not a TFLite model|metadata already"):
            add_metadata(wrong)
