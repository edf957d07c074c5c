"""The public list of France Services houses (data.gouv.fr), read line by line. Pure: bytes in, houses out.

The columns of that file are the contract. A line that cannot be trusted is told by its number and a reason; the others
are read all the same.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

from booking.sites.territories import Territory, department_code, territory

DAYS = ("h_lundi", "h_mardi", "h_mercredi", "h_jeudi", "h_vendredi", "h_samedi")
REQUIRED = ("id_fs", "insee_dep", "lib_fs", "lib_com", "latitude", "longitude", *DAYS)
OPTIONAL = ("adresse", "complement_adresse", "code_postal", "mail", "telephone", "commentaire")
LONGEST = {"name": 200, "commune": 120, "address": 300, "postcode": 10, "phone": 40, "email": 254, "external_id": 40}
MAX_RANGES = 5
MAX_BYTES = 50 * 1024 * 1024
_RANGE = re.compile(r"\s*(\d{1,2})[:hH](\d{2})\s*[-–]\s*(\d{1,2})[:hH](\d{2})\s*")


class Reason(StrEnum):
    """Why a line was left out."""

    ENCODING = "not UTF-8"
    COLUMNS = "not as many columns as the header"
    FIELD_TOO_LARGE = "not a line of a CSV file"
    EMPTY = "nothing in a column that is needed"
    TOO_LONG = "too long"
    DEPARTMENT = "no such department"
    COORDINATES = "not a latitude and a longitude"
    SWAPPED = "latitude and longitude are swapped"
    ELSEWHERE = "not in that department's part of the world"
    HOURS = "hours not written like 09:00 - 12:00 / 13:30 - 17:00"
    HOURS_REVERSED = "closes before it opens"
    HOURS_OVERLAP = "hours that overlap"
    TWICE = "a number that another line has already"


@dataclass(frozen=True, slots=True)
class Opening:
    """Open from `start_minute` to `end_minute` of the local day on `weekday` (Monday is 0)."""

    weekday: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """A house as the list describes it; `external_id` is its number there."""

    external_id: str
    name: str
    commune: str
    department: str
    address: str
    postcode: str
    latitude: float
    longitude: float
    timezone: str
    phone: str
    email: str
    comment: str
    openings: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was left out: its number in the file (the header is 1), why, and which column."""

    line: int
    reason: Reason
    column: str = ""


@dataclass(frozen=True, slots=True)
class SitesFile:
    """What was read."""

    rows: tuple[SiteRow, ...]
    bad: tuple[BadLine, ...]


class NotTheList(ValueError):
    """The file as a whole is not the list: `missing` columns, or none because it is too large."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__("missing columns: " + ", ".join(missing) if missing else "too large")
        self.missing = missing


class _Reader(Protocol):
    """A csv.reader, whose type has no public name."""

    @property
    def line_num(self) -> int: ...
    def __next__(self) -> list[str]: ...
    def __iter__(self) -> "_Reader": ...


class _Refused(ValueError):
    def __init__(self, reason: Reason, column: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column


def read_sites(data: bytes) -> SitesFile:
    """Read the list. Raises NotTheList if it lacks a column that is needed or is larger than 50 MB."""
    if len(data) > MAX_BYTES:
        raise NotTheList(())
    # A byte that is not UTF-8 becomes a lone surrogate, which marks its line and no other.
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="surrogateescape")
    reader = csv.reader(io.StringIO(text, newline=""))
    header = _header(reader)
    rows: list[SiteRow] = []
    bad: list[BadLine] = []
    lines: dict[str, int] = {}
    for number, values in _records(reader):
        try:
            row = _row(header, values)
            if row.external_id in lines:
                raise _Refused(Reason.TWICE, "id_fs")
        except _Refused as refused:
            bad.append(BadLine(number, refused.reason, refused.column))
        else:
            lines[row.external_id] = number
            rows.append(row)
    return SitesFile(tuple(rows), tuple(bad))


def parse_hours(text: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of a day, in minutes since midnight, of a text like `09:00 - 12:00 / 13:30 - 17:00`.

    Raises ValueError with a Reason.
    """
    if not text.strip():
        return ()
    ranges = []
    for part in text.split("/"):
        found = _RANGE.fullmatch(part)
        if found is None:
            raise _Refused(Reason.HOURS)
        hour, minute, end_hour, end_minute = map(int, found.groups())
        if max(minute, end_minute) > 59 or max(hour * 60 + minute, end_hour * 60 + end_minute) > 24 * 60:
            raise _Refused(Reason.HOURS)
        ranges.append((hour * 60 + minute, end_hour * 60 + end_minute))
    if len(ranges) > MAX_RANGES:
        raise _Refused(Reason.HOURS)
    if any(end <= start for start, end in ranges):
        raise _Refused(Reason.HOURS_REVERSED)
    ranges.sort()
    if any(after[0] < before[1] for before, after in pairwise(ranges)):
        raise _Refused(Reason.HOURS_OVERLAP)
    return tuple(ranges)


