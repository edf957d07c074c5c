"""The table of an appointment's life, walked at random and read as a whole."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from booking.lifecycle import (
    CLOSED,
    TRANSITIONS,
    WAITED_FOR,
    WHO,
    Actor,
    ActorKind,
    Outcome,
    Status,
    may_bring_about,
    may_follow,
    status_after,
)

statuses = st.sampled_from(Status)
outcomes = st.sampled_from(Outcome)


def test_the_usual_life() -> None:
    usual = [Status.BOOKED, Status.CHECKED_IN, Status.IN_CALL, Status.COMPLETED]
    assert all(may_follow(before, after) for before, after in pairwise(usual))


def test_every_status_is_in_every_table() -> None:
    assert set(TRANSITIONS) == set(WHO) == set(Status) == CLOSED | WAITED_FOR
    assert not CLOSED & WAITED_FOR


def may_go(walk: list[Status], after: Status) -> bool:
    """Tell whether a life may go on: through the table, and to an end only by an outcome that fits what happened."""
    if after in (Status.COMPLETED, Status.NO_SHOW):
        called = Status.IN_CALL in walk
        return after is not walk[-1] and any(status_after(walk[-1], each, called=called) is after for each in Outcome)
    return may_follow(walk[-1], after)


@given(st.lists(statuses, max_size=16))
@example([Status.CHECKED_IN, Status.IN_CALL, Status.COMPLETED, Status.NO_SHOW, Status.CHECKED_IN, Status.CANCELLED])
@example([Status.NO_SHOW, Status.CHECKED_IN, Status.IN_CALL, Status.COMPLETED])
def test_no_walk_breaks_the_rules_of_life(wanted: list[Status]) -> None:
    """Whatever is asked in whatever order: nobody is called before arriving, and what is cancelled stays so."""
    walk = [Status.BOOKED]
    for status in wanted:
        if may_go(walk, status):
            walk.append(status)
    assert Status.BOOKED not in walk[1:]
    if Status.IN_CALL in walk:
        called = walk.index(Status.IN_CALL)
        assert walk[called - 1] is Status.CHECKED_IN
        assert walk[called + 1 :] in ([], [Status.COMPLETED])
    if Status.CANCELLED in walk:
        assert walk[-1] is Status.CANCELLED


@given(statuses, outcomes, st.booleans())
def test_an_outcome_leads_only_where_the_table_allows(status: Status, outcome: Outcome, called: bool) -> None:
    after = status_after(status, outcome, called=called)
    if after is not None:
        assert after is status or may_follow(status, after)
        assert (after is Status.NO_SHOW) == (outcome is Outcome.NO_SHOW)
        assert not (called and after is Status.NO_SHOW)
    if status is Status.CANCELLED:
        assert after is None
    if status is Status.BOOKED:
        assert (after is not None) == (
            outcome is Outcome.TECHNICAL_FAILURE or (outcome is Outcome.NO_SHOW and not called)
        )
    if status is Status.IN_CALL:
        assert (after is Status.COMPLETED) == (outcome is not Outcome.NO_SHOW or after is not None)


@given(outcomes, outcomes)
def test_a_wrong_outcome_can_be_corrected(first: Outcome, second: Outcome) -> None:
    """Before any call was started, every outcome may become every other one, through the table."""
    noted = status_after(Status.CHECKED_IN, first, called=False)
    assert noted is not None
    assert status_after(noted, second, called=False) is not None


def test_who_may_do_what() -> None:
    may_note = {kind for kind in ActorKind if may_bring_about(kind, Status.COMPLETED)}
    assert may_note == {ActorKind.AGENT, ActorKind.STAFF, ActorKind.SYSTEM}
    assert {kind for kind in ActorKind if may_bring_about(kind, Status.CANCELLED)} == set(ActorKind)
    assert not may_bring_about(ActorKind.PARTNER, Status.CHECKED_IN)
    assert not may_bring_about(ActorKind.CITIZEN, Status.IN_CALL)


def test_an_actor_is_of_a_known_kind() -> None:
    assert Actor("agent", "1").kind is ActorKind.AGENT  # type: ignore[arg-type]
