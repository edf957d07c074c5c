"""What a citizen holds instead of an account: a reference to say, a pass to show, links to manage the appointment."""

import secrets
from datetime import datetime, timedelta

from booking.errors import AppointmentUnknown
from booking.models import Appointment
from teleconsult.web.tokens import Signer

# No character that is heard or read as another: without 0 O Q, 1 I L, 2 Z, 5 S, 8 B, U V.
ALPHABET = "ACDEFGHJKMNPRTWXY34679"
REFERENCE_LENGTH = 6
PASS_PREFIX = "TC1:"  # noqa: S105 - tells a pass from any other QR code

PASS, MANAGE, CALENDAR, GUEST = "pass", "manage", "calendar", "guest"
# The cookie by which a browser that joined from home is known on the page of the call.
GUEST_COOKIE = "guest"
# A pass outlives its appointment a little, so that who comes too late is told so; the links do for longer.
PASS_AFTER_END = timedelta(days=1)
LINKS_AFTER_END = timedelta(days=30)


def new_reference() -> str:
    """Return a random reference: one of 113 million."""
    return "".join(secrets.choice(ALPHABET) for _ in range(REFERENCE_LENGTH))


def shown_reference(reference: str) -> str:
    """Return a reference as people are shown it: ABC-DEF."""
    half = REFERENCE_LENGTH // 2
    return f"{reference[:half]}-{reference[half:]}"


def typed_reference(text: str) -> str | None:
    """Return the reference that someone typed, in any case and with whatever between; None if it cannot be one."""
    reference = "".join(char for char in text.upper() if char.isalnum())
    is_one = len(reference) == REFERENCE_LENGTH and all(char in ALPHABET for char in reference)
    return reference if is_one else None


async def find_by_reference(text: str) -> Appointment:
    """Return the appointment whose reference someone typed. Raises AppointmentUnknown."""
    reference = typed_reference(text)
    appointment = await Appointment.get_or_none(reference=reference) if reference else None
    if appointment is None:
        raise AppointmentUnknown
    return appointment


def issue_pass(signer: Signer, *, appointment_id: str, ends_at: datetime) -> str:
    """Return what the QR code of a pass says: the right to check in to this appointment, until the day after it."""
    return PASS_PREFIX + signer.issue(PASS, appointment_id, ends_at + PASS_AFTER_END)


def read_pass(signer: Signer, text: str, now: datetime) -> str:
    """Return the appointment's id from the text of a scanned QR code. Raises TokenInvalid, TokenExpired."""
    return signer.read(PASS, text.strip().removeprefix(PASS_PREFIX), now)


def issue_manage(signer: Signer, *, appointment_id: str, ends_at: datetime) -> str:
    """Return the token of an appointment's own link: to see, move and cancel it, until 30 days after it."""
    return signer.issue(MANAGE, appointment_id, ends_at + LINKS_AFTER_END)


def read_manage(signer: Signer, token: str, now: datetime) -> str:
    """Return the appointment's id. Raises TokenInvalid, TokenExpired."""
    return signer.read(MANAGE, token, now)


def issue_calendar(signer: Signer, *, appointment_id: str, ends_at: datetime) -> str:
    """Return the token of an appointment's calendar file."""
    return signer.issue(CALENDAR, appointment_id, ends_at + LINKS_AFTER_END)


def read_calendar(signer: Signer, token: str, now: datetime) -> str:
    """Return the appointment's id. Raises TokenInvalid, TokenExpired."""
    return signer.read(CALENDAR, token, now)


def issue_guest(signer: Signer, *, appointment_id: str, ends_at: datetime) -> str:
    """Return the right of a browser to be the citizen of this call, until the day after it."""
    return signer.issue(GUEST, appointment_id, ends_at + PASS_AFTER_END)


def read_guest(signer: Signer, token: str, now: datetime) -> str:
    """Return the appointment's id. Raises TokenInvalid, TokenExpired."""
    return signer.read(GUEST, token, now)
