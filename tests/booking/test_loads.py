"""Which of many agents are asked first: those who are likely to have the least to do."""

import asyncio
from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from booking.book import book
from booking.engine.loads import CREW, Loads, crews
from booking.engine.working_time import AgentTime
from booking.models import Appointment
from teleconsult.database import Database
from tests.booking.offers import ANYBODY, CITIZEN, MONDAY_8, make_offer, paris_monday


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=CREW + 1, max_size=40),
    st.integers(0, 2**32),
    st.integers(0, 45),
)
def test_first_a_dozen_of_the_least_loaded_and_then_everybody(
    agents: list[tuple[int, bool]], lot: int, wished: int
) -> None:
    people = [AgentTime(id=str(number), timezone="Europe/Paris", hours=()) for number in range(len(agents))]
    able = {person.id for person, (_, works) in zip(people, agents, strict=True) if works}
    hint = Loads(0, {person.id: load for person, (load, _) in zip(people, agents, strict=True)})
    rather = str(wished)
    asked = [
        [agent.id for agent in crew]
        for crew in crews(people, lambda agent: agent.id in able, hint, lot=lot, rather=rather)
    ]
    assert set(asked[-1]) == able
    if len(able) > CREW:
        first = asked[0]
        assert len(first) == len(set(first)) == CREW
        assert set(first) <= able
        assert rather in first or rather not in able
        most = max(agents[int(each)][0] for each in first if each != rather)
        left = able - set(first)
        assert all(agents[int(each)][0] >= most for each in left)


async def test_who_books_one_after_another_is_spread_over_all_agents(database: Database) -> None:
    many = 2 * CREW
    offer = await make_offer(agents=many, kiosks=2, duration_minutes=20, step_minutes=10, buffer_after_minutes=0)
    starts = [paris_monday(9) + timedelta(minutes=20 * number) for number in range(9)] * 2
    starts += [paris_monday(13, 30) + timedelta(minutes=20 * number) for number in range(3)] * 2
    for start in starts:
        await book(
            now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=start, citizen=CITIZEN,
            actor=ANYBODY, channel="kiosk",
        )  # fmt: skip
    taken = Counter(await Appointment.all().values_list("agent_id", flat=True))
    assert len(starts) == many
    assert set(taken.values()) == {1}
    assert len(taken) == many


async def test_a_crowd_that_wants_one_start_gets_every_agent(database: Database) -> None:
    many = 2 * CREW
    offer = await make_offer(agents=many, kiosks=many)
    bookings = (
        book(
            now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=paris_monday(9), citizen=CITIZEN,
            actor=ANYBODY, channel="kiosk",
        )
        for _ in range(many)
    )  # fmt: skip
    await asyncio.gather(*bookings)
    assert len(set(await Appointment.all().values_list("agent_id", flat=True))) == many
