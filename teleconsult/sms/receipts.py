"""Delivery receipts that an operator's HTTP gateway sends us: who may, and what they say."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from booking.notifications.receipts import take_receipt_soon
from teleconsult.clock import utcnow
from teleconsult.errors import Forbidden, Invalid
from teleconsult.settings import Settings
from teleconsult.sms.http import pointed
from teleconsult.web.keys import SETTINGS
from teleconsult.web.throttle import throttle

# Wrong secrets from one network, before it has to wait
GUESSES, GUESS_SECONDS = 20, 600


class ReceiptRefused(Forbidden):
    """A receipt without the operator's secret."""

    code = "receipt_refused"


async def take(request: web.Request) -> web.Response:
    """POST (or GET, as some operators do) /sms/receipts: 204 whether or not the message is known."""
    settings, body = request.app[SETTINGS], await request.read()
    if not is_genuine(settings, request.query, request.headers, body):
        throttle(request, "sms_receipts", GUESSES, GUESS_SECONDS)
        raise ReceiptRefused
    said = _document(request, body)
    name, status = pointed(said, settings.sms_receipt_id), pointed(said, settings.sms_receipt_status)
    if not name or not status:
        raise Invalid
    delivered = verdict(settings, status)
    if delivered is not None:
        await take_receipt_soon([name], delivered=delivered, now=utcnow())
    return web.Response(status=204)


def is_genuine(settings: Settings, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a receipt shows the secret where the settings say, or is signed with it (HMAC-SHA256, RFC 2104)."""
    secret = settings.sms_receipt_secret.encode()
    where, _, name = settings.sms_receipt_proof.partition(":")
    if not secret:
        return False
    shown = (query if where == "query" else headers).get(name, "").encode("utf-8", "replace")
    if where == "signature":
        digest = hmac.new(secret, body, hashlib.sha256)
        shown = shown.removeprefix(b"sha256=")
        as_hex, as_base64 = digest.hexdigest().encode(), b64encode(digest.digest())
        return bool(body) and (hmac.compare_digest(shown.lower(), as_hex) or hmac.compare_digest(shown, as_base64))
    return hmac.compare_digest(shown.removeprefix(b"Bearer "), secret)


def verdict(settings: Settings, status: str) -> bool | None:
    """Return whether a status says delivered; None while it says neither that nor that it never will be."""
    word = status.strip().casefold()
    if word in _words(settings.sms_receipt_delivered):
        return True
    return False if word in _words(settings.sms_receipt_failed) else None


def _words(setting: str) -> set[str]:
    return {part.strip().casefold() for part in setting.split(",") if part.strip()}


def _document(request: web.Request, body: bytes) -> Any:
    if not body:
        return dict(request.query)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return dict(parse_qsl(body.decode("utf-8", "replace")))
