"""The public list of houses: the file as it is, and what happens to it on the way."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.commands import import_sites
from booking.models import Site, SiteOpening
from booking.sites.csv import BadLine, NotTheList, Opening, Reason, SitesFile, parse_hours, read_sites
from booking.sites.importing import plan_import, write_import
from teleconsult.database import Database

HEADER = (
    '"id_fs","insee_dep","lib_fs","adresse","complement_adresse","insee_com","code_postal","lib_com","latitude",'
    '"longitude","mail","telephone","h_lundi","h_mardi","h_mercredi","h_jeudi","h_vendredi","h_samedi","prise_rdv",'
    '"commentaire","type_fs","format_fs","groupe_fs","labellisation_fs"'
)
COLUMNS = HEADER.replace('"', "").split(",")
HOUSE = {
    "id_fs": "166", "insee_dep": "28", "lib_fs": "France services La Loupe", "adresse": "18 Rue de la Gare",
    "code_postal": "28240", "lib_com": "La Loupe", "latitude": "48.47335", "longitude": "1.011705",
    "telephone": "02 37 81 38 93", "h_lundi": "08:00 - 12:15 / 13:30 - 16:00", "h_samedi": "09:00 - 12:00",
}  # fmt: skip


def line(**changes: str) -> str:
    return ",".join('"' + (HOUSE | changes).get(column, "").replace('"', '""') + '"' for column in COLUMNS)


def the_list(*lines: str) -> bytes:
    return "\r\n".join([HEADER, *lines, ""]).encode()


def only_bad(found: SitesFile) -> BadLine:
    assert not found.rows
    (bad,) = found.bad
    return bad


def test_a_house() -> None:
    found = read_sites(b"\xef\xbb\xbf" + the_list(line(complement_adresse="Bâtiment B", commentaire="Sur\nRDV")))
    (row,) = found.rows
    assert not found.bad
    assert (row.external_id, row.name, row.commune) == ("166", "France services La Loupe", "La Loupe")
    assert (row.address, row.postcode, row.comment) == ("18 Rue de la Gare, Bâtiment B", "28240", "Sur RDV")
    assert (row.latitude, row.longitude, row.timezone) == (48.47335, 1.011705, "Europe/Paris")
    assert row.openings == (Opening(0, 480, 735), Opening(0, 810, 960), Opening(5, 540, 720))


@pytest.mark.parametrize(
    ("department", "place", "zone"),
    [
        ("1", ("46.2", "5.2"), "Europe/Paris"),
        ("2a", ("41.9", "8.7"), "Europe/Paris"),
        ("971", ("16.24", "-61.53"), "America/Guadeloupe"),
        ("972", ("14.6", "-61.07"), "America/Martinique"),
        ("973", ("4.92", "-52.31"), "America/Cayenne"),
        ("974", ("-20.88", "55.45"), "Indian/Reunion"),
        ("975", ("46.78", "-56.17"), "America/Miquelon"),
        ("976", ("-12.78", "45.23"), "Indian/Mayotte"),
        ("988", ("-22.27", "166.45"), "Pacific/Noumea"),
    ],
)
def test_the_zone_comes_from_the_department(department: str, place: tuple[str, str], zone: str) -> None:
    (row,) = read_sites(the_list(line(insee_dep=department, latitude=place[0], longitude=place[1]))).rows
    assert row.timezone == zone


@pytest.mark.parametrize(
    ("changes", "reason", "column"),
    [
        ({"insee_dep": "20"}, Reason.DEPARTMENT, "insee_dep"),
        ({"insee_dep": "99"}, Reason.DEPARTMENT, "insee_dep"),
        ({"latitude": "1.011705", "longitude": "48.47335"}, Reason.SWAPPED, "latitude"),
        ({"latitude": "-20.88", "longitude": "55.45"}, Reason.ELSEWHERE, "latitude"),
        ({"latitude": ""}, Reason.COORDINATES, "latitude"),
        ({"latitude": "nan"}, Reason.ELSEWHERE, "latitude"),
        ({"h_mardi": "12:00 - 09:00"}, Reason.HOURS_REVERSED, "h_mardi"),
        ({"h_mardi": "09:00 - 12:00 / 11:30 - 17:00"}, Reason.HOURS_OVERLAP, "h_mardi"),
        ({"h_jeudi": "le matin"}, Reason.HOURS, "h_jeudi"),
        ({"h_jeudi": "09:00 - 25:00"}, Reason.HOURS, "h_jeudi"),
        ({"h_jeudi": " / ".join(f"{hour:02}:00 - {hour:02}:30" for hour in range(8, 14))}, Reason.HOURS, "h_jeudi"),
        ({"lib_fs": " "}, Reason.EMPTY, "lib_fs"),
        ({"lib_fs": "x" * 201}, Reason.TOO_LONG, "name"),
    ],
)
def test_a_bad_line_is_told_by_number_and_reason_and_keeps_nobody_out(
    changes: dict[str, str], reason: Reason, column: str
) -> None:
    found = read_sites(
        the_list(line(id_fs="1", commentaire="deux\nlignes"), line(id_fs="2", **changes), line(id_fs="3"))
    )
    assert [row.external_id for row in found.rows] == ["1", "3"]
    assert found.bad == (BadLine(4, reason, column),)


def test_five_ranges_a_day_are_read() -> None:
    text = " / ".join(f"{hour:02}:00 - {hour:02}:30" for hour in range(8, 13))
    assert len(parse_hours(text)) == 5


@given(st.lists(st.integers(0, 24 * 60), unique=True, max_size=10).map(sorted))
def test_hours_come_back_as_written(minutes: list[int]) -> None:
    ranges = tuple(zip(minutes[::2], minutes[1::2], strict=False))
    text = " / ".join(" - ".join(f"{each // 60:02}:{each % 60:02}" for each in pair) for pair in ranges)
    assert parse_hours(text) == ranges


def test_a_house_that_comes_twice_and_a_line_with_other_columns() -> None:
    found = read_sites(the_list(line(), line(), "1,2,3"))
    assert len(found.rows) == 1
    assert [(bad.line, bad.reason) for bad in found.bad] == [(3, Reason.TWICE), (4, Reason.COLUMNS)]


def test_a_line_in_another_encoding() -> None:
    found = read_sites(the_list(line(id_fs="1")) + line(id_fs="2", lib_com="Orléans").encode("latin-1") + b"\r\n")
    assert [row.external_id for row in found.rows] == ["1"]
    assert found.bad == (BadLine(3, Reason.ENCODING, "lib_com"),)


def test_a_file_that_is_not_the_list() -> None:
    with pytest.raises(NotTheList) as refused:
        read_sites(b"name,latitude\nOrleans,47.9\n")
    assert "id_fs" in refused.value.missing
    assert "latitude" not in refused.value.missing
    with pytest.raises(NotTheList):
        read_sites(b"")


@given(st.binary(max_size=3000))
def test_noise_never_breaks_the_reader(noise: bytes) -> None:
    found = read_sites(the_list(line(id_fs="1")) + noise)
    assert [row.external_id for row in found.rows][:1] == ["1"]


def test_a_quote_that_never_ends_costs_its_line_only_up_to_a_limit() -> None:
    found = read_sites(the_list(line(id_fs="1")) + b'"' + b"x" * 200_000 + b"\r\n" + line(id_fs="2").encode() + b"\r\n")
    assert found.rows[0].external_id == "1"
    assert Reason.FIELD_TOO_LARGE in [bad.reason for bad in found.bad]


async def test_import_is_idempotent_and_follows_the_list(database: Database) -> None:
    rows = read_sites(the_list(line(id_fs="1"), line(id_fs="2"))).rows
    await write_import(await plan_import(rows))
    again = await plan_import(rows)
    assert (again.new, again.changed, again.unchanged) == ((), (), 2)
    own = await Site.create(name="À nous", commune="Chartres", department="28", latitude=48.4, longitude=1.5)
    ids = {site.external_id: site.id for site in await Site.all()}
    later = read_sites(the_list(line(id_fs="1", h_lundi="", telephone="02"), line(id_fs="3"))).rows
    plan = await plan_import(later)
    assert [(change.row.external_id, change.fields) for change in plan.changed] == [("1", ("phone", "openings"))]
    await write_import(plan)
    first = await Site.get(external_id="1")
    assert (first.id, first.phone) == (ids["1"], "02")
    assert await SiteOpening.filter(site_id=first.id).values_list("weekday", flat=True) == [5]
    assert await SiteOpening.filter(site_id=ids["2"]).count() == 3
    assert await Site.filter(id__in=[own.id, ids["2"]]).count() == 2
    assert (await plan_import(later)).unchanged == 2


async def test_command_shows_first_and_writes_when_told(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(the_list(line(id_fs="1"), line(id_fs="2", latitude="0")))
    said: list[str] = []
    assert await import_sites(str(path), write=False, say=said.append) == 0
    assert await Site.all().count() == 0
    assert "line 3: not in that department's part of the world (latitude)" in said
    assert "1 new, 0 changed, 0 unchanged, 1 bad lines." in said
    assert await import_sites(str(path), write=True, say=said.append) == 0
    assert await Site.all().count() == 1
    path.write_bytes(b"nothing")
    assert await import_sites(str(path), write=True, say=said.append) == 1
    assert await import_sites(str(tmp_path / "none.csv"), write=True, say=said.append) == 1
    assert said[-1].endswith("No such file or directory")


async def test_the_two_first_departments(database: Database) -> None:
    """The list of November 2026 for Eure-et-Loir and Loiret, as published (Licence Ouverte 2.0)."""
    found = read_sites(Path(__file__).with_name("france-services-28-45.csv").read_bytes())
    assert (len(found.rows), found.bad) == (48, ())
    await write_import(await plan_import(found.rows))
    assert await Site.filter(department="28").count() == 25
    assert await Site.filter(department="45").count() == 23
    loupe = await Site.get(external_id="166")
    days = SiteOpening.filter(site_id=loupe.id).order_by("weekday", "start_minute")
    assert (await days.values_list("weekday", "start_minute", "end_minute"))[:2] == [(0, 480, 735), (0, 810, 960)]
