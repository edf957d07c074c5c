"""An appointment passes to a colleague while it is under way: whose time it takes, who is told."""

from datetime import date, datetime, timedelta

import pytest

from booking.agenda import appointment_view
from booking.engine.offer import agent_resource
from booking.errors import AppointmentUnknown, ColleagueUnfit, HandoverRefused, NotYours
from booking.events import AppointmentHandedOver
from booking.handover import HANDED_OVER, HANDED_OVER_UNPLANNED, colleagues_of, hand_over
from booking.lifecycle import Actor, ActorKind, Outcome, Status
from booking.models import Agent, Appointment, Assignment, Notice, Occupancy, Transition
from booking.notifications.notices import NoticeState
from booking.progress import check_in, record_outcome, start_call
from teleconsult.accounts.models import Account
from teleconsult.accounts.roles import Role
from teleconsult.database import Database
from tests.booking.offers import ANYBODY, SYSTEM, Offer, make_offer, paris_monday
from tests.booking.test_notices import booked

TEN = paris_monday(10)
QUARTER_PAST = TEN + timedelta(minutes=15)


async def under_way(agents: int = 2) -> tuple[Offer, Appointment, list[Agent]]:
    """Return an appointment in its call since ten, and the colleagues of its agent."""
    offer = await make_offer(agents=agents, kiosks=2)
    appointment = await booked(offer, TEN)
    await Notice.all().update(state=NoticeState.SENT)
    await check_in(now=TEN, appointment_id=appointment.id, kiosk_id=appointment.kiosk_id, actor=ANYBODY)
    await start_call(now=TEN, appointment_id=appointment.id, actor=SYSTEM)
    await appointment.refresh_from_db()
    return offer, appointment, [agent for agent in offer.agents if agent.id != appointment.agent_id]


def agent_actor(agent_id: str) -> Actor:
    return Actor(ActorKind.AGENT, agent_id)


async def times_of(agent_id: str) -> list[tuple[datetime, datetime]]:
    rows = await Occupancy.filter(resource=agent_resource(agent_id)).order_by("starts_at")
    return [(row.starts_at, row.ends_at) for row in rows]


async def test_what_is_left_of_the_time_moves_with_the_appointment(database: Database) -> None:
    _, appointment, (colleague,) = await under_way()
    first = appointment.agent_id
    ((begins, ends),) = await times_of(first)
    done = await hand_over(
        now=QUARTER_PAST, appointment_id=appointment.id, agent_id=colleague.id, actor=agent_actor(first)
    )
    assert await times_of(first) == [(begins, QUARTER_PAST)]
    assert await times_of(colleague.id) == [(QUARTER_PAST, ends)]
    (told,) = done.events
    assert isinstance(told, AppointmentHandedOver)
    assert (told.agent_id, told.previous_agent_id, told.status) == (colleague.id, first, Status.IN_CALL)
    view = await appointment_view(appointment.id)
    assert (view.agent_id, view.status, view.kiosk_id) == (colleague.id, Status.IN_CALL, appointment.kiosk_id)
    step = await Transition.filter(appointment_id=appointment.id).order_by("-at").first()
    assert step is not None
    assert (step.from_status, step.to_status, step.actor_id, step.reason) == ("in_call", "in_call", first, HANDED_OVER)


async def test_the_calendars_of_both_agents_are_put_right_and_the_citizen_is_left_alone(database: Database) -> None:
    _, appointment, (colleague,) = await under_way()
    first = appointment.agent_id
    await hand_over(now=QUARTER_PAST, appointment_id=appointment.id, agent_id=colleague.id, actor=agent_actor(first))
    owed = await Notice.filter(appointment_id=appointment.id, sequence=1).order_by("kind")
    assert [(each.kind, each.recipient, each.agent_id, each.state) for each in owed] == [
        ("cancellation", "agent", first, "pending"),
        ("invitation", "agent", colleague.id, "pending"),
    ]


async def test_a_colleague_who_is_expected_elsewhere_takes_over_all_the_same_and_it_is_said(database: Database) -> None:
    offer, appointment, (colleague,) = await under_way()
    other = await booked(offer, TEN + timedelta(minutes=30))
    assert other.agent_id in (colleague.id, appointment.agent_id)
    await Occupancy.filter(appointment_id=other.id, resource__startswith="agent:").delete()
    await Occupancy.create(
        appointment_id=other.id, resource=agent_resource(colleague.id), starts_at=TEN, ends_at=TEN + timedelta(hours=1)
    )
    before = await times_of(colleague.id)
    await hand_over(
        now=QUARTER_PAST, appointment_id=appointment.id, agent_id=colleague.id, actor=agent_actor(appointment.agent_id)
    )
    assert await times_of(colleague.id) == before
    assert (await appointment_view(appointment.id)).agent_id == colleague.id
    step = await Transition.filter(appointment_id=appointment.id).order_by("-at").first()
    assert step is not None
    assert step.reason == HANDED_OVER_UNPLANNED


