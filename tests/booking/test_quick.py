"""Asking agents one after another finds what counting all of them finds."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from booking.engine.availability import (
    Agenda,
    Clerk,
    Interval,
    Seat,
    SlotRules,
    house_starts,
    merge,
    places_left,
    slot_starts,
)

MINUTE, DAY = 60, 86_400
START = 1_795_392_000  # 2026-11-23T00:00Z
PARIS = ZoneInfo("Europe/Paris")

pieces = st.lists(
    st.tuples(st.integers(-60, 24 * 60), st.integers(5, 300)).map(
        lambda pair: (START + pair[0] * MINUTE, START + (pair[0] + pair[1]) * MINUTE)
    ),
    max_size=6,
).map(merge)
rules = st.builds(
    SlotRules,
    duration=st.sampled_from([20 * MINUTE, 45 * MINUTE]),
    buffer_before=st.sampled_from([0, 5 * MINUTE]),
    buffer_after=st.sampled_from([0, 10 * MINUTE]),
    step=st.sampled_from([15 * MINUTE, 30 * MINUTE]),
)


@given(
    rules,
    pieces,
    st.lists(st.builds(Seat, busy=pieces, out=pieces), max_size=3),
    st.lists(st.tuples(pieces, pieces, pieces), max_size=4),
)
def test_as_many_are_left_as_when_all_are_counted(
    slots: SlotRules,
    open_: list[Interval],
    kiosks: list[Seat],
    agents: list[tuple[list[Interval], list[Interval], list[Interval]]],
) -> None:
    window = START, START + DAY
    clerks = [Clerk({None: worked}, busy, full) for worked, busy, full in agents]
    counted = slot_starts(slots, PARIS, site_open=open_, kiosks=kiosks, clerks=clerks, start=window[0], end=window[1])
    agendas = [Agenda(*agent) for agent in agents]
    asked = {at: min(places_left(slots, at, kiosks, agendas)) for at in house_starts(slots, PARIS, open_, *window)}
    assert counted == [(at, left) for at, left in asked.items() if left]
