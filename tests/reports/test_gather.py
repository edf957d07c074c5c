"""Each figure from rows made by hand, on both databases."""

from datetime import UTC, date, datetime, timedelta

import pytest

from booking.models import Appointment, Kiosk, Organisation, Service, Site, WalkIn
from signaling.models import CallRecord
from teleconsult.database import Database, new_id
from teleconsult.feedback.models import Answer
from teleconsult.reports.figures import Result, figures
from teleconsult.reports.filters import Filters
from teleconsult.reports.gather import catalogue, gather
from teleconsult.reports.sheets import Grouping
from teleconsult.reports.tables import build_table
from tests.booking.offers import Offer, make_offer, make_site

OFFICE = {"address": "Chartres", "latitude": 48.4467, "longitude": 1.4869}
FAR_OFFICE = {"address": "Orléans", "latitude": 43.0, "longitude": 1.9}
ALL_2026 = Filters(date(2026, 1, 1), date(2026, 12, 31))


async def put(offer: Offer, starts_at: datetime, status: str, outcome: str = "", **more: object) -> Appointment:
    """Write an appointment as it ended up, booked three days before with a first slot one day later."""
    row: dict[str, object] = {
        "reference": new_id()[:6],
        "service": offer.service,
        "site": offer.site,
        "kiosk": offer.kiosks[0],
        "agent": offer.agents[0],
        "status": status,
        "outcome": outcome,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=30),
        "given_name": "Jeanne",
        "family_name": "Martin",
        "booked_at": starts_at - timedelta(days=3),
        "first_slot_at": starts_at - timedelta(days=2),
    } | more
    return await Appointment.create(**row)


@pytest.fixture
async def offer(database: Database) -> Offer:
    return await make_offer()


def at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


async def test_every_figure_of_a_small_year(offer: Offer) -> None:
    await Organisation.filter(id=offer.service.organisation_id).update(offices=[FAR_OFFICE, OFFICE])  # type: ignore[attr-defined]
    held = await put(offer, at(9, 1), "completed", "solved")
    other = await put(offer, at(9, 2), "completed", "follow_up", first_slot_at=at(9, 2))
    await put(offer, at(9, 3), "no_show", "no_show")
    failed = await put(offer, at(9, 4), "completed", "technical_failure")
    await put(offer, at(10, 5), "cancelled", first_slot_at=None)
    await put(offer, at(10, 6), "booked")
    for room, minutes in ((held.id, 10), (held.id, 4), (other.id, 6)):
        started = at(9, 1)
        await CallRecord.create(
            room=room, opened_at=started, started_at=started, ended_at=started + timedelta(minutes=minutes)
        )
    await CallRecord.create(room=failed.id, opened_at=at(9, 4), ended_at=at(9, 4, 10))
    for room, score in ((held.id, 10), (other.id, 5)):
        await Answer.create(
            appointment_id=room, service_id="s", site_id="h", agent_id="a", score=score, surface="kiosk",
            answered_at=at(9, 3),
        )  # fmt: skip

    counted = figures(await gather(ALL_2026))

    assert (counted.bookings, counted.held, counted.no_shows, counted.technical) == (6, 2, 1, 1)
    assert (counted.cancelled, counted.open) == (1, 1)
    assert counted.attendance == pytest.approx(2 / 3)
    assert counted.delay_days_median == pytest.approx(1.0)
    assert counted.delay_days_mean == pytest.approx((1 + 3 + 1 + 1 + 1) / 5)
    assert counted.calls == 2
    assert counted.call_minutes_mean == pytest.approx((14 + 6) / 2)
    assert (counted.answers, counted.satisfaction, counted.good_share) == (2, 7.5, 0.5)
    # House (47.9, 1.9) to the nearer office is 68.0 km as the crow flies; two trips there and back, times 1.3.
    assert counted.km == pytest.approx(2 * 2 * 1.3 * 68.0, rel=0.005)
    assert counted.co2e_kg == pytest.approx(counted.km * 0.1423)


async def test_without_offices_no_kilometres_are_made_up(offer: Offer) -> None:
    await put(offer, at(9, 1), "completed", "solved")
    counted = figures(await gather(ALL_2026))
    assert (counted.km, counted.trips_unknown) == (0, 1)


async def test_the_factor_is_that_of_the_day(offer: Offer) -> None:
    await Organisation.filter(id=offer.service.organisation_id).update(offices=[OFFICE])  # type: ignore[attr-defined]
    await put(offer, at(3, 31, 9), "completed", "solved")
    await put(offer, at(4, 1, 9), "completed", "solved")
    before, after = await gather(ALL_2026)
    assert before.trip_kg is not None
    assert after.trip_kg is not None
    assert before.trip_kg / after.trip_kg == pytest.approx(0.2176 / 0.1423)


