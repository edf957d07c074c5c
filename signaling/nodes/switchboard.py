"""Brings a participant's socket to the room it asks for, wherever that is."""

import asyncio

import structlog
from aiohttp import web

from signaling.errors import DirectoryAway, close_code
from signaling.nodes.courier import Courier
from signaling.nodes.directory import Alone, Directory, RedisDirectory
from signaling.nodes.links import COME_BACK, DONE, End, Links, channel_of
from signaling.ports import Gatekeeper
from signaling.rooms.hub import Hub
from signaling.tickets import TicketOffice
from signaling.wire.allowance import Allowance
from signaling.wire.client import Client, refusal_text
from signaling.wire.sockets import BrowserSocket, ConnectionOver, Socket, Writer
from teleconsult.errors import DomainError
from teleconsult.web.bus import Bus, RedisBus

# A node that died holds its rooms until its lease ends; whoever asks for one of them is kept waiting that long.
PLACE_SECONDS = 5.0
PLACE_AGAIN_SECONDS = 0.3
# A node that does not listen so many times in a row has not just lost its own connection to Redis for a moment.
DEAF_LOOKS = 2
ENDS = "rooms.end"

log = structlog.get_logger(__name__)


class Switchboard:
    """Serves each socket from the room's own node. Start and close it with the application."""

    def __init__(self, node: str, hub: Hub, bus: Bus, tickets: TicketOffice, gatekeeper: Gatekeeper) -> None:
        self._node = node
        self._hub = hub
        self._bus = bus
        self._tickets = tickets
        self._gatekeeper = gatekeeper
        self._links = Links(bus, node, self._serve_link, self._listens)
        self._shared: RedisDirectory | None = None
        self._directory: Directory = Alone(node)
        if isinstance(bus, RedisBus):
            self._shared = RedisDirectory(
                bus.client, node, rooms=hub.rooms, takes_rooms=lambda: hub.takes_rooms, lost=hub.lose
            )
            self._directory = self._shared
        self.courier = Courier(node, hub, bus, self._directory)
        bus.on(ENDS, lambda message: hub.end(message["room"]))
        hub.on_closed = self._forget
        hub.on_hold = lambda: self._directory.away
        hub.on_refused = self._give_away
        self._giving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Make this node known, and hear the others."""
        await self._hub.start()
        if self._shared is not None:
            log.info("node_joins", node=self._node)
            await self._shared.start()
            await self._links.start()

    async def close(self) -> None:
        """Close the rooms of this node and its links to others; everyone comes back by themselves, elsewhere."""
        if self._shared is not None:
            await self._shared.close()
        await self._hub.close()
        await self.courier.close()
        await asyncio.gather(*self._giving)
        if self._shared is not None:
            await self._links.close()

    def end(self, room: str) -> None:
        """End a room for everyone, on whichever node it is: what it was for is over."""
        self._hub.end(room)
        self._bus.post(ENDS, {"room": room})

    async def serve(self, socket: web.WebSocketResponse, writer: Writer, room: str) -> None:
        """Serve a socket of this process until it closes."""
        try:
            end = await self._reach(room)
        except DomainError as refusal:
            writer.put(refusal_text(refusal))
            writer.finish(close_code(refusal))
            await writer.wait_closed()
            return
        if end is None:
            await self._serve_here(BrowserSocket(socket), writer, room)
        else:
            await _connect(BrowserSocket(socket), writer, end, self._hub.timings.dead_after)

    async def _reach(self, room: str) -> End | None:
        """Return a link to a room's node; None when that is this one. Raises DirectoryAway, NoNodeFree."""
        give_up_at = asyncio.get_running_loop().time() + PLACE_SECONDS
        looks = 0
        while True:
            if room in self._hub.rooms():
                return None
            node = await self._directory.place(room)
            if node == self._node:
                return None
            if await self._listens(node):
                looks = 0
                if (end := await self._links.open(node, room)) is not None:
                    return end
            elif (looks := looks + 1) == DEAF_LOOKS:
                await self._directory.bury(node, channel_of(node))
                continue
            if asyncio.get_running_loop().time() > give_up_at:
                raise DirectoryAway
            await asyncio.sleep(PLACE_AGAIN_SECONDS)

    async def _listens(self, node: str) -> bool:
        return await self._directory.listens(node, channel_of(node))

    async def _serve_here(self, socket: Socket, writer: Writer, room: str) -> None:
        client = Client(socket, writer, room, hub=self._hub, tickets=self._tickets, gatekeeper=self._gatekeeper)
        await client.serve()

    async def _serve_link(self, end: End) -> None:
        await self._serve_here(end, end, end.room)

    def _give_away(self, room: str) -> None:
        """Let another node have a room that this one has no place for any more."""
        task = asyncio.create_task(self._forget(room))
        self._giving.add(task)
        task.add_done_callback(self._giving.discard)

    async def _forget(self, room: str) -> None:
        await self._directory.forget(room)


async def _connect(socket: Socket, writer: Writer, end: End, silence: float) -> None:
    """Pass on what comes from either side, until one of them ends."""

    async def to_browser() -> None:
        while isinstance(item := await end.next(), str):
            writer.put(item)
        writer.finish(item)

    down = asyncio.create_task(to_browser())
    allowance = Allowance()
    try:
        while True:
            # whoever is silent for so long has been given up by the room's node already
            text = await socket.receive(silence * 2)
            allowance.take()
            end.put(text)
    except DomainError as refusal:
        writer.put(refusal_text(refusal))
        writer.finish(close_code(refusal))
        end.finish(DONE)
    except (ConnectionOver, TimeoutError):
        end.finish(DONE)
    except asyncio.CancelledError:
        end.finish(COME_BACK)
        raise
    finally:
        await down
        await writer.wait_closed()
