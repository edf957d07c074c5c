"""Choice of microphone, camera and loudspeaker, what happens when one goes, and hints about one's own microphone."""

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from tests.signaling.seats import assert_accessible, in_call, open_call, shows, state
from tests.support.browsers import running_browser
from tests.support.media import CITIZEN

CHOICE = "Object.keys(JSON.parse(localStorage.getItem('teleconsult.devices'))).sort()"
# Names of the tracks that are sent, by kind, and how many negotiations there were.
SENT = """() => {
  const senders = window.connections.at(-1).getSenders().map((sender) => sender.track).filter(Boolean);
  return Object.fromEntries(senders.map((track) => [track.kind, track.label]));
}"""
KEEP = """
window.connections = []; window.negotiations = 0;
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...a) { super(...a); window.connections.push(this); }
  setRemoteDescription(...a) { window.negotiations += 1; return super.setRemoteDescription(...a); }
};
"""
# No machine can pull the plug of a made-up device: from now on the browser acts as if it had been.
PLUG = """
const { mediaDevices } = navigator;
const ask = mediaDevices.getUserMedia.bind(mediaDevices), list = mediaDevices.enumerateDevices.bind(mediaDevices);
const tracks = []; const away = new Set(); let failure = null;
mediaDevices.enumerateDevices = async () => (await list()).filter((each) => !away.has(each.label));
mediaDevices.getUserMedia = async (asked) => {
  if (failure) throw new DOMException("told to", failure);
  const there = await mediaDevices.enumerateDevices();
  for (const [kind, wanted] of Object.entries(asked)) {
    const sort = there.filter((each) => each.kind === `${kind}input`);
    const id = wanted.deviceId?.exact;
    if (!sort.some((each) => !id || each.deviceId === id)) throw new DOMException("gone", "NotFoundError");
    if (!id && away.size) asked = { ...asked, [kind]: { ...wanted, deviceId: { exact: sort[0].deviceId } } };
  }
  const stream = await ask(asked);
  tracks.push(...stream.getTracks());
  return stream;
};
window.unplug = (label) => {
  away.add(label);
  for (const track of tracks) if (track.label === label && track.readyState === "live") {
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }
  mediaDevices.dispatchEvent(new Event("devicechange"));
};
window.plug = (label) => { away.delete(label); mediaDevices.dispatchEvent(new Event("devicechange")); };
window.refuse = (name) => { failure = name; };
"""


@pytest.fixture
async def several(tmp_path: Path) -> AsyncIterator[Page]:
    """A page of a browser with two cameras and several microphones."""
    async with running_browser(options=("--use-fake-device-for-media-stream=device-count=2",)) as browser:
        context = await browser.new_context(
            viewport={"width": 1440, "height": 900}, permissions=["camera", "microphone"], locale="fr-FR"
        )
        yield await context.new_page()