async def test_filters_by_department_service_and_house(offer: Offer) -> None:
    site, kiosks = await make_site("Chartres", 1, department="28")
    organisation = await Organisation.create(slug="ddfip", name="DDFIP")
    tax = await Service.create(slug="impots", name="Impôts", organisation=organisation)
    await put(offer, at(9, 1), "completed", "solved")
    await put(offer, at(9, 2), "no_show", "no_show", site=site, kiosk=kiosks[0])
    await put(offer, at(9, 3), "cancelled", service=tax)

    async def results(**chosen: str) -> list[Result]:
        return [item.result for item in await gather(Filters(ALL_2026.first, ALL_2026.last, **chosen))]

    assert await results() == [Result.HELD, Result.NO_SHOW, Result.CANCELLED]
    assert await results(department="28") == [Result.NO_SHOW]
    assert await results(service=tax.id) == [Result.CANCELLED]
    assert await results(site=offer.site.id) == [Result.HELD, Result.CANCELLED]
    assert await results(site=offer.site.id, department="28") == []


async def test_a_day_is_the_houses_own(offer: Offer) -> None:
    """23:30 UTC on 31 August is 1 September in Paris, and still 31 August in Saint-Pierre."""
    late = datetime(2026, 8, 31, 23, 30, tzinfo=UTC)
    far, kiosks = await make_site("Saint-Pierre", 1, department="975", timezone="America/Miquelon")
    await put(offer, late, "completed", "solved")
    await put(offer, late, "no_show", "no_show", site=far, kiosk=kiosks[0])
    august = await gather(Filters(date(2026, 8, 1), date(2026, 8, 31)))
    september = await gather(Filters(date(2026, 9, 1), date(2026, 9, 1)))
    assert [item.result for item in august] == [Result.NO_SHOW]
    assert [item.result for item in september] == [Result.HELD]


async def test_tables_name_months_services_and_houses_and_keep_empty_months(offer: Offer) -> None:
    await put(offer, at(9, 1), "completed", "solved")
    await put(offer, at(11, 2), "cancelled")
    filters = Filters(date(2026, 9, 1), date(2026, 11, 30))
    consultations, names = await gather(filters), await catalogue()
    months = build_table(Grouping.MONTH, consultations, filters, names, "fr")
    assert [(label, counted.bookings) for label, counted in months.rows] == [
        ("septembre 2026", 1),
        ("octobre 2026", 0),
        ("novembre 2026", 1),
    ]
    assert months.total.bookings == 2
    houses = build_table(Grouping.HOUSE, consultations, filters, names, "fr")
    assert [label for label, _ in houses.rows] == ["Orléans (45)"]
    await Service.filter(id=offer.service.id).update(name_en="Housing aid")
    services = build_table(Grouping.SERVICE, consultations, filters, await catalogue(), "en")
    assert [label for label, _ in services.rows] == ["Housing aid"]


async def test_more_rows_than_one_statement_takes(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("teleconsult.reports.gather.CHUNK", 2)
    kiosk = await Kiosk.create(site=await Site.get(id=offer.site.id), name="Borne 9")
    for day in range(1, 6):
        appointment = await put(offer, at(9, day), "completed", "solved", kiosk=kiosk)
        await Answer.create(
            appointment_id=appointment.id, service_id="s", site_id="h", agent_id="a", score=10, surface="kiosk",
            answered_at=at(9, day),
        )  # fmt: skip
    assert figures(await gather(ALL_2026)).answers == 5


async def test_who_came_without_an_appointment_is_counted_by_their_wait(offer: Offer) -> None:
    for minutes in (2, 10, 30):
        received = at(9, 1, minutes % 20)
        one = await put(
            offer, received, "completed", "solved", channel="walk_in", booked_at=received, first_slot_at=None
        )
        await WalkIn.create(
            service=offer.service, kiosk=offer.kiosks[0], agent=offer.agents[0], appointment=one, state="served",
            joined_at=received - timedelta(minutes=minutes), given_name="", family_name="",
        )  # fmt: skip
    gone = {"state": "left", "joined_at": at(9, 1), "given_name": "", "family_name": ""}
    await WalkIn.create(service=offer.service, kiosk=offer.kiosks[0], **gone)
    await put(offer, at(9, 2), "completed", "solved")
    counted = figures(await gather(ALL_2026))
    assert (counted.bookings, counted.walk_ins) == (4, 3)
    assert counted.wait_minutes_median == pytest.approx(10)
    assert counted.delay_days_median == pytest.approx(1)  # that of the one who had an appointment
    assert figures([]).wait_minutes_median is None
