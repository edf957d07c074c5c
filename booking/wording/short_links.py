"""Links that fit into a text message: `/s/` and 31 characters, which lead to the citizen's own page.

A letter says what for, then come the identifier's 16 bytes and 6 of a signature. The identifier alone is not to be
guessed; the signature keeps out who has seen it elsewhere.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from teleconsult.web.tokens import Signer, TokenInvalid

MANAGE, WAITING = "m", "w"
ID_BYTES, PROOF_BYTES = 16, 6


def shorten_link(signer: Signer, purpose: str, subject_id: str) -> str:
    """Return the code of a link to an appointment (MANAGE) or a place on a waiting list (WAITING), by its id."""
    content = bytes.fromhex(subject_id) + _proof(signer, purpose, subject_id)
    return purpose + urlsafe_b64encode(content).decode().rstrip("=")


def read_link(signer: Signer, code: str) -> tuple[str, str]:
    """Return what for, and the id. Raises TokenInvalid."""
    purpose = code[:1]
    try:
        content = urlsafe_b64decode(code[1:] + "=" * (-len(code[1:]) % 4))
    except (Error, ValueError):
        raise TokenInvalid from None
    subject_id = content[:ID_BYTES].hex()
    if len(content) != ID_BYTES + PROOF_BYTES or shorten_link(signer, purpose, subject_id) != code:
        raise TokenInvalid
    return purpose, subject_id


def _proof(signer: Signer, purpose: str, subject_id: str) -> bytes:
    return signer.digest(f"short.{purpose}", subject_id)[:PROOF_BYTES]
