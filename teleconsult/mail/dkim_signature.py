"""Signs mails for the domain that they come from (DKIM, RFC 6376), so that nobody else's pass for ours.

dkimpy says what is signed. The signing itself is OpenSSL's: dkimpy's own is ten times slower, and how long it takes
depends on the key.
"""

import base64
import hashlib
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path

import dkim
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dkim.canonicalization import CanonicalizationPolicy

# Those of RFC 6376 5.4.1 that our mails have, and what one-click unsubscription needs signed (RFC 8058 4).
SIGNED = (
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding", "Content-Language", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
HEADER = "DKIM-Signature"
# Spaces and folding may change on the way (RFC 6376 3.4).
CANONICAL = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")


@dataclass(frozen=True)
class DkimKey:
    """An RSA key whose public half stands in DNS at `<selector>._domainkey.<domain>`."""

    private: RSAPrivateKey
    domain: str
    selector: str


def read_key(path: Path, *, domain: str, selector: str) -> DkimKey:
    """Read a private key (PEM) that the settings have checked; raises ValueError if it is no RSA key."""
    private = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(private, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return DkimKey(private, domain, selector)


def sign(message: EmailMessage, key: DkimKey, *, recipient: str) -> None:
    """Put a signature on a mail that is complete, in the place of the one it may have, as it is sent to `recipient`.

    From is signed once more than it is there, so that a second one cannot be added (RFC 6376 8.15).
    """
    del message[HEADER]
    # To an address beyond ASCII it goes as UTF-8 (RFC 6531), to all others as it always did.
    source = message.as_bytes(policy=message.policy.clone(linesep="\r\n") if recipient.isascii() else SMTPUTF8)
    headers, body = dkim.rfc822_parse(source)
    names = [*(name.lower().encode() for name in SIGNED if name in message), b"from"]
    body_hash = base64.b64encode(hashlib.sha256(CANONICAL.canonicalize_body(body)).digest()).decode()
    tags = (
        f" v=1; a=rsa-sha256; c=relaxed/relaxed; d={key.domain}; s={key.selector}; "
        f"h={b' : '.join(names).decode()}; bh={body_hash}; b="
    )
    value = dkim.fold(tags.encode(), namelen=len(HEADER) + 1)
    fields = CANONICAL.canonicalize_headers(dkim.select_headers(headers, names))
    ((name, canonical),) = CANONICAL.canonicalize_headers([(HEADER.encode(), value)])
    signed = b"".join(b":".join(field) for field in fields) + name + b":" + canonical.rstrip()
    signature = base64.b64encode(key.private.sign(signed, PKCS1v15(), SHA256()))
    message.set_raw(HEADER, dkim.fold(value + signature, namelen=len(HEADER) + 1).decode("ascii").strip())
