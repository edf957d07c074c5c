"""An appointment as the public interface shows it: no personal data, its times in the zone of the house."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from booking.errors import AppointmentUnknown
from booking.lifecycle import Outcome, Status
from booking.models import Appointment


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicAppointment:
    """What a program may know of an appointment that it holds."""

    id: str
    reference: str
    status: Status
    outcome: Outcome | None
    service_id: str
    site_id: str
    kiosk_id: str | None
    mode: str
    start: datetime
    end: datetime
    timezone: str


def as_written(appointment: Appointment, timezone: str) -> PublicAppointment:
    """Return an appointment that was just written, at a house in this zone."""
    zone = ZoneInfo(timezone)
    return PublicAppointment(
        id=appointment.id,
        reference=appointment.reference,
        status=Status(appointment.status),
        outcome=Outcome(appointment.outcome) if appointment.outcome else None,
        service_id=appointment.service_id,
        site_id=appointment.site_id,
        kiosk_id=appointment.kiosk_id,
        mode=appointment.mode,
        start=appointment.starts_at.astimezone(zone),
        end=appointment.ends_at.astimezone(zone),
        timezone=timezone,
    )


async def public_appointment(appointment_id: str) -> PublicAppointment:
    """Return an appointment. Raises AppointmentUnknown."""
    rows = await Appointment.filter(id=appointment_id).values(
        "id", "reference", "status", "outcome", "service_id", "site_id", "kiosk_id", "mode", "starts_at", "ends_at",
        timezone="site__timezone",
    )  # fmt: skip
    if not rows:
        raise AppointmentUnknown
    row = rows[0]
    zone = ZoneInfo(row["timezone"])
    return PublicAppointment(
        id=row["id"],
        reference=row["reference"],
        status=Status(row["status"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        service_id=row["service_id"],
        site_id=row["site_id"],
        kiosk_id=row["kiosk_id"],
        mode=row["mode"],
        start=row["starts_at"].astimezone(zone),
        end=row["ends_at"].astimezone(zone),
        timezone=row["timezone"],
    )
