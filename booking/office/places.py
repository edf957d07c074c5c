"""Verbs and read models of the back office: houses, their opening hours and closures, their kiosks and advisers."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from tortoise.expressions import Q

from booking.errors import KioskUnknown, SiteUnknown
from booking.lifecycle import Actor
from booking.models import Kiosk, KioskOutage, Site, SiteClosure, SiteOpening, SiteStaff
from booking.needs import EQUIPMENT_FOR
from booking.office.agents import Department, Zone
from booking.office.errors import EntryUnknown, PeriodReversed
from booking.office.record import Changed, changed
from booking.office.schemas import Reason, StretchForm
from booking.office.times import Range, Ranges, local_instants
from booking.schemas import Email, Phone
from booking.sites.territories import department_code, territory
from booking.trouble import report_repair
from teleconsult.accounts.models import Account
from teleconsult.accounts.roles import Role
from teleconsult.database import transaction
from teleconsult.web.events import Event
from teleconsult.web.i18n import N_

MOST_SHOWN = 60
WEEKDAYS = range(7)
NO_ADDRESS_ERROR = N_("Indiquez plus haut l’adresse électronique à laquelle inviter l’accueil.")
EQUIPMENT = ("scanner", "printer", *EQUIPMENT_FOR.values())

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class HouseForm(BaseModel):
    """A France Services house. Latitude and longitude in degrees (WGS 84)."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    commune: Text
    department: Annotated[Department, Field(min_length=2)]
    address: Annotated[str, StringConstraints(max_length=300)] = ""
    postcode: Annotated[str, StringConstraints(max_length=10)] = ""
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    timezone: Zone = "Europe/Paris"
    phone: Phone | None = None
    email: Email | None = None
    comment: Annotated[str, StringConstraints(max_length=2000)] = ""
    open_on_holidays: bool = False
    invites_desk: bool = False
    active: bool = False

    @field_validator("invites_desk")
    @classmethod
    def _where_to(cls, value: bool, info: ValidationInfo) -> bool:
        # an address that is wrong has its own error
        if value and info.data.get("email", "") is None:
            raise PydanticCustomError("invites_desk", NO_ADDRESS_ERROR)
        return value


class OpeningForm(BaseModel):
    """The opening hours of a week, from Monday."""

    day0: Ranges = ()
    day1: Ranges = ()
    day2: Ranges = ()
    day3: Ranges = ()
    day4: Ranges = ()
    day5: Ranges = ()
    day6: Ranges = ()


class ClosureForm(StretchForm):
    """A house is closed, in its own zone."""


class KioskForm(BaseModel):
    """A booth."""

    name: Text
    equipment: list[str] = Field(default_factory=list)
    in_service: bool = False


class OutageForm(BaseModel):
    """A kiosk does not work, from now if no start is given, until further notice if no end is."""

    first: date | None = None
    start: time | None = None
    last: date | None = None
    end: time | None = None
    reason: Reason = ""


class StaffForm(BaseModel):
    """An adviser of the house's front desk."""

    account_id: str


@dataclass(frozen=True, kw_only=True)
class HouseLine:
    """A house in the list."""

    id: str
    name: str
    commune: str
    department: str
    active: bool
    kiosks: int


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A closure or an outage that is not over."""

    id: str
    starts_at: datetime
    ends_at: datetime | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class KioskView:
    """A kiosk and its outages."""

    id: str
    name: str
    in_service: bool
    equipment: tuple[str, ...]
    outages: tuple[Stop, ...]


@dataclass(frozen=True, kw_only=True)
class HouseView:
    """A house's own page. `staff` are (id, name) of its advisers."""

    id: str
    name: str
    address: str
    department: str
    timezone: str
    active: bool
    days: tuple[tuple[Range, ...], ...]
    closures: tuple[Stop, ...]
    kiosks: tuple[KioskView, ...]
    staff: tuple[tuple[str, str], ...]


async def houses(search: str) -> tuple[list[HouseLine], bool]:
    """Return the first houses whose name, commune, postcode or department is searched for, and if there are more."""
    query = Site.all()
    for word in search.split():
        matches = Q(name__icontains=word) | Q(commune__icontains=word) | Q(postcode__startswith=word)
        code = department_code(word)
        query = query.filter(matches | Q(department=code) if territory(code) else matches)
    columns = ("id", "name", "commune", "department", "active")
    rows = await query.order_by("-active", "department", "commune").limit(MOST_SHOWN + 1).values(*columns)
    shown = rows[:MOST_SHOWN]
    kiosks: dict[str, int] = {}
    for site_id in await Kiosk.filter(site_id__in=[row["id"] for row in shown]).values_list("site_id", flat=True):
        kiosks[str(site_id)] = kiosks.get(str(site_id), 0) + 1
    return [HouseLine(**row, kiosks=kiosks.get(row["id"], 0)) for row in shown], len(rows) > MOST_SHOWN


