"""Keeps mails in a maildir instead of sending them: the demonstration's outbox, readable by any mail program."""

import asyncio
import mailbox
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from booking.ports import Gate, TemporaryFailure, open_gate


class MaildirMailer:
    """Writes each mail, whole and as it would be sent (RFC 5322), into a maildir."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def check(self) -> None:
        """Return: a folder always answers."""

    async def send(self, message: EmailMessage, *, recipient: str, gate: Gate = open_gate) -> None:
        """Return once the mail is on the disk; raises TemporaryFailure if it cannot be written."""
        await gate()
        try:
            await asyncio.to_thread(self._add, message.as_bytes(policy=SMTP))
        except OSError as error:
            raise TemporaryFailure(type(error).__name__) from error

    def _add(self, content: bytes) -> None:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        mailbox.Maildir(self._folder).add(content)


class NoMailer:
    """Stands where no mail server is set: mails wait for one until their deadline, and are not said to be sent."""

    async def check(self) -> None:
        """Raise TemporaryFailure."""
        raise TemporaryFailure("no_mail_server")

    async def send(self, message: EmailMessage, *, recipient: str, gate: Gate = open_gate) -> None:
        """Raise TemporaryFailure."""
        raise TemporaryFailure("no_mail_server")
