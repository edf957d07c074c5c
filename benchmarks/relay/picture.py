"""`python -m benchmarks.relay.picture`: how soon a picture is large, and what a narrow line does to it and to sound.

Two Chromiums in a call through the relay; all of the citizen's packets go through a proxy that queues what is beyond
the line's capacity, for a second at most. Needs no rights.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.signaling.seats import open_call, page_of, state
from tests.support.databases import migrate_now
from tests.support.media import AGENT, CITIZEN
from tests.support.narrow_line import NarrowLine, Way
from tests.support.waiting import until

RESULT = Path("build/bench-relay-picture.json")
# what, and bits a second up from and down to the citizen
LINES: tuple[tuple[str, float | None, float | None], ...] = (
    ("wide", None, None),
    ("2 Mbit/s down", None, 2e6),
    ("1 Mbit/s down", None, 1e6),
    ("400 kbit/s down", None, 4e5),
    ("400 kbit/s up", 4e5, None),
)
COLUMNS = (
    "line", "720p after s", "kbit/s after 10 s", "lines at the end", "kbit/s allowed at the end", "queue p50 ms",
    "queue p95 ms", "freezes", "sound concealed %",
)  # fmt: skip
INBOUND = """async () => {
  const stats = await window.connections.at(-1).getStats();
  const found = { height: 0, octets: 0, freezes: 0, concealed: 0, samples: 0, target: 0 };
  for (const each of stats.values()) {
    if (each.type === "inbound-rtp" && each.kind === "video") {
      found.height = each.frameHeight || 0;
      found.octets = each.bytesReceived;
      found.freezes = each.freezeCount || 0;
    }
    if (each.type === "inbound-rtp" && each.kind === "audio") {
      found.concealed = each.concealedSamples || 0;
      found.samples = each.totalSamplesReceived || 0;
    }
    if (each.type === "outbound-rtp" && each.kind === "video")
      found.target = Math.max(found.target, each.targetBitrate || 0);
  }
  return found;
}"""


def main() -> None:
    """Measure on each line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay.picture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="for each line")
    args = parser.parse_args()
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    rows = []
    for name, up, down in LINES:
        rows.append({"line": name, **uvloop.run(measure(up, down, args.seconds))})
        print("| " + " | ".join(str(rows[-1][name]) for name in COLUMNS) + " |", flush=True)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"load": os.getloadavg(), "rows": rows}, indent=2))


async def measure(up: float | None, down: float | None, seconds: float) -> dict[str, Any]:
    """Return what is seen of whoever sends over the line in question, from the moment of being let in."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="teleconsult-picture-")))
        url = f"sqlite://{folder / 'picture.sqlite3'}"
        await asyncio.to_thread(migrate_now, url)
        app = make_app(Settings(database_url=url, data_dir=folder, media_loopback=True))
        server = TestServer(app, host="localhost")
        await server.start_server()
        stack.push_async_callback(server.close)
        lines = [NarrowLine(), NarrowLine()]
        pages = []
        for who, line in zip((CITIZEN, AGENT), lines, strict=True):
            stack.callback(line.close)
            sharp = replace(who, camera=(1280, 720), grain=6)
            page = await stack.enter_async_context(
                asynccontextmanager(page_of)(sharp, folder, {"width": 1280, "height": 800})
            )
            await line.lay(page)
            pages.append(page)
        citizen, agent = pages
        lines[0].up.bitrate, lines[0].down.bitrate = up, down
        # who looks at the picture that the narrow line carries, who sends it, and the way that it takes
        viewer, sender, way = (agent, citizen, lines[0].up) if up else (citizen, agent, lines[0].down)
        await open_call(citizen, server, "citizen")
        await state(citizen, "lobby")
        await open_call(agent, server, "agent", "&admit=1")
        return await watch(viewer, sender, way, seconds)


async def watch(viewer: Page, sender: Page, way: Way, seconds: float) -> dict[str, Any]:
    """Return a line of the table."""

    async def begun() -> bool:
        return bool(await viewer.evaluate("window.connections.length") and (await figures(viewer))["height"])

    await until(begun, "a picture")
    began, large = time.monotonic(), None
    first = found = await figures(viewer)
    waits, at_ten = [], 0.0
    before = (began, first)
    while (elapsed := time.monotonic() - began) < seconds:
        await asyncio.sleep(0.25)
        found = await figures(viewer)
        waits.append(1000 * way.waiting)
        if large is None and found["height"] >= 720:
            large = elapsed
        if not at_ten and elapsed >= 10:
            at_ten = 8 * (found["octets"] - before[1]["octets"]) / (time.monotonic() - before[0]) / 1000
        if elapsed < 8:
            before = (time.monotonic(), found)
    waits.sort()
    samples = found["samples"] - first["samples"]
    return {
        "720p after s": "never" if large is None else round(large, 1),
        "kbit/s after 10 s": round(at_ten),
        "lines at the end": int(found["height"]),
        "kbit/s allowed at the end": round((await figures(sender))["target"] / 1000),
        "queue p50 ms": round(waits[len(waits) // 2]),
        "queue p95 ms": round(waits[int(len(waits) * 0.95)]),
        "freezes": int(found["freezes"]),
        "sound concealed %": round(100 * (found["concealed"] - first["concealed"]) / max(1, samples), 1),
    }


async def figures(page: Page) -> dict[str, float]:
    """Return a page's counters."""
    return dict(await page.evaluate(INBOUND))


if __name__ == "__main__":
    main()
