"""A room's state: who waits, who was admitted, who is lost for the moment. Pure: no socket, no database, no clock."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from signaling.errors import (
    CallOver,
    HandoverGone,
    HandoverPending,
    InvitationRevoked,
    NotAllowed,
    ParticipantUnknown,
    RoomFull,
    SessionUnknown,
)
from signaling.rooms.conversation import Conversation, Line
from signaling.rooms.facts import (
    Admitted,
    EndReason,
    Fact,
    Gone,
    LeaveReason,
    Over,
    Revoked,
    Standing,
    Started,
    Waiting,
)
from signaling.rooms.handover import ColleagueRung, Handover, HandoverState
from signaling.rooms.participants import Participant
from signaling.rooms.roles import INVITED, Act, Role
from signaling.rooms.shown import Showing, Shown
from signaling.wire.messages import Place

RESUME_WINDOW = timedelta(seconds=60)
CAPACITY = 6


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
    handover: Handover | None = None
    # the agent talks with colleagues and advisers; citizens neither hear nor see them, nor they the citizens
    aside: bool = False
    revoked: set[str] = field(default_factory=set)
    conversation: Conversation = field(default_factory=Conversation)
    showing: Showing = field(default_factory=Showing)

    def join(
        self, *, now: datetime, participant: str, role: Role, name: str, session: str, admit_waiting: bool = False
    ) -> list[Fact]:
        """Open a session for somebody who holds a ticket; their older session, if any, is superseded.

        `admit_waiting`: a host lets in whoever waits; anyone else was let in before, in a room that a restart ended.
        Raises CallOver, RoomFull, HandoverGone (a colleague whom nobody asks), InvitationRevoked.
        """
        self._assert_open()
        if participant in self.revoked:
            raise InvitationRevoked()
        previous = self.participants.get(participant)
        role, standing = self._comes_as(participant, role, previous)
        if previous is None and len(self.participants) >= CAPACITY:
            raise RoomFull(capacity=CAPACITY)
        if admit_waiting and role.waits:
            self.let_in.add(participant)
        if standing == "waiting" and participant in self.let_in:
            standing = "admitted"
        newcomer = Participant(
            id=participant,
            role=role,
            name=name,
            session=session,
            standing=standing,
            since=previous.since if previous else now,
            generation=self.generations.get(participant, 0),
            reconnections=previous.reconnections + 1 if previous else 0,
        )
        self.participants[participant] = newcomer
        self.showing.hide(participant)  # a page that joins anew has lost its memory
        facts: list[Fact] = []
        if previous is None and standing != "rung":
            arrived = standing == "admitted"
            facts.append(Admitted(participant, role, now) if arrived else Waiting(participant, role, now))
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
        self._require(by, Act.ADMIT)
        who = self.participants.get(participant)
        if who is None:
            raise ParticipantUnknown()
        return self._let_in(now, who) + self._start(now)

    def leave(self, *, now: datetime, participant: str, reason: LeaveReason = "left") -> list[Fact]:
        """Take somebody out; the last one out closes the room."""
        who = self.participants.pop(participant, None)
        if who is None:
            return []
        facts: list[Fact] = []
        if who.standing != "rung":
            facts.append(Gone(who.id, who.role, now, who.standing, reason, who.reconnections, who.lost_at))
        facts += self._without(now, participant)
        self.showing.hide(participant)
        # nobody stays behind a closed door with nobody to open it
        self.aside = self.aside and self._can_be_aside()
        self.showing.match(aside=self.aside)
        if not self.participants and self.over is None:
            facts.append(self._close(now, "abandoned"))
        return facts

    def end(self, *, now: datetime, by: str) -> list[Fact]:
        """End the call for everyone. Raises NotAllowed for anyone but a host."""
        self._require(by, Act.END)
        return self.close(now=now, reason="hung_up")

    def close(self, *, now: datetime, reason: EndReason) -> list[Fact]:
        """Close the room: everyone leaves. A second time changes nothing."""
        if self.over is not None:
            return []
        over = self._close(now, reason)
        why: LeaveReason = "shutdown" if reason == "shutdown" else "ended"
        gone = [fact for who in list(self.participants) for fact in self.leave(now=now, participant=who, reason=why)]
        return [*gone, over]

    def expire(self, *, now: datetime) -> list[Fact]:
        """Take out those whose socket has been gone for longer than the resume window."""
        lapsed = [p.id for p in self.participants.values() if p.lost_at is not None and now - p.lost_at > RESUME_WINDOW]
        facts = [fact for who in lapsed for fact in self.leave(now=now, participant=who, reason="lost")]
        handover = self.handover
        if handover is not None and handover.lapses(now):
            return facts + self._settle(now, handover, "unanswered")
        if handover is not None and handover.rings(now):
            facts.append(ColleagueRung(handover.by, handover.to, now))
        return facts

    def hand_over(self, *, now: datetime, by: str, to: str, reason: str, stays: bool) -> list[Fact]:
        """Ask a colleague to take the citizen over.

        Raises NotAllowed (not the host, or oneself), HandoverPending (somebody is asked already), ParticipantUnknown
        (there is no citizen in the call).
        """
        self._assert_open()
        self._require(by, Act.HAND_OVER)
        if by == to:
            raise NotAllowed()
        if self.handover is not None and self.handover.open:
            raise HandoverPending()
        if not any(p.role is Role.CITIZEN for p in self.admitted()):
            raise ParticipantUnknown()
        self.handover = Handover(by, to, reason, stays, asked_at=now, rang_at=now)
        return [ColleagueRung(by, to, now)]

    def withdraw_handover(self, *, now: datetime, by: str) -> list[Fact]:
        """Ask no longer. Raises HandoverGone when there is nothing to withdraw, or it is confirmed already."""
        handover = self.handover
        if handover is None or handover.by != by or handover.state not in ("asked", "accepted"):
            raise HandoverGone()
        return self._settle(now, handover, "withdrawn")

    def answer_handover(self, *, now: datetime, by: str, accepted: bool) -> list[Fact]:
        """Accept or decline; accepting again is harmless. Raises HandoverGone when one is not asked (any more)."""
        handover = self.handover
        if handover is None or handover.to != by or not handover.open:
            raise HandoverGone()
        if not accepted:
            return self._settle(now, handover, "declined")
        return [handover.move("accepted", now)] if handover.state == "asked" else []

    def confirm_handover(self, *, now: datetime, colleague: str) -> list[Fact]:
        """The service agrees: the colleague becomes the agent, and comes in as soon as they are here."""
        handover = self.handover
        if handover is None or handover.to != colleague or handover.state != "accepted":
            return []
        facts: list[Fact] = [handover.move("confirmed", now)]
        who = self.participants.get(colleague)
        if who is None:
            return facts
        here = who.standing == "admitted"
        who.role = Role.AGENT
        facts += self._let_in(now, who)
        # whoever stayed after passing the citizen on is in the picture already
        return facts + (self._change_places(now, handover) if here else [])

    def refuse_handover(self, *, now: datetime, colleague: str) -> list[Fact]:
        """The service does not agree: the colleague may not, or could not be given the citizen."""
        handover = self.handover
        if handover is None or handover.to != colleague or handover.state not in ("asked", "accepted"):
            return []
        return self._settle(now, handover, "failed")

    def complete_handover(self, *, now: datetime, arrived: str) -> tuple[str, list[Fact]] | None:
        """The colleague's picture is there: they take the agent's place. Return whose it was; None if it is not that.

        The first agent becomes a colleague who stays, or leaves.
        """
        handover = self.handover
        if handover is None or handover.to != arrived or handover.state != "confirmed":
            return None
        return handover.by, self._change_places(now, handover)

    def revoke(self, *, now: datetime, by: str, invitation: str) -> list[Fact]:
        """Take an invitation back; again is harmless. Raises NotAllowed for who may not invite."""
        self._require(by, Act.INVITE)
        self.revoked.add(invited := f"{INVITED}{invitation}")
        return [Revoked(invitation, now), *self.leave(now=now, participant=invited, reason="unneeded")]

    def write(self, *, by: str, number: int, text: str, done: bool) -> Line | None:
        """Take a line that somebody types; None when it was done before. Raises NotAllowed in the lobby, or unheard."""
        who = self._in_call(by, Act.SPEAK)
        line = Line(who.id, who.name, number, text, done, side=who.role.waits if self.aside else None)
        return line if self.conversation.write(line) else None

    def show(self, *, by: str, place: Place | None) -> None:
        """Show everyone a place in a document, or (None) one's screen. Raises NotAllowed, also in the lobby."""
        who = self._in_call(by, Act.SHARE_SCREEN if place is None else Act.SHOW)
        self.showing.now = Shown(by, place, side=who.role.waits if self.aside else None)

    def hide(self, *, by: str) -> None:
        """Show no longer what one shows oneself; a host ends what anybody shows."""
        self.showing.hide(by, hosts=self.participants[by].role.hosts)

    def assert_may_point(self, by: str) -> None:
        """Raise NotAllowed unless somebody may point at what is shown."""
        self._in_call(by, Act.SHOW)

    def set_aside(self, *, by: str, aside: bool) -> None:
        """Begin or end a private aside; again is harmless.

        Raises NotAllowed for anyone but a host, ParticipantUnknown when there is nobody to talk with in private.
        """
        self._assert_open()
        self._require(by, Act.ASIDE)
        if aside and not self._can_be_aside():
            raise ParticipantUnknown()
        self.aside = aside
        self.showing.match(aside=aside)

    def _can_be_aside(self) -> bool:
        """Whether there are a host, somebody to talk with, and a citizen from whom to keep it."""
        others = [p for p in self.admitted() if not p.role.waits and p.role.may(Act.SPEAK)]
        citizens = [p for p in self.admitted() if p.role.waits]
        return len(others) > 1 and any(p.role.hosts for p in others) and bool(citizens)

    def hears(self, listener: str, other: str) -> bool:
        """Whether somebody is to be sent the sound and picture of somebody else now; pure."""
        both = [self.participants.get(participant) for participant in (listener, other)]
        return not self.aside or len({who.role.waits for who in both if who is not None}) < 2

    def shows(self, viewer: str, other: str) -> bool:
        """Whether `viewer` is to be sent sound and picture of somebody else in the call: never an observer's; pure."""
        who = self.participants.get(other)
        return self.tells(viewer, other) and (who is None or who.role.may(Act.SPEAK))

    def tells(self, viewer: str, other: str) -> bool:
        """Whether `viewer` is to be told of somebody else in the call; pure.

        A colleague on the way in is hidden until they take the agent's place, but not from the agent.
        """
        handover = self.handover
        return handover is None or not handover.hides(other) or viewer == handover.by

    def raise_hand(self, *, participant: str, raised: bool) -> None:
        """Ask for the floor, or no longer. Raises NotAllowed for who has it anyway."""
        self._require(participant, Act.RAISE_HAND)
        self.participants[participant].hand = raised

    def next_generation(self, participant: str) -> int:
        """Return the number of the participant's next peer connection: 1, 2, 3... never the same twice in a room."""
        generation = self.generations[participant] = self.generations.get(participant, 0) + 1
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

    def _comes_as(self, participant: str, role: Role, previous: Participant | None) -> tuple[Role, Standing]:
        """Return as what somebody comes in: a colleague only when asked; who took over is the agent by now."""
        if role is not Role.COLLEAGUE or participant.startswith(INVITED):
            return role, "waiting" if role.waits else "admitted"
        if previous is not None and previous.standing == "admitted":
            return previous.role, "admitted"
        handover = self.handover
        if handover is None or not handover.open or handover.to != participant:
            raise HandoverGone()
        return (Role.AGENT, "admitted") if handover.state == "confirmed" else (role, "rung")

    def _change_places(self, now: datetime, handover: Handover) -> list[Fact]:
        self.handover = None
        first = self.participants[handover.by]
        first.role = Role.COLLEAGUE
        return [] if handover.stays else self.leave(now=now, participant=first.id, reason="handed_over")

    def _settle(self, now: datetime, handover: Handover, state: HandoverState) -> list[Fact]:
        """End a hand-over that did not come about: the colleague, if here, is no longer needed."""
        facts: list[Fact] = [handover.move(state, now)]
        who = self.participants.get(handover.to)
        if who is not None and who.standing == "rung":
            facts += self.leave(now=now, participant=who.id)
        return facts

    def _without(self, now: datetime, participant: str) -> list[Fact]:
        """Somebody of a hand-over has left: it is off, or done in a simpler way."""
        handover = self.handover
        if handover is None or not handover.open or participant not in (handover.by, handover.to):
            return []
        if handover.state == "confirmed":
            # the first agent is gone: nothing hides the colleague any more. The colleague is gone: they may come back
            self.handover = None if participant == handover.by else handover
            return []
        if participant == handover.to and handover.state == "accepted":
            return []  # their page turns to the call
        return self._settle(now, handover, "withdrawn" if participant == handover.by else "declined")

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

    def _close(self, now: datetime, reason: EndReason) -> Over:
        self.over = over = Over(self.started_at, now, reason)
        return over

    def _require(self, by: str, act: Act) -> None:
        if not self.participants[by].role.may(act):
            raise NotAllowed()

    def _in_call(self, by: str, act: Act) -> Participant:
        self._require(by, act)
        if self.participants[by].standing != "admitted":
            raise NotAllowed()
        return self.participants[by]

    def _assert_open(self) -> None:
        if self.over is not None:
            raise CallOver()
