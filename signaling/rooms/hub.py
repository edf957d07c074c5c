"""The rooms that are open on this server."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from signaling.errors import NoNodeFree, NotAllowed, SessionUnknown
from signaling.record.journal import Publish
from signaling.relay.load import Limits, LoadMeter
from signaling.relay.network import Network
from signaling.rooms.live_room import LiveRoom
from signaling.rooms.room import RESUME_WINDOW
from signaling.tickets import Claims
from signaling.timings import Timings
from signaling.wire.session import Outlet, Session
from teleconsult.clock import utcnow

RETRY_SECONDS = 10


class Hub:
    """Opens rooms when somebody comes, and closes them when they are over. Start and close it with the application."""

    def __init__(
        self,
        *,
        network: Network,
        publish: Publish,
        timings: Timings | None = None,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self.timings = timings or Timings()
        self.clock = clock
        self._network = network
        self._publish = publish
        self._load = LoadMeter(limits or Limits())
        self._rooms: dict[str, LiveRoom] = {}
        self._draining = False
        self._emptied = asyncio.Event()
        # what the nodes of a larger service hang on to: after a room closed here; while nobody can come back;
        # a room that was given to this node, which is full by now
        self.on_closed: Callable[[str], Awaitable[None]] | None = None
        self.on_hold: Callable[[], bool] = lambda: False
        self.on_refused: Callable[[str], None] = lambda room: None
        self._patient_until = 0.0
        self._closing: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look after the rooms."""
        self._sweeper = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        """Tell everyone that the server stops (close code 1012: they come back by themselves), and wait for the end."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        for room in list(self._rooms.values()):
            room.shut("shutdown")
        await asyncio.gather(*self._closing)

    def join(self, claims: Claims, outlet: Outlet) -> tuple[LiveRoom, Session]:
        """Let the holder of a ticket in, opening the room if need be.

        Raises CallOver, RoomFull, HandoverGone, InvitationRevoked, NoNodeFree.
        """
        room = self._rooms.get(claims.room)
        if room is not None:
            return room, room.join(claims, outlet)
        if not self.takes_rooms:
            self.on_refused(claims.room)
            raise NoNodeFree(retry_after=RETRY_SECONDS)
        room = LiveRoom(
            claims.room, network=self._network, publish=self._publish, clock=self.clock, on_over=self._room_over
        )
        session = room.join(claims, outlet)
        # only now: nobody would ever leave, and so close, a room whose first comer was refused
        self._rooms[claims.room] = room
        return room, session

    def find(self, room: str, session: str) -> LiveRoom:
        """Return the room in which a session may be resumed. Raises SessionUnknown."""
        live = self._rooms.get(room)
        if live is None or live.find(session) is None:
            raise SessionUnknown
        return live

    def carrier(self, room: str, session: str) -> LiveRoom:
        """Return the room in which a session may send and fetch documents by the web. Raises NotAllowed."""
        live = self._rooms.get(room)
        if live is None:
            raise NotAllowed
        live.carrier(session)
        return live

    def put_document(self, room: str, session: str, transfer: str, offset: int, piece: bytes) -> int:
        """Take a piece of a document; see LiveRoom.put_document."""
        return self.carrier(room, session).put_document(session, transfer, offset, piece)

    async def take_document(self, room: str, session: str, transfer: str, offset: int) -> bytes:
        """Return what comes next of a document; see LiveRoom.take_document."""
        return await self.carrier(room, session).take_document(session, transfer, offset)

    def rooms(self) -> Collection[str]:
        """Return the rooms that are open on this server."""
        return self._rooms.keys()

    @property
    def draining(self) -> bool:
        """Whether this server is about to stop."""
        return self._draining

    @property
    def takes_rooms(self) -> bool:
        """Whether this server would open another room: it is not about to stop, and its relay is not full."""
        return not self._draining and not self._load.full(len(self._rooms))

    async def drain(self) -> None:
        """Open no more rooms, and return once those that are open have run to their end."""
        self._draining = True
        if self._rooms:
            self._emptied.clear()
            await self._emptied.wait()

    def lose(self, room: str) -> None:
        """Close a room that another server holds by now; everyone comes back by themselves, there."""
        live = self._rooms.get(room)
        if live is not None:
            live.shut("shutdown")

    def calls(self) -> list[str]:
        """Return the ids of the records of the calls that run on this server."""
        return [call for room in self._rooms.values() if (call := room.call) is not None]

    def end(self, room: str) -> None:
        """End a room for everyone, if it is open: what it was for is over."""
        live = self._rooms.get(room)
        if live is not None:
            live.shut("hung_up")

    def confirm_handover(self, room: str, colleague: str) -> None:
        """Let a colleague who accepted take over, if the room is open here."""
        if live := self._rooms.get(room):
            live.confirm_handover(colleague)

    def refuse_handover(self, room: str, colleague: str) -> None:
        """Do not let a colleague take over."""
        if live := self._rooms.get(room):
            live.refuse_handover(colleague)

    def _room_over(self, room: str) -> None:
        task = asyncio.create_task(self._close(room, self._rooms.pop(room)))
        self._closing.add(task)
        if not self._rooms:
            self._emptied.set()
        task.add_done_callback(self._closing.discard)

    async def _close(self, room: str, live: LiveRoom) -> None:
        await live.close()
        if self.on_closed is not None:
            await self.on_closed(room)

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.timings.sweep)
            packets = sum(room.packets_per_second for room in self._rooms.values())
            self._load.note(now=loop.time(), cpu_seconds=time.process_time(), packets=packets)
            if self.on_hold():
                # whoever lost the socket cannot come back just now: the call waits for them
                self._patient_until = loop.time() + RESUME_WINDOW.total_seconds()
            if loop.time() >= self._patient_until:
                for room in list(self._rooms.values()):
                    room.expire()
