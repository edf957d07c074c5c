"""One participant's socket, from the first message to the last: authenticate, then commands, then clean up."""

import time

from signaling.errors import Flooding, InvalidMessage, JoinExpected, close_code
from signaling.ports import Gatekeeper
from signaling.rooms.check_rooms import is_check
from signaling.rooms.hub import Hub
from signaling.rooms.live_room import LiveRoom
from signaling.tickets import TicketOffice
from signaling.wire.allowance import COSTS, Allowance
from signaling.wire.messages import Ping, Pong
from signaling.wire.protocol import Received, parse, serialize
from signaling.wire.replies import Refused
from signaling.wire.requests import Join, Resume
from signaling.wire.session import Session
from signaling.wire.sockets import ConnectionOver, Socket, Writer
from teleconsult.errors import DomainError

MAX_INVALID = 10


class Client:
    """Reads a socket in one loop; everything written goes through its outlet."""

    def __init__(
        self,
        socket: Socket,
        outlet: Writer,
        room: str,
        *,
        hub: Hub,
        tickets: TicketOffice,
        gatekeeper: Gatekeeper,
    ) -> None:
        self._socket = socket
        self._outlet = outlet
        self._room_id = room
        self._hub = hub
        self._tickets = tickets
        self._gatekeeper = gatekeeper
        self._allowance = Allowance()
        self._invalid = 0
        self._room: LiveRoom | None = None
        self._session: Session | None = None

    async def serve(self) -> None:
        """Serve the socket until it closes."""
        try:
            room, session = await self._authenticate()
            self._room, self._session = room, session
            while True:
                await self._command(room, session)
        except DomainError as refusal:
            self._refuse(refusal)
            self._outlet.finish(close_code(refusal))
        except ConnectionOver:
            self._outlet.finish(1000)
        finally:
            await self._clean_up()

    async def _authenticate(self) -> tuple[LiveRoom, Session]:
        timings = self._hub.timings
        try:
            text = await self._socket.receive(timings.join)
        except TimeoutError:
            raise JoinExpected from None
        received = parse(text)
        body = received.body
        if isinstance(body, Join):
            claims = self._tickets.redeem(self._room_id, body.ticket, self._hub.clock())
            if not is_check(claims.room):
                await self._gatekeeper.may_enter(claims.room, claims.participant, claims.role)
            return self._hub.join(claims, self._outlet)
        if isinstance(body, Resume):
            participant = self._hub.find(self._room_id, body.session).find(body.session)
            if participant is not None and not is_check(self._room_id):
                await self._gatekeeper.may_enter(self._room_id, participant.id, participant.role)
            # looked up again: the room may have closed while the gatekeeper was asked
            room = self._hub.find(self._room_id, body.session)
            return room, room.resume(body.session, body.last_seq, self._outlet)
        raise JoinExpected(reply_to=received.envelope.id)

    async def _command(self, room: LiveRoom, session: Session) -> None:
        text = await self._next(session)
        self._allowance.take()
        try:
            received = parse(text)
            self._allowance.take(COSTS.get(received.envelope.type, 0))
            self._handle(room, session, received)
        except Flooding:
            raise
        except DomainError as refusal:
            self._invalid += isinstance(refusal, InvalidMessage)
            if self._invalid >= MAX_INVALID:
                raise
            self._refuse(refusal)

    def _handle(self, room: LiveRoom, session: Session, received: Received) -> None:
        if not session.accept(received.envelope):
            return
        if isinstance(received.body, Ping):
            session.send(Pong())
        elif isinstance(received.body, (Join, Resume)):
            raise InvalidMessage(reason="already joined", reply_to=received.envelope.id)
        elif not isinstance(received.body, Pong):
            try:
                room.handle(session, received)
            except DomainError as refusal:
                refusal.params.setdefault("reply_to", received.envelope.id)
                raise

    async def _next(self, session: Session) -> str:
        """Return the next message; ping after a silence, and give up on a longer one."""
        timings = self._hub.timings
        silent_since = time.monotonic()
        while True:
            remaining = silent_since + timings.dead_after - time.monotonic()
            if remaining <= 0:
                raise ConnectionOver
            try:
                return await self._socket.receive(min(timings.ping_after, remaining))
            except TimeoutError:
                session.send(Ping())

    def _refuse(self, refusal: DomainError) -> None:
        if self._session is not None:
            self._session.send(_refused(refusal))
        else:
            self._outlet.put(refusal_text(refusal))

    async def _clean_up(self) -> None:
        if self._room is not None and self._session is not None:
            self._room.lose(self._session, self._outlet)
        self._outlet.finish(1000)
        await self._outlet.wait_closed()


def refusal_text(refusal: DomainError) -> str:
    """Return the message that tells of a refusal where there is no session yet."""
    return serialize(_refused(refusal), id="s0", seq=0, ack=0)


def _refused(refusal: DomainError) -> Refused:
    return Refused(code=refusal.code, reply_to=str(refusal.params.get("reply_to", ""))[:64])
