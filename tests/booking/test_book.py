"""Booking by the rules: who is chosen, what is refused and how, what is written."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from booking.book import book
from booking.engine.search import slots
from booking.errors import (
    AppointmentUnknown,
    BeyondHorizon,
    NoKioskInService,
    NotBookable,
    NoticeTooShort,
    NotYours,
    ServiceNotOfferedHere,
    ServiceRetired,
    ServiceUnknown,
    SiteClosed,
    SiteUnknown,
    SlotTaken,
    StartInThePast,
    StartNotOffered,
)
from booking.events import AppointmentBooked
from booking.idempotency import Once
from booking.lifecycle import Actor, ActorKind, Status
from booking.models import (
    Absence,
    AgentHours,
    Appointment,
    Kiosk,
    Occupancy,
    Service,
    SiteClosure,
    SiteOpening,
    Transition,
)
from booking.passes import ALPHABET, find_by_reference, shown_reference
from booking.record import Done
from teleconsult.database import Database
from tests.booking.offers import ANYBODY, CITIZEN, MONDAY_8, Offer, make_agent, make_offer, make_site, paris_monday


async def booked(offer: Offer, start: datetime, **more: Any) -> Done:
    wanted = {"service_id": offer.service.id, "site_id": offer.site.id, "citizen": CITIZEN, "actor": ANYBODY}
    return await book(**{"now": MONDAY_8, "start": start, "channel": "kiosk"} | wanted | more)


async def test_what_is_written(database: Database) -> None:
    offer = await make_offer(buffer_before_minutes=10, buffer_after_minutes=5, step_minutes=15)
    done = await booked(offer, paris_monday(10), needs=["large_print"], actor=Actor(ActorKind.STAFF, "a" * 32))
    appointment = await Appointment.get(id=done.appointment.id)
    assert (appointment.status, appointment.sequence, appointment.channel) == (Status.BOOKED, 0, "kiosk")
    assert (appointment.starts_at, appointment.ends_at) == (paris_monday(10), paris_monday(10, 30))
    assert (appointment.booked_at, appointment.first_slot_at) == (MONDAY_8, paris_monday(9))
    assert (appointment.needs, appointment.given_name, appointment.email) == (["large_print"], "Jeanne", "")
    assert len(appointment.reference) == 6
    assert set(appointment.reference) <= set(ALPHABET)
    for typed in (appointment.reference.lower(), f" {shown_reference(appointment.reference)} "):
        assert (await find_by_reference(typed)).id == appointment.id
    for wrong in ("", "AAA-AA0", "ABC-DEFG"):
        with pytest.raises(AppointmentUnknown):
            await find_by_reference(wrong)
    rows = await Occupancy.filter(appointment_id=appointment.id).order_by("resource")
    assert [row.resource for row in rows] == [f"agent:{appointment.agent_id}", f"kiosk:{appointment.kiosk_id}"]
    assert {(row.starts_at, row.ends_at) for row in rows} == {(paris_monday(9, 50), paris_monday(10, 35))}
    step = await Transition.get(appointment_id=appointment.id)
    assert (step.from_status, step.to_status, step.at) == ("", Status.BOOKED, MONDAY_8)
    assert (step.actor_kind, step.actor_id) == (ActorKind.STAFF, "a" * 32)
    assert done.events == (
        AppointmentBooked(
            appointment_id=appointment.id, agent_id=offer.agents[0].id, site_id=offer.site.id,
            kiosk_id=offer.kiosks[0].id, status=Status.BOOKED,
        ),
    )  # fmt: skip


async def test_the_least_loaded_agent_of_the_day_is_chosen(database: Database) -> None:
    offer = await make_offer(agents=3, kiosks=3)
    agents = [(await booked(offer, paris_monday(hour))).appointment.agent_id for hour in (9, 10, 11, 14, 15, 16)]
    assert {agents.count(agent.id) for agent in offer.agents} == {2}


async def test_only_agents_who_work_then_are_chosen(database: Database) -> None:
    offer = await make_offer(agents=2, kiosks=2)
    away, present = offer.agents
    await Absence.create(agent=away, starts_at=paris_monday(9, 59), ends_at=paris_monday(10, 1))
    assert (await booked(offer, paris_monday(10))).appointment.agent_id == present.id
    with pytest.raises(SlotTaken):
        await booked(offer, paris_monday(10))
    with pytest.raises(StartNotOffered):
        await booked(offer, paris_monday(10), agent_id=away.id)
    present.active = False
    await present.save()
    with pytest.raises(StartNotOffered):
        await booked(offer, paris_monday(10))


async def test_agents_work_by_their_own_clock(database: Database) -> None:
    """A house in Saint-Denis de La Réunion (UTC+4) with an agent in Orléans (UTC+1 in November)."""
    offer = await make_offer()
    await offer.service.fetch_related("organisation")
    organisation = offer.service.organisation
    organisation.departments = ["45", "974"]
    await organisation.save()
    reunion, _ = await make_site("Saint-Denis", 1, department="974", latitude=-20.9, timezone="Indian/Reunion")
    found = await slots(now=MONDAY_8, service_id=offer.service.id, site_id=reunion.id, days=1)
    # 09:00 in Orléans is 12:00 there, when the house closes until 13:30; it closes at 17:00, which is 14:00 in Orléans
    assert [slot.start.strftime("%H:%M%z") for slot in found] == [
        f"{at}+0400" for at in ("13:30", "14:00", "14:30", "15:00", "15:30", "16:00", "16:30")
    ]
    done = await booked(offer, found[0].start, site_id=reunion.id)
    assert done.appointment.starts_at == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    with pytest.raises(SlotTaken) as refused:
        await booked(offer, found[0].start, site_id=reunion.id)
    assert {each.timezone for each in refused.value.params["alternatives"]} == {"Indian/Reunion", "Europe/Paris"}
    assert refused.value.params["alternatives"][0].start.utcoffset() == timedelta(hours=4)


async def test_what_nobody_could_book_says_why(database: Database) -> None:
    offer = await make_offer(horizon_days=14)
    chartres, _ = await make_site("Chartres", 1, department="28")
    closed, _ = await make_site("Gien", 1, active=False)
    empty, _ = await make_site("Sully", 0)
    other = await Service.create(
        organisation=offer.service.organisation, slug="vieux", name="Vieux", retired_at=MONDAY_8
    )
    await SiteClosure.create(site=offer.site, starts_at=paris_monday(15), ends_at=paris_monday(16))
    refusals: list[tuple[type[Exception], datetime, dict[str, Any]]] = [
        (StartInThePast, MONDAY_8, {}),
        (NoticeTooShort, paris_monday(9), {"now": paris_monday(8, 31)}),
        (BeyondHorizon, MONDAY_8 + timedelta(days=15), {}),
        (ServiceRetired, paris_monday(10), {"service_id": other.id}),
        (ServiceNotOfferedHere, paris_monday(10), {"site_id": chartres.id}),
        (SiteClosed, paris_monday(10), {"site_id": closed.id}),
        (SiteClosed, paris_monday(12), {}),  # at lunch
        (SiteClosed, paris_monday(10, day=28), {}),  # on Saturday
        (SiteClosed, paris_monday(15, 30), {}),  # a closure
        (StartNotOffered, paris_monday(10, 10), {}),
        (StartNotOffered, paris_monday(10) + timedelta(seconds=1), {}),
        (NoKioskInService, paris_monday(10), {"site_id": empty.id}),
        (NoKioskInService, paris_monday(10), {"needs": ["wheelchair"]}),
        (ServiceUnknown, paris_monday(10), {"service_id": "none"}),
        (SiteUnknown, paris_monday(10), {"site_id": "none"}),
        (StartNotOffered, paris_monday(10), {"agent_id": "none"}),
        (AppointmentUnknown, paris_monday(10), {"follow_up_of": "none"}),
    ]
    for error, start, more in refusals:
        with pytest.raises(error) as refused:
            await booked(offer, start, **more)
        assert type(refused.value) is error
        if isinstance(refused.value, NotBookable):
            assert refused.value.params["field"] in ("service", "site", "start")
    offer.kiosks[0].in_service = False
    await offer.kiosks[0].save()
    with pytest.raises(NoKioskInService):
        await booked(offer, paris_monday(10))
    assert await Appointment.all().count() == await Occupancy.all().count() == 0


async def test_needs_choose_the_kiosk_and_leave_the_equipped_one_to_who_needs_it(database: Database) -> None:
    offer = await make_offer(agents=3)
    plain = offer.kiosks[0]
    equipped = await Kiosk.create(site=offer.site, name="Borne PMR", equipment=["wheelchair", "hearing_loop"])
    assert (await booked(offer, paris_monday(10))).appointment.kiosk_id == plain.id
    assert (await booked(offer, paris_monday(10), needs=["wheelchair"])).appointment.kiosk_id == equipped.id
    with pytest.raises(SlotTaken) as refused:
        await booked(offer, paris_monday(10), needs=["wheelchair"])
    assert refused.value.params["alternatives"]
    found = await slots(now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, needs=["wheelchair"], days=1)
    assert paris_monday(10) not in [slot.start for slot in found]


async def test_follow_up_goes_to_the_same_agent_when_free(database: Database) -> None:
    offer = await make_offer(agents=4, kiosks=4)
    first = (await booked(offer, paris_monday(10))).appointment
    agent = Actor(ActorKind.AGENT, first.agent_id)
    # the same agent is now the most loaded of the day, and is chosen all the same
    again = (await booked(offer, paris_monday(14), follow_up_of=first.id, actor=agent)).appointment
    assert (again.agent_id, again.follow_up_of_id) == (first.agent_id, first.id)
    another = (await booked(offer, paris_monday(14), follow_up_of=first.id, actor=agent)).appointment
    assert another.agent_id != first.agent_id
    with pytest.raises(NotYours):
        await booked(offer, paris_monday(15), follow_up_of=first.id, actor=Actor(ActorKind.AGENT, "0" * 32))


async def test_a_retry_gets_the_first_ones_appointment(database: Database) -> None:
    offer = await make_offer()
    once = Once("visit", "nonce", "hash")
    done = await booked(offer, paris_monday(10), once=once)
    again = await booked(offer, paris_monday(10), once=once)
    assert (again.appointment.id, again.events) == (done.appointment.id, ())
    assert await Appointment.all().count() == 1


async def test_alternatives_begin_here_and_go_on_with_the_nearest(database: Database) -> None:
    offer = await make_offer()
    far, _ = await make_site("Gien", 1, latitude=47.69)
    near, _ = await make_site("Olivet", 1, latitude=47.86)
    await make_site("Chartres", 1, latitude=47.91, department="28")
    await make_agent(offer.service.organisation, offer.service, "Second")
    await booked(offer, paris_monday(16, 30))
    with pytest.raises(SlotTaken) as refused:
        await booked(offer, paris_monday(16, 30))
    offered = [(each.site, each.start) for each in refused.value.params["alternatives"]]
    tuesday = [paris_monday(9, day=24), paris_monday(9, 30, day=24), paris_monday(10, day=24)]
    assert offered == [
        *((offer.site.id, at) for at in tuesday),
        (near.id, paris_monday(16, 30)),
        (far.id, paris_monday(16, 30)),
    ]
    assert refused.value.params["alternatives"][3].distance_km == pytest.approx(4.4, abs=0.1)


async def test_dst_sundays_are_bookable_by_the_clock(database: Database) -> None:
    """A house open on Sundays: 09:00 on both Sundays of change is 09:00 by its clock."""
    offer = await make_offer(horizon_days=400)
    sunday = {"weekday": 6, "start_minute": 9 * 60, "end_minute": 12 * 60}
    await SiteOpening.create(site=offer.site, **sunday)
    await AgentHours.create(agent=offer.agents[0], **sunday)
    for day, at in ((date(2027, 3, 28), 7), (date(2027, 10, 31), 8)):
        found = await slots(now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, first_day=day, days=1)
        assert found[0].start == datetime(day.year, day.month, day.day, at, tzinfo=UTC)
        assert (await booked(offer, found[0].start)).appointment.starts_at == found[0].start
