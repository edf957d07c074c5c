"""A room's state: who waits, who was admitted, who is lost for the moment. Pure: no socket, no database, no clock."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from signaling.errors import CallOver, NotAllowed, ParticipantUnknown, RoomFull, SessionUnknown
from signaling.protocol import DeviceState, ParticipantInfo, Snapshot
from signaling.roles import Role

RESUME_WINDOW = timedelta(seconds=60)
CAPACITY = 6

Standing = Literal["waiting", "admitted"]
EndReason = Literal["hung_up", "abandoned", "shutdown"]
LeaveReason = Literal["left", "lost", "ended"]


@dataclass
class Participant:
    """One person in the room. `session` is the secret of their newest socket's session."""

    id: str
    role: Role
    name: str
    session: str
    standing: Standing
    since: datetime
    connected: bool = True
    lost_at: datetime | None = None
    generation: int = 0
    reconnections: int = 0
    microphone: DeviceState = "missing"
    camera: DeviceState = "missing"


@dataclass(frozen=True)
class Waiting:
    """Somebody began to wait in the lobby."""

    participant: str
    role: Role
    at: datetime


@dataclass(frozen=True)
class Admitted:
    """Somebody came into the call."""

    participant: str
    role: Role
    at: datetime


@dataclass(frozen=True)
class Started:
    """A citizen and an agent are both in the call for the first time."""

    at: datetime


@dataclass(frozen=True)
class Gone:
    """Somebody left the call or the lobby."""

    participant: str
    role: Role
    at: datetime
    standing: Standing
    reason: LeaveReason
    reconnections: int


@dataclass(frozen=True)
class Over:
    """The room is closed for good. `started_at` is None when the call never began."""

    started_at: datetime | None
    at: datetime
    reason: EndReason


Fact = Waiting | Admitted | Started | Gone | Over


