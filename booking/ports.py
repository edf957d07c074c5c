"""What booking needs from the outside and the shell provides."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from booking.notifications.due import Due


class DeliveryFailure(Exception):
    """A message was not accepted. `reason` is for operators: a status code or an error's class, never an address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TemporaryFailure(DeliveryFailure):
    """Trying again later may work (SMTP 4yz, RFC 5321 4.2.1; no connection; no answer in time)."""


class PermanentFailure(DeliveryFailure):
    """Trying again will not work (SMTP 5yz, RFC 5321 4.2.1; an address that cannot be one)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was taken over: its name with the operator, if it has one, and how many parts are paid for."""

    message_ref: str = ""
    parts: int = 0


class NothingToSay(Exception):
    """A channel found that a notice is pointless by now: it is not sent, and nobody misses it."""


class Gate(Protocol):
    """Awaited just before the step after which a message may be out. One message of a process is past it at a time.

    So a process that is killed leaves at most one message of which it is not written down that it went out.
    """

    async def __call__(self) -> None:
        """Return when it is this message's turn. Whatever it raises means "not any more": let it pass."""


async def open_gate() -> None:
    """Let pass at once: for a message that may be sent twice, or that nobody else sends."""


class Channel(Protocol):
    """One way of telling people: e-mail, text message, a calendar written to."""

    async def send(self, due: "Due", gate: Gate) -> Sent:
        """Return once the message was taken over.

        Await `gate` first, as late as possible; a channel in which a second copy changes nothing (a PUT) need not.
        Raises TemporaryFailure (tried again until the deadline) and PermanentFailure (the recipient cannot be told).
        """


class Mailer(Protocol):
    """Hands a message over to whoever delivers it."""

    async def send(self, message: EmailMessage, *, recipient: str, gate: Gate = open_gate) -> None:
        """Return once the message is accepted for this one recipient, who is the message's only one.

        `gate` is awaited before the content is given out.
        Raises TemporaryFailure, PermanentFailure.
        """


class SmsSender(Protocol):
    """Hands a text message over to an operator."""

    async def send(self, to: str, text: str, *, reference: str, gate: Gate = open_gate) -> Sent:
        """Return once a text was taken over for a number (E.164); `reference` is our own name for it.

        `gate` is awaited before the text is given out. Raises TemporaryFailure, PermanentFailure.
        """


class Feedback(Protocol):
    """What citizens say of their appointments, and where they are asked."""

    async def answered(self, appointment_id: str) -> bool:
        """Whether the citizen of an appointment has said how it was."""

    def path(self, appointment_id: str, now: datetime) -> str:
        """Return the path of the question about an appointment, signed, for a link in a mail of `now`."""


@runtime_checkable
class Checked(Protocol):
    """A mailer or sender that can say whether its server answers, without sending anything."""

    async def check(self) -> None:
        """Return if the server answers. Raises TemporaryFailure."""
