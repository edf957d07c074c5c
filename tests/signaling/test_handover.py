"""Passing the citizen on, in any order of events: nobody is left alone by it, nobody sees what is not for them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from signaling.errors import HandoverGone, HandoverPending, NotAllowed, ParticipantUnknown
from signaling.rooms.facts import Admitted, Gone
from signaling.rooms.handover import RINGS_EVERY, RINGS_FOR, ColleagueRung, HandoverAccepted, HandoverSettled
from signaling.rooms.roles import Role
from signaling.rooms.room import Room
from signaling.rooms.snapshots import snapshot_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def conversation() -> Room:
    """A citizen and Ada, who is the agent, in their call."""
    room = Room("r", NOW)
    room.join(now=NOW, participant="citizen", role=Role.CITIZEN, name="citizen", session="s-citizen")
    room.join(now=NOW, participant="ada", role=Role.AGENT, name="ada", session="s-ada", admit_waiting=True)
    return room


def ask(room: Room, *, stays: bool = False, to: str = "bob", by: str = "ada") -> list[object]:
    return list(room.hand_over(now=NOW, by=by, to=to, reason="Dossier agricole", stays=stays))


def rung(room: Room, who: str = "bob") -> None:
    room.join(now=NOW, participant=who, role=Role.COLLEAGUE, name=who, session=f"s-{who}")


def seen_by(room: Room, viewer: str) -> set[str]:
    return {p.participant for p in snapshot_of(room, NOW, viewer).others}


def accepted(room: Room) -> None:
    rung(room)
    room.answer_handover(now=NOW, by="bob", accepted=True)
    room.confirm_handover(now=NOW, colleague="bob")


def test_the_colleague_reads_the_reason_and_nobody_else_hears_of_it() -> None:
    room = conversation()
    assert ask(room) == [ColleagueRung("ada", "bob", NOW)]
    rung(room)
    preview = snapshot_of(room, NOW, "bob")
    assert preview.state == "rung"
    assert preview.others == (), "no names before accepting"
    assert preview.handover is not None
    assert preview.handover.reason == "Dossier agricole"
    assert snapshot_of(room, NOW, "citizen").handover is None
    assert seen_by(room, "citizen") == {"ada"}
    assert seen_by(room, "ada") == {"citizen"}


def test_the_colleague_takes_the_agents_place_once_their_picture_is_there() -> None:
    room = conversation()
    ask(room)
    rung(room)
    assert room.answer_handover(now=NOW, by="bob", accepted=True) == [HandoverAccepted("ada", "bob", NOW)]
    assert room.answer_handover(now=NOW, by="bob", accepted=True) == [], "again is harmless"
    assert room.confirm_handover(now=NOW, colleague="bob") == [
        HandoverSettled("ada", "bob", NOW, "confirmed"),
        Admitted("bob", Role.AGENT, NOW),
    ]
    assert seen_by(room, "citizen") == {"ada"}, "until then the first agent is there"
    assert not room.shows("citizen", "bob")
    assert room.shows("ada", "bob")
    assert room.complete_handover(now=NOW, arrived="citizen") is None
    done = room.complete_handover(now=NOW, arrived="bob")
    assert done == ("ada", [Gone("ada", Role.COLLEAGUE, NOW, "admitted", "handed_over", 0)])
    assert seen_by(room, "citizen") == {"bob"}
    assert room.participants["bob"].role.hosts
    assert room.complete_handover(now=NOW, arrived="bob") is None, "a new connection of theirs changes nothing"


def test_the_first_agent_may_stay_and_then_ends_nothing_for_anybody() -> None:
    room = conversation()
    ask(room, stays=True)
    accepted(room)
    assert room.complete_handover(now=NOW, arrived="bob") == ("ada", [])
    assert seen_by(room, "citizen") == {"ada", "bob"}
    with pytest.raises(NotAllowed):
        room.end(now=NOW, by="ada")
    room.leave(now=NOW, participant="ada")
    assert seen_by(room, "citizen") == {"bob"}


def test_it_goes_back_the_same_way_to_who_stayed() -> None:
    room = conversation()
    ask(room, stays=True)
    accepted(room)
    room.complete_handover(now=NOW, arrived="bob")
    ask(room, by="bob", to="ada")
    assert snapshot_of(room, NOW, "ada").state == "in_call", "they answer from within the call"
    room.answer_handover(now=NOW, by="ada", accepted=True)
    facts = room.confirm_handover(now=NOW, colleague="ada")
    assert facts[1:] == [Gone("bob", Role.COLLEAGUE, NOW, "admitted", "handed_over", 0)]
    assert seen_by(room, "citizen") == {"ada"}
    assert room.participants["ada"].role.hosts


def test_a_colleague_who_declines_is_out_and_the_agent_is_told() -> None:
    room = conversation()
    ask(room)
    rung(room)
    assert room.answer_handover(now=NOW, by="bob", accepted=False) == [HandoverSettled("ada", "bob", NOW, "declined")]
    assert "bob" not in room.participants
    told = snapshot_of(room, NOW, "ada").handover
    assert told is not None
    assert told.state == "declined"
    assert ask(room, to="eve") == [ColleagueRung("ada", "eve", NOW)], "and may ask somebody else"


def test_it_rings_every_few_seconds_and_not_for_ever() -> None:
    room = conversation()
    ask(room)
    assert room.expire(now=NOW + RINGS_EVERY - timedelta(seconds=1)) == []
    ring = NOW + RINGS_EVERY
    assert room.expire(now=ring) == [ColleagueRung("ada", "bob", ring)]
    assert room.expire(now=ring) == []
    end = NOW + RINGS_FOR + timedelta(seconds=1)
    assert room.expire(now=end) == [HandoverSettled("ada", "bob", end, "unanswered")]
    with pytest.raises(HandoverGone):
        rung(room)


def test_the_agent_withdraws_it_until_it_is_confirmed() -> None:
    room = conversation()
    with pytest.raises(HandoverGone):
        room.withdraw_handover(now=NOW, by="ada")
    ask(room)
    rung(room)
    with pytest.raises(HandoverGone):
        room.withdraw_handover(now=NOW, by="citizen")
    room.withdraw_handover(now=NOW, by="ada")
    assert "bob" not in room.participants
    ask(room)
    accepted(room)
    with pytest.raises(HandoverGone):
        room.withdraw_handover(now=NOW, by="ada")


def test_what_the_service_refuses_does_not_come_about() -> None:
    room = conversation()
    ask(room)
    rung(room)
    room.answer_handover(now=NOW, by="bob", accepted=True)
    assert room.refuse_handover(now=NOW, colleague="bob") == [HandoverSettled("ada", "bob", NOW, "failed")]
    assert room.participants["ada"].role.hosts
    assert room.confirm_handover(now=NOW, colleague="bob") == []


def test_whoever_may_not_ask_is_refused() -> None:
    room = conversation()
    room.join(now=NOW, participant="lise", role=Role.ADVISER, name="lise", session="s-lise")
    for who in ("citizen", "lise"):
        with pytest.raises(NotAllowed):
            ask(room, by=who)
    with pytest.raises(NotAllowed):
        ask(room, to="ada")
    ask(room)
    with pytest.raises(HandoverPending):
        ask(room, to="eve")
    with pytest.raises(HandoverGone):
        room.answer_handover(now=NOW, by="lise", accepted=True)
    with pytest.raises(HandoverGone):
        rung(room, "eve")


def test_there_must_be_somebody_to_pass_on() -> None:
    room = Room("r", NOW)
    room.join(now=NOW, participant="ada", role=Role.AGENT, name="ada", session="s")
    with pytest.raises(ParticipantUnknown):
        ask(room)


def test_the_first_agent_who_leaves_early_hides_nobody() -> None:
    room = conversation()
    ask(room)
    accepted(room)
    room.leave(now=NOW, participant="ada")
    assert seen_by(room, "citizen") == {"bob"}
    assert room.shows("citizen", "bob")


def test_the_page_of_the_colleague_may_change_between_accepting_and_coming_in() -> None:
    room = conversation()
    ask(room)
    rung(room)
    room.answer_handover(now=NOW, by="bob", accepted=True)
    room.leave(now=NOW, participant="bob")
    room.confirm_handover(now=NOW, colleague="bob")
    rung(room)
    assert room.participants["bob"].role is Role.AGENT
    assert room.participants["bob"].standing == "admitted"


AGENTS = ("ada", "bob", "eve")


class Passing(RuleBasedStateMachine):
    """Three agents pass a citizen around, join, leave and lose their sockets as they like."""

    def __init__(self) -> None:
        super().__init__()
        self.room = conversation()
        self.now = NOW

    def present(self, who: str) -> bool:
        return self.room.over is None and who in self.room.participants

    @rule(by=st.sampled_from(AGENTS), to=st.sampled_from(AGENTS), stays=st.booleans())
    def ask(self, by: str, to: str, stays: bool) -> None:
        if not self.present(by):
            return
        try:
            self.room.hand_over(now=self.now, by=by, to=to, reason="r", stays=stays)
        except (NotAllowed, HandoverPending, ParticipantUnknown):
            return
        assert self.room.participants[by].role is Role.AGENT

    @precondition(lambda self: self.room.over is None)
    @rule(who=st.sampled_from(AGENTS))
    def come(self, who: str) -> None:
        try:
            self.room.join(now=self.now, participant=who, role=Role.COLLEAGUE, name=who, session=f"s-{who}")
        except HandoverGone:
            return

    @rule(who=st.sampled_from(AGENTS), accepted=st.booleans())
    def answer(self, who: str, accepted: bool) -> None:
        if not self.present(who):
            return
        try:
            self.room.answer_handover(now=self.now, by=who, accepted=accepted)
        except HandoverGone:
            return

    @rule(who=st.sampled_from(AGENTS), agrees=st.booleans())
    def decide(self, who: str, agrees: bool) -> None:
        self.keeps_an_agent(
            lambda: (self.room.confirm_handover if agrees else self.room.refuse_handover)(now=self.now, colleague=who)
        )

    @rule(who=st.sampled_from(AGENTS))
    def arrive(self, who: str) -> None:
        if self.present(who) and self.room.participants[who].standing == "admitted":
            self.keeps_an_agent(lambda: self.room.complete_handover(now=self.now, arrived=who))

    @rule(who=st.sampled_from(AGENTS))
    def withdraw(self, who: str) -> None:
        try:
            self.keeps_an_agent(lambda: self.room.withdraw_handover(now=self.now, by=who))
        except HandoverGone:
            return

    @rule(who=st.sampled_from(AGENTS))
    def leave(self, who: str) -> None:
        self.room.leave(now=self.now, participant=who)

    @rule(seconds=st.integers(1, 70))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.keeps_an_agent(lambda: self.room.expire(now=self.now))

    def agents_seen(self) -> int:
        others = snapshot_of(self.room, self.now, "citizen").others if self.present("citizen") else ()
        return sum(other.role is Role.AGENT for other in others)

    def keeps_an_agent(self, step: object) -> None:
        """No step of a hand-over takes the citizen's agent away before there is another."""
        before = self.agents_seen()
        assert callable(step)
        step()
        assert not before or self.agents_seen()

    @invariant()
    def who_is_only_asked_sees_nobody_and_is_seen_by_nobody(self) -> None:
        for viewer, you in self.room.participants.items():
            snapshot = snapshot_of(self.room, self.now, viewer)
            assert you.standing != "rung" or snapshot.others == ()
            assert all(other.standing != "rung" for other in snapshot.others)

    @invariant()
    def only_the_two_of_it_hear_of_it(self) -> None:
        for viewer in self.room.participants:
            info = snapshot_of(self.room, self.now, viewer).handover
            assert info is None or viewer in (info.by, info.colleague)

    @invariant()
    def the_room_ends_with_the_last_one(self) -> None:
        assert (self.room.over is None) == bool(self.room.participants)


Passing.TestCase.settings = hypothesis_settings(max_examples=80, stateful_step_count=40, deadline=None)
TestPassing = Passing.TestCase