@dataclass
class Room:
    """Who is in a room. Methods that change it return what happened, in order; time is given, in UTC."""

    id: str
    opened_at: datetime
    participants: dict[str, Participant] = field(default_factory=dict)
    started_at: datetime | None = None
    over: Over | None = None
    # people who were let in stay let in when they come back after more than the resume window
    let_in: set[str] = field(default_factory=set)
    generations: dict[str, int] = field(default_factory=dict)

    def join(
        self, *, now: datetime, participant: str, role: Role, name: str, session: str, admit_waiting: bool = False
    ) -> list[Fact]:
        """Open a session for somebody who holds a ticket; their older session, if any, is superseded.

        `admit_waiting`: a host lets in whoever waits; anyone else was let in before, in a room that a restart ended.
        Raises CallOver, RoomFull.
        """
        self._assert_open()
        previous = self.participants.get(participant)
        if previous is None and len(self.participants) >= CAPACITY:
            raise RoomFull(capacity=CAPACITY)
        if admit_waiting and role.waits:
            self.let_in.add(participant)
        admitted = not role.waits or participant in self.let_in
        newcomer = Participant(
            id=participant,
            role=role,
            name=name,
            session=session,
            standing="admitted" if admitted else "waiting",
            since=previous.since if previous else now,
            generation=self.generations.get(participant, 0),
            reconnections=previous.reconnections + 1 if previous else 0,
        )
        self.participants[participant] = newcomer
        facts: list[Fact] = []
        if previous is None:
            facts.append(Admitted(participant, role, now) if admitted else Waiting(participant, role, now))
        if admit_waiting and role.hosts:
            for waiting in self.waiting():
                facts += self._let_in(now, waiting)
        return facts + self._start(now)

    def resume(self, *, session: str) -> Participant:
        """Give a session back to the socket that returned with its secret.

        Raises CallOver, SessionUnknown.
        """
        self._assert_open()
        participant = self.by_session(session)
        if participant is None:
            raise SessionUnknown()
        if not participant.connected:
            participant.reconnections += 1
        participant.connected = True
        participant.lost_at = None
        return participant

    def lose(self, *, now: datetime, session: str) -> bool:
        """Note that a session's socket died; return whether that changed anything (a superseded one's does not)."""
        participant = self.by_session(session)
        if participant is None or not participant.connected:
            return False
        participant.connected = False
        participant.lost_at = now
        return True

    def admit(self, *, now: datetime, by: str, participant: str) -> list[Fact]:
        """Let somebody in from the lobby; again is harmless.

        Raises NotAllowed (only a host admits), ParticipantUnknown.
        """
        self._assert_open()
        if not self.participants[by].role.hosts:
            raise NotAllowed()
        who = self.participants.get(participant)
        if who is None:
            raise ParticipantUnknown()
        return self._let_in(now, who) + self._start(now)

    def leave(self, *, now: datetime, participant: str, reason: LeaveReason = "left") -> list[Fact]:
        """Take somebody out; the last one out closes the room."""
        who = self.participants.pop(participant, None)
        if who is None:
            return []
        facts: list[Fact] = [Gone(who.id, who.role, now, who.standing, reason, who.reconnections)]
        if not self.participants and self.over is None:
            facts += self._close(now, "abandoned")
        return facts

    def end(self, *, now: datetime, by: str) -> list[Fact]:
        """End the call for everyone. Raises NotAllowed for anyone but a host."""
        if not self.participants[by].role.hosts:
            raise NotAllowed()
        return self.close(now=now, reason="hung_up")

    def close(self, *, now: datetime, reason: EndReason) -> list[Fact]:
        """Close the room: everyone leaves. A second time changes nothing."""
        if self.over is not None:
            return []
        over = self._close(now, reason)
        gone = [
            fact for who in list(self.participants) for fact in self.leave(now=now, participant=who, reason="ended")
        ]
        return [*gone, *over]

    def expire(self, *, now: datetime) -> list[Fact]:
        """Take out those whose socket has been gone for longer than the resume window."""
        lapsed = [p.id for p in self.participants.values() if p.lost_at is not None and now - p.lost_at > RESUME_WINDOW]
        return [fact for who in lapsed for fact in self.leave(now=now, participant=who, reason="lost")]

    def set_media(self, *, participant: str, microphone: DeviceState, camera: DeviceState) -> None:
        """Note what somebody's devices do."""
        who = self.participants[participant]
        who.microphone = microphone
        who.camera = camera

    def next_generation(self, participant: str) -> int:
        """Return the number of the participant's next peer connection: 1, 2, 3... never the same twice in a room."""
        generation = self.generations.get(participant, 0) + 1
        self.generations[participant] = generation
        if participant in self.participants:
            self.participants[participant].generation = generation
        return generation

    def by_session(self, session: str) -> Participant | None:
        """Return who holds a session, if anybody still does."""
        return next((p for p in self.participants.values() if p.session == session), None)

    def waiting(self) -> list[Participant]:
        """Return those in the lobby, first come first."""
        return sorted((p for p in self.participants.values() if p.standing == "waiting"), key=lambda p: (p.since, p.id))

    def admitted(self) -> list[Participant]:
        """Return those in the call."""
        return [p for p in self.participants.values() if p.standing == "admitted"]

    def snapshot(self, *, now: datetime, viewer: str) -> Snapshot:
        """Return the room as one participant may see it."""
        you = self.participants[viewer]
        others = tuple(self._info(now, p) for p in self.participants.values() if p.id != viewer and _sees(you, p))
        return Snapshot(
            state="lobby" if you.standing == "waiting" else "in_call",
            you=self._info(now, you),
            others=others,
            host_present=any(p.role.hosts and p.connected for p in self.participants.values()),
            call_seconds=_seconds(now - self.started_at) if self.started_at else None,
        )

    def _info(self, now: datetime, who: Participant) -> ParticipantInfo:
        waiting = who.standing == "waiting"
        place = 1 + [p.id for p in self.waiting()].index(who.id) if waiting else None
        return ParticipantInfo(
            participant=who.id,
            role=who.role,
            name=who.name,
            standing=who.standing,
            connected=who.connected,
            waiting_seconds=_seconds(now - who.since) if waiting else None,
            place=place,
            microphone=who.microphone,
            camera=who.camera,
        )

    def _let_in(self, now: datetime, who: Participant) -> list[Fact]:
        if who.standing == "admitted":
            return []
        who.standing = "admitted"
        self.let_in.add(who.id)
        return [Admitted(who.id, who.role, now)]

    def _start(self, now: datetime) -> list[Fact]:
        roles = {p.role for p in self.admitted()}
        if self.started_at is not None or not {Role.CITIZEN, Role.AGENT} <= roles:
            return []
        self.started_at = now
        return [Started(now)]

    def _close(self, now: datetime, reason: EndReason) -> list[Fact]:
        self.over = Over(self.started_at, now, reason)
        return [self.over]

    def _assert_open(self) -> None:
        if self.over is not None:
            raise CallOver()


def _sees(viewer: Participant, other: Participant) -> bool:
    if viewer.standing == "waiting":
        return False
    return other.standing == "admitted" or not viewer.role.waits


def _seconds(duration: timedelta) -> int:
    return max(0, int(duration.total_seconds()))
