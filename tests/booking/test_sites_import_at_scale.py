"""A list as long as the nation's, and what damage does to it."""

import random

import pytest

from booking.models import Site, SiteOpening
from booking.sites.csv import NotTheList, Reason, SitesFile, read_sites
from booking.sites.importing import plan_import, write_import
from booking.sites.territories import METROPOLE
from teleconsult.database import Database
from tests.booking.test_sites_import import COLUMNS, HEADER, the_list

HOUSES = 2845
OVERSEAS = {
    "971": (16.24, -61.53), "972": (14.6, -61.07), "973": (4.92, -52.31), "974": (-20.88, 55.45),
    "975": (46.78, -56.17), "976": (-12.78, 45.23), "978": (18.07, -63.08), "988": (-22.27, 166.45),
}  # fmt: skip
DAYS = ("h_lundi", "h_mardi", "h_mercredi", "h_jeudi", "h_vendredi", "h_samedi")
SHAPES = (
    "09:00 - 12:00 / 13:30 - 17:00",
    "09:00 - 12:00",
    "",
    "08:00 - 09:00 / 09:30 - 10:30 / 11:00 - 12:00 / 14:00 - 15:00 / 15:30 - 16:30",
    "08h30 – 12h15 / 13:30 - 18:00",
)
CAUSES = {
    Reason.ENCODING: 40, Reason.COLUMNS: 40, Reason.HOURS_REVERSED: 40, Reason.SWAPPED: 40,
}  # fmt: skip


def nation() -> list[dict[str, str]]:
    """As many houses as the published list has: every department, mobile ones, antennas, up to five ranges a day."""
    chance = random.Random(7)
    departments = [*sorted(METROPOLE), *OVERSEAS]
    houses = []
    for number in range(HOUSES):
        department = departments[number % len(departments)]
        latitude, longitude = OVERSEAS.get(department, (chance.uniform(43, 50), chance.uniform(-1, 7)))
        houses.append(
            {
                "id_fs": str(number + 1), "insee_dep": department, "lib_fs": f"France services n° {number}, l’été",
                "lib_com": f"Commune-sur-Œuf {number}", "latitude": f"{latitude:.5f}", "longitude": f"{longitude:.5f}",
                "code_postal": f"{number:05}", "adresse": '1, rue "du Four"', "commentaire": "Sur\nrendez-vous",
                "format_fs": chance.choice(["Fixe", "Itinérante"]), "type_fs": chance.choice(["Principal", "Antenne"]),
                **{day: chance.choice(SHAPES) for day in DAYS},
            }
        )  # fmt: skip
    return houses


def line(house: dict[str, str]) -> str:
    return ",".join('"' + house.get(column, "").replace('"', '""') + '"' for column in COLUMNS)


def damaged(house: dict[str, str], how: Reason) -> bytes:
    """Return a house's line with one thing wrong."""
    if how is Reason.ENCODING:
        return line(house).encode("latin-1", errors="replace")
    if how is Reason.COLUMNS:
        return line(house).rsplit(",", 3)[0].encode()
    if how is Reason.HOURS_REVERSED:
        return line(house | {"h_mardi": "17:00 - 09:00"}).encode()
    return line(house | {"latitude": house["longitude"], "longitude": house["latitude"]}).encode()


def reasons(found: SitesFile) -> dict[Reason, int]:
    counts: dict[Reason, int] = {}
    for bad in found.bad:
        counts[bad.reason] = counts.get(bad.reason, 0) + 1
    return counts


async def test_the_whole_nation_goes_in_and_again_changes_nothing(database: Database) -> None:
    found = read_sites(the_list(*map(line, nation())))
    assert (len(found.rows), found.bad) == (HOUSES, ())
    await write_import(await plan_import(found.rows))
    assert await Site.all().count() == HOUSES
    assert await SiteOpening.all().count() == sum(len(row.openings) for row in found.rows) > HOUSES * 5
    zones = set(await Site.all().distinct().values_list("timezone", flat=True))
    assert {"Europe/Paris", "America/Miquelon", "Indian/Reunion", "Pacific/Noumea", "America/Marigot"} <= zones
    again = await plan_import(found.rows)
    assert (again.new, again.changed, again.unchanged) == ((), (), HOUSES)


def test_damaged_lines_are_told_each_and_the_others_read() -> None:
    houses = nation()
    chance = random.Random(11)
    victims = chance.sample(
        [n for n, house in enumerate(houses) if house["insee_dep"] in METROPOLE], sum(CAUSES.values())
    )
    how = dict(zip(victims, [reason for reason, count in CAUSES.items() for _ in range(count)], strict=True))
    lines = [damaged(house, how[n]) if n in how else line(house).encode() for n, house in enumerate(houses)]
    found = read_sites(HEADER.encode() + b"\r\n" + b"\r\n".join(lines) + b"\r\n")
    assert reasons(found) == CAUSES
    assert {row.external_id for row in found.rows} == {house["id_fs"] for n, house in enumerate(houses) if n not in how}


@pytest.mark.parametrize("column", ["h_mardi", "latitude", "id_fs"])
def test_a_list_without_a_column_is_refused_whole(column: str) -> None:
    text = the_list(*map(line, nation()[:5])).replace(f'"{column}"'.encode(), b'"other"', 1)
    with pytest.raises(NotTheList) as refused:
        read_sites(text)
    assert refused.value.missing == (column,)


def test_a_whole_file_in_another_encoding_loses_its_lines_and_nothing_else() -> None:
    text = the_list(*map(line, nation()[:50])).decode().replace("’", "'").replace("Œ", "OE").replace("–", "-")
    found = read_sites(text.encode("latin-1"))
    assert not found.rows
    assert reasons(found) == {Reason.ENCODING: 50}


def test_ten_megabytes_of_noise_are_survived() -> None:
    good = the_list(*map(line, nation()[:20]))
    noise = random.Random(3).randbytes(10 * 1024 * 1024)
    found = read_sites(good + noise)
    assert [row.external_id for row in found.rows] == [str(number + 1) for number in range(20)]
    assert found.bad
    with pytest.raises(NotTheList):
        read_sites(noise)
