"""One participant's socket, from the first message to the last: authenticate, then commands, then clean up."""

import time

from aiohttp import WSMessage, WSMsgType, web

from signaling.errors import Flooding, InvalidMessage, JoinExpected, close_code
from signaling.hub import Hub
from signaling.live_room import LiveRoom
from signaling.outlet import SocketOutlet
from signaling.ports import Gatekeeper
from signaling.protocol import Join, Ping, Pong, Received, Refused, Resume, parse, serialize
from signaling.session import Session
from signaling.tickets import TicketOffice
from teleconsult.errors import DomainError

MESSAGES_A_SECOND = 40
BURST = 200
MAX_INVALID = 10


class ConnectionOver(Exception):
    """The socket closed, or fell silent for too long."""


class Client:
    """Reads a socket in one loop; everything written goes through its outlet."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        outlet: SocketOutlet,
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
        self._allowance = float(BURST)
        self._counted_at = time.monotonic()
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
            message = await self._socket.receive(timeout=timings.join)
        except TimeoutError:
            raise JoinExpected from None
        received = parse(self._text(message))
        body = received.body
        if isinstance(body, Join):
            claims = self._tickets.redeem(self._room_id, body.ticket, self._hub.clock())
            await self._gatekeeper.may_enter(claims.room, claims.participant, claims.role)
            return self._hub.join(claims, self._outlet)
        if isinstance(body, Resume):
            participant = self._hub.find(self._room_id, body.session).find(body.session)
            if participant is not None:
                await self._gatekeeper.may_enter(self._room_id, participant.id, participant.role)
            # looked up again: the room may have closed while the gatekeeper was asked
            room = self._hub.find(self._room_id, body.session)
            return room, room.resume(body.session, body.last_seq, self._outlet)
        raise JoinExpected(reply_to=received.envelope.id)

    async def _command(self, room: LiveRoom, session: Session) -> None:
        text = await self._next(session)
        self._count(time.monotonic())
        try:
            received = parse(text)
            self._handle(room, session, received)
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
                message = await self._socket.receive(timeout=min(timings.ping_after, remaining))
            except TimeoutError:
                session.send(Ping())
                continue
            return self._text(message)

    @staticmethod
    def _text(message: WSMessage) -> str:
        if message.type is WSMsgType.TEXT:
            return str(message.data)
        if message.type is WSMsgType.BINARY:
            raise InvalidMessage(reason="binary message")
        raise ConnectionOver

    def _count(self, now: float) -> None:
        """Let MESSAGES_A_SECOND through on the whole, and BURST at once."""
        self._allowance = min(BURST, self._allowance + (now - self._counted_at) * MESSAGES_A_SECOND) - 1
        self._counted_at = now
        if self._allowance < 0:
            raise Flooding(retry_after=1)

    def _refuse(self, refusal: DomainError) -> None:
        body = Refused(code=refusal.code, reply_to=str(refusal.params.get("reply_to", ""))[:64])
        if self._session is not None:
            self._session.send(body)
        else:
            self._outlet.put(serialize(body, id="s0", seq=0, ack=0))

    async def _clean_up(self) -> None:
        if self._room is not None and self._session is not None:
            self._room.lose(self._session, self._outlet)
        self._outlet.finish(1000)
        await self._outlet.wait_closed()
