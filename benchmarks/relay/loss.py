"""`python -m benchmarks.relay.loss`: two Chromiums in a call through the relay, on a network that loses packets.

In a network namespace of its own, where a rule drops a share of all UDP at random. Every packet from one to the other
crosses that rule twice: on its way to the relay, and on from there. Needs root, and iptables (netem is rare).
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from benchmarks.relay.systems import Namespace
from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.signaling.seats import in_call, page_of
from tests.support.databases import migrate_now
from tests.support.media import AGENT, CITIZEN

RESULT = Path("build/bench-relay-loss.json")
SHARES = (0.0, 0.01, 0.03)
WARM_UP = 15.0
COLUMNS = (
    "lost each way %", "picture lost %", "came by RTX", "NACKs", "frames/s", "freezes/min", "frozen %",
    "sound concealed %",
)  # fmt: skip
KEEP = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...a) { super(...a); window.connections.push(this); }
};
"""
FIGURES = """async () => {
  const stats = await window.connections.at(-1).getStats();
  const found = { at: performance.now() / 1000 };
  const names = ["packetsReceived", "packetsLost", "retransmittedPacketsReceived", "nackCount", "framesDecoded",
    "freezeCount", "totalFreezesDuration", "concealedSamples", "totalSamplesReceived", "pliCount"];
  for (const each of stats.values())
    if (each.type === "inbound-rtp")
      for (const name of names) {
        const key = each.kind + "." + name;
        found[key] = (found[key] || 0) + (each[name] || 0);
      }
  return found;
}"""


def main() -> None:
    """Measure at each share of loss, or (with --inside) at one, in the namespace that this process is in."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay.loss", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for each share of loss")
    parser.add_argument("--inside", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside is not None:
        print(json.dumps(uvloop.run(measure(args.inside, args.seconds))))
        return
    if os.geteuid() or not shutil.which("iptables"):
        raise SystemExit("Run this as root, with iptables: apt-get install iptables")
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    rows = []
    with Namespace() as namespace:
        for share in SHARES:
            command = [sys.executable, "-m", "benchmarks.relay.loss", "--inside", str(share)]
            done = subprocess.run(
                namespace.within([*command, "--seconds", str(args.seconds)]), check=True, stdout=subprocess.PIPE
            )
            rows.append(json.loads(done.stdout.splitlines()[-1]))
            print("| " + " | ".join(str(rows[-1][name]) for name in COLUMNS) + " |", flush=True)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"load": os.getloadavg(), "rows": rows}, indent=2))


async def measure(share: float, seconds: float) -> dict[str, Any]:
    """Return what the two see of each other in so many seconds."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="teleconsult-loss-")))
        url = f"sqlite://{folder / 'loss.sqlite3'}"
        await asyncio.to_thread(migrate_now, url)
        server = TestServer(
            make_app(Settings(database_url=url, data_dir=folder, media_loopback=True)), host="localhost"
        )
        await server.start_server()
        stack.push_async_callback(server.close)
        pages = [
            await stack.enter_async_context(asynccontextmanager(page_of)(who, folder, {"width": 1280, "height": 800}))
            for who in (CITIZEN, AGENT)
        ]
        for page in pages:
            await page.add_init_script(KEEP)
        await in_call(*pages, server)
        if share:
            rule = ["-i", "lo", "-p", "udp", "-m", "statistic", "--mode", "random", "--probability", str(share)]
            # in the namespace, where nobody else is
            await asyncio.to_thread(subprocess.run, ["iptables", "-A", "INPUT", *rule, "-j", "DROP"], check=True)
        await asyncio.sleep(WARM_UP)
        before = await asyncio.gather(*map(figures, pages))
        await asyncio.sleep(seconds)
        after = await asyncio.gather(*map(figures, pages))
        if share:
            await asyncio.to_thread(subprocess.run, ["iptables", "-F", "INPUT"], check=True)
    spans = [{name: now[name] - then[name] for name in now} for then, now in zip(before, after, strict=True)]
    return row(share, {name: sum(span[name] for span in spans) for name in spans[0]})


async def figures(page: Page) -> dict[str, float]:
    """Return a page's counters."""
    return dict(await page.evaluate(FIGURES))


def row(share: float, total: dict[str, float]) -> dict[str, Any]:
    """Return a line of the table, over both directions together."""
    expected = total["video.packetsReceived"] + total["video.packetsLost"]
    return {
        "lost each way %": 100 * share,
        "picture lost %": round(100 * total["video.packetsLost"] / max(1, expected), 2),
        "came by RTX": int(total["video.retransmittedPacketsReceived"]),
        "NACKs": int(total["video.nackCount"]),
        "frames/s": round(total["video.framesDecoded"] / total["at"], 1),
        "freezes/min": round(60 * total["video.freezeCount"] / total["at"], 2),
        "frozen %": round(100 * total["video.totalFreezesDuration"] / total["at"], 2),
        "sound concealed %": round(
            100 * total["audio.concealedSamples"] / max(1, total["audio.totalSamplesReceived"]), 2
        ),
        "all": total,
    }


if __name__ == "__main__":
    main()
