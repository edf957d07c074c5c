"""Which process (node) holds which room.

A node keeps a short lease on its own name and says by it how many rooms it holds; a room's entry names its node and
holds for as long as that lease does. So one small write a second for each node is all that many rooms cost, and a node
that dies gives all its rooms back at once.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection
from typing import Protocol

import structlog
from redis.asyncio import Redis

from signaling.errors import DirectoryAway, NoNodeFree
from teleconsult.web.bus import AWAY, PREFIX

NODES = f"{PREFIX}nodes"
NODE = f"{PREFIX}node:"
ROOM = f"{PREFIX}room:"
BEAT_SECONDS = 0.7
# A node that has not been heard of for so long is dead: long enough for a pause of the collector or the network,
# short enough for a call to be back within five seconds.
LEASE_MS = 2_500
# Entries of rooms outlast several beats of their node; what nobody renews goes by itself.
ROOM_SECONDS = 60
ROOM_RENEW_SECONDS = 20
# A Redis that comes back empty is told of the running rooms first, and only then asked to place new ones.
GRACE_SECONDS = 2.0
TAKES_NO_ROOM = -1
# After Redis was away, nodes begin to listen again one after the other: silence says nothing of them for so long.
TRUST_SECONDS = 5.0
# How many rooms fewer another node must hold to get one that is asked for here: a room beside its socket is cheaper.
WORTH_A_LINK = 4

PLACE = """
local owner = redis.call('GET', KEYS[1])
if owner and redis.call('EXISTS', ARGV[2] .. owner) == 1 then return owner end
local best, least = false, nil
for _, node in ipairs(redis.call('SMEMBERS', KEYS[2])) do
    local load = redis.call('GET', ARGV[2] .. node)
    if not load then
        redis.call('SREM', KEYS[2], node)
    elseif tonumber(load) >= 0 then
        local weight = tonumber(load)
        if node ~= ARGV[1] then weight = weight + tonumber(ARGV[3]) end
        if least == nil or weight < least then best, least = node, weight end
    end
end
if best then
    redis.call('SET', KEYS[1], best, 'EX', ARGV[4])
    redis.call('INCR', ARGV[2] .. best)
end
return best
"""
CLAIM = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] and redis.call('EXISTS', ARGV[2] .. owner) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
return 1
"""
# A process that died listens to nothing any more, which Redis knows at once; its lease is only to end later.
BURY = """
if redis.call('PUBSUB', 'NUMSUB', ARGV[1])[2] > 0 then return 0 end
return redis.call('DEL', KEYS[1])
"""
FORGET = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

log = structlog.get_logger(__name__)


class Directory(Protocol):
    """Says where rooms are."""

    async def place(self, room: str) -> str:
        """Return the node that holds a room, choosing one if none does.

        Raises DirectoryAway, NoNodeFree.
        """

    async def holder(self, room: str) -> str | None:
        """Return the node that holds a room now; None when none does. Raises DirectoryAway."""

    async def listens(self, node: str, channel: str) -> bool:
        """Whether a node may still hear what is said on the channel that is its own."""

    async def bury(self, node: str, channel: str) -> None:
        """Do not wait for the lease of a node to end that listens no longer."""

    async def forget(self, room: str) -> None:
        """This node holds a room no longer."""

    @property
    def away(self) -> bool:
        """Whether the directory cannot be asked now."""


class Alone:
    """The directory of the only node there is."""

    def __init__(self, node: str) -> None:
        self._node = node

    async def place(self, room: str) -> str:
        """Return this node."""
        return self._node

    async def holder(self, room: str) -> str | None:
        """Return this node."""
        return self._node

    async def listens(self, node: str, channel: str) -> bool:
        """Yes: there is no other."""
        return True

    async def bury(self, node: str, channel: str) -> None:
        """There is none."""

    async def forget(self, room: str) -> None:
        """Nobody else has to know."""

    @property
    def away(self) -> bool:
        """Never."""
        return False


