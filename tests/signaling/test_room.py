"""The rules of a room, for any order of events."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from signaling.errors import CallOver, NotAllowed, ParticipantUnknown, RoomFull, SessionUnknown
from signaling.rooms.facts import Admitted, Gone, Over, Started, Waiting
from signaling.rooms.roles import Role
from signaling.rooms.room import CAPACITY, RESUME_WINDOW, Room
from signaling.rooms.snapshots import snapshot_of
from signaling.wire.replies import Snapshot

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PEOPLE = {"agent": Role.AGENT, "citizen": Role.CITIZEN, "friend": Role.CITIZEN, "adviser": Role.ADVISER}


def room_with(*people: str) -> Room:
    room = Room("r", NOW)
    for name in people:
        room.join(now=NOW, participant=name, role=PEOPLE[name], name=name, session=f"s-{name}")
    return room


def test_a_citizen_waits_until_the_agent_admits() -> None:
    room = room_with("citizen")
    assert snapshot_of(room, NOW, "citizen").state == "lobby"
    room.join(now=NOW, participant="agent", role=Role.AGENT, name="agent", session="s")
    assert snapshot_of(room, NOW, "citizen").state == "lobby"
    facts = room.admit(now=NOW, by="agent", participant="citizen")
    assert facts == [Admitted("citizen", Role.CITIZEN, NOW), Started(NOW)]
    assert snapshot_of(room, NOW, "citizen").state == "in_call"
    assert room.admit(now=NOW, by="agent", participant="citizen") == [], "again is harmless"


def test_join_and_admit_in_one_click_lets_in_those_who_wait_also_when_their_socket_is_lost() -> None:
    room = room_with("citizen")
    room.lose(now=NOW, session="s-citizen")
    facts = room.join(now=NOW, participant="agent", role=Role.AGENT, name="a", session="s", admit_waiting=True)
    assert Admitted("citizen", Role.CITIZEN, NOW) in facts
    assert room.started_at == NOW


def test_who_was_let_in_before_the_server_was_started_anew_need_not_wait_again() -> None:
    room = room_with("agent")
    facts = room.join(now=NOW, participant="citizen", role=Role.CITIZEN, name="c", session="s", admit_waiting=True)
    assert facts == [Admitted("citizen", Role.CITIZEN, NOW), Started(NOW)]
    assert snapshot_of(room, NOW, "citizen").state == "in_call"


def test_a_guest_who_was_let_in_before_lets_nobody_else_in() -> None:
    room = room_with("agent", "friend")
    room.join(now=NOW, participant="citizen", role=Role.CITIZEN, name="c", session="s", admit_waiting=True)
    assert [who.id for who in room.waiting()] == ["friend"]


@pytest.mark.parametrize("who", ["citizen", "adviser"])
def test_only_an_agent_admits_and_ends(who: str) -> None:
    room = room_with("citizen", "friend", "adviser")
    with pytest.raises(NotAllowed):
        room.admit(now=NOW, by=who, participant="friend")
    with pytest.raises(NotAllowed):
        room.end(now=NOW, by=who)


def test_nobody_is_admitted_who_is_not_there() -> None:
    with pytest.raises(ParticipantUnknown):
        room_with("agent").admit(now=NOW, by="agent", participant="citizen")


def test_somebody_who_waits_sees_nobody() -> None:
    room = room_with("agent", "citizen", "adviser")
    snapshot = snapshot_of(room, NOW, "citizen")
    assert snapshot.others == ()
    assert snapshot.host_present


def test_a_citizen_in_the_call_does_not_see_who_waits() -> None:
    room = room_with("agent", "citizen", "friend")
    room.admit(now=NOW, by="agent", participant="citizen")
    assert [p.participant for p in snapshot_of(room, NOW, "citizen").others] == ["agent"]
    assert {p.participant for p in snapshot_of(room, NOW, "agent").others} == {"citizen", "friend"}


def test_the_lobby_has_places_in_order_of_arrival() -> None:
    room = room_with("friend")
    room.join(now=NOW + timedelta(seconds=5), participant="citizen", role=Role.CITIZEN, name="c", session="s")
    later = NOW + timedelta(seconds=65)
    assert snapshot_of(room, later, "friend").you.place == 1
    you = snapshot_of(room, later, "citizen").you
    assert (you.place, you.waiting_seconds) == (2, 60)


def test_who_was_let_in_comes_straight_back_in_even_after_the_window() -> None:
    room = room_with("agent", "citizen")
    room.admit(now=NOW, by="agent", participant="citizen")
    room.lose(now=NOW, session="s-citizen")
    late = NOW + RESUME_WINDOW + timedelta(seconds=1)
    assert room.expire(now=late) == [Gone("citizen", Role.CITIZEN, late, "admitted", "lost", 0, NOW)]
    facts = room.join(now=late, participant="citizen", role=Role.CITIZEN, name="c", session="s2")
    assert facts == [Admitted("citizen", Role.CITIZEN, late)], "the call does not start twice"


def test_a_session_resumes_within_the_window_and_not_after() -> None:
    room = room_with("agent", "citizen")
    room.lose(now=NOW, session="s-citizen")
    assert room.expire(now=NOW + RESUME_WINDOW) == []
    assert room.resume(session="s-citizen").connected
    assert room.participants["citizen"].reconnections == 1
    room.lose(now=NOW, session="s-citizen")
    room.expire(now=NOW + RESUME_WINDOW + timedelta(milliseconds=1))
    with pytest.raises(SessionUnknown):
        room.resume(session="s-citizen")


def test_the_newest_socket_wins() -> None:
    room = room_with("agent", "citizen")
    assert room.join(now=NOW, participant="citizen", role=Role.CITIZEN, name="c", session="newer") == []
    assert not room.lose(now=NOW, session="s-citizen"), "the old socket's end means nothing any more"
    assert room.participants["citizen"].connected
    with pytest.raises(SessionUnknown):
        room.resume(session="s-citizen")


def test_a_room_is_full_but_never_for_those_inside() -> None:
    room = Room("r", NOW)
    for number in range(CAPACITY):
        room.join(now=NOW, participant=f"p{number}", role=Role.ADVISER, name="x", session=f"s{number}")
    with pytest.raises(RoomFull):
        room.join(now=NOW, participant="late", role=Role.ADVISER, name="x", session="s")
    room.join(now=NOW, participant="p0", role=Role.ADVISER, name="x", session="again")


def test_the_last_one_out_closes_the_room() -> None:
    room = room_with("citizen")
    facts = room.leave(now=NOW, participant="citizen")
    assert facts == [Gone("citizen", Role.CITIZEN, NOW, "waiting", "left", 0), Over(None, NOW, "abandoned")]
    with pytest.raises(CallOver):
        room.join(now=NOW, participant="citizen", role=Role.CITIZEN, name="c", session="s")


def test_the_agent_ends_it_for_everyone_once() -> None:
    room = room_with("agent", "citizen")
    facts = room.end(now=NOW, by="agent")
    assert [type(fact) for fact in facts] == [Gone, Gone, Over]
    assert facts[-1] == Over(None, NOW, "hung_up")
    assert room.close(now=NOW, reason="shutdown") == []


class AnyOrder(RuleBasedStateMachine):
    """Whatever people do, in whatever order, the room keeps its promises."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Room("r", NOW)
        self.now = NOW
        self.sessions: dict[str, str] = {}
        self.count = 0
        self.started = 0
        self.over = 0
        self.admitted_by_agent: set[str] = set()
        self.generations: list[int] = []

    def note(self, facts: list[object]) -> None:
        self.started += sum(isinstance(fact, Started) for fact in facts)
        self.over += sum(isinstance(fact, Over) for fact in facts)
        for fact in facts:
            assert not isinstance(fact, Waiting) or fact.role is Role.CITIZEN

    @precondition(lambda self: self.room.over is None)
    @rule(who=st.sampled_from(sorted(PEOPLE)), admit=st.booleans())
    def join(self, who: str, admit: bool) -> None:
        self.count += 1
        waiting = {p.id for p in self.room.waiting()}
        session = f"{who}-{self.count}"
        self.note(
            list(
                self.room.join(
                    now=self.now, participant=who, role=PEOPLE[who], name=who, session=session, admit_waiting=admit
                )
            )
        )
        self.sessions[who] = session
        if admit:
            # the ticket of anyone else says that an agent let them in before, in a room that a restart ended
            self.admitted_by_agent |= waiting if who == "agent" else {who}

    @rule(who=st.sampled_from(sorted(PEOPLE)))
    def lose(self, who: str) -> None:
        self.room.lose(now=self.now, session=self.sessions.get(who, ""))

    @precondition(lambda self: self.room.over is None)
    @rule(who=st.sampled_from(sorted(PEOPLE)))
    def resume(self, who: str) -> None:
        if who in self.room.participants:
            assert self.room.resume(session=self.sessions[who]).id == who

    @precondition(lambda self: self.room.over is None and "agent" in self.room.participants)
    @rule(who=st.sampled_from(sorted(PEOPLE)))
    def admit(self, who: str) -> None:
        if who in self.room.participants:
            self.note(list(self.room.admit(now=self.now, by="agent", participant=who)))
            self.admitted_by_agent.add(who)

    @rule(who=st.sampled_from(sorted(PEOPLE)))
    def leave(self, who: str) -> None:
        self.note(list(self.room.leave(now=self.now, participant=who)))

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.note(list(self.room.expire(now=self.now)))

    @rule(who=st.sampled_from(sorted(PEOPLE)))
    def new_connection(self, who: str) -> None:
        before = self.room.generations.get(who, 0)
        assert self.room.next_generation(who) == before + 1

    @invariant()
    def nobody_gets_round_the_lobby(self) -> None:
        for person in self.room.admitted():
            assert person.role is not Role.CITIZEN or person.id in self.admitted_by_agent

    @invariant()
    def it_starts_and_ends_at_most_once(self) -> None:
        assert self.started <= 1
        assert self.over == (self.room.over is not None)

    @invariant()
    def everyone_sees_a_consistent_room(self) -> None:
        for viewer, you in self.room.participants.items():
            snapshot: Snapshot = snapshot_of(self.room, self.now, viewer)
            seen = {p.participant for p in snapshot.others}
            assert viewer not in seen
            assert snapshot.you.participant == viewer
            if you.standing == "waiting":
                assert not seen
            else:
                assert seen >= {p.id for p in self.room.admitted()} - {viewer}

    @invariant()
    def nobody_stays_lost(self) -> None:
        for person in self.room.participants.values():
            assert person.connected == (person.lost_at is None)


AnyOrder.TestCase.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase
