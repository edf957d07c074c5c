"""The day itself: arrival in its window, the call, the outcome and its correction, those who never came."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from booking.book import book
from booking.change import cancel
from booking.errors import (
    ActorRefused,
    AlreadyCheckedIn,
    AppointmentWasCancelled,
    KioskUnknown,
    NotYours,
    OutcomeRefused,
    TooEarly,
    TooLate,
    TransitionRefused,
    WrongKiosk,
    WrongSite,
)
from booking.events import AppointmentCheckedIn, AppointmentClosed, CallStarted
from booking.lifecycle import Actor, ActorKind, Outcome, Status
from booking.models import Appointment, Occupancy, SiteStaff, Transition
from booking.progress import change_kiosk, check_in, close_missed, mark_no_show, record_outcome, start_call
from teleconsult.accounts.models import Account
from teleconsult.database import Database
from tests.booking.offers import ANYBODY, CITIZEN, MONDAY_8, SYSTEM, Offer, make_offer, make_site, paris_monday

TEN = paris_monday(10)
ONE_MINUTE = timedelta(minutes=1)


async def booked(offer: Offer, start: datetime = TEN) -> Appointment:
    done = await book(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=start, citizen=CITIZEN, actor=ANYBODY,
        channel="kiosk",
    )  # fmt: skip
    return done.appointment


async def arrived(offer: Offer, appointment: Appointment, **more: Any) -> Any:
    wanted = {"now": TEN, "appointment_id": appointment.id, "kiosk_id": appointment.kiosk_id, "actor": ANYBODY}
    return await check_in(**wanted | more)


def agent_of(appointment: Appointment) -> Actor:
    return Actor(ActorKind.AGENT, appointment.agent_id)


async def test_check_in_window(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer)
    opens = TEN - timedelta(minutes=30)
    with pytest.raises(TooEarly) as early:
        await arrived(offer, appointment, now=opens - timedelta(seconds=1))
    assert early.value.params == {"opens_at": opens, "start": TEN, "timezone": "Europe/Paris"}
    late = TEN + timedelta(minutes=15)
    with pytest.raises(TooLate):
        await arrived(offer, appointment, now=late + timedelta(seconds=1))
    done = await arrived(offer, appointment, now=opens)
    assert [type(event) for event in done.events] == [AppointmentCheckedIn]
    stored = await Appointment.get(id=appointment.id)
    assert (stored.status, stored.checked_in_at) == (Status.CHECKED_IN, opens)
    with pytest.raises(AlreadyCheckedIn) as used:
        await arrived(offer, appointment, now=late)
    assert (used.value.params["kiosk_id"], used.value.params["at"]) == (appointment.kiosk_id, opens)


async def test_front_desk_checks_in_until_the_end(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer)
    adviser = await Account.create(email="a@fs.example", name="A", password_hash="x", roles=["staff"])
    staff = Actor(ActorKind.STAFF, adviser.id)
    with pytest.raises(NotYours):
        await arrived(offer, appointment, actor=staff)
    await SiteStaff.create(site=offer.site, account=adviser)
    with pytest.raises(TooLate):
        await arrived(offer, appointment, actor=staff, now=appointment.ends_at + ONE_MINUTE)
    await arrived(offer, appointment, actor=staff, now=appointment.ends_at)


async def test_wrong_house_cancelled_unknown(database: Database) -> None:
    offer = await make_offer()
    _, elsewhere = await make_site("Olivet", 1)
    appointment = await booked(offer)
    with pytest.raises(WrongSite) as wrong:
        await arrived(offer, appointment, kiosk_id=elsewhere[0].id, now=TEN - timedelta(hours=2))
    assert (wrong.value.params["site_id"], wrong.value.params["site"]) == (offer.site.id, "Orléans")
    with pytest.raises(KioskUnknown):
        await arrived(offer, appointment, kiosk_id="none")
    for kind in (ActorKind.PARTNER, ActorKind.AGENT):
        with pytest.raises((NotYours, ActorRefused)):
            await arrived(offer, appointment, actor=Actor(kind, appointment.agent_id))
    await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=ANYBODY)
    with pytest.raises(AppointmentWasCancelled):
        await arrived(offer, appointment, kiosk_id=elsewhere[0].id)


async def test_another_free_kiosk_of_the_house_will_do(database: Database) -> None:
    offer = await make_offer(agents=2, kiosks=3)
    one, other = await booked(offer), await booked(offer)
    (free,) = {kiosk.id for kiosk in offer.kiosks} - {one.kiosk_id, other.kiosk_id}
    with pytest.raises(WrongKiosk) as wrong:
        await arrived(offer, one, kiosk_id=other.kiosk_id)
    assert wrong.value.params["kiosk_id"] == one.kiosk_id
    assert (await Appointment.get(id=one.id)).status == Status.BOOKED
    done = await arrived(offer, one, kiosk_id=free)
    assert done.events[0].kiosk_id == free
    resources = await Occupancy.filter(appointment_id=one.id).values_list("resource", flat=True)
    assert set(resources) == {f"agent:{one.agent_id}", f"kiosk:{free}"}


async def test_call_starts_once_and_only_after_arrival(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer)
    with pytest.raises(TransitionRefused):
        await start_call(now=TEN, appointment_id=appointment.id, actor=SYSTEM)
    await arrived(offer, appointment)
    with pytest.raises(ActorRefused):
        await start_call(now=TEN, appointment_id=appointment.id, actor=ANYBODY)
    done = await start_call(now=TEN, appointment_id=appointment.id, actor=agent_of(appointment))
    assert [type(event) for event in done.events] == [CallStarted]
    again = await start_call(now=TEN + ONE_MINUTE, appointment_id=appointment.id, actor=SYSTEM)
    assert again.events == ()
    stored = await Appointment.get(id=appointment.id)
    assert (stored.status, stored.call_started_at) == (Status.IN_CALL, TEN)
    with pytest.raises(AlreadyCheckedIn):
        await arrived(offer, appointment)


async def test_outcome_and_its_correction(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer)
    agent = agent_of(appointment)
    await arrived(offer, appointment)
    await start_call(now=TEN, appointment_id=appointment.id, actor=SYSTEM)
    noted = TEN + timedelta(minutes=20)
    done = await record_outcome(
        now=noted, appointment_id=appointment.id, outcome=Outcome.SOLVED, note="Dossier complet", actor=agent
    )
    (event,) = done.events
    assert isinstance(event, AppointmentClosed)
    assert (event.outcome, event.status) == (Outcome.SOLVED, Status.COMPLETED)
    with pytest.raises(OutcomeRefused):
        await mark_no_show(now=noted, appointment_id=appointment.id, actor=agent)
    await record_outcome(now=noted + ONE_MINUTE, appointment_id=appointment.id, outcome=Outcome.FOLLOW_UP, actor=agent)
    stored = await Appointment.get(id=appointment.id)
    assert (stored.outcome, stored.closed_at, stored.status) == (Outcome.FOLLOW_UP, noted, Status.COMPLETED)
    with pytest.raises(OutcomeRefused):
        await record_outcome(
            now=noted + timedelta(days=8), appointment_id=appointment.id, outcome=Outcome.SOLVED, actor=agent
        )
    with pytest.raises(NotYours):
        await record_outcome(
            now=noted, appointment_id=appointment.id, outcome=Outcome.SOLVED, actor=Actor(ActorKind.AGENT, "0" * 32)
        )
    with pytest.raises(ActorRefused):
        await record_outcome(now=noted, appointment_id=appointment.id, outcome=Outcome.SOLVED, actor=ANYBODY)


async def test_a_failure_is_no_no_show(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer)
    agent = agent_of(appointment)
    before, after = TEN - ONE_MINUTE, TEN + ONE_MINUTE
    wanted = {"appointment_id": appointment.id, "actor": agent}
    with pytest.raises(OutcomeRefused):  # it has not begun
        await mark_no_show(now=before, **wanted)
    with pytest.raises(OutcomeRefused):  # nobody was helped
        await record_outcome(now=after, outcome=Outcome.SOLVED, **wanted)
    done = await record_outcome(now=after, outcome=Outcome.TECHNICAL_FAILURE, **wanted)
    assert (done.appointment.status, done.appointment.outcome) == (Status.COMPLETED, "technical_failure")
    done = await mark_no_show(now=after, **wanted)
    assert (done.appointment.status, done.appointment.outcome) == (Status.NO_SHOW, "no_show")


async def test_who_comes_after_being_given_up_on_is_let_in(database: Database) -> None:
    offer = await make_offer()
    appointment = await booked(offer)
    await mark_no_show(now=TEN + 5 * ONE_MINUTE, appointment_id=appointment.id, actor=agent_of(appointment))
    await arrived(offer, appointment, now=TEN + 10 * ONE_MINUTE)
    stored = await Appointment.get(id=appointment.id)
    assert (stored.status, stored.outcome, stored.closed_at) == (Status.CHECKED_IN, "", None)
    steps = Transition.filter(appointment_id=appointment.id).order_by("at")
    assert await steps.values_list("to_status", flat=True) == ["booked", "no_show", "checked_in"]


async def test_those_who_never_came_are_closed_after_a_while(database: Database) -> None:
    offer = await make_offer(agents=3, kiosks=3)
    missed, came, later = await booked(offer), await booked(offer), await booked(offer, paris_monday(15))
    await arrived(offer, came)
    end = missed.ends_at
    assert await close_missed(now=end + timedelta(hours=2)) == []
    closed = await close_missed(now=end + timedelta(hours=2, minutes=1))
    assert [done.appointment.id for done in closed] == [missed.id]
    statuses = [(await Appointment.get(id=each.id)).status for each in (missed, came, later)]
    assert statuses == [Status.NO_SHOW, Status.CHECKED_IN, Status.BOOKED]
    step = await Transition.get(appointment_id=missed.id, to_status=Status.NO_SHOW)
    assert (step.actor_kind, step.actor_id) == (ActorKind.SYSTEM, "missed")


async def taken_until(appointment: Appointment) -> set[datetime]:
    return {row.ends_at for row in await Occupancy.filter(appointment_id=appointment.id)}


async def test_what_is_left_of_the_time_is_free_again(database: Database) -> None:
    offer = await make_offer(step_minutes=15)
    appointment = await booked(offer)
    await arrived(offer, appointment)
    await start_call(now=TEN, appointment_id=appointment.id, actor=SYSTEM)
    solved = {"appointment_id": appointment.id, "outcome": Outcome.SOLVED, "actor": agent_of(appointment)}
    await record_outcome(now=TEN + 8 * ONE_MINUTE, **solved)
    assert await taken_until(appointment) == {TEN + 13 * ONE_MINUTE}  # five minutes of buffer are kept
    await record_outcome(now=TEN + 20 * ONE_MINUTE, **solved | {"outcome": Outcome.REDIRECTED})
    assert await taken_until(appointment) == {TEN + 13 * ONE_MINUTE}
    done = await book(
        now=TEN + 9 * ONE_MINUTE, service_id=offer.service.id, site_id=offer.site.id, start=TEN + 45 * ONE_MINUTE,
        citizen=CITIZEN, actor=ANYBODY, channel="kiosk",
    )  # fmt: skip
    assert done.appointment.status == Status.BOOKED


async def test_who_was_given_up_on_has_their_time_back_unless_somebody_took_it(database: Database) -> None:
    offer = await make_offer(kiosks=1, agents=1, notice_minutes=0, step_minutes=5)
    appointment = await booked(offer)
    await mark_no_show(now=TEN + 5 * ONE_MINUTE, appointment_id=appointment.id, actor=agent_of(appointment))
    assert await taken_until(appointment) == {TEN + 10 * ONE_MINUTE}
    await arrived(offer, appointment, now=TEN + 12 * ONE_MINUTE)
    assert await taken_until(appointment) == {TEN + 35 * ONE_MINUTE}
    second = await booked(offer, paris_monday(11))
    eleven = second.starts_at
    await mark_no_show(now=eleven + ONE_MINUTE, appointment_id=second.id, actor=agent_of(second))
    await book(
        now=eleven + ONE_MINUTE, service_id=offer.service.id, site_id=offer.site.id, start=eleven + 10 * ONE_MINUTE,
        citizen=CITIZEN, actor=ANYBODY, channel="kiosk",
    )  # fmt: skip
    with pytest.raises(TooLate):
        await arrived(offer, second, now=eleven + 5 * ONE_MINUTE)
    assert (await Appointment.get(id=second.id)).status == Status.NO_SHOW
    assert await taken_until(second) == {eleven + 6 * ONE_MINUTE}


async def test_who_is_at_a_kiosk_that_fails_goes_on_at_another(database: Database) -> None:
    offer = await make_offer(kiosks=3, agents=3)
    appointment, other = await booked(offer), await booked(offer)
    (free,) = {each.id for each in offer.kiosks} - {appointment.kiosk_id, other.kiosk_id}
    with pytest.raises(TransitionRefused):
        await change_kiosk(now=TEN, appointment_id=appointment.id, kiosk_id=free)
    await arrived(offer, appointment)
    now = TEN + 3 * ONE_MINUTE
    with pytest.raises(WrongKiosk):
        await change_kiosk(now=now, appointment_id=appointment.id, kiosk_id=str(other.kiosk_id))
    with pytest.raises(KioskUnknown):
        await change_kiosk(now=now, appointment_id=appointment.id, kiosk_id="0" * 32)
    await change_kiosk(now=now, appointment_id=appointment.id, kiosk_id=free)
    stored = await Appointment.get(id=appointment.id)
    assert (stored.kiosk_id, stored.status) == (free, Status.CHECKED_IN)
    rows = {row.resource: row.starts_at for row in await Occupancy.filter(appointment_id=appointment.id)}
    assert rows == {f"agent:{appointment.agent_id}": TEN, f"kiosk:{free}": now}
