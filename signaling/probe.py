"""`python -m signaling.probe URL`: call the service as a browser would, alone in a room, and say how it went.

For monitoring. Prints one JSON object. Exit status: 0 the call was good; 1 it failed or was bad, `problem` says how;
2 the command line cannot be understood. The key is that of TELECONSULT_PROBE_KEY on the server, from the same variable
here.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse, WSMsgType
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError

STEP_SECONDS = 15.0
MOST_LOSS_PERCENT = 5.0


class Failed(Exception):
    """The call did not come about; the argument says where it stopped, in a word."""


class Probe:
    """One test call. `figures` fills as it goes: milliseconds since the start, packets, percent."""

    def __init__(self, url: str, key: str, seconds: float) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._seconds = seconds
        self._sequence = 0
        self._started_at = time.monotonic()
        self._frames = 0
        self._listeners: set[asyncio.Task[None]] = set()
        self.figures: dict[str, Any] = {}

    async def run(self) -> None:
        """Make the call. Raises Failed."""
        async with ClientSession(timeout=ClientTimeout(total=STEP_SECONDS)) as http:
            room, ticket = await self._ticket(http)
            scheme = "wss" if urlsplit(self._url).scheme == "https" else "ws"
            address = f"{scheme}://{urlsplit(self._url).netloc}/signaling/rooms/{room}"
            async with http.ws_connect(address) as socket:
                await self._say(socket, "join", {"ticket": ticket}, sequenced=False)
                await self._hear(socket, "welcome")
                self._reached("joined_ms")
                offer = await self._hear(socket, "offer")
                await self._call(socket, offer)

    async def _ticket(self, http: ClientSession) -> tuple[str, str]:
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        async with http.post(f"{self._url}/check/ticket", headers=headers) as answer:
            if answer.status != 200:
                raise Failed(f"ticket_{answer.status}")
            given = await answer.json()
        return str(given["room"]), str(given["ticket"])

    async def _call(self, socket: ClientWebSocketResponse, message: dict[str, Any]) -> None:
        offer = message["body"]
        servers = [
            RTCIceServer(urls=server["urls"], username=server["username"], credential=server["credential"])
            for server in offer["ice_servers"]
        ]
        connection = RTCPeerConnection(RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        connection.on("track", self._listen)
        try:
            await connection.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
            uploads: dict[str, MediaStreamTrack] = {
                offer["upload_audio_mid"]: AudioStreamTrack(),
                offer["upload_video_mid"]: VideoStreamTrack(),
            }
            for transceiver in connection.getTransceivers():
                if transceiver.mid in uploads:
                    transceiver.sender.replaceTrack(uploads[transceiver.mid])
                    transceiver.direction = "sendonly"
            await connection.setLocalDescription(await connection.createAnswer())
            await self._say(
                socket, "answer", {"sdp": connection.localDescription.sdp}, generation=int(message["generation"])
            )
            await self._say(
                socket, "candidate", {"candidate": None, "sdp_mid": None}, generation=int(message["generation"])
            )
            await self._say(socket, "media", {"microphone": "on", "camera": "on"})
            await self._first_frame()
            await asyncio.sleep(self._seconds)
            await self._measure(connection)
            await self._say(socket, "leave", {})
        finally:
            for task in self._listeners:
                task.cancel()
            await asyncio.gather(*self._listeners, return_exceptions=True)
            await connection.close()

    def _listen(self, track: MediaStreamTrack) -> None:
        self._listeners.add(asyncio.create_task(self._watch(track)))

    async def _watch(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                await track.recv()
            except MediaStreamError:
                return
            if track.kind == "video":
                self._frames += 1

    async def _first_frame(self) -> None:
        try:
            async with asyncio.timeout(STEP_SECONDS):
                while not self._frames:  # noqa: ASYNC110 (frames are counted, not told)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise Failed("no_media") from None
        self._reached("first_frame_ms")

    async def _measure(self, connection: RTCPeerConnection) -> None:
        reports = (await connection.getStats()).values()
        inbound = [report for report in reports if report.type == "inbound-rtp"]
        received = sum(report.packetsReceived for report in inbound)
        lost = sum(max(0, report.packetsLost) for report in inbound)
        loss = 100 * lost / (received + lost) if received + lost else 100.0
        self.figures |= {"packets": received, "frames": self._frames, "loss_percent": round(loss, 2)}
        if loss > MOST_LOSS_PERCENT:
            raise Failed("lossy")

    async def _say(
        self,
        socket: ClientWebSocketResponse,
        kind: str,
        body: dict[str, Any],
        *,
        sequenced: bool = True,
        generation: int = 0,
    ) -> None:
        self._sequence += sequenced
        message = {
            "v": 1, "type": kind, "id": f"p{self._sequence}", "seq": self._sequence if sequenced else 0, "ack": 0,
            "generation": generation, "body": body,
        }  # fmt: skip
        await socket.send_str(json.dumps(message))

    async def _hear(self, socket: ClientWebSocketResponse, kind: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(STEP_SECONDS):
                while True:
                    received = await socket.receive()
                    if received.type is not WSMsgType.TEXT:
                        raise Failed(f"closed_{socket.close_code}")
                    message = dict(json.loads(received.data))
                    if message["type"] == "refused":
                        raise Failed(str(message["body"]["code"]))
                    if message["type"] == kind:
                        return message
        except TimeoutError:
            raise Failed(f"no_{kind}") from None

    def _reached(self, what: str) -> None:
        self.figures[what] = round((time.monotonic() - self._started_at) * 1000)


async def probe(url: str, key: str, seconds: float) -> dict[str, Any]:
    """Make a test call of so many seconds and return its figures; `ok`, and `problem` when it is not."""
    call = Probe(url, key, seconds)
    problem = ""
    try:
        await call.run()
    except Failed as failed:
        problem = str(failed)
    except (ClientError, OSError, TimeoutError) as unreachable:
        problem = f"unreachable_{type(unreachable).__name__}"
    return {"ok": not problem, "problem": problem, **call.figures}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m signaling.probe", description=__doc__)
    parser.add_argument("url", help="the public address of the service, e.g. https://rdv.example.fr")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long to measure (default 5)")
    args = parser.parse_args(argv)
    result = asyncio.run(probe(args.url, os.environ.get("TELECONSULT_PROBE_KEY", ""), args.seconds))
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
