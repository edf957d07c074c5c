"""`python -m benchmarks.booking`: measure, print, and write build/bench-booking.json."""

import argparse
import asyncio
import json
import os
import platform
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import uvloop

from benchmarks.booking import peer
from benchmarks.booking.measure import measure
from benchmarks.booking.report import conditions, growth, outcome, rest, table, write_down
from benchmarks.booking.world import Size
from tests.support.databases import migrate_now
from tests.support.postgres import running_postgres

RESULT = Path("build/bench-booking.json")
# PostgreSQL as it comes: every commit reaches the disk before it is answered.
POSTGRES = ("max_connections=200", "shared_buffers=512MB", "timezone=UTC")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.booking", description=__doc__)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="server processes")
    parser.add_argument("--seconds", type=float, default=5, help="for each figure in each round")
    parser.add_argument("--rounds", type=int, default=3, help="how often each figure is measured")
    parser.add_argument(
        "--quick", action="store_true", help="under two minutes: three short rounds, no peer, no growth"
    )
    parser.add_argument("--growth", action="store_true", help="also with ten times the agents and the houses")
    parser.add_argument("--no-peer", action="store_true", help="leave django-appointment out")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    args = parser.parse_args()
    if args.quick:
        args.seconds, args.rounds, args.growth, args.no_peer = min(args.seconds, 2.5), 3, False, True
    sizes = {"base": Size()}
    if args.growth:
        sizes |= {
            "agents x 10, as many services": Size(agents=2000, team=500),
            "agents and services x 10": Size(agents=2000),
            "houses, agents and services x 10": Size(agents=2000, sites=500),
        }
    began, load = datetime.now(UTC), os.getloadavg()
    figures: dict[str, Any] = {}
    with running_postgres(POSTGRES) as postgres:
        for name, size in sizes.items():
            url = postgres.url(postgres.create())
            migrate_now(url)
            figures[name] = uvloop.run(
                measure(url, postgres, size, args.processes, seconds=args.seconds, rounds=args.rounds)
            )
            print(f"\n{name}\n\n{table(figures[name])}\n\n{rest(figures[name])}", flush=True)
        if not args.no_peer:
            figures["django-appointment 3.12"] = peer.run(postgres.url(postgres.create()))
            print(f"\ndjango-appointment 3.12\n{json.dumps(figures['django-appointment 3.12'], indent=2)}", flush=True)
    machine = {
        "cores": os.cpu_count(), "python": platform.python_version(), "load_before": load,
        "load_after": os.getloadavg(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30), "at": began.isoformat(timespec="seconds"),
        "took_s": round((datetime.now(UTC) - began) / timedelta(seconds=1)), "processes": args.processes,
    }  # fmt: skip
    print(json.dumps(machine))
    if args.write:
        base = figures["base"]
        head = conditions(machine, args.seconds, args.rounds)
        write_down(f"{head}\n\n{table(base)}\n\n{outcome(base)}", "base")
        if args.growth:
            write_down(growth(figures), "growth")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2))


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    main()
