"""Bring the houses of the public list into the database: first what would change, then the change."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from booking.models import Site, SiteOpening
from booking.sites.csv import Opening, SiteRow
from teleconsult.database import transaction

BATCH = 500
FIELDS = (
    "name", "commune", "department", "address", "postcode", "latitude", "longitude", "timezone", "phone", "email",
    "comment",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A house that is there already and differs from the list: its id here, and which fields differ."""

    site_id: str
    row: SiteRow
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does. Houses that the list does not name are left alone."""

    new: tuple[SiteRow, ...]
    changed: tuple[Change, ...]
    unchanged: int


async def plan_import(rows: Iterable[SiteRow]) -> Plan:
    """Compare the list with the houses that are there, by the list's number. Two queries."""
    known = {
        row["external_id"]: row
        for row in await Site.filter(external_id__isnull=False).values("id", "external_id", *FIELDS)
    }
    openings: dict[str, set[Opening]] = defaultdict(set)
    columns = ("site_id", "weekday", "start_minute", "end_minute")
    for site_id, *opening in await SiteOpening.filter(site__external_id__isnull=False).values_list(*columns):
        openings[site_id].add(Opening(*opening))
    new, changed, unchanged = [], [], 0
    for row in rows:
        before = known.get(row.external_id)
        if before is None:
            new.append(row)
            continue
        differing = [name for name in FIELDS if before[name] != getattr(row, name)]
        if openings[before["id"]] != set(row.openings):
            differing.append("openings")
        if differing:
            changed.append(Change(before["id"], row, tuple(differing)))
        else:
            unchanged += 1
    return Plan(tuple(new), tuple(changed), unchanged)


async def write_import(plan: Plan) -> None:
    """Write a plan, all of it or nothing."""
    async with transaction():
        sites = [Site(external_id=row.external_id, **_fields(row)) for row in plan.new]
        await Site.bulk_create(sites, batch_size=BATCH)
        for change in plan.changed:
            await Site.filter(id=change.site_id).update(**_fields(change.row))
        moved = [change for change in plan.changed if "openings" in change.fields]
        await SiteOpening.filter(site_id__in=[change.site_id for change in moved]).delete()
        pairs = [
            *((site.id, row) for site, row in zip(sites, plan.new, strict=True)),
            *((each.site_id, each.row) for each in moved),
        ]
        openings = [SiteOpening(site_id=site_id, **asdict(each)) for site_id, row in pairs for each in row.openings]
        await SiteOpening.bulk_create(openings, batch_size=BATCH)


def _fields(row: SiteRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in FIELDS}