def _header(reader: _Reader) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error:
        header = []
    missing = tuple(name for name in REQUIRED if name not in header)
    if missing:
        raise NotTheList(missing)
    return header


def _records(reader: _Reader) -> Iterator[tuple[int, list[str] | None]]:
    """Yield (number of its first line, values) of each record; no values where there is none to be read."""
    while True:
        number = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, None
            continue
        if values:
            yield number, values


def _row(header: list[str], values: list[str] | None) -> SiteRow:
    if values is None:
        raise _Refused(Reason.FIELD_TOO_LARGE)
    if len(values) != len(header):
        raise _Refused(Reason.COLUMNS)
    cell = {name: " ".join(value.split()) for name, value in zip(header, values, strict=True)}
    for name in (*REQUIRED, *OPTIONAL):
        if any("\ud800" <= char <= "\udfff" for char in cell.get(name, "")):
            raise _Refused(Reason.ENCODING, name)
    for name in ("id_fs", "insee_dep", "lib_fs", "lib_com"):
        if not cell[name]:
            raise _Refused(Reason.EMPTY, name)
    department = department_code(cell["insee_dep"])
    lies = territory(department)
    if lies is None:
        raise _Refused(Reason.DEPARTMENT, "insee_dep")
    latitude, longitude = _place(cell["latitude"], cell["longitude"], lies)
    address = ", ".join(filter(None, (cell.get("adresse", ""), cell.get("complement_adresse", ""))))
    texts = {
        "external_id": cell["id_fs"], "name": cell["lib_fs"], "commune": cell["lib_com"], "address": address,
        "postcode": cell.get("code_postal", ""), "phone": cell.get("telephone", ""), "email": cell.get("mail", ""),
    }  # fmt: skip
    for name, longest in LONGEST.items():
        if len(texts[name]) > longest:
            raise _Refused(Reason.TOO_LONG, name)
    return SiteRow(
        **texts, department=department, latitude=latitude, longitude=longitude, timezone=lies.timezone,
        comment=cell.get("commentaire", ""), openings=_week(cell),
    )  # fmt: skip


def _place(latitude: str, longitude: str, lies: Territory) -> tuple[float, float]:
    try:
        north, east = float(latitude.replace(",", ".")), float(longitude.replace(",", "."))
    except ValueError:
        raise _Refused(Reason.COORDINATES, "latitude") from None
    if not lies.holds(north, east):
        raise _Refused(Reason.SWAPPED if lies.holds(east, north) else Reason.ELSEWHERE, "latitude")
    return north, east


def _week(cell: dict[str, str]) -> tuple[Opening, ...]:
    openings: list[Opening] = []
    for weekday, column in enumerate(DAYS):
        try:
            openings.extend(Opening(weekday, start, end) for start, end in parse_hours(cell[column]))
        except _Refused as refused:
            raise _Refused(refused.reason, column) from None
    return tuple(openings)
