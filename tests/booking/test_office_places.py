"""The back office's pages of houses: hours, closures, kiosks that work or not, and whose desk it is."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking.engine.search import slots
from booking.models import Kiosk, KioskOutage, Site, SiteClosure, SiteOpening, SiteStaff
from tests.booking.agenda_world import Client, World, page, sign_in
from tests.booking.test_office_offer import post

NOBODY = "0" * 32
HOUSE = {
    "name": "France services Gien", "commune": "Gien", "department": "45", "latitude": "47.69", "longitude": "2.63",
    "timezone": "Europe/Paris", "phone": "02 38 00 00 01", "email": "gien@example.org", "active": "yes",
}  # fmt: skip


@pytest.fixture
async def admin(client: Client, world: World) -> Client:
    """The administrator's browser."""
    await sign_in(client, "admin")
    return client


def own(world: World, rest: str = "") -> str:
    return f"/admin/houses/{world.site.id}{rest}"


async def free(world: World) -> int:
    """Return how many slots can be booked at the world's house today and tomorrow."""
    return len(await slots(now=world.now, service_id=world.service.id, site_id=world.site.id, days=2))


@pytest.mark.parametrize("who", ["claire", "staff"])
async def test_only_administrators_see_and_change_houses(client: Client, world: World, who: str) -> None:
    await sign_in(client, who)
    for path in ("/admin/houses", own(world), own(world, "/edit")):
        await page(client, path, 403)
    assert (await client.post(own(world, "/hours"), data={})).status == 403
    assert await SiteOpening.filter(site_id=world.site.id).count() == 7


async def test_house_is_added_found_and_changed(admin: Client, world: World) -> None:
    to = await post(admin, "/admin/houses/new", HOUSE)
    made = await Site.get(commune="Gien")
    assert to == f"/admin/houses/{made.id}?done=saved"
    assert (made.phone, made.latitude, made.active) == ("+33238000001", 47.69, True)
    html = await page(admin, "/admin/houses?q=gien+45")
    assert "France services Gien" in html
    assert "France services Briare" not in html
    assert "Aucune borne" in html
    assert "Aucune maison trouvée" in await page(admin, "/admin/houses?q=Paris")
    await post(admin, f"/admin/houses/{made.id}/edit", {key: value for key, value in HOUSE.items() if key != "active"})
    assert not (await Site.get(id=made.id)).active
    assert "Fermée pour de bon" in await page(admin, f"/admin/houses/{made.id}")


@pytest.mark.parametrize(
    "wrong", [{"latitude": "147"}, {"department": "99"}, {"phone": "12"}, {"email": "gien"}, {"timezone": "Gien"}]
)
async def test_house_with_what_cannot_be_is_refused(admin: Client, wrong: dict[str, str]) -> None:
    assert "fr-error-text" in await post(admin, "/admin/houses/new", HOUSE | wrong, 422)
    assert not await Site.exists(commune="Gien")


async def test_opening_hours_replace_those_there_were(admin: Client, world: World) -> None:
    assert 'value="0h-24h"' in await page(admin, own(world, "/hours"))
    await post(admin, own(world, "/hours"), {"day2": "9h-12h, 14h-17h30"})
    rows = await SiteOpening.filter(site_id=world.site.id).order_by("start_minute")
    assert [(row.weekday, row.start_minute, row.end_minute) for row in rows] == [(2, 540, 720), (2, 840, 1050)]
    html = await page(admin, own(world))
    assert "9h-12h, 14h-17h30" in html
    assert html.count("fermée") == 6
    await post(admin, own(world, "/hours"), {"day2": "14h-9h"}, 422)
    assert await SiteOpening.filter(site_id=world.site.id).count() == 2


async def test_closure_takes_slots_away_and_gives_them_back(admin: Client, world: World) -> None:
    today = world.now.astimezone(ZoneInfo(world.zone)).date()
    before = await free(world)
    form = {"first": str(today), "last": str(today + timedelta(days=2)), "reason": "Travaux"}
    await post(admin, own(world, "/closures/new"), form)
    assert "Travaux" in await page(admin, own(world))
    assert (before > 0, await free(world)) == (True, 0)
    [closure] = await SiteClosure.all()
    await post(admin, own(world, f"/closures/{closure.id}/delete"), {})
    assert await free(world) == before
    await post(admin, own(world, "/closures/new"), form | {"last": str(today - timedelta(days=1))}, 422)
    assert not await SiteClosure.exists()


