"""Secrets that must be read again: a calendar's address and password, sealed with the service's own key."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from booking.busy.errors import SealBroken

PURPOSE = b"teleconsult.busy-calendar"
KEY_BYTES = 32


class Seal:
    """Seals texts (Fernet: AES-128-CBC with HMAC-SHA256) with a key derived from the signing key (RFC 5869)."""

    def __init__(self, signing_key: str) -> None:
        key = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(signing_key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, text: str) -> str:
        """Return a text sealed; nothing stays nothing."""
        return self._fernet.encrypt(text.encode()).decode() if text else ""

    def open(self, sealed: str) -> str:
        """Return the text. Raises SealBroken."""
        try:
            return self._fernet.decrypt(sealed).decode() if sealed else ""
        except InvalidToken:
            raise SealBroken from None
