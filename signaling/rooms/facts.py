"""What happened in a room, in the order in which it did. Pure: times are given, in UTC."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from signaling.rooms.handover import HandoverFact
from signaling.rooms.roles import Role

Standing = Literal["waiting", "rung", "admitted"]
EndReason = Literal["hung_up", "abandoned", "shutdown"]
LeaveReason = Literal["left", "lost", "ended", "handed_over", "unneeded", "shutdown"]


@dataclass(frozen=True)
class Waiting:
    """Somebody began to wait in the lobby."""

    participant: str
    role: Role
    at: datetime


@dataclass(frozen=True)
class Admitted:
    """Somebody came into the call."""

    participant: str
    role: Role
    at: datetime


@dataclass(frozen=True)
class Started:
    """A citizen and an agent are both in the call for the first time."""

    at: datetime


@dataclass(frozen=True)
class Gone:
    """Somebody left the call or the lobby. `lost_at` is since when their socket was gone, if it was."""

    participant: str
    role: Role
    at: datetime
    standing: Standing
    reason: LeaveReason
    reconnections: int
    lost_at: datetime | None = None


@dataclass(frozen=True)
class Revoked:
    """An invitation was taken back."""

    invitation: str
    at: datetime


@dataclass(frozen=True)
class Over:
    """The room is closed for good. `started_at` is None when the call never began."""

    started_at: datetime | None
    at: datetime
    reason: EndReason


# what the rest of the product is told
Told = Waiting | Admitted | Started | Gone | Over | HandoverFact
Fact = Told | Revoked
