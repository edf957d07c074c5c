"""The houses of the demonstration: six rows of the public list of France Services, and their booths."""

import csv
from dataclasses import dataclass
from pathlib import Path

from booking.models import Site, SiteOpening

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
    """interim"""
    with FILE.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            site = await Site.create(external_id=row["id_fs"], name=row["lib_fs"], commune=row["lib_com"], department=row["insee_dep"], address=row["adresse"], postcode=row["code_postal"], latitude=float(row["latitude"]), longitude=float(row["longitude"]), phone=row["telephone"])
            for weekday, name in enumerate(("lundi","mardi","mercredi","jeudi","vendredi","samedi")):
                for block in filter(None, row["h_"+name].split(" / ")):
                    a, b = ([int(x) for x in t.split(":")] for t in block.split(" - "))
                    await SiteOpening.create(site=site, weekday=weekday, start_minute=a[0]*60+a[1], end_minute=b[0]*60+b[1])