async def test_kiosks_are_added_and_taken_out_of_service(admin: Client, world: World) -> None:
    form: dict[str, Any] = {"name": "Borne 2", "equipment": ["scanner", "hearing_loop"], "in_service": "yes"}
    await post(admin, own(world, "/kiosks/new"), form)
    made = await Kiosk.get(name="Borne 2")
    assert (made.equipment, made.in_service) == (["scanner", "hearing_loop"], True)
    html = await page(admin, own(world))
    assert "Scanner, Boucle magnétique" in html
    for kiosk in await Kiosk.filter(site_id=world.site.id):
        await post(admin, own(world, f"/kiosks/{kiosk.id}"), {"name": kiosk.name})
    assert (await page(admin, own(world))).count("Hors service") == 2
    assert not await Kiosk.filter(site_id=world.site.id, in_service=True).exists()


async def test_outage_begins_now_until_further_notice_and_ends(admin: Client, world: World) -> None:
    await post(admin, own(world, f"/kiosks/{world.kiosk.id}/outages/new"), {"reason": "Écran noir"})
    [outage] = await KioskOutage.all()
    assert outage.starts_at <= datetime.now(UTC)
    assert outage.ends_at is None
    html = await page(admin, own(world))
    for text in ("Écran noir", "jusqu’à nouvel ordre", "Panne signalée"):
        assert text in html
    await post(admin, own(world, f"/outages/{outage.id}/end"), {})
    await outage.refresh_from_db()
    assert outage.ends_at is not None
    assert "Panne signalée" not in await page(admin, own(world))


async def test_planned_outage_is_in_the_zone_of_the_house_and_can_be_given_up(admin: Client, world: World) -> None:
    await Site.filter(id=world.site.id).update(timezone="Indian/Reunion")
    path = own(world, f"/kiosks/{world.kiosk.id}/outages/new")
    await post(admin, path, {"first": "2030-01-07", "start": "08:00", "last": "2030-01-08", "end": "12:00"})
    [outage] = await KioskOutage.all()
    assert outage.starts_at == datetime.combine(date(2030, 1, 7), time(4), UTC)
    assert outage.ends_at == datetime.combine(date(2030, 1, 8), time(8), UTC)
    await post(admin, path, {"first": "2030-01-07", "last": "2030-01-06"}, 422)
    await post(admin, own(world, f"/outages/{outage.id}/end"), {})
    assert not await KioskOutage.exists()


async def test_adviser_gets_the_desk_once_and_loses_it(admin: Client, world: World) -> None:
    account = world.accounts["staff"]
    assert account.email in await page(admin, own(world, "/staff/new"))
    for _ in range(2):
        await post(admin, own(world, "/staff/new"), {"account_id": account.id})
    [staff] = await SiteStaff.all()
    assert "Samia Benali" in await page(admin, own(world))
    assert account.email not in await page(admin, own(world, "/staff/new"))
    await post(admin, own(world, f"/staff/{staff.id}/delete"), {})
    assert not await SiteStaff.exists()
    answer = await admin.post(own(world, "/staff/new"), data={"account_id": world.accounts["claire"].id})
    assert answer.status == 404


async def test_what_belongs_to_another_house_is_not_there(admin: Client, world: World) -> None:
    other = await Site.create(
        name="Autre", commune="Autre", department="28", latitude=48.4, longitude=1.5, timezone="Europe/Paris"
    )
    closure = await SiteClosure.create(site=other, starts_at=world.now, ends_at=world.now + timedelta(days=1))
    kiosk = await Kiosk.create(site=other, name="Borne")
    for rest in (f"/closures/{closure.id}/delete", f"/outages/{NOBODY}/end", f"/kiosks/{kiosk.id}/outages/new"):
        assert (await admin.post(own(world, rest), data={"name": "x"})).status == 404, rest
    await page(admin, own(world, f"/kiosks/{kiosk.id}"), 404)
    await page(admin, f"/admin/houses/{NOBODY}", 404)
    assert await SiteClosure.exists(id=closure.id)


async def test_the_desk_is_invited_only_at_an_address(admin: Client, world: World) -> None:
    form = HOUSE | {"invites_desk": "yes"}
    await post(admin, own(world, "/edit"), form)
    assert (await Site.get(id=world.site.id)).invites_desk
    for email, problem in (("", "à laquelle inviter"), ("nobody", "adresse")):
        answer = await admin.post(own(world, "/edit"), data=form | {"email": email})
        assert answer.status == 422
        assert problem in await answer.text()
    await post(admin, own(world, "/edit"), HOUSE)
    assert not (await Site.get(id=world.site.id)).invites_desk
