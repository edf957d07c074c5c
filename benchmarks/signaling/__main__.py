"""`python -m benchmarks.signaling`: measure, print, and write build/bench-signaling.json."""

import argparse
import json
import os
import platform
import resource
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import uvloop

from benchmarks.booking.report import write_down
from benchmarks.signaling.browser import calls
from benchmarks.signaling.measure import WARM, idle_board, idle_lobby, idle_peer, relay, relay_peer
from benchmarks.signaling.report import DOCUMENT, conditions, tables
from benchmarks.signaling.world import make_nation
from tests.support.databases import migrate_now
from tests.support.postgres import running_postgres

RESULT = Path("build/bench-signaling.json")
# PostgreSQL as it comes: every commit reaches the disk before it is answered.
POSTGRES = ("max_connections=200", "shared_buffers=256MB", "timezone=UTC")
PAIRS = 50
STEADY, FAST = 200, 1000
FILES_EACH = 2


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signaling", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="some two minutes: 500 kiosks, five calls")
    parser.add_argument("--kiosks", type=int, help="how many at once (3,000; quick: 500)")
    parser.add_argument("--seconds", type=float, help="at rest (40; quick: 21) - a heartbeat comes every 20 s")
    parser.add_argument("--calls", type=int, help="calls in Chromium (20; quick: 5; 0: none)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance/signaling.md")
    args = parser.parse_args()
    kiosks = args.kiosks or (500 if args.quick else 3000)
    seconds = args.seconds or (21.0 if args.quick else 40.0)
    count = args.calls if args.calls is not None else (5 if args.quick else 20)
    began, load = datetime.now(UTC), os.getloadavg()
    _allow_files(kiosks)
    figures = uvloop.run(_measure(kiosks, seconds, count))
    machine = {
        "cores": os.cpu_count(), "python": platform.python_version(), "kernel": platform.release(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30), "at": began.isoformat(timespec="seconds"),
        "load_before": load, "load_after": os.getloadavg(), "arguments": " BENCH_ARGS=--quick" if args.quick else "",
    }  # fmt: skip
    text = f"{conditions(machine)}\n\n{tables(figures)}"
    print(f"\n{text}\n\n{json.dumps(machine)}")
    if args.write:
        write_down(text, "base", DOCUMENT)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2))


async def _measure(kiosks: int, seconds: float, count: int) -> dict[str, Any]:
    """Measure one after the other, ours beside PeerJS's, so that what else the machine does weighs on both alike."""
    figures: dict[str, Any] = {}

    async def show(name: str, action: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        figures[name] = await action()
        print(f"{name}: {json.dumps(figures[name])}", flush=True)

    with running_postgres(POSTGRES) as postgres:
        url = postgres.url(postgres.create())
        migrate_now(url)
        nation = await make_nation(url, kiosks + WARM)
        await show("PeerJS: socket", lambda: idle_peer(kiosks, seconds))
        await show("kiosk, citizen waits (WebSocket)", lambda: idle_lobby(url, nation, kiosks, seconds))
        await show("kiosk, nobody there (event stream)", lambda: idle_board(url, nation, kiosks, seconds, beats=False))
        await show("the same with its heartbeats", lambda: idle_board(url, nation, kiosks, seconds, beats=True))
        for rate, pace in ((STEADY, "steady"), (FAST, "fast")):
            talking = min(8.0, seconds / 3)
            await show(f"PeerJS: messages, {pace}", lambda: relay_peer(PAIRS, rate, talking))  # noqa: B023
            await show(f"typed text, {pace}", lambda: relay(url, nation, PAIRS, rate, talking))  # noqa: B023
    if count:
        await show("calls in Chromium", lambda: calls(count))
    return figures


def _allow_files(kiosks: int) -> None:
    """Let this process's children hold so many sockets."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = FILES_EACH * kiosks + 1000
    if most != resource.RLIM_INFINITY and most < needed:
        raise SystemExit(f"This needs {needed} open files in a process: ulimit -Hn says {most}.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main()
