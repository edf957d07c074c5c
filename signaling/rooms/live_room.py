"""A room that is open on this server: its state, its sessions, its relay, its journal."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Literal

from signaling.errors import CallOver, NotAllowed, SessionUnknown, Superseded, close_code
from signaling.record.journal import Journal, Publish, Silence
from signaling.record.watch import Watch
from signaling.relay.network import Network
from signaling.relay.quality import Quality
from signaling.relay.relay import RelayPorts, RoomRelay
from signaling.rooms.check_rooms import LONGEST, is_check
from signaling.rooms.conversation import Line
from signaling.rooms.facts import Admitted, EndReason, Fact, Gone, Over
from signaling.rooms.looking import pointed_to, screen_goes
from signaling.rooms.participants import Participant
from signaling.rooms.roles import Act
from signaling.rooms.room import Room
from signaling.rooms.shown import Shown
from signaling.rooms.snapshots import snapshot_of
from signaling.tickets import Claims
from signaling.wire import replies, requests
from signaling.wire.messages import Body
from signaling.wire.pace import Pace
from signaling.wire.protocol import Received
from signaling.wire.replies import Ended, Snapshot, Welcome
from signaling.wire.session import Outlet, Session

SHOWN_SECONDS = 0.2
POINTER_SECONDS = 1 / 15
SHOWN = "shown"
NORMAL_CLOSURE = 1000
SERVICE_RESTART = 1012
Farewell = Literal["left", "handed_over", "unneeded"]


class LiveRoom:
    """Everything that changes a room goes through here, in the event loop's one thread; nothing here awaits."""

    def __init__(
        self,
        room: str,
        *,
        network: Network,
        publish: Publish,
        clock: Callable[[], datetime],
        on_over: Callable[[str], None],
    ) -> None:
        self._forwarded: tuple[bool, Shown | None] = (False, None)
        self._pace = Pace(SHOWN_SECONDS)
        self._pace_of_pointers = Pace(POINTER_SECONDS)
        self._clock = clock
        self._on_over = on_over
        self.room = Room(room, clock())
        self._sessions: dict[str, Session] = {}
        echo = is_check(room)
        self._ends_at = self.room.opened_at + LONGEST if echo else None
        self._journal = Silence() if echo else Journal(room, self.room.opened_at, publish)
        self._watch = Watch(self.room, self._journal, quality=self._quality, tell=self._tell, clock=clock)
        self._relay = RoomRelay(
            network,
            RelayPorts(
                hears=self.room.hears,
                next_generation=self.room.next_generation,
                send=self._send_media,
                reachable=self._reachable,
                sends=self._sends,
                shows=self.room.shows,
                may_share=self._shares,
                screens=lambda listener, other: screen_goes(self.room, listener, other),
                offers=self._may_send,
                arrived=self._arrived,
                pictures=self._wants_pictures,
                measured=self._watch.look,
            ),
            echo=echo,
        )

    def join(self, claims: Claims, outlet: Outlet) -> Session:
        """Open a session; the participant's older socket, if any, is told that it was superseded.

        Raises CallOver, RoomFull.
        """
        session = Session(secrets.token_hex(16), claims.participant)
        again = claims.participant in self.room.participants
        facts = self.room.join(
            now=self._clock(),
            participant=claims.participant,
            role=claims.role,
            name=claims.name,
            session=session.id,
            admit_waiting=claims.admit_waiting,
        )
        older = self._sessions.get(claims.participant)
        if older is not None:
            older.send(replies.Refused(code=Superseded.code, reply_to=""))
            older.finish(close_code(Superseded()))
        self._sessions[claims.participant] = session
        session.attach(outlet)
        session.send(Welcome(session=session.id, participant=claims.participant, role=claims.role, resumed=False))
        self._apply(facts)
        if again:
            self._send_lines(claims.participant)
            self._watch.came_back(claims.participant)
            self._relay.restart(claims.participant, forgetful=True)
        return session

    @property
    def call(self) -> str | None:
        """The id of the call's record, once there is one."""
        return self._journal.call

    @property
    def packets_per_second(self) -> float:
        """What the room's relay receives."""
        return self._relay.packets_per_second

    def find(self, session: str) -> Participant | None:
        """Return who holds a session that may be resumed."""
        return self.room.by_session(session)

    def resume(self, session_id: str, last_seq: int, outlet: Outlet) -> Session:
        """Go on with a session on a new socket.

        Raises CallOver, SessionUnknown.
        """
        holder = self.room.by_session(session_id)
        if holder is None:
            raise SessionUnknown
        session = self._sessions[holder.id]
        session.assert_complete(last_seq)
        participant = self.room.resume(session=session_id)
        session.finish(close_code(Superseded()))
        session.attach(outlet)
        session.send(Welcome(session=session.id, participant=participant.id, role=participant.role, resumed=True))
        session.replay(last_seq)
        self._send_lines(participant.id)
        self._watch.came_back(participant.id)
        self._broadcast()
        return session

    def lose(self, session: Session, outlet: Outlet) -> None:
        """A socket is gone; its session may be resumed for a while."""
        if session.detach(outlet) and self.room.lose(now=self._clock(), session=session.id):
            self._broadcast()

    def handle(self, session: Session, received: Received) -> None:
        """Do what a participant's message asks.

        Raises NotAllowed, ParticipantUnknown, HandoverPending, HandoverGone, CallOver (this session has left already).
        """
        who, body, generation = session.participant, received.body, received.envelope.generation
        if self._sessions.get(who) is not session:
            raise CallOver
        if isinstance(body, requests.Admit):
            self._apply(self.room.admit(now=self._clock(), by=who, participant=body.participant))
        elif isinstance(body, requests.Answer):
            self._relay.answer(who, generation, body.sdp)
        elif isinstance(body, requests.Candidate):
            self._relay.candidate(who, generation, body.candidate, body.sdp_mid)
        elif isinstance(body, requests.Renegotiate):
            self._renegotiate(who, generation, fresh=body.fresh)
        elif isinstance(body, requests.Media):
            self.room.participants[who].set_media(body.microphone, body.camera)
            self._broadcast()
        elif isinstance(body, requests.Pictures):
            self.room.participants[who].pictures = body.wanted
            self._relay.match_pictures(who)
            self._broadcast()
        elif isinstance(body, requests.Path):
            self._watch.hint(who, body.kind)
        elif isinstance(body, requests.HandOver):
            asked = self.room.hand_over(
                now=self._clock(), by=who, to=body.colleague, reason=body.reason, stays=body.stays
            )
            self._apply(asked)
        elif isinstance(body, requests.WithdrawHandOver):
            self._apply(self.room.withdraw_handover(now=self._clock(), by=who))
        elif isinstance(body, requests.AnswerHandOver):
            self._apply(self.room.answer_handover(now=self._clock(), by=who, accepted=body.accepted))
        elif isinstance(body, requests.Aside):
            self.room.set_aside(by=who, aside=body.active)
            self._apply([])
        elif isinstance(body, requests.Hand):
            self.room.raise_hand(participant=who, raised=body.raised)
            self._broadcast()
        elif isinstance(body, requests.Revoke):
            self._apply(self.room.revoke(now=self._clock(), by=who, invitation=body.invitation))
        elif isinstance(body, requests.Text):
            self._pass_on(self.room.write(by=who, number=body.line, text=body.text, done=body.done))
        elif isinstance(body, requests.Show | requests.ShowScreen):
            self.room.show(by=who, place=body.place if isinstance(body, requests.Show) else None)
            self._match_sections()
            self._pace.do(SHOWN, self._broadcast)
        elif isinstance(body, requests.Hide):
            self.room.hide(by=who)
            self._apply([])
        elif isinstance(body, requests.Point):
            self.room.assert_may_point(who)
            self._pace_of_pointers.do(who, partial(self._point, who, body.x, body.y))
        elif isinstance(body, requests.Document):
            self._relay.documents.hear(who, body.frame, web=True)
        elif isinstance(body, requests.Leave):
            self._leave(session)
        elif isinstance(body, requests.End):
            self._apply(self.room.end(now=self._clock(), by=who))

    def carrier(self, session: str) -> str:
        """Return who holds a session by which documents may go by the web. Raises NotAllowed for any that is not."""
        holder = self.room.by_session(session)
        if holder is None or holder.standing != "admitted":
            raise NotAllowed
        return holder.id

    def put_document(self, session: str, transfer: str, offset: int, piece: bytes) -> int:
        """Take a piece of a document; return the next byte expected.

        Raises NotAllowed, DocumentUnknown, DocumentOutOfStep, Flooding.
        """
        who = self.carrier(session)
        if not self._may_send(who):
            raise NotAllowed
        return self._relay.documents.put(who, transfer, offset, piece)

    def take_document(self, session: str, transfer: str, offset: int) -> Awaitable[bytes]:
        """Return the bytes from `offset` on, once there are any; empty when none came for a while. Raises the same."""
        return self._relay.documents.take(self.carrier(session), transfer, offset)

    def confirm_handover(self, colleague: str) -> None:
        """Let a colleague who accepted take over: the service has given them the citizen."""
        self._apply(self.room.confirm_handover(now=self._clock(), colleague=colleague))

    def refuse_handover(self, colleague: str) -> None:
        """Do not let a colleague take over."""
        self._apply(self.room.refuse_handover(now=self._clock(), colleague=colleague))

    def expire(self) -> None:
        """Take out those who did not come back in time."""
        if self._ends_at is not None and self._clock() > self._ends_at:
            self.shut("hung_up")
            return
        facts = self.room.expire(now=self._clock())
        if facts:
            self._apply(facts)

    def shut(self, reason: EndReason) -> None:
        """Close the room for everyone."""
        self._apply(self.room.close(now=self._clock(), reason=reason))

    async def close(self) -> None:
        """Wait until media has stopped and everything is recorded."""
        self._pace.close()
        self._pace_of_pointers.close()
        await self._relay.close()
        await self._journal.close()

    def _renegotiate(self, who: str, generation: int, *, fresh: bool) -> None:
        if not fresh:
            self._relay.reoffer(who)
        elif generation >= self.room.participants[who].generation:
            # else a newer connection is on its way already
            self._relay.restart(who)

    def _leave(self, session: Session) -> None:
        session.send(Ended(reason="left", call_seconds=self._call_seconds()))
        session.finish(NORMAL_CLOSURE)
        self._sessions.pop(session.participant, None)
        self._apply(self.room.leave(now=self._clock(), participant=session.participant))

    def _apply(self, facts: list[Fact]) -> None:
        for fact in facts:
            if isinstance(fact, Gone):
                self._watch.close(fact.participant)
            self._journal.note(fact)
        reasons = {fact.participant: fact.reason for fact in facts if isinstance(fact, Gone)}
        for gone in [p for p in self._sessions if p not in self.room.participants]:
            # whoever was only asked to take over was never in the call, so nothing says that they left it
            reason = reasons.get(gone, "unneeded")
            why: Farewell = reason if reason in ("handed_over", "unneeded") else "left"
            self._dismiss(self._sessions.pop(gone), why)
        for fact in facts:
            if isinstance(fact, Admitted):
                self._send_lines(fact.participant)
        self._relay.set_members({p.id for p in self.room.admitted()})
        self._match_sections()
        self._broadcast()
        if any(isinstance(fact, Over) for fact in facts):
            self._on_over(self.room.id)

    def _match_sections(self) -> None:
        """Have the relay forward what is to be heard and seen now, when that has changed."""
        forwarded = (self.room.aside, self.room.showing.screen)
        if self._forwarded != forwarded:
            self._forwarded = forwarded
            self._relay.rewire()

    def _dismiss(self, session: Session, reason: Farewell) -> None:
        over = self.room.over
        if over is not None and over.reason == "shutdown":
            session.finish(SERVICE_RESTART)
            return
        session.send(Ended(reason=over.reason if over is not None else reason, call_seconds=self._call_seconds()))
        session.finish(NORMAL_CLOSURE)

    def _broadcast(self) -> None:
        for participant, session in self._sessions.items():
            session.send(self.snapshot(participant))

    def snapshot(self, participant: str) -> Snapshot:
        """Return the room as a participant may see it now."""
        return snapshot_of(self.room, self._clock(), participant)

    def _arrived(self, participant: str) -> None:
        """Somebody's picture is there: a colleague who takes over takes the agent's place in it now."""
        done = self.room.complete_handover(now=self._clock(), arrived=participant)
        if done is not None:
            first, facts = done
            self._relay.hand_over(first, participant)
            self._apply(facts)

    def _pass_on(self, line: Line | None) -> None:
        if line is None:
            return
        told = replies.Lines(whole=False, lines=(_typed(line),))
        for participant in self.room.admitted():
            if line.side in (None, participant.role.waits):
                self._sessions[participant.id].send(told)

    def _send_lines(self, participant: str) -> None:
        who = self.room.participants[participant]
        lines = self.room.conversation.seen_by(citizen=who.role.waits)
        if who.standing == "admitted" and lines:
            self._sessions[participant].send(replies.Lines(whole=True, lines=tuple(_typed(line) for line in lines)))

    def _point(self, who: str, x: float, y: float) -> None:
        for other in pointed_to(self.room, who):
            self._sessions[other].send(replies.Pointed(participant=who, x=x, y=y))

    def _shares(self, participant: str) -> bool:
        who = self.room.participants.get(participant)
        return who is not None and who.role.may(Act.SHARE_SCREEN) and not is_check(self.room.id)

    def _may_send(self, participant: str) -> bool:
        who = self.room.participants.get(participant)
        return who is not None and who.role.may(Act.SEND)

    def _quality(self, participant: str) -> Quality | None:
        return self._relay.quality(participant)

    def _tell(self, participant: str, body: Body) -> None:
        if session := self._sessions.get(participant):
            session.send(body)

    def _wants_pictures(self, participant: str) -> bool:
        who = self.room.participants.get(participant)
        return who is None or who.pictures

    def _call_seconds(self) -> int | None:
        started = self.room.started_at
        return int((self._clock() - started).total_seconds()) if started else None

    def _send_media(self, participant: str, body: Body, generation: int) -> None:
        if session := self._sessions.get(participant):
            session.send(body, generation=generation)

    def _reachable(self, participant: str) -> bool:
        who = self.room.participants.get(participant)
        return who is not None and who.connected

    def _sends(self, participant: str) -> bool:
        who = self.room.participants.get(participant)
        # a muted microphone sends silence; a camera that is off sends nothing
        return who is not None and (who.microphone != "missing" or (who.camera == "on" and who.pictures))


def _typed(line: Line) -> replies.TextLine:
    return replies.TextLine(participant=line.sender, name=line.name, line=line.number, text=line.text, done=line.done)
