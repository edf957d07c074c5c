"""From a finished draft to an appointment, once; and what the citizen is then shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from booking.book import book
from booking.events import AppointmentEvent
from booking.fairness import person_hash
from booking.idempotency import Once
from booking.lifecycle import CHECK_IN_AFTER, CHECK_IN_BEFORE, Actor, Status
from booking.models import Appointment
from booking.notifications.meeting import Meeting, read_meeting
from booking.passes import issue_pass
from kiosks import keeping, visits
from kiosks.events import KioskChanged
from kiosks.models import Visit
from kiosks.schemas import Person
from kiosks.visits import Owner, hold_owner
from teleconsult.web.tokens import Signer


@dataclass(frozen=True, kw_only=True)
class Reserved:
    """What came of a draft: an appointment, and what to publish (nothing if it had been booked before)."""

    appointment_id: str
    events: Sequence[AppointmentEvent | KioskChanged]


@dataclass(frozen=True, kw_only=True)
class Booked:
    """A booked appointment as its citizen is shown it; `pass_text` is what the QR code says."""

    meeting: Meeting
    pass_text: str
    can_check_in: bool
    service_id: str


async def reserve(
    *, now: datetime, owner: Owner, visit_id: str, actor: Actor, channel: str, key: str
) -> Reserved | None:
    """Book what a draft says, in the slot it keeps. However often it is asked, a visit makes one appointment.

    `key`: the service's secret, by which people's appointments to come are counted where citizens book themselves.
    Returns None if that visit is over. Raises SlotTaken, a NotBookable, TooManyAppointments, ServiceUnknown or
    SiteUnknown, and pydantic's ValidationError while the person is incomplete.
    """
    visit = await Visit.get_or_none(**owner.key, id=visit_id)
    if visit is None:
        return None
    if visit.appointment_id:
        return Reserved(appointment_id=visit.appointment_id, events=[])
    if visit.starts_at is None:
        return None
    person = Person.model_validate({name: value for name, value in visit.details.items() if value})
    place_id = visit.place_id or owner.site_id
    counted = person_hash(key=key, citizen=person.citizen, site_id=place_id) if owner.kiosk_id else ""
    draft = await visits.find(owner)
    held = await keeping.kept(now=now, draft=draft) if draft else None
    done = await book(
        now=now,
        service_id=visit.service_id or "",
        site_id=place_id,
        start=visit.starts_at,
        citizen=person.citizen,
        needs=person.needs,
        actor=actor,
        channel=channel,
        once=Once("visit", visit.id, visit.id),
        hold_id=held.id if held else None,
        hold_owner=hold_owner(visit.id),
        person=counted,
    )
    # what was typed has served its purpose: only the appointment keeps it
    await Visit.filter(id=visit.id, stage="draft").update(
        stage="booked", appointment_id=done.appointment.id, details={}, touched_at=now
    )
    return Reserved(appointment_id=done.appointment.id, events=[*done.events, *owner.changed])


async def confirmation(appointment_id: str, signer: Signer, *, now: datetime, here: str) -> Booked:
    """Return what to show of an appointment at the house `here`: among others, whether check-in is open there now."""
    meeting = await read_meeting(appointment_id)
    appointment = await Appointment.get(id=appointment_id)
    window = meeting.starts_at - CHECK_IN_BEFORE <= now <= meeting.starts_at + CHECK_IN_AFTER
    return Booked(
        meeting=meeting,
        pass_text=issue_pass(signer, appointment_id=appointment_id, ends_at=meeting.ends_at),
        can_check_in=window and appointment.site_id == here and meeting.status == Status.BOOKED,
        service_id=appointment.service_id,
    )
