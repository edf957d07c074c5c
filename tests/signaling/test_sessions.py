"""The numbers of a session, whatever is sent, lost and taken up again: everything once, in order."""

import json
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from signaling.errors import RoomFull, SessionUnknown
from signaling.rooms.roles import Role
from signaling.rooms.room import CAPACITY, RESUME_WINDOW, Room
from signaling.wire.protocol import ClientEnvelope
from signaling.wire.replies import Ended, Refused
from signaling.wire.session import MAX_KEPT, Session

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass
class Wire:
    """A socket: what was written into it, of which the client has read so much; and with what it was closed."""

    written: list[str] = field(default_factory=list)
    read: int = 0
    closed: int | None = None

    def put(self, text: str) -> None:
        self.written.append(text)

    def finish(self, code: int) -> None:
        self.closed = code


class Sessions(RuleBasedStateMachine):
    """A server's session and a client that follows docs/protocol.md, with a network between them that loses sockets."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session("s", "p")
        self.wire: Wire | None = Wire()
        self.session.attach(self.wire)
        self.said: list[int] = []  # by the server, sequenced
        self.heard: list[int] = []  # by the client, each once
        self.received = 0
        self.client_sent: list[tuple[int, str]] = []  # kept until acknowledged
        self.next_seq = 1
        self.all_sent: list[str] = []
        self.done: list[str] = []  # by the server, each once
        self.in_flight: list[tuple[int, str]] = []

    @rule(count=st.integers(1, 5), passing=st.booleans())
    def server_says(self, count: int, passing: bool) -> None:
        for _ in range(count):
            if passing:
                self.session.send(Refused(code="not_allowed", reply_to=""))
            else:
                self.said.append(len(self.said) + 1)
                self.session.send(Ended(reason="left", call_seconds=len(self.said)))

    @precondition(lambda self: self.wire is not None)
    @rule(count=st.integers(1, 5))
    def client_reads(self, count: int) -> None:
        assert self.wire is not None
        for text in self.wire.written[self.wire.read : self.wire.read + count]:
            self.wire.read += 1
            message = json.loads(text)
            self.client_sent = [kept for kept in self.client_sent if kept[0] > message["ack"]]
            if not message["seq"] or message["seq"] <= self.received:
                continue
            assert message["seq"] == self.received + 1, "no number is left out"
            self.received = message["seq"]
            self.heard.append(message["body"]["call_seconds"])

    @rule()
    def client_says(self) -> None:
        name = f"m{self.next_seq}"
        self.client_sent.append((self.next_seq, name))
        self.all_sent.append(name)
        if self.wire is not None:
            self.in_flight.append((self.next_seq, name))
        self.next_seq += 1

    @precondition(lambda self: bool(self.in_flight))
    @rule()
    def server_reads(self) -> None:
        seq, name = self.in_flight.pop(0)
        envelope = ClientEnvelope(v=1, type="text", id=name, seq=seq, ack=self.received)
        if self.session.accept(envelope):
            self.done.append(name)

    @precondition(lambda self: self.wire is not None)
    @rule(arrived=st.booleans())
    def socket_breaks(self, arrived: bool) -> None:
        """What is under way is lost, or still arrives before the server notices."""
        assert self.wire is not None
        while arrived and self.in_flight:
            self.server_reads()
        self.in_flight.clear()
        assert self.session.detach(self.wire)
        assert not self.session.detach(Wire()), "only the newest socket counts"
        self.wire = None

    @rule()
    def client_comes_back(self) -> None:
        """With the newest socket; an older one that the server has not given up yet is closed by it."""
        older, self.wire = self.wire, Wire()
        self.in_flight.clear()
        try:
            self.session.assert_complete(self.received)
        except SessionUnknown:
            assert len(self.said) - self.received > MAX_KEPT, "only what is too long ago is forgotten"
            self.__init__()  # type: ignore[misc]
            return
        self.session.finish(4409)
        assert older is None or older.closed == 4409
        self.session.attach(self.wire)
        self.session.replay(self.received)
        self.in_flight = list(self.client_sent)

    @rule(ahead=st.integers(1, 1000))
    def nobody_has_heard_what_was_not_said(self, ahead: int) -> None:
        try:
            self.session.assert_complete(len(self.said) + ahead)
        except SessionUnknown:
            return
        raise AssertionError

    @invariant()
    def the_client_hears_everything_once_and_in_order(self) -> None:
        assert self.heard == self.said[: len(self.heard)]

    @invariant()
    def the_server_does_everything_once_and_in_order(self) -> None:
        assert self.done == self.all_sent[: len(self.done)]

    @invariant()
    def what_is_kept_is_bounded(self) -> None:
        assert len(self.session._kept) <= MAX_KEPT

    def teardown(self) -> None:
        """In the end, with a network that holds, nothing is missing on either side."""
        self.client_comes_back()
        while self.in_flight:
            self.server_reads()
        self.client_reads(len(self.wire.written) if self.wire else 0)
        assert self.heard == self.said
        assert self.done == self.all_sent


TestSessions = Sessions.TestCase
TestSessions.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


class Generations(RuleBasedStateMachine):
    """Numbers of connections and places in a room, whoever comes, goes and comes again."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Room("r", NOW)
        self.now = NOW
        self.highest: dict[str, int] = {}
        self.secrets = 0

    @rule(who=st.sampled_from("abcdefgh"))
    def joins(self, who: str) -> None:
        if self.room.over:
            return
        self.secrets += 1
        full = who not in self.room.participants and len(self.room.participants) >= CAPACITY
        with pytest.raises(RoomFull) if full else nullcontext():
            self.room.join(now=self.now, participant=who, role=Role.ADVISER, name=who, session=f"{who}{self.secrets}")

    @rule(who=st.sampled_from("abcdefgh"))
    def connects(self, who: str) -> None:
        number = self.room.next_generation(who)
        assert number == self.highest.get(who, 0) + 1, "one more, never one that was there"
        self.highest[who] = number

    @rule(who=st.sampled_from("abcdefgh"))
    def loses_the_newest_or_an_older_socket(self, who: str) -> None:
        older = f"{who}0"
        assert not self.room.lose(now=self.now, session=older), "a superseded socket's end changes nothing"
        if who in self.room.participants:
            self.room.lose(now=self.now, session=self.room.participants[who].session)

    @rule()
    def time_passes(self) -> None:
        self.now += RESUME_WINDOW * 0.7
        self.room.expire(now=self.now)

    @invariant()
    def there_is_room(self) -> None:
        assert len(self.room.participants) <= CAPACITY

    @invariant()
    def numbers_outlive_those_who_leave(self) -> None:
        assert all(self.room.generations.get(who, 0) == number for who, number in self.highest.items())


TestGenerations = Generations.TestCase
TestGenerations.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
