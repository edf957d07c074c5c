"""The interpreter of an appointment: known by the link of their invitation, for as long as they are asked for."""

from datetime import datetime, timedelta

from booking.errors import AppointmentUnknown
from booking.holds import owner_hash
from booking.models import Appointment
from booking.notifications.guests import interpreted
from booking.notifications.meeting import Meeting, read_meeting
from teleconsult.web.tokens import Signer

PURPOSE = "interpreter"
# The cookie by which a browser that joined by the link is known on the page of the call.
COOKIE = "interpreter"
# The link outlives its appointment a little, so that who comes too late is told so.
AFTER_END = timedelta(days=1)
HASH_LENGTH = 16


def issue_interpreter(signer: Signer, *, appointment_id: str, email: str, ends_at: datetime) -> str:
    """Return the token of the link by which whoever reads mail at `email` interprets an appointment."""
    return signer.issue(PURPOSE, f"{appointment_id}:{_short_hash(email)}", ends_at + AFTER_END)


async def interpreter_meeting(signer: Signer, token: str, now: datetime) -> Meeting:
    """Return what a token's holder is to interpret, as it now stands.

    Raises TokenInvalid, TokenExpired, AppointmentUnknown (it is gone, needs no interpreter any more, or another one is
    asked).
    """
    appointment_id, _, address = signer.read(PURPOSE, token, now).partition(":")
    found = await Appointment.filter(id=appointment_id).values("needs", email="service__interpreter_email")
    if not found or not interpreted(found[0]["needs"]) or _short_hash(found[0]["email"]) != address:
        raise AppointmentUnknown
    return await read_meeting(appointment_id)


def _short_hash(email: str) -> str:
    return owner_hash(email.casefold())[:HASH_LENGTH]
