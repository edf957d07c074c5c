"""aiortc's own MediaRelay in a process of its own, spoken to as `ours` is. It decodes and encodes again."""

import asyncio
import json
import sys
from typing import Any

import uvloop
from aioice import ice
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

from benchmarks.relay.ours import PORT


class Person:
    """Somebody's connection: a pair of sections up, a pair down for each of the others."""

    def __init__(self, name: str, others: list[str]) -> None:
        self.name = name
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.up = [self.connection.addTransceiver(kind, "recvonly") for kind in ("audio", "video")]
        self.down = {
            other: [self.connection.addTransceiver(kind, "sendonly") for kind in ("audio", "video")] for other in others
        }

    async def offer(self, room: str) -> dict[str, Any]:
        """Return the offer as a message."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return {
            "room": room, "participant": self.name, "generation": 1, "sdp": self.connection.localDescription.sdp,
            "upload_audio_mid": self.up[0].mid, "upload_video_mid": self.up[1].mid,
        }  # fmt: skip


async def serve(address: str) -> None:
    """Serve one connection after the other, for ever."""
    ice.get_host_addresses = lambda use_ipv4, use_ipv6: [address]
    relay = MediaRelay()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        people: dict[tuple[str, str], Person] = {}
        while line := await reader.readline():
            message = json.loads(line)
            room = message["room"]
            if message["do"] == "members":
                members = {
                    name: Person(name, [o for o in message["members"] if o != name]) for name in message["members"]
                }
                for person in members.values():
                    people[room, person.name] = person
                    writer.write(json.dumps(await person.offer(room)).encode() + b"\n")
            else:
                person = people[room, message["participant"]]
                await person.connection.setRemoteDescription(RTCSessionDescription(message["sdp"], "answer"))
                for (where, _), other in people.items():
                    if where == room and other is not person:
                        for section, source in zip(other.down[person.name], person.up, strict=True):
                            section.sender.replaceTrack(relay.subscribe(source.receiver.track))
        await asyncio.gather(*(person.connection.close() for person in people.values()))
        writer.close()

    server = await asyncio.start_server(handle, address, PORT, limit=1 << 20)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
