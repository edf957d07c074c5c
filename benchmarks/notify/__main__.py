"""`python -m benchmarks.notify`: measure, print, and write build/bench-notify.json."""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import uvloop

from benchmarks.notify.measure import burst, ceiling, steady
from teleconsult.database import connect
from tests.support.databases import migrate_now
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.storm import make_reminders, storm

RESULT = Path("build/bench-notify.json")
# PostgreSQL as it comes: every commit reaches the disk before it is answered.
POSTGRES = ("max_connections=200", "shared_buffers=256MB", "timezone=UTC")
# In the storm a lease and a retry take seconds, where the deployed program has minutes.
STORM_PACE = ("--lease", 20, "--send", 5, "--first-retry", 1, "--longest-retry", 10)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.notify", description=__doc__)
    parser.add_argument("--count", type=int, default=4000, help="messages for each throughput")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="workers, beside one alone")
    parser.add_argument("--rate", type=int, default=100, help="messages that fall due a second")
    parser.add_argument("--seconds", type=int, default=30, help="for how long")
    parser.add_argument("--storm", type=int, default=10_000, help="reminders in the storm; 0: no storm")
    parser.add_argument("--kills", type=int, default=20)
    args = parser.parse_args()
    began, load = datetime.now(UTC), os.getloadavg()
    figures: dict[str, Any] = {}

    with running_postgres(POSTGRES) as postgres, tempfile.TemporaryDirectory(prefix="teleconsult-bench-") as folder:

        def show(name: str, action: Callable[[str, Path], Coroutine[Any, Any, dict[str, Any]]]) -> None:
            figures[name] = _run(postgres, Path(folder), action)
            print(f"{name}: {json.dumps(figures[name])}", flush=True)

        for kind in ("reminder", "invitation"):
            for processes in sorted({1, args.processes}):
                show(
                    f"{kind}s, {processes} process{'es' if processes > 1 else ''}",
                    lambda url, path, kind=kind, processes=processes: burst(
                        url, path, count=args.count, kind=kind, processes=processes
                    ),
                )
        show("plain aiosmtplib, the same mail, eight connections", lambda _, path: ceiling(path, count=args.count))
        show(f"{args.rate} a second", lambda url, path: steady(url, path, rate=args.rate, seconds=args.seconds))
        if args.storm:
            show("storm", lambda url, path: _storm(url, path, args.storm, args.kills))
    machine = {
        "cores": os.cpu_count(), "python": platform.python_version(), "load_before": load,
        "load_after": os.getloadavg(), "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "at": began.isoformat(timespec="seconds"), "took_s": round((datetime.now(UTC) - began) / timedelta(seconds=1)),
    }  # fmt: skip
    print(json.dumps(machine))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2))


def _run(
    postgres: PostgresServer, folder: Path, action: Callable[[str, Path], Coroutine[Any, Any, dict[str, Any]]]
) -> dict[str, Any]:
    """Measure on a database and in a folder of its own."""
    name = postgres.create()
    url = postgres.url(name)
    migrate_now(url)
    own = folder / name
    own.mkdir()

    async def measured() -> dict[str, Any]:
        database = await connect(url)
        try:
            return await action(url, own)
        finally:
            await database.close()

    try:
        return uvloop.run(measured())
    finally:
        postgres.drop(name)


async def _storm(url: str, folder: Path, count: int, kills: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    deadlines = [now + timedelta(days=1)] * 9 + [now + timedelta(seconds=60)]
    await make_reminders(count, due=[now], deadlines=deadlines)
    outcome = await storm(url, folder, kills=kills, away=20, workers=3, pace=STORM_PACE)
    return vars(outcome) | {"states": dict(outcome.states)}


if __name__ == "__main__":
    main()
