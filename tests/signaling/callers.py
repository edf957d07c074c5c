"""People in a call without a browser: a socket of their own, and real encrypted media made of next to nothing."""

import asyncio
import contextlib
import itertools
import json
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from aiortc import RTCSessionDescription
from aiortc.exceptions import InvalidStateError

from benchmarks.relay.raw import RawConnection

# one VP8 key frame in a packet, as far as a relay looks
PICTURE = b"\x10\x00" + bytes(40)
SOUND = bytes(30)
SEND_SECONDS = 0.05
UNSEQUENCED = ("join", "resume", "ping", "pong")


class Caller:
    """Answers the offers that come on a socket; sends and counts packets, and keeps what the others type."""

    def __init__(self, http: ClientSession, url: str, room: str, who: str, query: str = "") -> None:
        self.lines: list[str] = []
        self.session = ""
        self.joined = asyncio.Event()
        self.admitted = asyncio.Event()
        self.ended = ""
        self.refusals: list[str] = []
        self._http = http
        self._url = url
        self._room = room
        self._query = f"?as={who}{query}"
        self._ids = itertools.count(1)
        self._sent = 0
        self._received = 0
        self._generation = 0
        self._socket: ClientWebSocketResponse | None = None
        self._connection: RawConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._answering = asyncio.Lock()
        self._gone = False

    @property
    def packets(self) -> int:
        """How many packets of the others came on the connection of now."""
        return self._connection.inbound.packets if self._connection else 0

    async def join(self) -> None:
        """Come in with a new ticket; returns once welcome."""
        async with self._http.post(f"{self._url}/call/{self._room}/ticket{self._query}") as answer:
            answer.raise_for_status()
            ticket = (await answer.json())["ticket"]
        self._sent = self._received = 0
        await self._open("join", {"ticket": ticket})

    async def resume(self) -> None:
        """Come back to the session that was cut."""
        await self._open("resume", {"session": self.session, "last_seq": self._received})

    async def say(self, kind: str, body: dict[str, Any] | None = None, generation: int = 0) -> None:
        """Send a message, if the socket is still open."""
        seq = 0
        if kind not in UNSEQUENCED:
            self._sent += 1
            seq = self._sent
        message = {
            "v": 1, "type": kind, "id": f"c{next(self._ids)}", "seq": seq, "ack": self._received,
            "generation": generation, "body": body or {},
        }  # fmt: skip
        if self._socket is not None and not self._socket.closed:
            with contextlib.suppress(ConnectionError):
                await self._socket.send_str(json.dumps(message))

    async def type(self, text: str) -> None:
        """Type a line and be done with it."""
        await self.say("text", {"line": next(self._ids), "text": text, "done": True})

    def cut(self) -> None:
        """Lose the socket without a word, as a cable that is pulled."""
        if self._socket is not None and self._socket._writer.transport is not None:
            self._socket._writer.transport.abort()

    async def close(self) -> None:
        """Be gone, with socket, connection and everything."""
        self._gone = True
        if self._socket is not None:
            await self._socket.close()
        # not cancelled: aiortc never finishes a close, or an answer, that was cancelled half-way
        async with self._answering:
            connection, self._connection = self._connection, None
            if connection is not None:
                await connection.close()
        await asyncio.gather(*self._tasks)

    async def _open(self, kind: str, body: dict[str, Any]) -> None:
        self.joined.clear()
        self.refusals.clear()
        self._socket = await self._http.ws_connect(f"{self._url}/signaling/rooms/{self._room}".replace("http", "ws", 1))
        await self.say(kind, body)
        self._start(self._read(self._socket))
        async with asyncio.timeout(30):
            await self.joined.wait()

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, socket: ClientWebSocketResponse) -> None:
        try:
            while (received := await socket.receive()).type is WSMsgType.TEXT:
                message = json.loads(received.data)
                self._received = max(self._received, message["seq"])
                await self._take(message)
        finally:
            self.joined.set()

    async def _take(self, message: dict[str, Any]) -> None:
        kind, body = message["type"], message["body"]
        if kind == "welcome":
            self.session = body["session"]
            self.joined.set()
        elif kind == "snapshot":
            await self._see(body)
        elif kind == "ping":
            await self.say("pong")
        elif kind == "lines":
            self.lines += [line["text"] for line in body["lines"]] if not body["whole"] else []
        elif kind == "ended":
            self.ended = body["reason"]
        elif kind == "refused":
            self.refusals.append(body["code"])
        elif kind == "offer":
            async with self._answering:
                if not self._gone and message["generation"] >= self._generation:
                    # the server may have closed the connection that this offer is about
                    with contextlib.suppress(InvalidStateError):
                        await self._answer(body, message["generation"])

    async def _see(self, snapshot: dict[str, Any]) -> None:
        if snapshot["state"] == "in_call":
            self.admitted.set()
        if snapshot["you"]["role"] == "agent":
            for other in snapshot["others"]:
                if other["standing"] == "waiting":
                    await self.say("admit", {"participant": other["participant"]})

    async def _answer(self, offer: dict[str, Any], generation: int) -> None:
        old = None
        if generation > self._generation or self._connection is None:
            old, self._connection = self._connection, RawConnection("127.0.0.1")
            self._generation = generation
        connection = self._connection
        await connection.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
        for transceiver in connection.getTransceivers():
            up = transceiver.mid in (offer["upload_audio_mid"], offer["upload_video_mid"])
            transceiver.direction = "sendonly" if up else "recvonly"
        await connection.setLocalDescription(await connection.createAnswer())
        await self.say("answer", {"sdp": connection.localDescription.sdp}, generation)
        await self.say("candidate", {"candidate": None, "sdp_mid": None}, generation)
        if old is not None:
            await old.close()
        if old is not connection:
            self._start(self._send(connection))

    async def _send(self, connection: RawConnection) -> None:
        while connection.connectionState != "connected":
            if connection.connectionState in ("failed", "closed"):
                return
            await asyncio.sleep(SEND_SECONDS)
        connection.listen()
        while connection is self._connection and connection.connectionState == "connected":
            for sender in connection.senders():
                sender.emit(PICTURE if sender.kind == "video" else SOUND, True, True)
            await asyncio.sleep(SEND_SECONDS)