async def _site(site_id: str) -> Site:
    site = await Site.get_or_none(id=site_id)
    if site is None:
        raise SiteUnknown(site=site_id)
    return site


async def house_view(site_id: str, now: datetime) -> HouseView:
    """Return a house; what is over is left out. Raises SiteUnknown."""
    site = await _site(site_id)
    outages: dict[str, list[Stop]] = {}
    lasting = KioskOutage.filter(Q(ends_at=None) | Q(ends_at__gt=now), kiosk__site_id=site_id).order_by("starts_at")
    for row in await lasting.values("id", "kiosk_id", "starts_at", "ends_at", "reason"):
        outages.setdefault(row.pop("kiosk_id"), []).append(Stop(**row))
    closures = SiteClosure.filter(site_id=site_id, ends_at__gt=now).order_by("starts_at")
    kiosks = await Kiosk.filter(site_id=site_id).order_by("name").values("id", "name", "in_service", "equipment")
    staff = SiteStaff.filter(site_id=site_id).order_by("account__name").values_list("id", "account__name")
    return HouseView(
        id=site.id, name=site.name, department=site.department, timezone=site.timezone, active=site.active,
        address=", ".join(part for part in (site.address, f"{site.postcode} {site.commune}".strip()) if part),
        days=await _days(site_id),
        closures=tuple(Stop(**row) for row in await closures.values("id", "starts_at", "ends_at", "reason")),
        kiosks=tuple(
            KioskView(**row | {"equipment": tuple(row["equipment"])}, outages=tuple(outages.get(row["id"], ())))
            for row in kiosks
        ),
        staff=tuple((str(key), str(name)) for key, name in await staff),
    )  # fmt: skip


async def _days(site_id: str) -> tuple[tuple[Range, ...], ...]:
    rows = await SiteOpening.filter(site_id=site_id).values_list("weekday", "start_minute", "end_minute")
    return tuple(tuple(sorted((start, end) for each, start, end in rows if each == day)) for day in WEEKDAYS)


async def house_values(site_id: str) -> dict[str, Any]:
    """Return a house as its form shows it. Raises SiteUnknown."""
    site = await _site(site_id)
    return {name: getattr(site, name) for name in HouseForm.model_fields}


async def opening_values(site_id: str) -> dict[str, tuple[Range, ...]]:
    """Return a house's week as its form shows it, as ranges. Raises SiteUnknown."""
    await _site(site_id)
    return {f"day{number}": ranges for number, ranges in enumerate(await _days(site_id))}


async def save_house(form: HouseForm, *, actor: Actor, site_id: str | None = None) -> Changed:
    """Add a house, or change one. Raises SiteUnknown."""
    fields = form.model_dump() | {"phone": form.phone or "", "email": form.email or ""}
    if site_id is None:
        return changed("site", (await Site.create(**fields)).id, "created", actor)
    if not await Site.filter(id=site_id).update(**fields):
        raise SiteUnknown(site=site_id)
    return changed("site", site_id, "updated", actor, site_id)


async def save_opening(form: OpeningForm, *, actor: Actor, site_id: str) -> Changed:
    """Put a week of opening hours in the place of the one there is. Raises SiteUnknown."""
    async with transaction():
        await _site(site_id)
        await SiteOpening.filter(site_id=site_id).delete()
        rows = [
            SiteOpening(site_id=site_id, weekday=day, start_minute=start, end_minute=end)
            for day in WEEKDAYS
            for start, end in getattr(form, f"day{day}")
        ]
        await SiteOpening.bulk_create(rows)
    return changed("site_opening", site_id, "updated", actor, site_id)


async def add_closure(form: ClosureForm, *, actor: Actor, site_id: str) -> Changed:
    """Note that a house is closed for a while. Raises SiteUnknown, PeriodReversed."""
    site = await _site(site_id)
    starts_at, ends_at = form.instants(site.timezone)
    made = await SiteClosure.create(site_id=site_id, starts_at=starts_at, ends_at=ends_at, reason=form.reason)
    return changed("site_closure", made.id, "created", actor, site_id)


