"""What an administration's rules do to search and to booking, through the database: the two always agree."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError

from booking.agenda import appointment_view
from booking.book import book
from booking.change import cancel
from booking.engine.search import availability, slots
from booking.errors import (
    AudienceRefused,
    ConsentMissing,
    ModeNotOffered,
    NeedNotMet,
    NoKioskInService,
    NotBookable,
    SiteClosed,
    SlotTaken,
    StartNotOffered,
    TooManyAppointments,
)
from booking.fairness import person_hash
from booking.holds import hold
from booking.lifecycle import Actor, ActorKind
from booking.models import (
    Absence,
    AgentHours,
    AgentRule,
    Appointment,
    Assignment,
    BusyCalendar,
    BusyTime,
    Kiosk,
    KioskOutage,
    Occupancy,
    Organisation,
    Room,
    Service,
    Workplace,
)
from booking.record import Done
from booking.schemas import Citizen
from teleconsult.database import Database, violated_constraint
from tests.booking.offers import ANYBODY, CITIZEN, MONDAY_8, Offer, make_agent, make_offer, make_site, paris_monday

NEXT_TO = timedelta(minutes=20)


async def booked(offer: Offer, start: datetime, *, now: datetime = MONDAY_8, **more: Any) -> Done:
    wanted = {"citizen": CITIZEN, "actor": ANYBODY, "channel": "web"} | more
    return await book(now=now, service_id=offer.service.id, site_id=offer.site.id, start=start, **wanted)


async def left(offer: Offer, start: datetime, *, now: datetime = MONDAY_8, **more: Any) -> int:
    """Return how many bookings a start can still take, as search says; holding it must agree."""
    wanted = {"now": now, "service_id": offer.service.id, "site_id": offer.site.id} | more
    found = await slots(first_day=start.date(), days=1, **wanted)
    remaining = {each.start: each.remaining for each in found}.get(start, 0)
    try:
        kept = await hold(start=start, owner="probe", seconds=0, **wanted)
    except (SlotTaken, NotBookable):
        assert remaining == 0
    else:
        assert remaining > 0
        assert kept.starts_at == start
        await Occupancy.filter(hold_id=kept.id).delete()
    return remaining


async def need_a_room(offer: Offer, rooms: int) -> Workplace:
    """Make the organisation's appointments take a room where its agents work."""
    organisation = await Organisation.get(id=offer.service.organisation_id)  # type: ignore[attr-defined]
    organisation.requires_room = True
    await organisation.save()
    workplace = await Workplace.create(organisation=organisation, name="Cité Coligny")
    for number in range(rooms):
        await Room.create(workplace=workplace, name=f"Salle {number + 1}")
    await AgentHours.filter(agent_id__in=[each.id for each in offer.agents]).update(workplace_id=workplace.id)
    return workplace


async def test_a_shared_room_is_the_third_thing_taken(database: Database) -> None:
    offer = await make_offer(kiosks=3, agents=3)
    await need_a_room(offer, rooms=2)
    assert await left(offer, paris_monday(10)) == 2
    first = (await booked(offer, paris_monday(10))).appointment
    assert {row.resource for row in await Occupancy.filter(appointment_id=first.id)} == {
        f"agent:{first.agent_id}",
        f"kiosk:{first.kiosk_id}",
        f"room:{first.room_id}",
    }
    second = (await booked(offer, paris_monday(10))).appointment
    assert second.room_id not in (None, first.room_id)
    assert (await appointment_view(first.id)).room == (await Room.get(id=str(first.room_id))).name
    assert await left(offer, paris_monday(10)) == 0
    with pytest.raises(SlotTaken):
        await booked(offer, paris_monday(10))
    assert await left(offer, paris_monday(11)) == 2
    await cancel(now=MONDAY_8, appointment_id=first.id, actor=ANYBODY)
    assert await left(offer, paris_monday(10)) == 1


async def test_a_room_elsewhere_is_of_no_use(database: Database) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    workplace = await need_a_room(offer, rooms=1)
    organisation = await Organisation.get(id=workplace.organisation_id)  # type: ignore[attr-defined]
    elsewhere = await Workplace.create(organisation=organisation, name="Gien")
    await Room.create(workplace=elsewhere, name="Salle de Gien", in_service=False)
    await AgentHours.filter(agent_id=offer.agents[1].id).update(workplace_id=elsewhere.id)
    assert await left(offer, paris_monday(10)) == 1
    await Room.filter(workplace_id=elsewhere.id).update(in_service=True)
    assert await left(offer, paris_monday(10)) == 2
    await AgentHours.filter(agent_id=offer.agents[1].id).update(workplace_id=None)
    assert await left(offer, paris_monday(10)) == 1


