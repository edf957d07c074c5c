"""Unfolds calendars in a process of its own, that can be ended: a rule that never comes true is searched for centuries.

The process is given the texts on its standard input and nothing else of the service: no settings, no database. It runs
behind everything else, so that calls under way do not wait for it.
"""

import asyncio
import base64
import json
import os
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from booking.busy.errors import CalendarTooLarge, CalendarUnreadable, NotACalendar
from booking.busy.unfold import Busy, unfold

# Of a core, and by the clock: a busy machine gives less of the one in the other.
CPU_SECONDS = 12
SECONDS = 40
MOST_MEMORY = 1024 * 1024 * 1024
NICENESS = 10
PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "TZDIR")
ERRORS: dict[str, type[CalendarUnreadable]] = {kind.code: kind for kind in (CalendarTooLarge, NotACalendar)}


async def unfold_apart(texts: Sequence[bytes], start: datetime, end: datetime, timezone: str) -> list[Busy]:
    """Do as `unfold`, within bounds of time and memory. Raises NotACalendar, CalendarTooLarge."""
    asked = {
        "texts": [base64.b64encode(text).decode() for text in texts],
        "start": start.isoformat(),
        "end": end.isoformat(),
        "timezone": timezone,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "booking.busy.apart", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
    )  # fmt: skip
    try:
        async with asyncio.timeout(SECONDS):
            written, _ = await process.communicate(json.dumps(asked).encode())
    except TimeoutError:
        raise CalendarTooLarge from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if not written:  # ended by one of its limits
        raise CalendarTooLarge
    answer = json.loads(written)
    if "error" in answer:
        raise ERRORS[answer["error"]]
    return [Busy(uid, (first, last)) for uid, first, last in answer["busy"]]


def answer_to(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what the process answers: `busy`, a list of (uid, start, end), or the code of an `error`."""
    start, end = (datetime.fromisoformat(asked[name]) for name in ("start", "end"))
    try:
        found = unfold([base64.b64decode(text) for text in asked["texts"]], start, end, asked["timezone"])
    except (CalendarTooLarge, NotACalendar) as error:
        return {"error": error.code}
    return {"busy": [(each.uid, *each.interval) for each in found]}


def main() -> None:
    """Answer what is asked on standard input, then end."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    os.nice(NICENESS)
    json.dump(answer_to(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
