"""Who is told of whose connection, and what stays of a call: after a hang-up, and after its server was killed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from signaling.models import CallParticipation, CallRecord
from signaling.record.failures import Failure
from signaling.record.journal import Journal, Silence
from signaling.record.recovery import CUT, CUT_AFTER, close_cut_calls, note_running
from signaling.record.watch import KEEP_EVERY, Watch
from signaling.relay.quality import Level, Quality
from signaling.rooms.facts import Admitted, EndReason, Gone, LeaveReason, Over, Started
from signaling.rooms.roles import Role
from signaling.rooms.room import Room
from signaling.wire.messages import Body
from signaling.wire.replies import Connections
from teleconsult.database import Database
from teleconsult.web.events import Event

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
GOOD = Quality(95, 90, 0.0, 0.01, 0.04, "udp", pictures_paused=False)
BAD = Quality(10, 10, 0.3, 0.3, 0.4, "turn", pictures_paused=True)


@dataclass
class Watched:
    """A watch over a room, second by second."""

    room: Room = field(default_factory=lambda: Room("room", NOW))
    journal: Journal | Silence = field(default_factory=Silence)
    now: datetime = NOW
    quality: dict[str, Quality] = field(default_factory=dict)
    told: dict[str, Connections] = field(default_factory=dict)
    messages: int = 0

    def __post_init__(self) -> None:
        self.watch = Watch(self.room, self.journal, quality=self.quality.get, tell=self._tell, clock=lambda: self.now)

    def _tell(self, participant: str, body: Body) -> None:
        assert isinstance(body, Connections)
        self.told[participant] = body
        self.messages += 1

    def come(self, *people: str, role: Role | None = None) -> None:
        for who in people:
            self.room.join(
                now=self.now, participant=who, role=role or Role(who), name=who, session=f"s-{who}", admit_waiting=False
            )

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.now += timedelta(seconds=1)
            self.watch.look()

    def knows(self, who: str) -> set[str]:
        return {each.participant for each in self.told[who].connections}


def test_everyone_in_the_call_is_told_of_themselves_and_of_whom_they_see() -> None:
    watched = Watched()
    watched.come("agent", "citizen")
    watched.quality |= {"agent": GOOD, "citizen": GOOD}
    watched.seconds(5)
    assert watched.knows("agent") == {"agent"}, "who waits has no connection"
    assert "citizen" not in watched.told, "and is told of nobody's"
    watched.room.admit(now=NOW, by="agent", participant="citizen")
    watched.come("observer")
    watched.quality["observer"] = GOOD
    watched.seconds(5)
    assert watched.knows("agent") == watched.knows("citizen") == {"agent", "citizen"}, "an observer has no tile"
    assert watched.knows("observer") == {"observer", "agent", "citizen"}
    before = watched.messages
    watched.seconds(60)
    assert watched.messages == before, "nothing has changed"
    watched.watch.came_back("agent")
    watched.seconds(1)
    assert watched.messages == before + 1


def test_nothing_is_told_across_an_aside() -> None:
    watched = Watched()
    watched.come("agent", "adviser", "citizen")
    watched.room.admit(now=NOW, by="agent", participant="citizen")
    watched.quality |= dict.fromkeys(("agent", "adviser", "citizen"), GOOD)
    watched.seconds(3)
    assert watched.knows("citizen") == {"agent", "adviser", "citizen"}
    watched.room.set_aside(by="agent", aside=True)
    watched.seconds(3)
    assert watched.knows("citizen") == {"citizen"}
    assert watched.knows("agent") == {"agent", "adviser"}
    watched.quality["agent"] = BAD
    watched.seconds(20)
    assert watched.knows("citizen") == {"citizen"}
    watched.room.set_aside(by="agent", aside=False)
    watched.seconds(3)
    levels = {each.participant: each.level for each in watched.told["citizen"].connections}
    assert levels == {"agent": Level.LOST, "adviser": Level.EXCELLENT, "citizen": Level.EXCELLENT}


def test_a_browser_says_by_which_way_it_comes() -> None:
    watched = Watched()
    watched.come("agent")
    watched.quality["agent"] = BAD
    paths = []
    for _ in range(2):
        watched.seconds(3)
        paths.append(watched.told["agent"].connections[0].path)
        watched.watch.hint("agent", "turn-tls")
    assert paths == ["turn", "turn-tls"]


async def nobody(events: Sequence[Event]) -> None:
    pass


def journal_of(room: Room) -> Journal:
    return Journal(room.id, room.opened_at, nobody)


def gone(watched: Watched, who: str, role: Role, reason: LeaveReason, lost_for: int = 0) -> Gone:
    watched.watch.close(who)
    lost_at = watched.now - timedelta(seconds=lost_for) if lost_for else None
    return Gone(who, role, watched.now, "admitted", reason, 2, lost_at)


async def begin(minutes: int) -> Watched:
    """Let a call run so long, the citizen's line bad and the agent's good."""
    room = Room("room", NOW)
    watched = Watched(room, journal_of(room))
    watched.come("agent", "citizen")
    room.admit(now=NOW, by="agent", participant="citizen")
    for fact in (Admitted("agent", Role.AGENT, NOW), Admitted("citizen", Role.CITIZEN, NOW), Started(NOW)):
        watched.journal.note(fact)
    watched.watch.hint("citizen", "turn-tls")
    watched.quality |= {"agent": GOOD, "citizen": BAD}
    watched.seconds(60 * minutes)
    return watched


async def test_what_stays_after_a_hang_up(database: Database) -> None:
    watched = await begin(2)
    for fact in (
        gone(watched, "agent", Role.AGENT, "ended"),
        gone(watched, "citizen", Role.CITIZEN, "ended"),
        Over(NOW, watched.now, "hung_up"),
    ):
        watched.journal.note(fact)
    await watched.journal.close()
    call = await CallRecord.get(room="room")
    assert (call.end_reason, call.failure) == ("hung_up", "")
    citizen = await CallParticipation.get(call_id=call.id, role="citizen")
    assert (citizen.leave_reason, citizen.failure, citizen.reconnections, citizen.path) == ("ended", "", 2, "turn-tls")
    assert (citizen.media_seconds, citizen.poor_seconds, citizen.paused_seconds) == (120, 120, 120)
    assert (citizen.quality_median, citizen.loss_median, citizen.round_trip_min) == (10, 300, 400)
    assert citizen.quality == {"every": 10, "up": [10] * 12, "down": [10] * 12}
    agent = await CallParticipation.get(call_id=call.id, role="agent")
    assert (agent.path, agent.quality_median, agent.poor_seconds) == ("udp", 90, 0)
    assert (agent.loss_high, agent.round_trip_median) == (10, 40)


@pytest.mark.parametrize(
    ("reason", "lost_for", "over", "failure"),
    [
        ("left", 0, "abandoned", ""),
        ("lost", 60, "abandoned", Failure.LOST),
        ("ended", 30, "hung_up", Failure.LOST),
        ("shutdown", 0, "shutdown", Failure.RESTART),
    ],
)
async def test_a_call_fails_by_technique_or_ends_by_people(
    database: Database, reason: LeaveReason, lost_for: int, over: EndReason, failure: str
) -> None:
    watched = await begin(1)
    watched.journal.note(gone(watched, "citizen", Role.CITIZEN, reason, lost_for))
    watched.journal.note(Over(NOW, watched.now, over))
    await watched.journal.close()
    call = await CallRecord.get(room="room")
    assert (call.end_reason, call.failure) == (over, failure)
    citizen = await CallParticipation.get(call_id=call.id, role="citizen")
    assert (citizen.leave_reason, citizen.failure) == (reason, failure)


async def test_who_was_lost_and_came_back_has_not_failed(database: Database) -> None:
    watched = await begin(1)
    watched.journal.note(gone(watched, "citizen", Role.CITIZEN, "lost", 60))
    watched.journal.note(Admitted("citizen", Role.CITIZEN, watched.now))
    watched.journal.note(gone(watched, "citizen", Role.CITIZEN, "left"))
    watched.journal.note(Over(NOW, watched.now, "hung_up"))
    await watched.journal.close()
    assert (await CallRecord.get(room="room")).failure == ""
    failures = await CallParticipation.filter(role="citizen").order_by("left_at").values_list("failure", flat=True)
    assert sorted(str(each) for each in failures) == ["", "lost"]


async def test_what_stays_when_the_server_is_killed(database: Database) -> None:
    watched = await begin(2)
    watched.seconds(int(KEEP_EVERY.total_seconds()) - 1)
    # killed: nothing more is noted, only what was written until now is there
    await watched.journal.close()
    call = await CallRecord.get(room="room")
    await note_running([call.id], now=watched.now)
    assert await close_cut_calls(now=watched.now + CUT_AFTER + timedelta(seconds=1)) == 1
    await call.refresh_from_db()
    assert (call.end_reason, call.failure, call.ended_at) == (CUT, Failure.RESTART, watched.now)
    citizen = await CallParticipation.get(call_id=call.id, role="citizen")
    assert (citizen.leave_reason, citizen.failure, citizen.path) == (CUT, Failure.RESTART, "turn-tls")
    assert citizen.media_seconds == 120, "no more than half a minute is lost"
    assert citizen.quality["up"] == [10] * 12