async def test_a_crowd_shares_agents_kiosks_and_rooms(database: Database) -> None:
    offer = await make_offer(kiosks=6, agents=5)
    await need_a_room(offer, rooms=3)
    results = await asyncio.gather(*(booked(offer, paris_monday(10)) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(each, Done) for each in results) == 3
    assert sum(isinstance(each, SlotTaken) for each in results) == 17
    assert await Occupancy.all().count() == 9


@pytest.mark.parametrize("kind", ["agent", "kiosk", "room"])
@pytest.mark.parametrize("others", [False, True])
async def test_constraint_bites_between_appointments_and_holds(database: Database, kind: str, others: bool) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    await need_a_room(offer, rooms=2)
    appointment = (await booked(offer, paris_monday(10))).appointment
    kept = await hold(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=paris_monday(11), owner="other"
    )
    of_hold = next(row for row in await Occupancy.filter(hold_id=kept.id) if row.resource.startswith(kind))
    of_both = next(
        row for row in await Occupancy.filter(appointment_id=appointment.id) if row.resource.startswith(kind)
    )
    taken = of_hold if others else of_both
    holder = {"appointment_id": appointment.id} if others else {"hold_id": kept.id}
    for low, high in ((0, 0), (10, -10), (-30, -34), (34, 60)):
        with pytest.raises(IntegrityError) as refused:
            await Occupancy.create(
                resource=taken.resource,
                starts_at=taken.starts_at + timedelta(minutes=low),
                ends_at=taken.ends_at + timedelta(minutes=high),
                **holder,
            )
        assert violated_constraint(refused.value) == "occupancy_no_overlap"
    for starts_at in (taken.starts_at - NEXT_TO, taken.ends_at):
        await Occupancy.create(resource=taken.resource, starts_at=starts_at, ends_at=starts_at + NEXT_TO, **holder)


async def test_public_holidays_close_house_and_desk(database: Database) -> None:
    offer = await make_offer()
    armistice = datetime(2026, 11, 11, 9, 0, tzinfo=UTC)  # a Wednesday
    now = armistice - timedelta(days=2)
    assert await left(offer, armistice, now=now) == 0
    with pytest.raises(SiteClosed):
        await booked(offer, armistice, now=now)
    offer.site.open_on_holidays = True
    await offer.site.save()
    assert await left(offer, armistice, now=now) == 0
    with pytest.raises(StartNotOffered):
        await booked(offer, armistice, now=now)
    rule = await AgentRule.create(agent=offer.agents[0], works=True, first_day=date(2026, 11, 11))
    assert await left(offer, armistice, now=now) == 1
    await AgentRule.filter(id=rule.id).update(rrule="FREQ=WEEKLY")
    assert await left(offer, armistice, now=now) == 0
    offer.agents[0].works_on_holidays = True
    await offer.agents[0].save()
    assert await left(offer, armistice, now=now) == 1


async def test_absences_busy_times_and_rules_take_work_away(database: Database) -> None:
    offer = await make_offer(kiosks=3, agents=3)
    away, busy, free_mondays = offer.agents
    assert await left(offer, paris_monday(10)) == 3
    await Absence.create(agent=away, starts_at=paris_monday(10, 29), ends_at=paris_monday(10, 40))
    assert await left(offer, paris_monday(10)) == 2
    calendar = await BusyCalendar.create(agent=busy, kind="ics", url="https://example.org/a.ics", due_at=MONDAY_8)
    await BusyTime.create(calendar=calendar, agent=busy, starts_at=paris_monday(8), ends_at=paris_monday(10, 1))
    assert await left(offer, paris_monday(10)) == 1
    await AgentRule.create(
        agent=free_mondays, works=False, first_day=date(2024, 1, 1), rrule="FREQ=WEEKLY;INTERVAL=3",
        start_minute=600, end_minute=660,
    )  # fmt: skip
    named = (date(2026, 11, 23) - date(2024, 1, 1)).days % 21 == 0
    assert await left(offer, paris_monday(10)) == (0 if named else 1)
    assert sorted([await left(offer, paris_monday(10, day=day)) for day in (23, 30)]) != [0, 0]
    assert await left(offer, paris_monday(11)) == 3


async def test_more_work_on_the_days_of_a_rule(database: Database) -> None:
    offer = await make_offer()
    await AgentHours.all().delete()
    assert await left(offer, paris_monday(10)) == 0
    await AgentRule.create(
        agent=offer.agents[0], works=True, first_day=date(2026, 11, 2), rrule="FREQ=MONTHLY;BYDAY=4MO",
        start_minute=9 * 60, end_minute=12 * 60,
    )  # fmt: skip
    assert await left(offer, paris_monday(10)) == 1
    assert await left(offer, paris_monday(14)) == 0
    assert await left(offer, paris_monday(10, day=30)) == 0


async def test_only_the_houses_named_reach_an_agent(database: Database) -> None:
    offer = await make_offer(agents=1)
    there, _ = await make_site("Olivet", 1, latitude=47.86)
    await AgentHours.filter(agent_id=offer.agents[0].id).update(site_ids=[there.id])
    assert await left(offer, paris_monday(10)) == 0
    assert await left(Offer(offer.service, there, [], []), paris_monday(10)) == 1
    found = await availability(now=MONDAY_8, service_id=offer.service.id, latitude=47.9, longitude=1.9)
    assert {each.site.name: each.first_slot is not None for each in found} == {"Orléans": False, "Olivet": True}


async def test_an_assignment_lends_an_agent_for_its_days(database: Database) -> None:
    offer = await make_offer(kiosks=2, agents=1)
    organisation = await Organisation.get(slug="ddt-45")
    other = await Service.create(organisation=organisation, slug="chasse", name="Permis de chasser")
    lent = await make_agent(organisation, other, "Prêtée")
    for until in (23, 24):
        await Assignment.create(
            agent=lent, service=offer.service, valid_from=date(2026, 11, 23), valid_until=date(2026, 11, until)
        )
    assert [await left(offer, paris_monday(10, day=day)) for day in (23, 24, 25)] == [2, 2, 1]
    # also assigned to what they do anyway: nothing changes
    await Assignment.create(
        agent=offer.agents[0], service=offer.service, valid_from=date(2026, 11, 23), valid_until=date(2026, 11, 23)
    )
    assert [await left(offer, paris_monday(10, day=day)) for day in (23, 25)] == [2, 1]


async def test_no_more_a_day_than_the_maximum(database: Database) -> None:
    offer = await make_offer(kiosks=5)
    offer.agents[0].daily_maximum = 2
    await offer.agents[0].save()
    await booked(offer, paris_monday(9))
    kept = await hold(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=paris_monday(11), owner="other"
    )
    assert await left(offer, paris_monday(14)) == 0
    with pytest.raises(SlotTaken) as refused:
        await booked(offer, paris_monday(14))
    assert refused.value.params["alternatives"][0].start == paris_monday(9, day=24)
    assert await left(offer, paris_monday(14), now=kept.expires_at) == 1


async def test_a_crowd_cannot_exceed_the_maximum(database: Database) -> None:
    offer = await make_offer(kiosks=8)
    offer.agents[0].daily_maximum = 2
    await offer.agents[0].save()
    starts = [paris_monday(hour, minute) for hour in (9, 10, 11, 14) for minute in (0, 30)]
    results = await asyncio.gather(*(booked(offer, start) for start in starts), return_exceptions=True)
    assert sum(isinstance(each, Done) for each in results) == 2
    assert sum(isinstance(each, SlotTaken) for each in results) == 6


async def test_a_kiosk_that_does_not_work_takes_nobody(database: Database) -> None:
    offer = await make_offer(kiosks=2, agents=2)
    broken, works = offer.kiosks
    outage = await KioskOutage.create(kiosk=broken, starts_at=paris_monday(9), ends_at=paris_monday(10, 20))
    assert [await left(offer, paris_monday(hour)) for hour in (10, 11)] == [1, 2]
    assert (await booked(offer, paris_monday(10))).appointment.kiosk_id == works.id
    await Kiosk.filter(id=works.id).update(in_service=False)
    with pytest.raises(NoKioskInService):
        await booked(offer, paris_monday(9, 30))
    assert await left(offer, paris_monday(11)) == 1
    await KioskOutage.filter(id=outage.id).update(ends_at=None)
    assert [await left(offer, paris_monday(11, day=day)) for day in (23, 30)] == [0, 0]


async def test_from_home_takes_an_agent_and_no_kiosk(database: Database) -> None:
    offer = await make_offer(kiosks=1, agents=2)
    with pytest.raises(ModeNotOffered):
        await booked(offer, paris_monday(10), mode="home")
    assert await left(offer, paris_monday(10), mode="home") == 0
    await Service.filter(id=offer.service.id).update(modes=["kiosk", "home"])
    lunch = paris_monday(12, 30)  # the house is closed, the agents are not
    assert await left(offer, lunch, mode="home") == 2
    assert await left(offer, lunch) == 0
    done = await booked(offer, lunch, mode="home")
    assert (done.appointment.kiosk_id, done.appointment.mode, done.events[0].kiosk_id) == (None, "home", "")
    assert await left(offer, lunch, mode="home") == 1
    await booked(offer, paris_monday(10))
    assert await left(offer, paris_monday(10)) == 0
    kept = await hold(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=paris_monday(10), owner="me",
        mode="home",
    )  # fmt: skip
    assert kept.kiosk_id is None
    held = await booked(offer, paris_monday(10), mode="home", hold_id=kept.id, hold_owner="me")
    assert (held.appointment.agent_id, held.appointment.mode) == (kept.agent_id, "home")
    with pytest.raises(SlotTaken) as refused:
        await booked(offer, paris_monday(10), mode="home")
    assert [each.start for each in refused.value.params["alternatives"]] == [
        paris_monday(11), paris_monday(11, 30), paris_monday(12),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["citizen", "staff", "partner"])
async def test_a_service_is_for_its_audiences(database: Database, kind: str) -> None:
    offer = await make_offer()
    await Service.filter(id=offer.service.id).update(audiences=[kind])
    for each in ActorKind:
        actor = Actor(each, "a" * 32)
        if each in ("agent", "system", kind):
            done = await booked(offer, paris_monday(10), actor=actor)
            await cancel(now=MONDAY_8, appointment_id=done.appointment.id, actor=Actor(ActorKind.SYSTEM, "test"))
        else:
            with pytest.raises(AudienceRefused):
                await booked(offer, paris_monday(10), actor=actor)


@pytest.mark.parametrize(
    ("meets", "languages", "need", "met"),
    [
        ([], ["fr"], "sign_language", False),
        (["sign_language"], ["fr"], "sign_language", True),
        (["sign_language"], ["fr"], "interpreter:ar", False),
        (["interpreter:ar"], ["fr"], "interpreter:ar", True),
        (["interpreter:ar"], ["fr"], "interpreter:tr", False),
        (["interpreter"], ["fr"], "interpreter:tr", True),
        ([], ["fr", "ar"], "interpreter:ar", True),
        ([], ["fr"], "large_print", True),
        ([], ["fr"], "companion", True),
    ],
)
async def test_a_service_meets_some_needs(
    database: Database, meets: list[str], languages: list[str], need: str, met: bool
) -> None:
    offer = await make_offer()
    await Service.filter(id=offer.service.id).update(meets_needs=meets, languages=languages)
    assert bool(await left(offer, paris_monday(10), needs=[need])) is met
    if met:
        assert (await booked(offer, paris_monday(10), needs=[need])).appointment.needs == [need]
    else:
        with pytest.raises(NeedNotMet):
            await booked(offer, paris_monday(10), needs=[need])


async def test_for_somebody_else_with_their_consent_and_company(database: Database) -> None:
    offer = await make_offer()
    with pytest.raises(ConsentMissing):
        await booked(offer, paris_monday(10), booked_by="Paul Martin")
    done = await booked(offer, paris_monday(10), booked_by="Paul Martin", consent=True, companions=2, series="5" * 32)
    found = await Appointment.get(id=done.appointment.id)
    assert (found.booked_by, found.consent_at, found.companions) == ("Paul Martin", MONDAY_8, 2)
    assert found.series_id == "5" * 32


def person(citizen: Citizen, site_id: str = "here") -> str:
    return person_hash(key="k" * 32, citizen=citizen, site_id=site_id)


async def test_one_person_has_so_many_to_come(database: Database) -> None:
    offer = await make_offer(kiosks=4, agents=4, future_limit=2)
    jeanne = person(CITIZEN)
    starts = [paris_monday(hour) for hour in (9, 10, 11, 14, 15, 16)]
    results = await asyncio.gather(*(booked(offer, start, person=jeanne) for start in starts), return_exceptions=True)
    won = [each for each in results if isinstance(each, Done)]
    assert len(won) == 2
    assert {type(each) for each in results if not isinstance(each, Done)} == {TooManyAppointments}
    assert await Occupancy.all().count() == 4
    await booked(offer, paris_monday(9), person=person(Citizen(given_name="Paul", family_name="Martin")))
    await cancel(now=MONDAY_8, appointment_id=won[0].appointment.id, actor=ANYBODY)
    await booked(offer, paris_monday(16, 30), person=jeanne)


def test_a_person_is_known_by_names_and_how_they_are_reached() -> None:
    same = [
        Citizen(given_name="Zoé", family_name="L’Hôte", email="zoe@example.org"),
        Citizen(given_name="ZOE", family_name="L'Hote", email="Zoe@Example.org"),
    ]
    assert len({person(each) for each in same}) == 1
    others = [
        Citizen(given_name="Zoé", family_name="L’Hôte"),
        Citizen(given_name="Zoé", family_name="L’Hôte", phone="06 12 34 56 78"),
        Citizen(given_name="Léo", family_name="L’Hôte", email="zoe@example.org"),
    ]
    assert len({person(each) for each in [same[0], *others]}) == 4
    assert person(others[0], "here") != person(others[0], "there")
    assert person(same[0], "here") == person(same[0], "there")
    assert person_hash(key="other", citizen=same[0], site_id="here") != person(same[0])
