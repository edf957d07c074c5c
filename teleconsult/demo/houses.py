"""The houses of the demonstration: six rows of the public list of France Services, and their booths."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from booking.sites.csv import read_sites
from booking.sites.importing import plan_import, write_import

FILE = Path(__file__).with_name("data") / "houses.csv"
FULL = ("printer", "scanner", "wheelchair", "hearing_loop")
PLAIN = ("printer", "scanner")


@dataclass(frozen=True)
class House:
    """A house by its national number, and the equipment of each of its booths."""

    external_id: str
    kiosks: tuple[tuple[str, ...], ...]


HOUSES = (
    House("773", (FULL, PLAIN)),
    House("1233", (FULL,)),
    House("166", (FULL, PLAIN)),
    House("260", (FULL, PLAIN)),
    House("2617", (FULL, PLAIN)),
    House("1922", (FULL,)),
)
DEMO_HOUSE = HOUSES[0].external_id


async def import_houses() -> None:
    """Import the six houses as the `sites import` command does."""
    listed = read_sites(await asyncio.to_thread(FILE.read_bytes))
    await write_import(await plan_import(listed.rows))