async def delete_closure(*, actor: Actor, site_id: str, entry_id: str) -> Changed:
    """Delete a closure. Raises EntryUnknown."""
    if not await SiteClosure.filter(id=entry_id, site_id=site_id).delete():
        raise EntryUnknown
    return changed("site_closure", entry_id, "deleted", actor, site_id)


async def kiosk_values(site_id: str, kiosk_id: str) -> dict[str, Any]:
    """Return a kiosk as its form shows it. Raises KioskUnknown."""
    rows = await Kiosk.filter(id=kiosk_id, site_id=site_id).values("name", "equipment", "in_service")
    if not rows:
        raise KioskUnknown
    return rows[0]


async def save_kiosk(form: KioskForm, *, actor: Actor, site_id: str, kiosk_id: str | None = None) -> Changed:
    """Add a kiosk to a house, or change one. Raises SiteUnknown, KioskUnknown."""
    await _site(site_id)
    if kiosk_id is None:
        made = await Kiosk.create(site_id=site_id, **form.model_dump())
        return changed("kiosk", made.id, "created", actor, site_id)
    if not await Kiosk.filter(id=kiosk_id, site_id=site_id).update(**form.model_dump()):
        raise KioskUnknown
    return changed("kiosk", kiosk_id, "updated", actor, site_id)


async def add_outage(form: OutageForm, *, now: datetime, actor: Actor, site_id: str, kiosk_id: str) -> Changed:
    """Note that a kiosk does not work; `booking.trouble` places the appointments in the way anew.

    Raises SiteUnknown, KioskUnknown, PeriodReversed.
    """
    site = await _site(site_id)
    await kiosk_values(site_id, kiosk_id)
    zone = ZoneInfo(site.timezone)
    day = form.first or now.astimezone(zone).date()
    starts_at = datetime.combine(day, form.start or time.min, zone) if form.first or form.start else now
    ends_at = local_instants(day, form.last or day, None, form.end, site.timezone)[1] if form.last or form.end else None
    if ends_at and ends_at <= starts_at:
        raise PeriodReversed
    made = await KioskOutage.create(kiosk_id=kiosk_id, starts_at=starts_at, ends_at=ends_at, reason=form.reason)
    return changed("kiosk_outage", made.id, "created", actor, site_id)


async def end_outage(*, now: datetime, actor: Actor, site_id: str, entry_id: str) -> tuple[Event, ...]:
    """End an outage that has begun (the kiosk works again), or give up one that is to come. Raises EntryUnknown."""
    outage = await KioskOutage.filter(id=entry_id, kiosk__site_id=site_id).first()
    if outage is None:
        raise EntryUnknown
    repaired = []
    if outage.starts_at > now:
        await outage.delete()
    else:
        repaired = await report_repair(now=now, kiosk_id=outage.kiosk_id)  # type: ignore[attr-defined]
    return (
        changed("kiosk_outage", entry_id, "deleted", actor, site_id),
        *(event for done in repaired for event in done.events),
    )


async def staff_choices(site_id: str) -> list[tuple[str, str]]:
    """Return (id, name and e-mail) of the advisers who are not at a house's desk yet."""
    there = await SiteStaff.filter(site_id=site_id).values_list("account_id", flat=True)
    rows = await Account.filter(active=True).order_by("name").values("id", "name", "email", "roles")
    staff = (row for row in rows if Role.STAFF in row["roles"] and row["id"] not in there)
    return [(row["id"], f"{row['name']} ({row['email']})") for row in staff]


async def add_staff(form: StaffForm, *, actor: Actor, site_id: str) -> Changed:
    """Let an adviser work at a house's desk; said again, nothing changes. Raises SiteUnknown, EntryUnknown."""
    await _site(site_id)
    account = await Account.get_or_none(id=form.account_id)
    if account is None or Role.STAFF not in account.roles:
        raise EntryUnknown
    made, _ = await SiteStaff.get_or_create(site_id=site_id, account_id=account.id)
    return changed("site_staff", made.id, "created", actor, site_id)


async def remove_staff(*, actor: Actor, site_id: str, entry_id: str) -> Changed:
    """Take an adviser from a house's desk. Raises EntryUnknown."""
    if not await SiteStaff.filter(id=entry_id, site_id=site_id).delete():
        raise EntryUnknown
    return changed("site_staff", entry_id, "deleted", actor, site_id)
