"""Bars and words about connections, pictures that make way for sound, the sound alone, and the record: in Chromium."""

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from signaling.keys import HUB
from signaling.models import CallParticipation, CallRecord
from signaling.rooms.room import RESUME_WINDOW
from teleconsult.clock import utcnow
from tests.signaling.members import eventually
from tests.signaling.seats import ROOM, assert_accessible, in_call, shows, state
from tests.signaling.test_browsers import KEEP_CONNECTIONS, KEEP_SOCKETS
from tests.support.media import AGENT, CITIZEN
from tests.support.waiting import until

LOSS = 0.4
# Bytes of pictures that the newest connection has received.
PICTURES = """async () => {
  let bytes = 0;
  for (const report of (await window.connections.at(-1).getStats()).values())
    if (report.type === "inbound-rtp" && report.kind === "video") bytes += report.bytesReceived;
  return bytes;
}"""
# What the newest connection sends.
SENT_KINDS = "window.connections.at(-1).getSenders().map((each) => each.track?.kind ?? '').join('')"
HEARD = PICTURES.replace('"video"', '"audio"')


async def hears(page: Page) -> bool:
    return bool(await page.evaluate(HEARD) > 5000)


def lose(server: TestServer, who: str, room: str = ROOM) -> Callable[[], None]:
    """Let the network lose what the relay sends to somebody; return what mends it."""
    line = server.app[HUB]._rooms[room]._relay._lines[f"{who}:1"]
    assert line.current is not None
    path: Any = line.current._connection.getTransceivers()[0].receiver.transport.media_path  # type: ignore[attr-defined]
    send = path.send

    def send_some(packet: Any) -> None:
        reports = 63 < packet[1] & 0x7F < 96
        if reports or random.random() > LOSS:
            send(packet)

    path.send = send_some

    def mend() -> None:
        path.send = send

    return mend


async def bars(page: Page, where: str, level: str) -> None:
    await page.wait_for_selector(f'{where}[data-level="{level}"]', timeout=60_000)


async def test_a_poor_line_is_shown_to_both_and_its_owner_knows_that_it_is_theirs(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    await in_call(citizen, agent, server)
    for page in (citizen, agent):
        await bars(page, ".call-tile .call-quality", "excellent")
        await bars(page, "#self-quality", "excellent")
        await expect(page.locator(".call-tile .call-bars__bar--full")).to_have_count(3)
        await expect(page.locator(".call-tile .call-quality__words")).to_have_text("Connexion bonne")
        await expect(page.locator("#quality-news")).to_be_hidden()
    mend = lose(server, "citizen")
    await bars(citizen, "#self-quality", "lost")
    await expect(citizen.locator("#self-quality .call-bars__bar--full")).to_have_count(0)
    await expect(citizen.locator("#quality-news")).to_contain_text("Votre connexion est faible")
    await expect(agent.locator("#quality-news")).to_contain_text("La connexion de Jeanne Martin est faible")
    await citizen.wait_for_selector('.call-tile[data-pictures="paused"]')
    await expect(citizen.locator(".call-tile__note")).to_have_text(
        "Image arrêtée pour que le son reste. Elle revient d’elle-même."
    )
    await expect(agent.locator(".call-tile .call-quality__more")).to_have_text("ne vous voit plus, vous entend")
    await assert_accessible(citizen)
    await assert_accessible(agent)
    mend()
    await citizen.wait_for_selector('.call-tile[data-pictures="on"]', timeout=90_000)
    await expect(citizen.locator(".call-tile__note")).to_be_hidden()
    await shows(citizen, AGENT)
    await agent.click("#hang-up")
    await agent.click("#hang-up-confirm")
    await state(citizen, "ended")

    async def ended() -> bool:
        return await CallRecord.exists(room=ROOM, end_reason="hung_up")

    await eventually(ended)
    call = await CallRecord.get(room=ROOM)
    assert call.failure == ""
    told = {each.role: each for each in await CallParticipation.filter(call_id=call.id)}
    assert (told["citizen"].leave_reason, told["citizen"].failure, told["citizen"].path) == ("ended", "", "udp")
    assert told["citizen"].paused_seconds > 0
    assert told["citizen"].poor_seconds > 0
    assert told["agent"].quality_median is not None
    assert len(told["agent"].quality["up"]) > 1


async def test_the_sound_alone_lasts_until_the_pictures_are_wanted_back(
    server: TestServer, citizen: Page, agent: Page
) -> None:
    away = timedelta()
    server.app[HUB].clock = lambda: utcnow() + away
    for page in (citizen, agent):
        await page.add_init_script(KEEP_SOCKETS + KEEP_CONNECTIONS)
    await in_call(citizen, agent, server)
    button = citizen.locator("#sound-only")
    await expect(button).to_have_attribute("aria-pressed", "false")
    assert (await button.bounding_box() or {"height": 0})["height"] >= 64
    await button.focus()
    await citizen.keyboard.press("Enter")
    await expect(button).to_have_attribute("aria-pressed", "true")
    await expect(button).to_have_text("Remettre l’image")
    await expect(citizen.locator(".call-tile__note")).to_have_text("Vous avez gardé le son seulement.")
    await citizen.wait_for_function(f"() => {SENT_KINDS} === 'audio'")
    await expect(agent.locator(".call-tile__note")).to_have_text("Jeanne Martin a gardé le son seulement.")
    await expect(agent.locator(".call-tile__state")).to_contain_text("son seulement")
    await assert_accessible(citizen)
    await assert_accessible(agent)

    await citizen.evaluate("window.sockets.at(-1).close(4000)")
    await citizen.wait_for_function("() => window.sockets.length === 2 && window.sockets[1].readyState === 1")
    server.app[HUB]._rooms[ROOM]._relay.restart("citizen:1")
    await citizen.wait_for_function("() => window.connections.length === 2")
    await until(partial(hears, citizen), "the sound comes on the new connection")
    assert await citizen.evaluate(PICTURES) == 0, "not one picture on the new connection"
    await agent.wait_for_selector('.call-tile[data-pictures="none"]')

    await button.focus()
    await citizen.keyboard.press("Space")
    await shows(citizen, AGENT)
    await shows(agent, CITIZEN)
    await agent.wait_for_selector('.call-tile[data-pictures="on"]')
    await expect(citizen.locator(".call-tile__note")).to_be_hidden()

    await citizen.close()
    await agent.wait_for_selector('.call-tile[data-connected="false"]')
    away = RESUME_WINDOW + timedelta(seconds=1)
    await agent.wait_for_selector(".call-tile", state="detached")
    await agent.click("#hang-up")
    await agent.click("#hang-up-confirm")
    await state(agent, "ended")

    async def ended() -> bool:
        return await CallRecord.exists(room=ROOM, end_reason="hung_up")

    await eventually(ended)
    call = await CallRecord.get(room=ROOM)
    assert call.failure == "lost", "a browser that was killed is no person who left"
    told = {each.role: each for each in await CallParticipation.filter(call_id=call.id)}
    assert (told["citizen"].leave_reason, told["citizen"].failure, told["citizen"].path) == ("lost", "lost", "udp")
    assert told["citizen"].paused_seconds == 0, "one's own wish is no fault of the line"
    assert (told["agent"].leave_reason, told["agent"].failure) == ("ended", "")
