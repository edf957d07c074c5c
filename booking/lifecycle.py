"""An appointment's life as one table: what may follow what, who may bring it about, what each outcome means.

Pure: no database, no clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """Where an appointment stands."""

    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    IN_CALL = "in_call"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


class Outcome(StrEnum):
    """What came of an appointment, as the agent notes it."""

    SOLVED = "solved"
    FOLLOW_UP = "follow_up"
    REDIRECTED = "redirected"
    NO_SHOW = "no_show"
    TECHNICAL_FAILURE = "technical_failure"


class ActorKind(StrEnum):
    """In what quality someone acts on an appointment."""

    CITIZEN = "citizen"
    AGENT = "agent"
    STAFF = "staff"
    PARTNER = "partner"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a quality and an opaque id, never a name.

    `id` is the Agent's id for an agent, the Account's for staff, the Partner's for a partner, the terminal's or nothing
    for a citizen, and what ran for the system.
    """

    kind: ActorKind
    id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", ActorKind(self.kind))


# Check-in opens this long before the start and closes this long after it; the front desk may check in until the end.
CHECK_IN_BEFORE = timedelta(minutes=30)
CHECK_IN_AFTER = timedelta(minutes=15)
# An agent may correct a wrong outcome for this long after the appointment was closed.
CORRECTION_PERIOD = timedelta(days=7)

# A citizen whom the agent gave up on too early may still check in (no_show -> checked_in), and a wrong outcome may be
# corrected (completed <-> no_show). A booth that never started is a failure, not a no-show: booked -> completed.
TRANSITIONS: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.BOOKED: frozenset({Status.CHECKED_IN, Status.CANCELLED, Status.NO_SHOW, Status.COMPLETED}),
        Status.CHECKED_IN: frozenset({Status.IN_CALL, Status.CANCELLED, Status.NO_SHOW, Status.COMPLETED}),
        Status.IN_CALL: frozenset({Status.COMPLETED}),
        Status.COMPLETED: frozenset({Status.NO_SHOW}),
        Status.CANCELLED: frozenset(),
        Status.NO_SHOW: frozenset({Status.CHECKED_IN, Status.COMPLETED}),
    }
)

_EVERYONE = frozenset(ActorKind)
_HOUSE_AND_AGENT = frozenset({ActorKind.AGENT, ActorKind.STAFF, ActorKind.SYSTEM})
WHO: Mapping[Status, frozenset[ActorKind]] = MappingProxyType(
    {
        Status.BOOKED: _EVERYONE,
        Status.CANCELLED: _EVERYONE,
        Status.CHECKED_IN: frozenset({ActorKind.CITIZEN, ActorKind.STAFF, ActorKind.SYSTEM}),
        Status.IN_CALL: frozenset({ActorKind.AGENT, ActorKind.SYSTEM}),
        Status.COMPLETED: _HOUSE_AND_AGENT,
        Status.NO_SHOW: _HOUSE_AND_AGENT,
    }
)

CLOSED = frozenset({Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW})
WAITED_FOR = frozenset({Status.BOOKED, Status.CHECKED_IN, Status.IN_CALL})


def may_follow(before: Status, after: Status) -> bool:
    """Tell whether an appointment may go from `before` to `after`."""
    return after in TRANSITIONS[before]


def may_bring_about(kind: ActorKind, after: Status) -> bool:
    """Tell whether someone acting as `kind` may bring an appointment to `after`."""
    return kind in WHO[after]


def status_after(status: Status, outcome: Outcome, *, called: bool) -> Status | None:
    """Return the status that noting `outcome` leads to, or None if the outcome contradicts what happened.

    `called` says whether the call ever started. Someone who was seen is no no-show; someone who never arrived was
    neither helped nor redirected, but may have stood before a booth that did not work.
    """
    after = Status.NO_SHOW if outcome is Outcome.NO_SHOW else Status.COMPLETED
    if after is Status.NO_SHOW and called:
        return None
    never_arrived = status is Status.BOOKED
    if after is Status.COMPLETED and never_arrived and outcome is not Outcome.TECHNICAL_FAILURE:
        return None
    return after if after is status or may_follow(status, after) else None