class RedisDirectory:
    """The directory that nodes share. `start` and `close` it with the application; owns one task.

    `rooms` are those open here; `takes_rooms` says whether this node would open another; `lost` is called with a room
    that another node holds by now, so that it is closed here.
    """

    def __init__(
        self,
        redis: "Redis",
        node: str,
        *,
        rooms: Callable[[], Collection[str]],
        takes_rooms: Callable[[], bool],
        lost: Callable[[str], None],
    ) -> None:
        self._redis = redis
        self._node = node
        self._rooms = rooms
        self._takes_rooms = takes_rooms
        self._lost = lost
        self._place = redis.register_script(PLACE)
        self._claim = redis.register_script(CLAIM)
        self._bury = redis.register_script(BURY)
        self._forget = redis.register_script(FORGET)
        self._away = True
        self._settled_at = 0.0
        self._trusted_at = 0.0
        self._renewed_at = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def away(self) -> bool:
        """Whether Redis did not answer last."""
        return self._away

    async def start(self) -> None:
        """Say that this node is there, and go on saying so."""
        await self._try_beat()
        self._settled_at = self._trusted_at = 0.0  # nothing ran before the start
        self._task = asyncio.create_task(self._keep(), name="directory")

    async def close(self) -> None:
        """Take this node out, so that others need not wait for its lease to end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        with contextlib.suppress(*AWAY):
            await self._redis.delete(NODE + self._node)
            await self._redis.srem(NODES, self._node)

    async def place(self, room: str) -> str:
        """Return the node that holds a room; the one with the fewest rooms gets a new one.

        Raises DirectoryAway, NoNodeFree.
        """
        if self._away or asyncio.get_running_loop().time() < self._settled_at:
            raise DirectoryAway
        try:
            found = await self._place(keys=[ROOM + room, NODES], args=[self._node, NODE, WORTH_A_LINK, ROOM_SECONDS])
        except AWAY:
            raise DirectoryAway from None
        if not found:
            raise NoNodeFree(retry_after=10)
        return str(found)

    async def holder(self, room: str) -> str | None:
        """Return the node that holds a room; None when it is nobody's, or its node is dead.

        Raises DirectoryAway, also where a Redis that came back empty may not have been told of the room yet.
        """
        if self._away:
            raise DirectoryAway
        try:
            node = str(await self._redis.get(ROOM + room) or "")
            alive = bool(node) and await self._redis.exists(NODE + node)
        except AWAY:
            raise DirectoryAway from None
        if not alive and asyncio.get_running_loop().time() < max(self._settled_at, self._trusted_at):
            raise DirectoryAway
        return node if alive else None

    async def listens(self, node: str, channel: str) -> bool:
        """Whether a node may still hear its channel; a node that does not, look after look, has died."""
        if self._away or asyncio.get_running_loop().time() < self._trusted_at:
            return True
        try:
            ((_, listeners),) = await self._redis.pubsub_numsub(PREFIX + channel)
        except AWAY:
            return True
        return int(listeners) > 0

    async def bury(self, node: str, channel: str) -> None:
        """End the lease of a node that does not listen. Should it live, it finds at its next beat what it has lost."""
        with contextlib.suppress(*AWAY):
            if await self._bury(keys=[NODE + node], args=[PREFIX + channel]):
                log.warning("node_buried", node=node)

    async def forget(self, room: str) -> None:
        """Give a room's entry up; it goes by itself when Redis is away."""
        with contextlib.suppress(*AWAY):
            await self._forget(keys=[ROOM + room], args=[self._node])

    async def beat(self) -> None:
        """Renew this node's lease once, and what the directory knows of its rooms. Raises what Redis raises."""
        now = asyncio.get_running_loop().time()
        load = len(self._rooms()) if self._takes_rooms() else TAKES_NO_ROOM
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.set(NODE + self._node, load, px=LEASE_MS, get=True)
        pipeline.sadd(NODES, self._node)
        before, _ = await pipeline.execute()
        if before is None:
            # the lease had lapsed, or Redis forgot: others may have taken a room meanwhile
            self._settled_at = now + GRACE_SECONDS
        if before is None or now - self._renewed_at > ROOM_RENEW_SECONDS:
            self._renewed_at = now
            for room in list(self._rooms()):
                if not await self._claim(keys=[ROOM + room], args=[self._node, NODE, ROOM_SECONDS]):
                    log.warning("room_taken_over", room=room)
                    self._lost(room)

    async def _try_beat(self) -> None:
        try:
            async with asyncio.timeout(LEASE_MS / 1000):
                await self.beat()
        except AWAY as error:
            if not self._away:
                log.warning("directory_away", reason=type(error).__name__)
            self._away = True
        else:
            if self._away:
                self._trusted_at = asyncio.get_running_loop().time() + TRUST_SECONDS
                log.info("directory_there")
            self._away = False

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await self._try_beat()
