"""A real CalDAV server on loopback, with one user."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, encode_basic_auth

from tests.support.ports import free_port

USER, PASSWORD = "claire", "mot de passe à lire"
MAKE = """<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:set><D:prop>
<D:displayname>Agenda</D:displayname></D:prop></D:set></C:mkcalendar>"""


@dataclass(frozen=True)
class RadicaleServer:
    """Where it is; `put` writes an event into the user's calendar."""

    url: str

    async def put(self, name: str, text: str) -> None:
        await self._ask("PUT", f"{self.url}{name}.ics", text)

    async def delete(self, name: str) -> None:
        await self._ask("DELETE", f"{self.url}{name}.ics", "")

    async def make(self) -> None:
        await self._ask("MKCALENDAR", self.url, MAKE)

    async def get(self, name: str) -> str | None:
        """Return an event as it is kept; None if there is none."""
        return await self._get(f"{self.url}{name}.ics")

    async def whole(self) -> str:
        """Return the whole calendar as one object."""
        return await self._get(self.url) or ""

    async def _get(self, url: str) -> str | None:
        headers = {"Authorization": encode_basic_auth(USER, PASSWORD, "utf-8")}
        async with ClientSession(headers=headers) as session, session.get(url) as answer:
            assert answer.status in (200, 404), await answer.text()
            return await answer.text() if answer.status == 200 else None

    async def _ask(self, method: str, url: str, body: str) -> None:
        headers = {"Authorization": encode_basic_auth(USER, PASSWORD, "utf-8")}
        async with (
            ClientSession(headers=headers) as session,
            session.request(method, url, data=body.encode()) as answer,
        ):
            assert answer.status in (200, 201, 204), await answer.text()


@asynccontextmanager
async def running_radicale(folder: Path) -> AsyncIterator[RadicaleServer]:
    """Run Radicale with an empty calendar until the end of the block."""
    port = free_port()
    users = folder / "users"
    users.write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
    command = (
        "-m", "radicale", "--config", "", "--server-hosts", f"127.0.0.1:{port}", "--auth-type", "htpasswd",
        "--auth-htpasswd-filename", str(users), "--auth-htpasswd-encryption", "plain",
        "--storage-filesystem-folder", str(folder / "collections"), "--logging-level", "warning",
    )  # fmt: skip
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    try:
        for _ in range(300):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                assert process.returncode is None, "Radicale did not start"
                await asyncio.sleep(0.1)
                continue
            writer.close()
            break
        server = RadicaleServer(f"http://127.0.0.1:{port}/{USER}/agenda/")
        await server.make()
        yield server
    finally:
        process.terminate()
        await process.wait()
