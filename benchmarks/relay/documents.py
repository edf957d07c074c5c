"""`python -m benchmarks.relay.documents`: how fast a document crosses by the data channel, by the web, and by itself.

Two Chromiums and the service in a network namespace of their own, whose packets are no larger than on a real line
(1500 bytes) and where a rule drops a share of all of them at random, UDP and TCP alike: each crosses that rule on its
way to the relay and again on from there. Needs root, and iptables (netem is rare).
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, Route

from benchmarks.relay.systems import Namespace
from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.signaling.seats import in_call, page_of
from tests.support.databases import migrate_now
from tests.support.media import AGENT, CITIZEN

RESULT = Path("build/bench-relay-documents.json")
SHARES = (0.0, 0.01)
WAYS = ("channel", "web", "by itself")
NO_CHANNEL = """
window.RTCPeerConnection = class extends RTCPeerConnection { set ondatachannel(handler) {} };
"""
# When each document of the page was first seen in each state, in milliseconds.
NOTE_STATES = """
window.states = {};
setInterval(() => {
  for (const row of document.querySelectorAll("#documents-list [data-transfer]"))
    (window.states[row.dataset.name] ??= {})[row.dataset.state] ??= performance.now();
}, 5);
"""
COLUMNS = ("lost each way %", *(f"{way} MB/s" for way in WAYS), "web / channel", "by itself / channel")


def main() -> None:
    """Measure at each share of loss, or (with --inside) one way at one, in the namespace that this process is in."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay.documents", description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="documents for each figure, which is their median")
    parser.add_argument("--megabytes", type=int, default=18, help="of each document")
    parser.add_argument("--inside", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside is not None:
        way, share = args.inside
        print(json.dumps(uvloop.run(measure(way, float(share), args.times, args.megabytes))))
        return
    if os.geteuid() or not shutil.which("iptables"):
        raise SystemExit("Run this as root, with iptables: apt-get install iptables")
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    rows = []
    with Namespace() as namespace:
        # or the kernel hands TCP over in packets of 64 KiB, which are as likely to be lost as small ones
        for command in ("ip link set lo mtu 1500", "ip link set lo gso_max_size 1500 gso_max_segs 1"):
            subprocess.run(namespace.within(command.split()), check=True)
        for share in SHARES:
            found = {way: _inside(namespace, way, share, args) for way in WAYS}
            rows.append({"share": share, "megabytes": args.megabytes, "load": os.getloadavg(), **found})
            speeds = [statistics.median(found[way]) for way in WAYS]
            ratios = [speeds[1] / speeds[0], speeds[2] / speeds[0]]
            print("| " + " | ".join(f"{value:.2f}" for value in [100 * share, *speeds, *ratios]) + " |", flush=True)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(rows, indent=2))


def _inside(namespace: Namespace, way: str, share: float, args: argparse.Namespace) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.relay.documents", "--inside", way, str(share)]
    command += ["--times", str(args.times), "--megabytes", str(args.megabytes)]
    done = subprocess.run(namespace.within(command), check=True, stdout=subprocess.PIPE)
    found = [float(speed) for speed in json.loads(done.stdout.splitlines()[-1])]
    print(f"{way} at {share:.0%}: {found} MB/s, load {os.getloadavg()[0]:.0f}", file=sys.stderr, flush=True)
    return found


async def measure(way: str, share: float, times: int, megabytes: int) -> list[float]:
    """Return the megabytes a second at which so many documents went from one to the other, one after the other."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="teleconsult-documents-")))
        url = f"sqlite://{folder / 'documents.sqlite3'}"
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
            await page.add_init_script(NOTE_STATES)
            if way == "web":
                await page.add_init_script(NO_CHANNEL)
            elif way == "channel":
                await page.route("**/pace.js", _never_slow)
        await in_call(*pages, server)
        if share:
            await _lose(share)
        return [await one(pages[0], number, megabytes) for number in range(times)]


async def one(sender: Page, number: int, megabytes: int) -> float:
    """Send a document and return how fast it went, in MB/s, from the moment when the other accepted it."""
    content = b"%PDF-1.7\n" + random.Random(number).randbytes(megabytes * 1_000_000)
    name = f"{number}.pdf"
    await sender.set_input_files("#file", [{"name": name, "mimeType": "application/pdf", "buffer": content}])
    row = f'#documents-list [data-name="{name}"]'
    await sender.wait_for_selector(f'{row}[data-state="done"]', state="attached", timeout=600_000)
    await sender.wait_for_function("name => window.states[name]?.done", arg=name)
    states: dict[str, Any] = await sender.evaluate("name => window.states[name]", name)
    return len(content) / 1000 / float(states["done"] - states["sending"])


async def _never_slow(route: Route) -> None:
    answer = await route.fetch()
    text = await answer.text()
    patched = text.replace("isSlow(now, size) {", "isSlow(now, size) {\n    return false;")
    assert patched != text
    await route.fulfill(response=answer, body=patched)


async def _lose(share: float) -> None:
    rule = ["-i", "lo", "-m", "statistic", "--mode", "random", "--probability", str(share)]
    # in the namespace, where nobody else is
    await asyncio.to_thread(subprocess.run, ["iptables", "-A", "INPUT", *rule, "-j", "DROP"], check=True)


if __name__ == "__main__":
    main()
