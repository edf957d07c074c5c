"""Taking the time of agents, kiosks and rooms: the database's constraint decides who was first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError

from booking.models import Hold, Occupancy
from teleconsult.database import dialect, new_id, violated_constraint

NO_OVERLAP = "occupancy_no_overlap"

# DO NOTHING rather than an error: the transaction goes on with the next agent or kiosk, and PostgreSQL inserts
# speculatively, so that two who come at once do not wait for each other until the deadlock detector ends it.
_CLAIM = (
    "INSERT INTO occupancy (id, resource, starts_at, ends_at, appointment_id, hold_id) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT DO NOTHING RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Range:
    """The time that is taken of an agent, a kiosk and a room, buffers within: half open, aware UTC."""

    starts_at: datetime
    ends_at: datetime


async def claim(
    resource: str,
    taken: Range,
    appointment_id: str | None = None,
    *,
    hold_id: str | None = None,
    now: datetime | None = None,
) -> bool:
    """Take a resource's time for an appointment or a hold; return False if somebody has some of it.

    With `now`, a hold that has lapsed by then and is in the way is removed. Call in a transaction.
    """
    if await _insert(resource, taken, appointment_id, hold_id):
        return True
    if now is None or not await _remove_lapsed(resource, taken, now):
        return False
    return await _insert(resource, taken, appointment_id, hold_id)


async def claim_first(
    resources: Iterable[str],
    taken: Range,
    appointment_id: str | None = None,
    *,
    hold_id: str | None = None,
    now: datetime | None = None,
) -> str | None:
    """Take the first resource that is still free and return it, or None if none is.

    A booking claims its agent first, then its room, then its kiosk, and has none of a kind while it waits for one of
    the same kind: so no two bookings can wait for each other.
    """
    for resource in resources:
        if await claim(resource, taken, appointment_id, hold_id=hold_id, now=now):
            return resource
    return None


async def release(appointment_id: str) -> None:
    """Give back all that an appointment has taken. Call in a transaction."""
    await Occupancy.filter(appointment_id=appointment_id).delete()


async def hand_over(hold_id: str, appointment_id: str) -> None:
    """Make what a hold has taken the appointment's. Nobody can come between. Call in a transaction."""
    await Occupancy.filter(hold_id=hold_id).update(appointment_id=appointment_id, hold_id=None)


async def _insert(resource: str, taken: Range, appointment_id: str | None, hold_id: str | None) -> bool:
    if dialect() == "postgres":
        values = [new_id(), resource, taken.starts_at, taken.ends_at, appointment_id, hold_id]
        return bool(await get_connection("default").execute_query_dict(_CLAIM, values))
    try:
        await Occupancy.create(
            resource=resource,
            starts_at=taken.starts_at,
            ends_at=taken.ends_at,
            appointment_id=appointment_id,
            hold_id=hold_id,
        )
    except IntegrityError as refused:
        if violated_constraint(refused) != NO_OVERLAP:
            raise
        return False
    return True


async def _remove_lapsed(resource: str, taken: Range, now: datetime) -> bool:
    in_the_way = Occupancy.filter(
        resource=resource, starts_at__lt=taken.ends_at, ends_at__gt=taken.starts_at, hold__expires_at__lte=now
    )
    lapsed = await in_the_way.values_list("hold_id", flat=True)
    # said again: its owner may be extending or confirming it right now, and then it stays
    return bool(lapsed) and bool(await Hold.filter(id__in=list(lapsed), expires_at__lte=now).delete())
