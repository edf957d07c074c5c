"""What happened to appointments, in the past tense and with ids only. Published after the commit."""

from dataclasses import dataclass

from booking.lifecycle import Outcome, Status
from teleconsult.web.events import Event


@dataclass(frozen=True, kw_only=True)
class AppointmentEvent(Event):
    """What every event of an appointment carries."""

    appointment_id: str
    agent_id: str
    site_id: str
    kiosk_id: str
    status: Status


@dataclass(frozen=True, kw_only=True)
class AppointmentBooked(AppointmentEvent):
    """A new appointment was booked."""


@dataclass(frozen=True, kw_only=True)
class AppointmentCancelled(AppointmentEvent):
    """An appointment was cancelled and its slot is free again."""


@dataclass(frozen=True, kw_only=True)
class AppointmentRescheduled(AppointmentEvent):
    """An appointment moved; the ids are the new ones, `previous_*` those that it left (perhaps the same)."""

    previous_agent_id: str
    previous_site_id: str
    previous_kiosk_id: str


@dataclass(frozen=True, kw_only=True)
class AppointmentCheckedIn(AppointmentEvent):
    """The citizen is in front of the kiosk and waits."""


@dataclass(frozen=True, kw_only=True)
class CallStarted(AppointmentEvent):
    """Agent and citizen are connected."""


@dataclass(frozen=True, kw_only=True)
class AppointmentHandedOver(AppointmentEvent):
    """A colleague has taken over while it was under way: `agent_id` is theirs."""

    previous_agent_id: str


@dataclass(frozen=True, kw_only=True)
class AppointmentClosed(AppointmentEvent):
    """An outcome was noted or corrected."""

    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class AppointmentDisplaced(AppointmentEvent):
    """An appointment cannot be held as planned and nothing else is free at its time: it needs another slot."""


@dataclass(frozen=True, kw_only=True)
class AppointmentDelayed(AppointmentEvent):
    """The agent said to be late for an appointment."""

    minutes: int


@dataclass(frozen=True, kw_only=True)
class AppointmentAnswered(AppointmentEvent):
    """Somebody's calendar answered the invitation. `who`: agent or citizen; `answer`: accepted, tentative, declined."""

    who: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class WalkInEvent(Event):
    """What every event of the queue of people without an appointment carries; `agent_id` may be empty."""

    walk_in_id: str
    site_id: str
    kiosk_id: str
    agent_id: str = ""


@dataclass(frozen=True, kw_only=True)
class WalkInJoined(WalkInEvent):
    """Somebody waits at a kiosk."""


@dataclass(frozen=True, kw_only=True)
class WalkInRung(WalkInEvent):
    """An agent is asked to receive somebody."""


@dataclass(frozen=True, kw_only=True)
class WalkInPassed(WalkInEvent):
    """The agent did not answer, or declined."""


@dataclass(frozen=True, kw_only=True)
class WalkInServed(WalkInEvent):
    """An agent receives somebody: the appointment has begun."""

    appointment_id: str


@dataclass(frozen=True, kw_only=True)
class WalkInEnded(WalkInEvent):
    """Somebody waits no longer, without having been received."""
