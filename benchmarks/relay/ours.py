"""Our relay in a process of its own, with a line of JSON for each message (`python -m` this, with an address)."""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import uvloop

from signaling.relay.network import Network
from signaling.relay.pauses import spare_calls
from signaling.relay.relay import RelayPorts, RoomRelay
from signaling.wire.messages import Body
from signaling.wire.replies import Offer

PORT = 7000


class Rooms:
    """The rooms of one connection."""

    def __init__(self, network: Network, write: Callable[[dict[str, Any]], None]) -> None:
        self._network = network
        self._write = write
        self._relays: dict[str, RoomRelay] = {}
        self._generation = 0

    def take(self, message: dict[str, Any]) -> None:
        """Do what a message says."""
        room, who = message["room"], message.get("participant", "")
        if message["do"] == "members":
            self._open(room).set_members(set(message["members"]))
        elif message["do"] == "answer":
            self._relays[room].answer(who, message["generation"], message["sdp"])
            self._relays[room].candidate(who, message["generation"], None, None)

    async def close(self) -> None:
        """Close all rooms."""
        await asyncio.gather(*(relay.close() for relay in self._relays.values()))

    def _open(self, room: str) -> RoomRelay:
        def send(participant: str, body: Body, generation: int) -> None:
            if isinstance(body, Offer):
                offer = body.model_dump(mode="json")
                self._write({"room": room, "participant": participant, "generation": generation, **offer})

        ports = RelayPorts(next_generation=self._next, send=send, reachable=lambda who: True, sends=lambda who: True)
        relay = self._relays[room] = RoomRelay(self._network, ports)
        return relay

    def _next(self, participant: str) -> int:
        self._generation += 1
        return self._generation


async def serve(address: str) -> None:
    """Serve one connection after the other, for ever."""
    network = Network(addresses=(address,))

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rooms = Rooms(network, lambda message: writer.write(json.dumps(message).encode() + b"\n"))
        while line := await reader.readline():
            rooms.take(json.loads(line))
        await rooms.close()
        writer.close()

    server = await asyncio.start_server(handle, address, PORT, limit=1 << 20)
    spare_calls()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
