"""Hands mails to an SMTP server (RFC 5321), over connections that are kept for the next ones."""

import asyncio
import time
from dataclasses import dataclass
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from aiosmtplib import SMTP, SMTPResponse
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from booking.ports import DeliveryFailure, Gate, PermanentFailure, TemporaryFailure, open_gate
from teleconsult.mail.dkim_signature import DkimKey, sign

CONNECTIONS = 8
TIMEOUT_SECONDS = 30
# A connection that rested longer is asked whether it still lives before a mail is trusted to it.
REST_SECONDS = 5
PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True)
class Server:
    """Where the mail server is. `starttls`: True is required, False never, None if the server offers it."""

    host: str
    port: int
    tls: bool
    starttls: bool | None
    username: str | None = None
    password: str | None = None


def read_server(url: str) -> Server:
    """Read TELECONSULT_SMTP_URL, which the settings have checked; user and password may be percent-encoded."""
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    asked = parse_qs(parts.query).get("starttls", [""])[0]
    return Server(
        host=parts.hostname or "localhost",
        port=parts.port or PORTS[parts.scheme],
        tls=tls,
        starttls=False if tls else {"1": True, "0": False}.get(asked),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class _Session(SMTP):
    """A session that awaits a gate before it gives a mail's content out: until then the server can deliver nothing."""

    gate: Gate = staticmethod(open_gate)

    async def data(self, *args: Any, **kwargs: Any) -> SMTPResponse:
        await self.gate()
        return await super().data(*args, **kwargs)


class _Connection:
    """One SMTP session and when it last did something."""

    def __init__(self, server: Server) -> None:
        self._client = _Session(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=server.starttls,
            username=server.username,
            password=server.password,
            timeout=TIMEOUT_SECONDS,
        )
        self._used_at = time.monotonic()

    @property
    def alive(self) -> bool:
        return self._client.is_connected

    async def open(self) -> None:
        """Connect; whatever is refused here, a password too, is ours to put right and not the recipient's fault."""
        try:
            await self._client.connect()
        except (SMTPException, OSError, ValueError) as error:
            raise TemporaryFailure(reason_of(error)) from error

    async def rested(self) -> bool:
        """Whether it can still be used after a pause."""
        if not self.alive:
            return False
        if time.monotonic() - self._used_at < REST_SECONDS:
            return True
        try:
            await self._client.noop()
        except (SMTPException, OSError):
            self.close()
        return self.alive

    async def send(self, message: EmailMessage, *, sender: str, recipient: str, gate: Gate) -> None:
        self._client.gate = gate
        try:
            if recipient.isascii() and sender.isascii():
                # As the mail's own policy writes it: the client's would parse and fold every header again.
                await self._client.sendmail(sender, [recipient], message.as_bytes())
            else:
                await self._client.send_message(message, sender=sender, recipients=[recipient])
        except (SMTPException, OSError, ValueError) as error:
            raise failure_of(error) from error
        finally:
            self._used_at = time.monotonic()

    async def quit(self) -> None:
        try:
            await self._client.quit()
        except (SMTPException, OSError):
            self.close()

    def close(self) -> None:
        self._client.close()


def failure_of(error: Exception) -> DeliveryFailure:
    """Return what an error of a mail transaction means: only a 5yz about this recipient or this mail is for good.

    A sender that is refused is the deployer's to put right: the mail waits.
    """
    cause = error.recipients[0] if isinstance(error, SMTPRecipientsRefused) else error
    reason = reason_of(cause)
    if isinstance(cause, (SMTPRecipientRefused, SMTPDataError)) and cause.code >= 500:
        return PermanentFailure(reason)
    # An address beyond ASCII that the server has no SMTPUTF8 for (RFC 6531), or that cannot be written at all
    if isinstance(cause, (SMTPNotSupported, ValueError)):
        return PermanentFailure(reason)
    return TemporaryFailure(reason)


def reason_of(error: Exception) -> str:
    """Return an error in a word for the log: a status code or a class, never the server's text (it names addresses)."""
    return f"smtp_{error.code}" if isinstance(error, SMTPResponseException) else type(error).__name__


class SmtpMailer:
    """The mailer of a deployment; use it as a context manager, which says good-bye to the server at its end."""

    def __init__(self, server: Server, *, sender: str, key: DkimKey | None = None) -> None:
        self._server = server
        self._sender = sender
        self._key = key
        self._resting: list[_Connection] = []
        self._room = asyncio.Semaphore(CONNECTIONS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        resting, self._resting = self._resting, []
        await asyncio.gather(*(connection.quit() for connection in resting))

    async def send(self, message: EmailMessage, *, recipient: str, gate: Gate = open_gate) -> None:
        """Sign the mail if there is a key, and return once the server took it over.

        Raises TemporaryFailure, PermanentFailure.
        """
        if self._key is not None:
            sign(message, self._key, recipient=recipient)
        async with self._room:
            connection = await self._connection()
            try:
                await connection.send(message, sender=self._sender, recipient=recipient, gate=gate)
            except DeliveryFailure:
                raise
            except BaseException:
                connection.close()  # it stands somewhere in the middle of a mail: nothing more may go into it
                raise
            finally:
                if connection.alive:
                    self._resting.append(connection)

    async def check(self) -> None:
        """Return if the server lets us in; raises TemporaryFailure."""
        async with self._room:
            self._resting.append(await self._connection())

    async def _connection(self) -> _Connection:
        while self._resting:
            connection = self._resting.pop()
            if await connection.rested():
                return connection
        connection = _Connection(self._server)
        await connection.open()
        return connection
