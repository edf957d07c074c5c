"""Signs mails for the domain that they come from (DKIM, RFC 6376), so that nobody else's pass for ours."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from pathlib import Path

import dkim

# Those of RFC 6376 5.4.1 that our mails have, and what one-click unsubscription needs signed (RFC 8058 4).
SIGNED = (
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding", "Content-Language", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
HEADER = "DKIM-Signature"


@dataclass(frozen=True)
class DkimKey:
    """An RSA key (PEM) whose public half stands in DNS at `<selector>._domainkey.<domain>`."""

    pem: bytes
    domain: str
    selector: str


def read_key(path: Path, *, domain: str, selector: str) -> DkimKey:
    """Read a private key that the settings have checked."""
    return DkimKey(path.read_bytes(), domain, selector)


def sign(message: EmailMessage, key: DkimKey, *, recipient: str) -> None:
    """Put a signature on a mail that is complete, in the place of the one it may have, as it is sent to `recipient`.

    From is signed once more than it is there, so that a second one cannot be added (RFC 6376 8.15).
    """
    del message[HEADER]
    # To an address beyond ASCII it goes as UTF-8 (RFC 6531), to all others as it always did.
    source = message.as_bytes(policy=SMTP if recipient.isascii() else SMTPUTF8)
    present = [name.lower().encode() for name in SIGNED if name in message]
    signature = dkim.sign(
        source, key.selector.encode(), key.domain.encode(), key.pem, canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[*present, b"from"],
    )  # fmt: skip
    name, _, value = signature.decode("ascii").partition(": ")
    message.set_raw(name, value.rstrip("\r\n"))
