"""A participant's line to the relay: a UDP proxy on loopback that queues, delays and loses packets, both ways.

Needs no rights: the page believes that the relay is where the proxy is, and shows the relay no address of its own, so
that everything has to go through it.
"""

import asyncio
import random
from typing import Any

from playwright.async_api import Page

LOOPBACK = "127.0.0.1"
DIVERTED = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...a) { super(...a); window.connections.push(this); }
  async setRemoteDescription(offer) {
    const lines = [];
    for (const line of offer.sdp.split("\\r\\n")) {
      const parts = line.split(" ");
      if (!line.startsWith("a=candidate:")) lines.push(line);
      else if (parts[4] === "127.0.0.1") {
        parts[5] = String(await window.divert(Number(parts[5])));
        lines.push(parts.join(" "));
      }
    }
    return super.setRemoteDescription({ type: offer.type, sdp: lines.join("\\r\\n") });
  }
  set onicecandidate(call) {
    super.onicecandidate = call && ((event) => { if (!event.candidate) call(event); });
  }
  get localDescription() {
    const found = super.localDescription;
    const sdp = found && found.sdp.replace(/^a=candidate:.*\\r\\n/gm, "");
    return found && { type: found.type, sdp };
  }
};
"""


class Way:
    """One direction. `bitrate` is bits a second (None: any), `lost` a share, `longest` the queue in seconds."""

    def __init__(self) -> None:
        self.bitrate: float | None = None
        self.lost = 0.0
        self.longest = 1.0
        self._free_at = 0.0
        self._random = random.Random(3)

    @property
    def waiting(self) -> float:
        """For how many seconds a packet that came now would stand in the queue."""
        return max(0.0, self._free_at - asyncio.get_running_loop().time())

    def carry(self, data: bytes, send: Any) -> None:
        """Send a datagram on when it is through the queue, unless it is lost."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._random.random() < self.lost or self._free_at - now > self.longest:
            return
        if self.bitrate is None:
            send(data)
            return
        self._free_at = max(now, self._free_at) + 8 * len(data) / self.bitrate
        loop.call_at(self._free_at, send, data)


class NarrowLine:
    """Everything between one page and the relay; close it in the end."""

    def __init__(self) -> None:
        self.up, self.down = Way(), Way()
        self._ports: dict[int, int] = {}
        self._ends: list[asyncio.DatagramTransport] = []

    async def lay(self, page: Page) -> None:
        """Let a page's calls go over this line from now on."""
        await page.expose_function("divert", self._divert)
        await page.add_init_script(DIVERTED)

    def close(self) -> None:
        """Close all sockets."""
        for end in self._ends:
            end.close()

    async def _divert(self, port: int) -> int:
        if port not in self._ports:
            loop = asyncio.get_running_loop()
            far, _ = await loop.create_datagram_endpoint(_End, remote_addr=(LOOPBACK, port))
            near, _ = await loop.create_datagram_endpoint(_End, local_addr=(LOOPBACK, 0))
            self._ends += [far, near]
            _End.join(near, far, self.up, self.down)
            self._ports[port] = near.get_extra_info("sockname")[1]
        return self._ports[port]


class _End(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: Any = lambda data, address: None

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.heard(data, address)

    @staticmethod
    def join(near: asyncio.DatagramTransport, far: asyncio.DatagramTransport, up: Way, down: Way) -> None:
        """Carry what comes at either end to the other one."""
        pages: list[Any] = []

        def from_page(data: bytes, address: Any) -> None:
            pages[:] = [address]
            up.carry(data, far.sendto)

        def from_relay(data: bytes, address: Any) -> None:
            down.carry(data, lambda found: near.sendto(found, pages[0]) if pages else None)

        near.get_protocol().heard = from_page  # type: ignore[attr-defined]
        far.get_protocol().heard = from_relay  # type: ignore[attr-defined]
