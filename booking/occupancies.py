"""Taking the time of agents and kiosks: the database's constraint decides who was first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError

from booking.models import Occupancy
from teleconsult.database import dialect, new_id, violated_constraint

NO_OVERLAP = "occupancy_no_overlap"

# DO NOTHING rather than an error: the transaction goes on with the next agent or kiosk, and PostgreSQL inserts
# speculatively, so that two who come at once do not wait for each other until the deadlock detector ends it.
_CLAIM = (
    "INSERT INTO occupancy (id, resource, starts_at, ends_at, appointment_id) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT DO NOTHING RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Range:
    """The time an appointment takes of its agent and kiosk, its buffers within: half open, aware UTC."""

    starts_at: datetime
    ends_at: datetime


async def claim(resource: str, taken: Range, appointment_id: str) -> bool:
    """Take a resource's time for an appointment; return False if somebody has some of it. Call in a transaction."""
    if dialect() == "postgres":
        values = [new_id(), resource, taken.starts_at, taken.ends_at, appointment_id]
        return bool(await get_connection("default").execute_query_dict(_CLAIM, values))
    try:
        await Occupancy.create(
            resource=resource, starts_at=taken.starts_at, ends_at=taken.ends_at, appointment_id=appointment_id
        )
    except IntegrityError as refused:
        if violated_constraint(refused) != NO_OVERLAP:
            raise
        return False
    return True


async def claim_first(resources: Iterable[str], taken: Range, appointment_id: str) -> str | None:
    """Take the first resource that is still free and return it, or None if none is.

    A booking claims its agent first and its kiosk second, and holds none of a kind while it waits for one of the same
    kind: so no two bookings can wait for each other.
    """
    for resource in resources:
        if await claim(resource, taken, appointment_id):
            return resource
    return None


async def release(appointment_id: str) -> None:
    """Give back all that an appointment has taken. Call in a transaction."""
    await Occupancy.filter(appointment_id=appointment_id).delete()
