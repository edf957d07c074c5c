"""Programs that may call the API."""

import hashlib
from dataclasses import dataclass

from booking.models import Partner

BOOKING_SCOPE = "booking"


@dataclass(frozen=True, slots=True)
class PartnerFound:
    """A partner whose key is good, and what it may do."""

    id: str
    scopes: frozenset[str]
    throttled: bool


def key_hash(key: str) -> str:
    """Return what is kept of an API key. Keys are long and random, so that a plain hash is enough."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()


async def find_partner(key: str) -> PartnerFound | None:
    """Return the partner whose API key this is, unless it was revoked."""
    row = await Partner.get_or_none(key_hash=key_hash(key), revoked_at__isnull=True)
    return PartnerFound(row.id, frozenset(row.scopes), row.throttled) if row is not None else None
