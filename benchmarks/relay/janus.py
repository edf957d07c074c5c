"""Janus 1.1.2 from Debian (videoroom): its process, and its signaling over a WebSocket."""

import asyncio
import contextlib
import itertools
import shutil
from pathlib import Path
from typing import Any

import aiohttp
from aiortc import RTCSessionDescription

from benchmarks.relay.raw import RawConnection

PORT = 8188
PLUGIN = "janus.plugin.videoroom"
TIMEOUT = 30.0
FOLDERS = Path("/usr/lib")


def command(folder: Path, address: str) -> list[str]:
    """Write a configuration into a folder and return the command that starts Janus on an address."""
    program = shutil.which("janus")
    if program is None:
        raise SystemExit("Janus is missing: apt-get install janus")
    libraries = next(FOLDERS.glob("*/janus"))
    (folder / "janus.jcfg").write_text(
        f"""general: {{ configs_folder = "{folder}" plugins_folder = "{libraries}/plugins"
 transports_folder = "{libraries}/transports" events_folder = "{libraries}/events"
 loggers_folder = "{libraries}/loggers"
 debug_level = 2 session_timeout = 0 }}
media: {{ ipv6 = false no_media_timer = 0 }}
nat: {{ ice_enforce_list = "{address}" ignore_mdns = true }}
plugins: {{ disable = "{_others(libraries / "plugins", "libjanus_videoroom")}" }}
transports: {{ disable = "{_others(libraries / "transports", "libjanus_websockets")}" }}
"""
    )
    (folder / "janus.transport.websockets.jcfg").write_text(
        f'general: {{ json = "plain" ws = true ws_port = {PORT} ws_ip = "{address}" wss = false }}\n'
    )
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")
    return [program, "-F", str(folder)]


def _others(folder: Path, wanted: str) -> str:
    return ",".join(path.name for path in folder.glob("*.so") if not path.name.startswith(wanted))


class Janus:
    """A client: it puts raw peers into rooms."""

    def __init__(self, http: aiohttp.ClientSession, address: str, local: str) -> None:
        self._http = http
        self._url = f"ws://{address}:{PORT}"
        self._local = local
        self._numbers = itertools.count(1)
        self._waiting: dict[str, tuple[asyncio.Future[dict[str, Any]], bool]] = {}
        self._publishers: list[tuple[int, int, int]] = []

    async def __aenter__(self) -> "Janus":
        self._socket = await self._http.ws_connect(self._url, protocols=["janus-protocol"], max_msg_size=0)
        self._reader = asyncio.create_task(self._read())
        answer = await self._ask({"janus": "create"})
        self._session = answer["data"]["id"]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self._socket.close()

    async def open_room(self, room: str, people: list[str]) -> list[RawConnection]:
        """Have these people publish, and each receive the others; return their connections."""
        number = next(self._numbers) + 1000
        manager = await self._attach()
        await self._message(
            manager, {"request": "create", "room": number, "publishers": 6, "bitrate": 0,
                      "audiocodec": "opus", "videocodec": "vp8"}, now=True,
        )  # fmt: skip
        feeds = {who: number * 10 + index for index, who in enumerate(people)}
        made = [await self._publish(number, feeds[who]) for who in people]
        # there is nothing to subscribe to before media may flow
        async with asyncio.timeout(TIMEOUT):
            while not all(c.connectionState == "connected" for c in made):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        for who in people:
            made.append(await self._subscribe(number, [feeds[other] for other in people if other != who]))
        return made

    async def _publish(self, room: int, feed: int) -> RawConnection:
        handle = await self._attach()
        await self._message(handle, {"request": "join", "ptype": "publisher", "room": room, "id": feed})
        connection = RawConnection(self._local)
        for kind in ("audio", "video"):
            connection.addTransceiver(kind, "sendonly")
        await connection.setLocalDescription(await connection.createOffer())
        jsep = {"type": "offer", "sdp": connection.localDescription.sdp}
        answer = await self._message(handle, {"request": "publish"}, jsep)
        await self._message_done(handle)
        await connection.setRemoteDescription(RTCSessionDescription(answer["jsep"]["sdp"], "answer"))
        return connection

    async def _subscribe(self, room: int, feeds: list[int]) -> RawConnection:
        handle = await self._attach()
        streams = [{"feed": feed} for feed in feeds]
        offer = await self._message(
            handle, {"request": "join", "ptype": "subscriber", "room": room, "streams": streams}
        )
        connection = RawConnection(self._local)
        await connection.setRemoteDescription(RTCSessionDescription(offer["jsep"]["sdp"], "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        await self._message(handle, {"request": "start"}, {"type": "answer", "sdp": connection.localDescription.sdp})
        await self._message_done(handle)
        return connection

    async def _attach(self) -> int:
        answer = await self._ask({"janus": "attach", "session_id": self._session, "plugin": PLUGIN})
        return int(answer["data"]["id"])

    async def _message_done(self, handle: int) -> None:
        await self._socket.send_json(
            {"janus": "trickle", "session_id": self._session, "handle_id": handle, "transaction": "none",
             "candidate": {"completed": True}}
        )  # fmt: skip

    async def _message(
        self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None, *, now: bool = False
    ) -> dict[str, Any]:
        message: dict[str, Any] = {"janus": "message", "session_id": self._session, "handle_id": handle, "body": body}
        answer = await self._ask(message | ({"jsep": jsep} if jsep else {}), event=not now)
        if "error_code" in answer["plugindata"]["data"]:
            raise RuntimeError(answer["plugindata"]["data"]["error"])
        return answer

    async def _ask(self, message: dict[str, Any], *, event: bool = False) -> dict[str, Any]:
        transaction = str(next(self._numbers))
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = (future, event)
        await self._socket.send_json(message | {"transaction": transaction})
        async with asyncio.timeout(TIMEOUT):
            return await future

    async def _read(self) -> None:
        async for message in self._socket:
            answer = message.json()
            future, event = self._waiting.get(answer.get("transaction", ""), (None, False))
            if answer["janus"] == "error" and future is not None:
                future.set_exception(RuntimeError(answer["error"]["reason"]))
            elif future is not None and not future.done() and (not event or answer["janus"] == "event"):
                future.set_result(answer)
