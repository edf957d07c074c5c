"""Houses as their own kiosks and advisers see them, and which adviser belongs to which."""

from dataclasses import dataclass

from booking.models import Kiosk, Site, SiteStaff
from kiosks.errors import HouseUnknown


@dataclass(frozen=True, kw_only=True)
class House:
    """A France Services house. Latitude and longitude are degrees (WGS 84)."""

    id: str
    name: str
    department: str
    latitude: float
    longitude: float
    timezone: str


def view(site: Site) -> House:
    """Return what screens say of a house."""
    return House(
        id=site.id,
        name=site.name,
        department=site.department,
        latitude=site.latitude,
        longitude=site.longitude,
        timezone=site.timezone,
    )


async def all_of_adviser(account_id: str) -> list[House]:
    """Return an adviser's houses by name."""
    rows = await Site.filter(staff__account_id=account_id, active=True).distinct().order_by("name", "id")
    return [view(site) for site in rows]


async def of_adviser(*, account_id: str, site_id: str) -> House:
    """Return one of an adviser's houses. Raises HouseUnknown for one that is not theirs, as for one that is not."""
    site = await Site.filter(staff__account_id=account_id, id=site_id, active=True).first()
    if site is None:
        raise HouseUnknown
    return view(site)


async def kiosk_names(site_id: str) -> dict[str, str]:
    """Return the kiosks of a house in service: name by id, in order."""
    rows = await Kiosk.filter(site_id=site_id, in_service=True).order_by("name", "id").values_list("id", "name")
    return {str(kiosk_id): str(name) for kiosk_id, name in rows}


async def has_kiosk(*, site_id: str, kiosk_id: str) -> bool:
    """Tell whether a kiosk, working or not, is one of a house's."""
    return await Kiosk.exists(id=kiosk_id, site_id=site_id)


async def is_adviser_of(*, account_id: str, site_id: str) -> bool:
    """Tell whether an account belongs to a house's front desk."""
    return await SiteStaff.exists(site_id=site_id, account_id=account_id)
