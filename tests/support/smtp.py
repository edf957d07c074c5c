"""A real SMTP server on loopback that keeps what it is given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

WAIT_SECONDS = 20


@dataclass(frozen=True)
class Received:
    """One message as it arrived: the envelope's addresses and the parsed content."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


class SmtpServer:
    """Collects messages; `refuse` is an SMTP reply (`451 try later`) given to every message while it is set."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.refuse: str | None = None
        self.port = 0
        self._arrived = asyncio.Condition()

    @property
    def url(self) -> str:
        """The server's address as TELECONSULT_SMTP_URL takes it."""
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        """Return the messages that were delivered to this address, oldest first."""
        return [item.message for item in self.received if address in item.recipients]

    async def wait_for(self, count: int) -> list[Received]:
        """Wait until so many messages have come in all and return them; TimeoutError if they do not come."""
        async with asyncio.timeout(WAIT_SECONDS), self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a message in (called by aiosmtpd)."""
        if self.refuse is not None:
            return self.refuse
        message = message_from_bytes(cast("bytes", envelope.content), policy=modern)
        async with self._arrived:
            self.received.append(Received(str(envelope.mail_from), tuple(envelope.rcpt_tos), message))
            self._arrived.notify_all()
        return "250 OK"


@asynccontextmanager
async def running_smtp() -> AsyncIterator[SmtpServer]:
    """Listen on a free port of the loopback interface for as long as the block lasts."""
    handler = SmtpServer()
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    handler.port = listener.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        listener.close()
        await listener.wait_closed()
