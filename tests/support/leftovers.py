"""What a process holds: to find afterwards what was not let go of."""

import asyncio
import gc
from collections import Counter
from pathlib import Path

from signaling.record.journal import Journal
from signaling.relay.line import Line
from signaling.relay.peer import Peer
from signaling.relay.receiver import ForwardingReceiver
from signaling.relay.relay import RoomRelay
from signaling.relay.sender import ForwardingSender
from signaling.rooms.live_room import LiveRoom
from signaling.wire.client import Client
from signaling.wire.outlet import SocketOutlet
from signaling.wire.session import Session

KINDS = (
    Client, Journal, LiveRoom, SocketOutlet, Line, Peer, ForwardingReceiver, RoomRelay, ForwardingSender, Session,
)  # fmt: skip


def held() -> Counter[str]:
    """Return how many there are, by name: objects of calls, tasks of the running loop, open files, timers.

    Timers are those of asyncio's own loop; uvloop does not show them.
    """
    gc.collect()
    names = {kind: kind.__name__ for kind in KINDS}
    found = Counter(names[type(each)] for each in gc.get_objects() if type(each) in names)
    loop = asyncio.get_running_loop()
    found["task"] = len(asyncio.all_tasks(loop))
    found["file"] = len(list(Path("/proc/self/fd").iterdir()))
    scheduled = getattr(loop, "_scheduled", ())
    found["timer"] = sum(not handle.cancelled() for handle in scheduled)
    return found
