"""A call on simulated lines: browsers that heed REMB as Chromium does, queues that fill, and the relay's own rules.

Time is simulated and advances by a millisecond: what is asserted on it is not a timing of this machine.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from aiortc.rate import RemoteBitrateEstimator

from signaling.relay.bandwidth import BandwidthEstimator
from signaling.relay.downlink import Downlink
from signaling.relay.rate import MAX_BITRATE, MIN_BITRATE, START_BITRATE
from signaling.relay.rtp import SEND_TIME_SECOND, SEND_TIMES

OCTETS = 1100
FRAMES_A_SECOND = 25
START_PHASE_SECONDS = 2.0
PACING = 2.5


@dataclass
class Packet:
    sent: float
    octets: int
    sender: int


class Link:
    """A line in one direction: so much a second, a queue that holds so many seconds, a delay, and loss at random."""

    def __init__(
        self, capacity: Callable[[float], float], *, delay: float = 0.02, queue: float = 1.0, lost: float = 0.0
    ) -> None:
        self.dropped = self.taken = 0
        self.waited = 0.0
        self._capacity, self._delay, self._longest, self._lost = capacity, delay, queue, lost
        self._free_at = 0.0
        self._random = random.Random(7)
        self._way: deque[tuple[float, Packet]] = deque()

    def put(self, packet: Packet, now: float) -> None:
        """Send a packet, unless the queue is full."""
        self.taken += 1
        self.waited = max(0.0, self._free_at - now)
        if self.waited > self._longest or self._random.random() < self._lost:
            self.dropped += 1
            return
        self._free_at = max(now, self._free_at) + 8 * packet.octets / self._capacity(now)
        self._way.append((self._free_at + self._delay, packet))

    def arrived(self, now: float) -> list[Packet]:
        """Return what has arrived by now."""
        found = []
        while self._way and self._way[0][0] <= now:
            found.append(self._way.popleft()[1])
        return found


class Browser:
    """Sends a camera's picture: at what REMB says for two seconds, then 8 % a second faster, never above it.

    That is libwebrtc's SendSideBandwidthEstimation without transport-wide feedback. `wants` is what the picture is
    worth at most: a still one needs less than it may have.
    """

    def __init__(self, number: int, up: Link, wants: float = 10e6) -> None:
        self.target, self.limit = float(START_BITRATE), float(MAX_BITRATE)
        self._number, self._up, self._wants = number, up, wants
        self._random = random.Random(number)
        self._next_frame = self._next_packet = 0.0
        self._waiting: deque[int] = deque()

    def heed(self, bitrate: int, now: float) -> None:
        """Take a REMB."""
        self.limit = bitrate
        self.target = bitrate if now < START_PHASE_SECONDS else min(self.target, bitrate)

    def run(self, now: float, step: float) -> None:
        """Let time pass."""
        self.target = min(self.limit, self.target * 1.08**step)
        if now >= self._next_frame:
            self._next_frame += 1 / FRAMES_A_SECOND
            size = min(self.target, self._wants) / FRAMES_A_SECOND / 8 * self._random.uniform(0.7, 1.3)
            count = 1 + int(size / OCTETS)
            self._waiting.extend([round(size / count)] * count)
        if self._waiting and now >= self._next_packet:
            octets = self._waiting.popleft()
            self._next_packet = now + 8 * octets / (PACING * self.target)
            self._up.put(Packet(now, octets, self._number), now)


@dataclass
class Sent:
    """One picture down one line."""

    tell: Callable[[float], None]
    octets_sent: int = 0
    wanted: bool = True

    def limit_fell(self, now: float) -> None:
        self.tell(now)


@dataclass
class Viewer:
    """One who receives: libwebrtc's estimate (aiortc's port of it) made of what comes down their line."""

    down: Link
    downlink: Downlink = field(default_factory=Downlink)
    pictures: dict[int, Sent] = field(default_factory=dict)
    estimator: RemoteBitrateEstimator = field(default_factory=RemoteBitrateEstimator)
    rembs: deque[tuple[float, int]] = field(default_factory=deque)
    longest_wait: float = 0.0


class Call:
    """Browsers, the relay's rules between them, and viewers; `step` runs a millisecond of it."""

    def __init__(self, ups: list[Link], downs: list[Link], *, wants: float = 10e6, sees: Callable[[int, int], bool]):
        self.now = 0.0
        self.browsers = [Browser(number, up, wants) for number, up in enumerate(ups)]
        self.ups = ups
        self.estimators = [BandwidthEstimator() for _ in ups]
        self.told: list[list[tuple[float, int]]] = [[] for _ in ups]
        self.viewers = [Viewer(down) for down in downs]
        self._to_browsers: deque[tuple[float, int, int]] = deque()
        for index, viewer in enumerate(self.viewers):
            for number in range(len(ups)):
                if sees(index, number):
                    viewer.pictures[number] = Sent(lambda now, number=number: self._tell(number))  # type: ignore[misc]
                    viewer.downlink.add(viewer.pictures[number])

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        for _ in range(round(seconds * 1000)):
            self.now += 0.001
            self._step()

    def _step(self) -> None:
        now = self.now
        for browser in self.browsers:
            browser.run(now, 0.001)
        for number, up in enumerate(self.ups):
            for packet in up.arrived(now):
                send_time = int(packet.sent * SEND_TIME_SECOND) % SEND_TIMES
                if self.estimators[number].add(send_time, round(now * 1000), packet.octets) is not None:
                    self._tell(number)
                for viewer in self.viewers:
                    if number in viewer.pictures:
                        viewer.pictures[number].octets_sent += packet.octets
                        viewer.down.put(Packet(now, packet.octets, number), now)
        for viewer in self.viewers:
            self._view(viewer)
        while self._to_browsers and self._to_browsers[0][0] <= now:
            _, number, bitrate = self._to_browsers.popleft()
            self.browsers[number].heed(bitrate, now)

    def _view(self, viewer: Viewer) -> None:
        now = self.now
        viewer.longest_wait = max(viewer.longest_wait, viewer.down.waited) if now > 5 else 0.0
        for packet in viewer.down.arrived(now):
            send_time = int(packet.sent * SEND_TIME_SECOND) % SEND_TIMES
            found = viewer.estimator.add(round(now * 1000), send_time, packet.octets, packet.sender + 1)
            if found is not None:
                viewer.rembs.append((now + 0.02, found[0]))
        while viewer.rembs and viewer.rembs[0][0] <= now:
            viewer.downlink.note_estimate(viewer.rembs.popleft()[1], now)
        if round(now * 1000) % 1000 == 0 and viewer.down.taken:
            viewer.downlink.note_loss(viewer.down.dropped / viewer.down.taken, now)
            viewer.downlink.note_round_trip(0.04 + viewer.down.waited)
            viewer.down.dropped = viewer.down.taken = 0

    def _tell(self, number: int) -> None:
        shares = [
            viewer.downlink.share([viewer.pictures[number]], self.now)
            for viewer in self.viewers
            if number in viewer.pictures
        ]
        limits = [share for share in shares if share is not None]
        allowed = max(MIN_BITRATE, min([self.estimators[number].estimate, *limits]))
        if not self.told[number] or self.told[number][-1][1] != allowed:
            self.told[number].append((self.now, allowed))
            self._to_browsers.append((self.now + 0.02, number, allowed))
