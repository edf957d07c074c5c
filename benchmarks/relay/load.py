"""The load: peers in rooms, who send a clip at a fixed pace, and what came of it."""

import asyncio
import heapq
import json
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiortc import RTCSessionDescription

from benchmarks.relay.clip import AUDIO_RATE, VIDEO_RATE, Clip
from benchmarks.relay.ours import PORT
from benchmarks.relay.raw import RawConnection, RawSender

WARM_UP = 3.0
DRAIN = 1.5
PATIENCE = 120.0


@dataclass
class Outcome:
    """What the generator saw: packets sent, those that should have come and came, delays in nanoseconds."""

    sent: int
    due: int
    received: int
    twice: int
    seconds: float
    delays: list[int]
    generator_cpu: float

    def delay(self, share: float) -> float:
        """Return a percentile of the delay in milliseconds."""
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1e6 if ordered else float("nan")


class LineClient:
    """Puts raw peers into the rooms of a relay that speaks lines of JSON (`ours`, `media_relay`)."""

    def __init__(self, address: str, local: str) -> None:
        self._address = address
        self._local = local

    async def __aenter__(self) -> "LineClient":
        self._reader, self._writer = await asyncio.open_connection(self._address, PORT, limit=1 << 20)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._writer.close()

    async def open_room(self, room: str, people: list[str]) -> list[RawConnection]:
        """Have these people in a room; return their connections."""
        self._write({"do": "members", "room": room, "members": people})
        made = []
        for _ in people:
            offer = json.loads(await self._reader.readline())
            connection = RawConnection(self._local)
            await connection.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
            for transceiver in connection.getTransceivers():
                up = transceiver.mid in (offer["upload_audio_mid"], offer["upload_video_mid"])
                transceiver.direction = "sendonly" if up else "recvonly"
            await connection.setLocalDescription(await connection.createAnswer())
            self._write(
                {"do": "answer", "room": room, "participant": offer["participant"],
                 "generation": offer["generation"], "sdp": connection.localDescription.sdp}
            )  # fmt: skip
            made.append(connection)
        return made

    def _write(self, message: dict[str, object]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")


async def connected(connections: list[RawConnection]) -> None:
    """Wait until all are up."""
    end = time.monotonic() + PATIENCE
    while waiting := [c.connectionState for c in connections if c.connectionState != "connected"]:
        if time.monotonic() > end or "failed" in waiting:
            raise SystemExit(f"peers that did not connect: {waiting}")
        await asyncio.sleep(0.05)
    for connection in connections:
        connection.listen()


class Pace:
    """Sends the clip from every sender: a frame at a time, 110 video and 50 audio packets a second."""

    def __init__(self, connections: list[RawConnection], clip: Clip, *, stamp: bool) -> None:
        self._connections = connections
        self._clip = clip
        self._stamp = stamp
        self._queue: list[tuple[float, int, RawSender, int]] = []
        self._reports: deque[tuple[float, RawConnection]] = deque()
        self.sending = True

    async def run(self) -> None:
        """Send until `sending` is false."""
        now = time.monotonic()
        senders = [sender for connection in self._connections for sender in connection.senders()]
        self._queue = [(now + random.random() * 0.05, id(sender), sender, 0) for sender in senders]
        heapq.heapify(self._queue)
        # each one once a second, one after the other: all at once would hold the packets up, and then send them
        # in one burst that no real crowd sends
        step = 1 / len(self._connections)
        self._reports = deque((now + number * step, each) for number, each in enumerate(self._connections))
        while self.sending:
            now = time.monotonic()
            while self._queue[0][0] <= now:
                due, key, sender, number = self._queue[0]
                heapq.heapreplace(self._queue, (due + self._send(sender, number), key, sender, number + 1))
            if self._reports[0][0] <= now:
                due, connection = self._reports.popleft()
                await connection.report()
                self._reports.append((due + 1, connection))
            await asyncio.sleep(max(0.0, min(0.002, self._queue[0][0] - time.monotonic())))

    def _send(self, sender: RawSender, number: int) -> float:
        """Send what is due and return after how many seconds the next is."""
        if sender.kind == "audio":
            sender.emit(self._clip.audio[number % len(self._clip.audio)], False, self._stamp)
            return 1 / AUDIO_RATE
        frame = self._clip.video[number % len(self._clip.video)]
        for index, payload in enumerate(frame):
            sender.emit(payload, index == len(frame) - 1, self._stamp)
        return len(frame) / VIDEO_RATE


async def drive(
    open_room: Callable[[str, list[str]], Awaitable[list[RawConnection]]],
    clip: Clip, *, rooms: int, people: int, seconds: float, stamp: bool, measuring: Callable[[bool], None],
) -> Outcome:  # fmt: skip
    """Open rooms, send for so long, and return what came; `measuring` is called at the start and the end of it."""
    connections: list[RawConnection] = []
    for room in range(rooms):
        connections += await open_room(f"room{room}", [f"p{number}" for number in range(people)])
    await connected(connections)
    warm = Pace(connections, clip, stamp=stamp)
    task = asyncio.create_task(warm.run())
    await asyncio.sleep(WARM_UP)
    warm.sending = False
    await task
    await asyncio.sleep(DRAIN)
    senders = [sender for connection in connections for sender in connection.senders()]
    sent, received = _sent(senders), sum(c.inbound.packets - c.inbound.twice for c in connections)
    for connection in connections:
        connection.inbound.delays.clear()
    pace = Pace(connections, clip, stamp=stamp)
    measuring(True)
    began, cpu = time.monotonic(), time.process_time()
    task = asyncio.create_task(pace.run())
    await asyncio.sleep(seconds)
    pace.sending = False
    await task
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    await asyncio.sleep(DRAIN / 3)
    measuring(False)
    await asyncio.sleep(DRAIN)
    sent = _sent(senders) - sent
    outcome = Outcome(
        sent, sent * (people - 1), sum(c.inbound.packets - c.inbound.twice for c in connections) - received,
        sum(c.inbound.twice for c in connections), took,
        [delay for connection in connections for delay in connection.inbound.delays], cpu,
    )  # fmt: skip
    await asyncio.gather(*(connection.close() for connection in connections))
    return outcome


def _sent(senders: list[RawSender]) -> int:
    return sum(sender.packets for sender in senders)
