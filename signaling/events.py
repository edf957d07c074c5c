"""What happened in a room, for whoever asked to know. Published after it was recorded."""

from dataclasses import dataclass
from datetime import datetime

from signaling.rooms.roles import Role
from teleconsult.web.events import Event


@dataclass(frozen=True, kw_only=True)
class ParticipantWaiting(Event):
    """Somebody waits in the lobby."""

    room: str
    participant: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class ParticipantJoined(Event):
    """Somebody came into the call: directly, or from the lobby."""

    room: str
    participant: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class ParticipantLeft(Event):
    """Somebody left the lobby or the call, or could not be reached for a minute."""

    room: str
    participant: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class CallStarted(Event):
    """A citizen and an agent are both in the call, for the first time."""

    room: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ColleagueRung(Event):
    """A participant asks a colleague to take over; said again every few seconds while the colleague is asked."""

    room: str
    participant: str
    colleague: str


@dataclass(frozen=True, kw_only=True)
class HandoverAccepted(Event):
    """A colleague takes over from a participant: the room waits for the service to confirm or refuse it."""

    room: str
    participant: str
    colleague: str


@dataclass(frozen=True, kw_only=True)
class HandoverSettled(Event):
    """A colleague is no longer asked; `state` is `confirmed`, or why it did not come about."""

    room: str
    participant: str
    colleague: str
    state: str


@dataclass(frozen=True, kw_only=True)
class CallEnded(Event):
    """The room closed. `started_at` is None when the call never started.

    `reason` is `hung_up` (by the agent), `abandoned` (everyone had left) or `shutdown` (of this server).
    """

    room: str
    started_at: datetime | None
    ended_at: datetime
    reason: str
