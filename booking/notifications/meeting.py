"""An appointment as invitations and messages speak of it: everything they may say, read once, frozen."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from booking.engine.offer import HOME, KIOSK
from booking.errors import AppointmentUnknown
from booking.models import Agent, Appointment, Notice
from booking.notifications.guests import interpreted, postal_address
from booking.notifications.kinds import GUESTS, Recipient
from booking.passes import shown_reference


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """One version (`sequence`) of an appointment. Instants are UTC; `timezone` is the house's."""

    appointment_id: str
    reference: str
    status: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    timezone: str
    service: str
    service_en: str
    organisation: str
    organisation_en: str
    documents: tuple[dict[str, str], ...]
    site: str
    address: str
    latitude: float
    longitude: float
    kiosk: str
    agent_id: str
    agent_name: str
    agent_email: str
    agent_timezone: str
    agent_language: str
    given_name: str
    family_name: str
    email: str
    language: str
    cancel_reason: str
    phone: str = ""  # E.164
    organisation_id: str = ""
    mode: str = KIOSK  # kiosk, or home: then `kiosk` is empty
    site_id: str = ""
    room: str = ""  # the shared video room that the agent sits in
    needs: tuple[str, ...] = ()
    guest_email: str = ""  # of the adviser, interpreter or room that a notice is for

    @property
    def at_home(self) -> bool:
        """Whether the citizen joins from home."""
        return self.mode == HOME

    def language_of(self, recipient: Recipient) -> str:
        """Return the language in which to write to somebody: `en` for an agent or citizen who chose it, else French."""
        chosen = {Recipient.AGENT: self.agent_language, Recipient.CITIZEN: self.language}.get(recipient, "fr")
        return "en" if chosen.startswith("en") else "fr"

    def address_of(self, recipient: Recipient) -> str:
        """Return somebody's e-mail address; empty if they gave none."""
        own = {Recipient.AGENT: self.agent_email, Recipient.CITIZEN: self.email}
        return own.get(recipient, self.guest_email)

    def name_of(self, recipient: Recipient) -> str:
        """Return somebody's own name, as only they themselves are shown it; empty for an interpreter."""
        own = {
            Recipient.AGENT: self.agent_name,
            Recipient.CITIZEN: f"{self.given_name} {self.family_name}",
            Recipient.ADVISER: self.site,
            Recipient.ROOM: self.room,
        }
        return own.get(recipient, "")

    def service_in(self, language: str) -> str:
        """Return the service's name in a language, in French if it has no other."""
        return (self.service_en if language == "en" else "") or self.service

    def papers_in(self, language: str) -> tuple[str, ...]:
        """Return the papers to bring in a language, in French where there is no other text."""
        return tuple(text for paper in self.documents if (text := paper.get(language) or paper.get("fr", "")))

    @property
    def shown_reference(self) -> str:
        """The reference as people read it: `ABC-DEF`."""
        return shown_reference(self.reference)

    @property
    def interpreted(self) -> tuple[str, ...]:
        """What an interpreter is asked for: languages (`interpreter:ar`), or sign language."""
        return interpreted(self.needs)

    @property
    def initial(self) -> str:
        """All that an agent's calendar may say of a citizen: the first letter of the given name, and a full stop."""
        return f"{self.given_name.strip()[:1].upper()}."


_RELATED = ("service__organisation", "site", "kiosk", "agent", "room")


async def read_meeting(appointment_id: str) -> Meeting:
    """Read an appointment as it now stands; raises AppointmentUnknown if there is none."""
    appointment = await Appointment.get_or_none(id=appointment_id).select_related(*_RELATED)
    if appointment is None:
        raise AppointmentUnknown
    return meeting_of(appointment)


async def read_meetings(appointment_ids: Collection[str]) -> dict[str, Meeting]:
    """Read appointments as they now stand, by id, in one query; those that do not exist are left out."""
    found = await Appointment.filter(id__in=appointment_ids).select_related(*_RELATED)
    return {appointment.id: meeting_of(appointment) for appointment in found}


def meeting_told(current: Meeting, notice: Notice, other_agent: Agent | None) -> Meeting:
    """Return what a notice speaks of: its own version and times, and for another agent, that one's name and address.

    `other_agent` is the notice's if the appointment is no longer theirs.
    """
    told = replace(current, sequence=notice.sequence, starts_at=notice.starts_at, ends_at=notice.ends_at)
    if notice.recipient in GUESTS:
        return _as_told_to_guest(told, notice.params)
    if other_agent is None or other_agent.id == current.agent_id:
        return told
    return replace(
        told,
        agent_id=other_agent.id,
        agent_name=other_agent.name,
        agent_email=other_agent.email,
        agent_timezone=other_agent.timezone,
        agent_language=other_agent.language,
    )


def _as_told_to_guest(told: Meeting, params: Mapping[str, Any]) -> Meeting:
    """Return what is said to a guest: what they were invited to may be another house or room than the one of now."""
    about = params["about"]
    moved_away = about.get("site_id", told.site_id) != told.site_id
    return replace(told, guest_email=params["to"], kiosk="" if moved_away else told.kiosk, **about)


def meeting_of(appointment: Appointment) -> Meeting:
    """Return what may be said of an appointment that was read with all that it relates to."""
    service, site, agent = appointment.service, appointment.site, appointment.agent
    return Meeting(
        appointment_id=appointment.id,
        reference=appointment.reference,
        status=appointment.status,
        sequence=appointment.sequence,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        timezone=site.timezone,
        service=service.name,
        service_en=service.name_en,
        organisation=service.organisation.name,
        organisation_en=service.organisation.name_en,
        documents=tuple(service.documents),
        site=site.name,
        address=postal_address(site),
        latitude=site.latitude,
        longitude=site.longitude,
        kiosk=appointment.kiosk.name if appointment.kiosk else "",
        agent_id=agent.id,
        agent_name=agent.name,
        agent_email=agent.email,
        agent_timezone=agent.timezone,
        agent_language=agent.language,
        given_name=appointment.given_name,
        family_name=appointment.family_name,
        email=appointment.email,
        phone=appointment.phone,
        organisation_id=service.organisation_id,
        language=appointment.language,
        cancel_reason=appointment.cancel_reason,
        mode=appointment.mode,
        site_id=site.id,
        room=appointment.room.name if appointment.room else "",
        needs=tuple(appointment.needs),
    )
