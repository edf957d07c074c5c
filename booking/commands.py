"""Booking's part of the command line."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from booking.sites.csv import NotTheList, SitesFile, read_sites
from booking.sites.importing import Plan, plan_import, write_import


async def import_sites(file: str, *, write: bool, say: Callable[[str], None] = print) -> int:
    """Import the public list of houses, or only tell what that would do.

    Returns the exit status: 0 when the good lines went in (or would), 1 when the file cannot be read as the list or has
    no good line. Bad lines are told by number and reason and keep nobody out.
    """
    try:
        found = read_sites(await asyncio.to_thread(Path(file).read_bytes))
    except OSError as error:
        say(f"{file}: {error.strerror or 'cannot be read'}")
        return 1
    except NotTheList as refused:
        say(f"{file} is not the public list of houses: {refused}")
        return 1
    plan = await plan_import(found.rows)
    _tell(found, plan, say)
    if not found.rows:
        return 1
    if write:
        await write_import(plan)
        say("Done.")
    else:
        say("Nothing was written: add --yes to do it.")
    return 0


def _tell(found: SitesFile, plan: Plan, say: Callable[[str], None]) -> None:
    for bad in found.bad:
        say(f"line {bad.line}: {bad.reason}{f' ({bad.column})' if bad.column else ''}")
    for row in plan.new:
        say(f"new: {row.external_id} {row.name} ({row.commune})")
    for change in plan.changed:
        say(f"changed: {change.row.external_id} {change.row.name}: {', '.join(change.fields)}")
    say(f"{len(plan.new)} new, {len(plan.changed)} changed, {plan.unchanged} unchanged, {len(found.bad)} bad lines.")
