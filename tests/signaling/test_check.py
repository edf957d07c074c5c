"""The test before the call: an echo by the relay, for browsers and for monitoring."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from signaling.keys import GATEKEEPER, HUB
from signaling.models import CallRecord
from signaling.probe import MOST_LOSS_PERCENT, probe
from signaling.rooms.check_rooms import LONGEST
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.signaling.members import Member
from tests.signaling.seats import assert_accessible
from tests.signaling.test_quality_in_browsers import lose
from tests.support.ports import free_port
from tests.support.room import AIR
from tests.support.server import ROOT
from tests.support.waiting import until

KEY = "a-key-for-monitoring-and-nothing-else"
NO_SOUND = """
Object.defineProperty(AudioContext.prototype, "state", { get: () => "suspended" });
window.opened = [];
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wish) => {
  const stream = await open(wish);
  window.opened.push(...stream.getTracks());
  return stream;
};"""
NO_CAMERA = """
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (asked) => {
  if (asked.video) throw new DOMException("none", "NotFoundError");
  return open(asked);
};
"""


async def is_up(server: TestServer) -> bool:
    rooms = server.app[HUB]._rooms.values()
    lines = [line for room in rooms for line in room._relay._lines.values()]
    return bool(lines) and lines[0].current is not None


@pytest.fixture
async def watched(sqlite_url: str, tmp_path: Path):  # type: ignore[no-untyped-def]
    """A server whose monitoring has a key, and where nobody else may test."""
    settings = Settings(database_url=sqlite_url, data_dir=tmp_path / "data", media_loopback=True, probe_key=KEY)
    app = make_app(settings)
    app[GATEKEEPER].refused.add("check")  # type: ignore[attr-defined]
    server = TestServer(app, host="localhost")
    await server.start_server()
    yield server
    await server.close()


async def test_a_probe_hears_itself_and_leaves_nothing_behind(watched: TestServer) -> None:
    result = await probe(str(watched.make_url("/")), KEY, seconds=1.0)
    assert result["ok"], result
    assert result["frames"] > 0
    assert result["packets"] > 0
    assert result["joined_ms"] <= result["first_frame_ms"]
    hub = watched.app[HUB]
    async with asyncio.timeout(10):
        while hub.rooms():  # noqa: ASYNC110 (the room says nothing to anyone: that is the point)
            await asyncio.sleep(0.05)
    assert not await CallRecord.all().count()


async def test_a_probe_says_what_is_wrong(watched: TestServer) -> None:
    refused = await probe(str(watched.make_url("/")), "another key", seconds=1.0)
    assert (refused["ok"], refused["problem"]) == (False, "ticket_403")
    nobody = await probe(f"http://localhost:{free_port()}", KEY, seconds=1.0)
    assert nobody["problem"].startswith("unreachable_")


async def test_a_probe_says_that_a_line_loses_too_much(watched: TestServer) -> None:
    call = asyncio.create_task(probe(str(watched.make_url("/")), KEY, seconds=2.0))
    await until(lambda: is_up(watched), "the probe's call")
    lose(watched, "check", room=next(iter(watched.app[HUB].rooms())))
    result = await call
    assert (result["ok"], result["problem"]) == (False, "lossy")
    assert result["loss_percent"] > MOST_LOSS_PERCENT


@pytest.mark.parametrize(("key", "status"), [(KEY, 0), ("another key", 1)])
async def test_the_probes_exit_status(watched: TestServer, key: str, status: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "signaling.probe", str(watched.make_url("/")), "--seconds", "0.5",
        cwd=ROOT, env={**os.environ, "TELECONSULT_PROBE_KEY": key}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == status, output
    assert json.loads(output)["ok"] is (status == 0)


async def test_a_test_that_was_left_open_gives_its_place_back(server: TestServer) -> None:
    from aiohttp.test_utils import TestClient

    async with TestClient(server) as client:
        answer = await client.post("/check/ticket")
        given = await answer.json()
        member = Member(await client.ws_connect(f"/signaling/rooms/{given['room']}"))
        await member.say("join", {"ticket": given["ticket"]})
        await member.hear("welcome")
        hub = server.app[HUB]
        room = hub._rooms[given["room"]]
        room._clock = lambda: utcnow() + LONGEST * 2
        assert await member.closed() == 1000
        assert given["room"] not in hub.rooms()


async def test_the_page_says_that_all_is_ready(server: TestServer, agent: Page) -> None:
    await agent.goto(f"http://localhost:{server.port}/check?run=1")
    await assert_accessible(agent)
    result = agent.locator("#check-result")
    for step in ("socket", "camera", "microphone", "path", "quality"):
        await expect(agent.locator(f"[data-step={step}]")).to_have_attribute("data-light", "green", timeout=60_000)
    await expect(agent.locator("[data-step=turn_tls]")).to_have_attribute("data-light", "none")
    await expect(agent.locator("[data-step=path]")).to_contain_text("directement (UDP)")
    await expect(agent.locator("#check-download")).to_be_visible(timeout=60_000)
    # the browser's camera is made up, and its loudspeaker is nobody's: the person is asked
    await agent.click("#check-heard")
    await expect(result).to_have_text("Tout est prêt pour un appel.")
    await assert_accessible(agent)
    report = json.loads(await agent.locator("#check-report").text_content() or "")
    assert report["light"] == "green"
    assert report["pair"]["protocol"] == "udp"
    for end in ("local_address", "remote_address"):
        host, _, port = report["pair"][end].rpartition(":")
        assert host, "which pair of candidates won"
        assert int(port) > 0
    assert report["figures"]["loss"] < 50
    assert report["figures"]["kilobits"] > 0
    async with agent.expect_download() as download:
        await agent.click("#check-download")
    file = await download.value
    assert file.suggested_filename == "teleconsult-test.json"
    assert json.loads((await file.path()).read_text()) == report, "what the network's administrator is given"


async def test_the_page_says_what_is_wrong(server: TestServer, agent: Page) -> None:
    await agent.add_init_script(NO_CAMERA)
    await agent.add_init_script(AIR)
    await agent.goto(f"http://localhost:{server.port}/check?run=1")
    await until(lambda: is_up(server), "the call to oneself")
    lose(server, "check", room=next(iter(server.app[HUB].rooms())))
    said = {
        "camera": ("red", "Aucune caméra. Branchez-en une"),
        "microphone": ("green", "Le micro entend"),
        "speaker": ("green", "a été entendu par le micro"),
        "path": ("green", "directement (UDP)"),
        "quality": ("red", "Mauvaise\u00a0: pertes"),
    }
    for step, (light, words) in said.items():
        line = agent.locator(f"[data-step={step}]")
        await expect(line).to_have_attribute("data-light", light, timeout=60_000)
        await expect(line).to_contain_text(words)
    await expect(agent.locator("#check-question")).to_be_hidden()
    await expect(agent.locator("#check-result")).to_have_text(
        "Un appel n’est pas possible ainsi. Voyez les points bloquants."
    )
    report = json.loads(await agent.locator("#check-report").text_content() or "")
    assert report["light"] == "red"
    assert report["figures"]["loss"] > 8


async def test_a_microphone_is_let_go_where_the_browser_keeps_sound_for_after_a_click(
    server: TestServer, agent: Page
) -> None:
    await agent.add_init_script(NO_SOUND)
    await agent.goto(f"http://localhost:{server.port}/check?run=1")
    await expect(agent.locator("#check-download")).to_be_visible(timeout=60_000)
    await agent.wait_for_function("() => window.opened.length > 2 && opened.every(t => t.readyState === 'ended')")


async def test_the_page_says_when_the_service_is_closed(server: TestServer, agent: Page) -> None:
    server.app[GATEKEEPER].refused.add("check")  # type: ignore[attr-defined]
    await agent.goto(f"http://localhost:{server.port}/check?run=1")
    await expect(agent.locator("[data-step=socket]")).to_have_attribute("data-light", "red", timeout=60_000)
    await expect(agent.locator("#check-result")).to_contain_text("n’est pas possible", timeout=60_000)
