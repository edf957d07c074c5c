"""What Chromium sends is what Chromium receives, whichever codec it sends; and what it is asked to send."""

import asyncio
import re

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from signaling.relay.network import Network
from signaling.relay.peer import Peer
from signaling.relay.rate import START_BITRATE
from tests.signaling.seats import open_call, shows, state
from tests.support.media import AGENT, CITIZEN

# Keeps the connections, and reads an offer as if it named another codec first.
PREFER = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...a) { super(...a); window.connections.push(this); }
  setRemoteDescription(offer) {
    const first = offer.sdp.match(/a=rtpmap:([0-9]+) CODEC[/]/)[1];
    const line = new RegExp(`^(m=video .*SAVPF)(.*) ${first}(?= |\\r)`, "gm");
    const sdp = offer.sdp.replace(line, `$1 ${first}$2`);
    return super.setRemoteDescription({ type: offer.type, sdp });
  }
};
"""
CODEC = """async (type) => {
  const stats = await window.connections.at(-1).getStats();
  for (const each of stats.values())
    if (each.type === type && each.kind === "video" && each.codecId) return stats.get(each.codecId).mimeType;
  return null;
}"""


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_pictures_of_either_codec_arrive(server: TestServer, citizen: Page, agent: Page, codec: str) -> None:
    for page in (citizen, agent):
        await page.add_init_script(PREFER.replace("CODEC", codec))
    await open_call(citizen, server, "citizen")
    await state(citizen, "lobby")
    await open_call(agent, server, "agent", "&admit=1")
    await asyncio.gather(shows(citizen, AGENT), shows(agent, CITIZEN))
    for page in (citizen, agent):
        assert await page.evaluate(CODEC, "outbound-rtp") == f"video/{codec}"
        assert await page.evaluate(CODEC, "inbound-rtp") == f"video/{codec}"


async def test_pictures_are_asked_for_large_from_the_first_one_on() -> None:
    peer = Peer(1, Network(addresses=("127.0.0.1",)), on_state=print, on_channel=print, on_data=print)
    sdp = await peer.offer()
    await peer.close()
    numbers = re.findall(r"a=rtpmap:(\d+) (?:VP8|H264)/", sdp)
    lines = {number: re.findall(rf"a=fmtp:{number} .*", sdp) for number in numbers}
    assert len(lines) >= 2
    for found in lines.values():
        assert len(found) == 1, "one line of parameters for each codec"
        assert f"x-google-start-bitrate={START_BITRATE // 1000};" in found[0]
    assert all(f"apt={number}" in sdp for number in numbers), "nothing else was touched"


async def test_sound_is_asked_for_with_repair_and_without_silence() -> None:
    peer = Peer(1, Network(addresses=("127.0.0.1",)), on_state=print, on_channel=print, on_data=print)
    peer.set_slots({"other": False})
    sdp = await peer.offer()
    await peer.close()
    for number in re.findall(r"a=rtpmap:(\d+) opus/", sdp):
        assert f"a=fmtp:{number} minptime=10;useinbandfec=1;usedtx=1" in sdp
    assert sdp.count("usedtx=1") == sdp.count("m=audio") == 2
    assert {line.split("/")[0].split(" ")[1] for line in sdp.splitlines() if line.startswith("a=rtpmap")} == {
        "opus", "VP8", "H264", "rtx",
    }  # fmt: skip
