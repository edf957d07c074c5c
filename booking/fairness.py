"""Who an appointment is for, without comparing names: a keyed hash, by which appointments to come are counted."""

import hmac
import unicodedata
from datetime import datetime
from hashlib import sha256

from booking.engine.queries import run
from booking.errors import TooManyAppointments
from booking.lifecycle import Status
from booking.schemas import Citizen
from teleconsult.database import dialect

_AHEAD = """
    SELECT count(*) FROM appointment
    WHERE person_hash = $1 AND service_id = $2 AND status = $3 AND starts_at > $4
"""


def person_hash(*, key: str, citizen: Citizen, site_id: str) -> str:
    """Return the hash (HMAC-SHA-256, RFC 2104) of a person: their names without accents, and where they are reached.

    `key`: the service's secret, so that nobody who sees the hash can try names. Who gives neither e-mail nor telephone
    is told from namesakes by the house only.
    """
    reached = (citizen.email or "").casefold() or citizen.phone or site_id
    parts = (_plain(citizen.given_name), _plain(citizen.family_name), reached)
    return hmac.new(f"person:{key}".encode(), "\n".join(parts).encode(), sha256).hexdigest()


async def require_room_for_one_more(*, person: str, service_id: str, limit: int, now: datetime) -> None:
    """Raise TooManyAppointments if a person has as many appointments of a service to come as anybody may.

    Call in the booking's transaction: two at once for one person come one after the other.
    """
    if dialect() == "postgres":
        await run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", person + service_id)
    ((ahead,),) = await run(_AHEAD, person, service_id, Status.BOOKED, now)
    if ahead >= limit:
        raise TooManyAppointments(limit=limit)


def _plain(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in apart if char.isalnum())
