"""A mail server as a process of its own: `python -m tests.support.mail_server PORT FILE [--refuse SHARE]`.

Writes a line for each mail that it took: when (seconds since 1970), and its Message-ID. Refuses a share of the mails
for the moment, at random. Ends in good order when it is told to (SIGTERM): what it took, it has said that it took.
"""

import argparse
import asyncio
import random
import re
import signal
import time
from pathlib import Path
from typing import Any, TextIO

import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.MULTILINE | re.IGNORECASE)
READY = "ready"


class Taken:
    """Keeps what comes in."""

    def __init__(self, file: TextIO, refuse: float) -> None:
        self._file = file
        self._refuse = refuse
        self._chance = random.Random()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail in, or refuse it (called by aiosmtpd)."""
        if self._chance.random() < self._refuse:
            return "451 4.3.0 try again later"
        found = MESSAGE_ID.search(bytes(envelope.content or b""))
        self._file.write(f"{time.time()} {found.group(1).decode() if found else '-'}\n")
        self._file.flush()
        return "250 OK"


async def serve(port: int, path: Path, refuse: float) -> None:
    """Serve until told to end."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    sessions: list[Any] = []
    with path.open("a") as file:
        handler = Taken(file, refuse)

        def session() -> SMTP:
            sessions.append(SMTP(handler, enable_SMTPUTF8=True, loop=loop))
            return sessions[-1]

        listener = await loop.create_server(session, "127.0.0.1", port)
        print(READY, flush=True)
        await stopped.wait()
        listener.close()
        for each in sessions:
            if each.transport is not None:
                each.transport.close()
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--refuse", type=float, default=0)
    args = parser.parse_args()
    uvloop.run(serve(args.port, args.file, args.refuse))
