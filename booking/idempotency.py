"""A request that comes twice is answered once (draft-ietf-httpapi-idempotency-key-header)."""

from dataclasses import dataclass
from datetime import datetime

from booking.errors import IdempotencyKeyReused
from booking.models import Appointment, IdempotencyKey


@dataclass(frozen=True, slots=True)
class Once:
    """Whose request (`scope`), under which key, and what it asked for (a hash: the same key must ask the same)."""

    scope: str
    key: str
    request_hash: str


async def answered(once: Once | None) -> Appointment | None:
    """Return the appointment that the same request made before, if it did. Raises IdempotencyKeyReused."""
    if once is None:
        return None
    row = await IdempotencyKey.filter(scope=once.scope, key=once.key).select_related("appointment").first()
    if row is None:
        return None
    if row.request_hash != once.request_hash:
        raise IdempotencyKeyReused
    return row.appointment


async def remember(once: Once | None, appointment: Appointment, now: datetime) -> None:
    """Note what a request made, in its transaction. The database refuses a second one (IntegrityError)."""
    if once is not None:
        await IdempotencyKey.create(
            scope=once.scope, key=once.key, request_hash=once.request_hash, appointment=appointment, created_at=now
        )