def write_silence(path: Path) -> Path:
    """Write a microphone that gives nothing at all, like one that is switched off on the headset."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(bytes(96_000))
    return path


async def test_another_camera_and_microphone_are_used_at_once_and_remembered(
    server: TestServer, several: Page, citizen: Page
) -> None:
    await several.add_init_script(KEEP)
    await open_call(citizen, server, "citizen")
    await open_call(several, server, "agent", "&admit=1")
    await shows(several, CITIZEN)
    before = await several.evaluate(SENT)
    negotiations = await several.evaluate("window.negotiations")
    # by keyboard alone
    await several.focus("#open-devices")
    await several.keyboard.press("Enter")
    await expect(several.locator("#devices-dialog")).to_be_visible()
    assert await several.evaluate("document.activeElement.id") == "devices-microphone"
    await expect(several.locator("#devices-preview")).to_be_visible()
    await expect(several.locator("#devices-camera option")).to_have_count(3)
    await assert_accessible(several)
    for kind, sort in (("audio", "microphone"), ("video", "camera")):
        select = several.locator(f"#devices-{sort}")
        labels = await select.locator("option").all_text_contents()
        other = next(label for label in labels[1:] if label != before[kind])
        await select.select_option(label=other)
        await several.wait_for_function(f"([kind, label]) => ({SENT})()[kind] === label", arg=[kind, other])
        await expect(several.locator("#devices-news")).to_contain_text("retenu")
    assert await several.evaluate("window.negotiations") == negotiations
    assert await several.evaluate(CHOICE) == ["camera", "microphone"]
    chosen = await several.evaluate(SENT)
    await several.keyboard.press("Escape")
    assert await several.evaluate("document.activeElement.id") == "open-devices"
    await several.reload()
    await state(several, "connected")
    await several.wait_for_function(f"(sent) => ({SENT})().video === sent.video", arg=chosen)
    assert await several.evaluate(SENT) == chosen


async def test_the_loudspeaker_is_chosen_for_voices_that_play_already_and_tried(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await in_call(citizen, agent, server)
    await agent.click("#open-devices")
    select = agent.locator("#devices-speaker")
    await expect(select.locator("option").nth(1)).to_be_attached()
    await select.select_option(index=1)
    chosen = await select.input_value()
    assert chosen
    await agent.wait_for_function("(id) => document.querySelector('#tiles video').sinkId === id", arg=chosen)
    await agent.click("#devices-tone")
    await expect(agent.locator("#devices-news")).to_contain_text("Un son vient d’être joué")
    await expect(agent.locator("#devices-level-words")).to_contain_text("vous entend bien")
    await agent.click("#devices-close")


async def test_an_unplugged_device_is_replaced_and_comes_back(server: TestServer, several: Page, citizen: Page) -> None:
    await several.add_init_script(KEEP)
    await several.add_init_script(PLUG)
    await open_call(citizen, server, "citizen")
    await open_call(several, server, "agent", "&admit=1")
    await shows(several, CITIZEN)
    hint = several.locator("#hint-text")
    for kind in ("video", "audio"):
        lost = (await several.evaluate(SENT))[kind]
        await several.evaluate("(label) => window.unplug(label)", lost)
        await expect(hint).to_contain_text("a été débranché")
        await several.wait_for_function(f"([kind, label]) => ({SENT})()[kind] !== label", arg=[kind, lost])
        assert (await several.evaluate(SENT))[kind]
        await several.evaluate("(label) => window.plug(label)", lost)
        await expect(hint).to_contain_text("sert de nouveau")
        await several.wait_for_function(f"([kind, label]) => ({SENT})()[kind] === label", arg=[kind, lost])
    await expect(citizen.locator(".call-tile")).to_have_attribute("data-camera", "on")


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("NotAllowedError", "n’a pas le droit d’utiliser"),
        ("NotReadableError", "Un autre programme utilise"),
        ("NotFoundError", "Ni caméra ni micro"),
    ],
)
async def test_each_reason_why_nothing_works_has_its_words(
    server: TestServer, several: Page, failure: str, words: str
) -> None:
    await several.add_init_script(PLUG)
    await several.add_init_script(f"window.refuse('{failure}')")
    await open_call(several, server, "agent")
    await expect(several.locator("#device-text")).to_contain_text(words)
    # and when it is mended, a click is enough
    await several.evaluate("window.refuse(null)")
    await several.click("#retry-devices")
    await expect(several.locator("#device-notice")).to_be_hidden()
    await expect(several.locator("#toggle-camera")).to_have_attribute("data-state", "on")


async def test_who_speaks_while_muted_is_told_and_who_speaks_is_seen(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await in_call(citizen, agent, server)
    await expect(citizen.locator(".call-tile")).to_have_attribute("data-speaking", "true")
    await expect(citizen.locator(".call-tile__speaking")).to_have_text("parle")
    await expect(agent.locator("#toggle-microphone")).not_to_have_attribute("data-level", "0")
    await agent.keyboard.press("Control+d")
    await expect(agent.locator("#toggle-microphone")).to_have_attribute("data-state", "off")
    for where in ("#hint-text", "#hint-news"):  # seen, and told to who only hears the page
        await expect(agent.locator(where)).to_have_text("Vous parlez mais votre micro est coupé.")
    await expect(citizen.locator(".call-tile__state")).to_contain_text("micro coupé")
    await expect(citizen.locator(".call-tile")).to_have_attribute("data-speaking", "false")
    await assert_accessible(agent)
    # a laptop at 200 %: with the hint there, every button is still within reach
    await agent.set_viewport_size({"width": 683, "height": 384})
    for button in ("#hint-close", "#open-devices", "#hang-up"):
        await agent.click(button, trial=True)
    await agent.click("#hint-act")
    await expect(agent.locator("#hint")).to_be_hidden()
    await expect(agent.locator("#toggle-microphone")).to_have_attribute("data-state", "on")
    await expect(citizen.locator(".call-tile")).to_have_attribute("data-speaking", "true")
    await agent.keyboard.press("Control+e")
    await expect(citizen.locator(".call-tile")).to_have_attribute("data-camera", "off")


async def test_a_microphone_that_gives_nothing_is_noticed_before_the_call(server: TestServer, tmp_path: Path) -> None:
    async with running_browser(microphone=write_silence(tmp_path / "silence.wav")) as browser:
        context = await browser.new_context(
            viewport={"width": 1080, "height": 1920}, permissions=["camera", "microphone"], locale="fr-FR"
        )
        page = await context.new_page()
        await open_call(page, server, "citizen")
        await state(page, "lobby")
        hint = page.locator("#hint-text")
        await expect(hint).to_contain_text("ne capte aucun son")
        await assert_accessible(page)
        await page.click("#hint-act")
        await expect(page.locator("#devices-dialog")).to_be_visible()
        await expect(page.locator("#devices-level-words")).to_contain_text("n’entend rien")
        await assert_accessible(page)
        heights = await page.locator("#devices-dialog").evaluate(
            "(dialog) => [...dialog.querySelectorAll('select, button')].map((each) => each.offsetHeight)"
        )
        assert min(heights) >= 64, heights
        await page.click("#devices-close")
        await page.click("#hint-close")
        await expect(page.locator("#hint")).to_be_hidden()


# A microphone's readings: its state, its level, and seconds; what hint applies after each.
READINGS = """async () => {
  const { MicrophoneWatch } = await import("/static/signaling/hints.js");
  const hear = (readings) => {
    const watch = new MicrophoneWatch();
    return readings.map(([state, level, at, stopped = false]) => watch.hear(state, level, stopped, at * 1000));
  };
  const tenths = (state, level, from, count) => [...Array(count).keys()].map((n) => [state, level, from + n / 10]);
  return {
    one_noise: hear([["off", 0.1, 1], ["off", 0.001, 1.1]]).at(-1),
    speech: hear(tenths("off", 0.1, 1, 4)).at(-1),
    later: hear([...tenths("off", 0.1, 1, 4), ["off", 0, 10]]).at(-1),
    unmuted: hear([...tenths("off", 0.1, 1, 4), ["on", 0.1, 1.5]]).at(-1),
    dead: hear([["on", 0, 1], ["on", 0, 6.9], ["on", 0, 7]]),
    quiet_room: hear([["on", 0.0002, 1], ["on", 0.0002, 60]]).at(-1),
    unknown: hear([["on", null, 1], ["on", null, 60]]).at(-1),
    gated: hear([["on", 0.1, 1], ["on", 0, 2], ["on", 0, 31], ["on", 0, 32]]),
    stopped: hear([["on", 0.1, 1], ["on", null, 2, true], ["on", null, 8, true]]).at(-1),
  };
}"""


async def test_which_hint_applies_is_judged_from_levels(server: TestServer, agent: Page) -> None:
    await agent.goto(f"http://localhost:{server.port}/check")
    found = await agent.evaluate(READINGS)
    assert found == {
        "one_noise": "",
        "speech": "speakingMuted",
        "later": "",
        "unmuted": "",
        "dead": ["", "", "microphoneSilent"],
        "quiet_room": "",
        "unknown": "",
        "gated": ["", "", "", "microphoneSilent"],
        "stopped": "microphoneSilent",
    }
