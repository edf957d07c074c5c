"""Signed, expiring capabilities: a purpose, a subject and an end. Whoever holds one may do that one thing."""

import hashlib
import hmac
from datetime import datetime

from aiohttp import web
from itsdangerous import BadData, URLSafeSerializer

from teleconsult.errors import Expired, Forbidden


class TokenInvalid(Forbidden):
    code = "token_invalid"


class TokenExpired(Expired):
    code = "token_expired"


class Signer:
    """Signs with one secret; a token for one purpose is worth nothing for another."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def issue(self, purpose: str, subject: str, expires_at: datetime) -> str:
        """Return a URL-safe token for `subject`, good until `expires_at`."""
        return str(self._serializer(purpose).dumps([subject, int(expires_at.timestamp())]))

    def read(self, purpose: str, token: str, now: datetime) -> str:
        """Return the subject of a token.

        Raises TokenInvalid if it is not one of ours for this purpose, TokenExpired if its time is over.
        """
        try:
            subject, expires = self._serializer(purpose).loads(token)
        except (BadData, ValueError, TypeError):
            raise TokenInvalid from None
        if now.timestamp() >= expires:
            raise TokenExpired
        return str(subject)

    def digest(self, purpose: str, subject: str) -> bytes:
        """Return a signature (HMAC-SHA256, RFC 2104) of a subject for a purpose: for links that must be short."""
        return hmac.new(self._secret.encode(), f"teleconsult.{purpose}\0{subject}".encode(), hashlib.sha256).digest()

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret, salt=f"teleconsult.{purpose}")


SIGNER: web.AppKey[Signer] = web.AppKey("signer", Signer)
