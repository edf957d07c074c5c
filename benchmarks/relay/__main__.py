"""`python -m benchmarks.relay`: measure, print, and write build/bench-relay.json. Needs root (network namespace)."""

import argparse
import asyncio
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import uvloop

from benchmarks.relay.clip import Clip, make_clip
from benchmarks.relay.systems import SYSTEMS, Namespace, measure
from signaling.relay.pauses import spare_calls

RESULT = Path("build/bench-relay.json")
COLUMNS = (
    "system", "rooms", "people", "packets/s", "CPU us/packet", "core %", "lost %", "p50 ms", "p99 ms", "MB/room",
    "generator core %", "stolen core %",
)  # fmt: skip


def plan(quick: bool) -> list[tuple[str, int, int]]:
    """Return (system, rooms, people) in the order in which they are measured."""
    sizes = [(10, 2), (40, 2)] if quick else [(10, 2), (40, 2), (60, 2), (20, 3)]
    # one beside the other, so that what else the machine does weighs on both alike
    both = [(system, rooms, people) for rooms, people in sizes for system in ("ours", "janus")]
    return [*both, ("media_relay", 1, 2)]


async def run(wanted: list[tuple[str, int, int]], seconds: float, clip: Clip) -> list[dict[str, Any]]:
    """Measure one after the other and print each as it comes."""
    rows = []
    with Namespace() as namespace:
        for system, rooms, people in wanted:
            row = await measure(namespace, system, clip, rooms=rooms, people=people, seconds=seconds)
            rows.append(row)
            print("| " + " | ".join(str(row[name]) for name in COLUMNS) + " |", flush=True)
    return rows


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under three minutes: 10 and 40 rooms of two")
    parser.add_argument("--seconds", type=float, default=None, help="for each figure (quick: 8, else 20)")
    parser.add_argument("--only", choices=sorted(SYSTEMS), help="one system")
    parser.add_argument("--rooms", type=int, help="one size: so many rooms of --people")
    parser.add_argument("--people", type=int, default=2, help="people in a room, with --rooms")
    args = parser.parse_args()
    if os.geteuid():
        raise SystemExit("Run this as root: it makes a network namespace (ip netns), since Janus ignores loopback.")
    wanted = plan(args.quick)
    if args.rooms:
        wanted = [(system, args.rooms, args.people) for system in SYSTEMS]
    if args.only:
        wanted = [each for each in wanted if each[0] == args.only]
    seconds = args.seconds or (8.0 if args.quick else 20.0)
    # a generator that stops to look for garbage sends what it owes in one burst afterwards, as no crowd does
    spare_calls()
    began, load = datetime.now(UTC), os.getloadavg()
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    rows = asyncio.run(run(wanted, seconds, make_clip()))
    machine = {
        "cores": os.cpu_count(), "python": platform.python_version(), "kernel": platform.release(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30), "at": began.isoformat(timespec="seconds"),
        "load_before": load, "load_after": os.getloadavg(), "seconds": seconds,
    }  # fmt: skip
    print(json.dumps(machine))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2))


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    main()
