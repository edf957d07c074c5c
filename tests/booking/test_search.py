"""What is found, in what order, and with how many questions to the database."""

import logging
from datetime import date, timedelta
from typing import Any

import pytest

from booking.book import book
from booking.engine.search import alternatives, availability, services, sites, slots
from booking.errors import ServiceRetired, ServiceUnknown, SiteUnknown
from booking.models import Absence, Organisation, Service
from teleconsult.database import Database
from tests.booking.offers import ANYBODY, CITIZEN, MONDAY_8, Offer, make_agent, make_offer, make_site, paris_monday


async def found(offer: Offer, **more: Any) -> list[Any]:
    return await slots(**{"now": MONDAY_8, "service_id": offer.service.id, "site_id": offer.site.id, "days": 1} | more)


async def booked(offer: Offer, hour: int, minute: int = 0) -> None:
    await book(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=paris_monday(hour, minute),
        citizen=CITIZEN, actor=ANYBODY, channel="kiosk",
    )  # fmt: skip


async def test_a_day_of_slots(database: Database) -> None:
    offer = await make_offer(agents=3, kiosks=2)
    morning = [paris_monday(hour, minute) for hour in (9, 10, 11) for minute in (0, 30)]
    afternoon = [paris_monday(13, 30), *(paris_monday(hour, minute) for hour in (14, 15, 16) for minute in (0, 30))]
    day = await found(offer)
    assert [slot.start for slot in day] == morning + afternoon
    assert {slot.remaining for slot in day} == {2}
    assert {slot.end - slot.start for slot in day} == {timedelta(minutes=30)}
    assert {str(slot.start.tzinfo) for slot in day} == {"Europe/Paris"}
    await booked(offer, 10)
    # a booking at 10:00 keeps its five minutes of buffer until 10:35, for its own agent and kiosk
    left = {slot.start: slot.remaining for slot in await found(offer)}
    assert (left[paris_monday(9, 30)], left[paris_monday(10)], left[paris_monday(10, 30)]) == (1, 1, 1)
    assert (left[paris_monday(9)], left[paris_monday(11)]) == (2, 2)
    await booked(offer, 10)
    assert paris_monday(10) not in [slot.start for slot in await found(offer)]


async def test_window_notice_and_horizon(database: Database) -> None:
    offer = await make_offer(notice_minutes=90, horizon_days=2)
    assert (await found(offer))[0].start == paris_monday(9, 30)
    week = await found(offer, days=7)
    assert {slot.start.date() for slot in week} == {date(2026, 11, 23), date(2026, 11, 24)}
    assert await found(offer, first_day=date(2026, 11, 20)) == []
    assert (await found(offer, first_day=date(2026, 11, 24)))[0].start == paris_monday(9, day=24)
    # the horizon is counted from now to the minute: two days from 08:00 is before opening
    assert await found(offer, now=paris_monday(11), first_day=date(2026, 11, 25), days=3) == [
        slot
        for slot in await found(offer, now=paris_monday(16), first_day=date(2026, 11, 25))
        if slot.start <= paris_monday(11, day=25)
    ]


async def test_only_one_agent(database: Database) -> None:
    offer = await make_offer(agents=2, kiosks=2)
    away = offer.agents[0]
    await Absence.create(agent=away, starts_at=paris_monday(9), ends_at=paris_monday(16))
    assert [slot.start for slot in await found(offer, agent_id=away.id)] == [paris_monday(16), paris_monday(16, 30)]


async def test_what_cannot_be_searched(database: Database) -> None:
    offer = await make_offer()
    for error, wrong in ((ServiceUnknown, {"service_id": "none"}), (SiteUnknown, {"site_id": "none"})):
        with pytest.raises(error):
            await found(offer, **wrong)
    chartres, _ = await make_site("Chartres", 1, department="28")
    assert await found(offer, site_id=chartres.id) == []
    offer.service.retired_at = MONDAY_8
    await offer.service.save()
    with pytest.raises(ServiceRetired):
        await found(offer)
    with pytest.raises(ServiceRetired):
        await availability(now=MONDAY_8, service_id=offer.service.id, latitude=47.9, longitude=1.9)


async def test_services_by_department(database: Database) -> None:
    offer = await make_offer(name_en="Housing aid")
    everywhere = await Organisation.create(slug="ants", name="ANTS", departments=[])
    await Service.create(organisation=everywhere, slug="permis", name="Permis de conduire")
    await Service.create(organisation=everywhere, slug="vignette", name="Vignette", retired_at=MONDAY_8)
    assert [each.name for each in await services("45")] == ["Aides au logement", "Permis de conduire"]
    assert [each.name for each in await services("28")] == ["Permis de conduire"]
    first = (await services())[0]
    assert (first.id, first.called("en"), first.called("fr")) == (offer.service.id, "Housing aid", "Aides au logement")
    assert [each.name for each in await services(after=first.id, limit=5)] == ["Permis de conduire"]


async def test_sites_and_availability_by_distance(database: Database) -> None:
    offer = await make_offer()
    gien, _ = await make_site("Gien", 1, latitude=47.69)
    olivet, _ = await make_site("Olivet", 3, latitude=47.86)
    chartres, _ = await make_site("Chartres", 1, latitude=48.44, department="28")
    await make_site("Fermée", 1, latitude=47.9, active=False)
    assert [site.name for site in await sites()] == ["Chartres", "Gien", "Olivet", "Orléans"]
    near = await sites((47.8, 1.9), "45")
    assert [(site.id, site.kiosks) for site in near] == [(olivet.id, 3), (offer.site.id, 1), (gien.id, 1)]
    assert near[0].distance_km == pytest.approx(6.67, abs=0.01)
    first = await availability(now=MONDAY_8, service_id=offer.service.id, latitude=47.8, longitude=1.9, limit=2)
    assert [each.site.id for each in first] == [olivet.id, offer.site.id]
    assert {each.first_slot.start for each in first if each.first_slot} == {paris_monday(9)}
    # the only agent is away until the horizon's last days: the search looks that far
    await Absence.create(
        agent=offer.agents[0], starts_at=MONDAY_8, ends_at=paris_monday(9) + timedelta(days=49, hours=3)
    )
    late = await availability(now=MONDAY_8, service_id=offer.service.id, latitude=47.8, longitude=1.9, limit=1)
    assert late[0].first_slot is not None
    assert late[0].first_slot.start == paris_monday(13, 30) + timedelta(days=49)
    assert chartres.id not in {each.site.id for each in late}


async def test_questions_do_not_grow_with_agents_days_or_houses(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    offer = await make_offer()

    async def questions(**more: Any) -> tuple[int, int, int]:
        counts = []
        for ask in (
            lambda: slots(now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, **more),
            lambda: availability(now=MONDAY_8, service_id=offer.service.id, latitude=47.9, longitude=1.9),
            lambda: alternatives(
                now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=paris_monday(10)
            ),
        ):
            # once, so that the offer is known: what is asked each time is what is taken, and whether the offer changed
            await ask()
            caplog.clear()
            with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
                await ask()
            counts.append(sum("SELECT" in record.getMessage() for record in caplog.records))
        return counts[0], counts[1], counts[2]

    # another house, so that there is a nearest one from the start
    await make_site("Gien", 1, latitude=47.69)
    few = await questions(days=1)
    for number in range(12):
        await make_agent(offer.service.organisation, offer.service, f"More{number}")
        await make_site(f"House{number}", 2, latitude=47.5 + number / 100)
    assert await questions(days=60) == few
    assert few == (2, 2, 3)