async def test_after_the_planned_end_nobodys_time_is_taken(database: Database) -> None:
    _, appointment, (colleague,) = await under_way()
    before = await times_of(appointment.agent_id)
    late = TEN + timedelta(hours=2)
    await hand_over(
        now=late, appointment_id=appointment.id, agent_id=colleague.id, actor=agent_actor(appointment.agent_id)
    )
    assert await times_of(appointment.agent_id) == before
    assert await times_of(colleague.id) == []


async def test_to_who_has_it_nothing_happens(database: Database) -> None:
    _, appointment, _ = await under_way()
    own = agent_actor(appointment.agent_id)
    done = await hand_over(now=QUARTER_PAST, appointment_id=appointment.id, agent_id=appointment.agent_id, actor=own)
    assert done.events == ()
    assert (await appointment_view(appointment.id)).sequence == appointment.sequence


async def test_whoever_may_not_is_refused_and_nothing_changes(database: Database) -> None:
    offer, appointment, (colleague,) = await under_way()
    stranger = await Agent.create(organisation=await offer.service.organisation, name="X", email="x@ddt.example")
    first = agent_actor(appointment.agent_id)
    before = await times_of(appointment.agent_id)
    with pytest.raises(NotYours):
        await hand_over(
            now=QUARTER_PAST, appointment_id=appointment.id, agent_id=colleague.id, actor=agent_actor(colleague.id)
        )
    with pytest.raises(ColleagueUnfit):
        await hand_over(now=QUARTER_PAST, appointment_id=appointment.id, agent_id=stranger.id, actor=first)
    with pytest.raises(AppointmentUnknown):
        await hand_over(now=QUARTER_PAST, appointment_id="0" * 32, agent_id=colleague.id, actor=first)
    await Agent.filter(id=colleague.id).update(active=False)
    with pytest.raises(ColleagueUnfit):
        await hand_over(now=QUARTER_PAST, appointment_id=appointment.id, agent_id=colleague.id, actor=first)
    assert await times_of(appointment.agent_id) == before


async def test_only_what_is_under_way_is_passed_on(database: Database) -> None:
    _, appointment, (colleague,) = await under_way()
    own = agent_actor(appointment.agent_id)
    await record_outcome(now=QUARTER_PAST, appointment_id=appointment.id, outcome=Outcome.SOLVED, actor=own)
    with pytest.raises(HandoverRefused) as refused:
        await hand_over(now=QUARTER_PAST, appointment_id=appointment.id, agent_id=colleague.id, actor=own)
    assert refused.value.params["appointment_status"] is Status.COMPLETED


async def test_the_new_agent_closes_it_and_the_first_no_longer_can(database: Database) -> None:
    _, appointment, (colleague,) = await under_way()
    first = agent_actor(appointment.agent_id)
    await hand_over(now=QUARTER_PAST, appointment_id=appointment.id, agent_id=colleague.id, actor=first)
    closing = {"now": QUARTER_PAST, "appointment_id": appointment.id, "outcome": Outcome.SOLVED}
    with pytest.raises(NotYours):
        await record_outcome(**closing, actor=first)
    done = await record_outcome(**closing, actor=agent_actor(colleague.id))
    assert done.appointment.status == Status.COMPLETED
    assert await Appointment.all().count() == 1, "one conversation, counted once"


async def test_colleagues_are_those_who_provide_the_service_and_can_sign_in(database: Database) -> None:
    offer, appointment, (free, busy, without, gone) = await under_way(agents=5)
    accounts = {
        agent.id: await Account.create(email=agent.email, name=agent.name, password_hash="-", roles=[Role.AGENT])
        for agent in (free, busy, gone)
    }
    for agent in (free, busy, gone):
        await Agent.filter(id=agent.id).update(account_id=accounts[agent.id].id)
    await Agent.filter(id=gone.id).update(active=False)
    helper_account = await Account.create(email="h@ddt.example", name="H", password_hash="-", roles=[Role.AGENT])
    helper = await Agent.create(
        organisation=await offer.service.organisation, name="Helper", email="h@ddt.example", account=helper_account
    )
    await Assignment.create(
        agent=helper, service=offer.service, valid_from=date(2026, 11, 20), valid_until=date(2026, 11, 23)
    )
    await Occupancy.create(
        resource=agent_resource(busy.id), starts_at=TEN, ends_at=TEN + timedelta(hours=1), appointment_id=appointment.id
    )
    found = await colleagues_of(now=QUARTER_PAST, appointment_id=appointment.id)
    assert {(each.id, each.busy) for each in found} == {(free.id, False), (busy.id, True), (helper.id, False)}
    assert {each.account_id for each in found} == {
        accounts[free.id].id, accounts[busy.id].id, helper_account.id
    }  # fmt: skip
    assert without.id not in {each.id for each in found}
    later = await colleagues_of(now=QUARTER_PAST + timedelta(days=1), appointment_id=appointment.id)
    assert helper.id not in {each.id for each in later}
    assert await colleagues_of(now=QUARTER_PAST, appointment_id="0" * 32) == []
