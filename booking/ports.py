"""What booking needs from the outside and the shell provides."""

from email.message import EmailMessage
from typing import Protocol


class DeliveryFailure(Exception):
    """A message was not accepted. `reason` is for operators: a status code or an error's class, never an address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TemporaryFailure(DeliveryFailure):
    """Trying again later may work (SMTP 4yz, RFC 5321 4.2.1; no connection; no answer in time)."""


class PermanentFailure(DeliveryFailure):
    """Trying again will not work (SMTP 5yz, RFC 5321 4.2.1; an address that cannot be one)."""


class Mailer(Protocol):
    """Hands a message over to whoever delivers it."""

    async def send(self, message: EmailMessage, *, recipient: str) -> None:
        """Return once `message` was accepted for `recipient`, an address.

        Raises TemporaryFailure, PermanentFailure.
        """
