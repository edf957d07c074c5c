"""Passing the citizen on: asked, accepted by the colleague, confirmed by the service, done. Pure, like the room."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

RINGS_FOR = timedelta(seconds=60)
# A colleague's page that was just opened hears of it at the next ring.
RINGS_EVERY = timedelta(seconds=5)

HandoverState = Literal["asked", "accepted", "confirmed", "declined", "unanswered", "withdrawn", "failed"]
OPEN: frozenset[HandoverState] = frozenset({"asked", "accepted", "confirmed"})


@dataclass(frozen=True)
class ColleagueRung:
    """A colleague is asked to take over; said again every RINGS_EVERY while they are."""

    by: str
    colleague: str
    at: datetime


@dataclass(frozen=True)
class HandoverAccepted:
    """The colleague takes over, unless the service has something against it."""

    by: str
    colleague: str
    at: datetime


@dataclass(frozen=True)
class HandoverSettled:
    """The colleague is no longer asked: `state` says why, or that they have the citizen (`confirmed`)."""

    by: str
    colleague: str
    at: datetime
    state: HandoverState


HandoverFact = ColleagueRung | HandoverAccepted | HandoverSettled


@dataclass
class Handover:
    """`by` asks `to` (participant ids) to take over; `reason` is for `to` alone, and lives no longer than the room.

    `stays`: the first agent remains in the call as a colleague until they hang up.
    """

    by: str
    to: str
    reason: str
    stays: bool
    asked_at: datetime
    rang_at: datetime
    state: HandoverState = "asked"

    @property
    def open(self) -> bool:
        """Whether it may still come about."""
        return self.state in OPEN

    def move(self, state: HandoverState, now: datetime) -> HandoverFact:
        """Bring it to another state and return the fact."""
        self.state = state
        if state == "accepted":
            return HandoverAccepted(self.by, self.to, now)
        return HandoverSettled(self.by, self.to, now, state)

    def lapses(self, now: datetime) -> bool:
        """Whether nobody has answered for too long."""
        return self.state == "asked" and now - self.asked_at > RINGS_FOR

    def rings(self, now: datetime) -> bool:
        """Whether it is time to ring again; if so, it has."""
        due = self.state == "asked" and now - self.rang_at >= RINGS_EVERY
        if due:
            self.rang_at = now
        return due

    def hides(self, participant: str) -> bool:
        """Whether this is the colleague who is on the way, and whom the others see only once they take the place."""
        return self.state == "confirmed" and participant == self.to
