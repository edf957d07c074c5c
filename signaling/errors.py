"""Why the signaling server refuses: stable codes, no text for people (see `texts.py`)."""

from http import HTTPStatus

from teleconsult.errors import (
    Conflict,
    DomainError,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)


class InvalidMessage(Invalid):
    """A message that is not JSON, not of this protocol, or out of place. `reason` is for developers."""

    code = "invalid_message"


class JoinExpected(Unauthenticated):
    """The first message was not `join` or `resume`, or did not come in time."""

    code = "join_expected"


class TicketRefused(Unauthenticated):
    """The ticket is forged, or opens another room."""

    code = "ticket_refused"


class TicketLapsed(Expired):
    """The ticket is older than its minute: ask the page for another."""

    code = "ticket_lapsed"


class TicketSpent(Conflict):
    """The ticket was used before; each opens one session."""

    code = "ticket_spent"


class SessionUnknown(Expired):
    """There is no session to resume: it lapsed, or belongs to another room. Join again with a new ticket."""

    code = "session_unknown"


class Superseded(Conflict):
    """The same participant came in again elsewhere; this socket must not come back by itself."""

    code = "superseded"


class ForeignOrigin(Forbidden):
    """A page of another site tried to open the socket."""

    code = "foreign_origin"


class NotAllowed(Forbidden):
    """This role may not do that."""

    code = "not_allowed"


class ParticipantUnknown(NotFound):
    """Nobody of that name waits in this room."""

    code = "participant_unknown"


class HandoverPending(Conflict):
    """A colleague is being asked to take over already; withdraw that first."""

    code = "handover_pending"


class HandoverGone(Expired):
    """You are not asked to take over, or no longer; or there is nothing left to withdraw."""

    code = "handover_gone"


class InvitationRevoked(Expired):
    """The agent has taken this invitation back."""

    code = "invitation_revoked"


class RoomFull(Conflict):
    """`capacity` people are in the room already."""

    code = "room_full"


class CallOver(Expired):
    """The call has ended."""

    code = "call_over"


class Flooding(TooManyRequests):
    """More messages a second than any person's page would send."""

    code = "flooding"


class TooSlow(Unavailable):
    """The client does not read what is sent to it; it may come back and resume."""

    code = "too_slow"


class DirectoryAway(Unavailable):
    """Which server holds this room cannot be found out now; it may come back with what it has."""

    code = "directory_away"


class NoNodeFree(Unavailable):
    """Every server is full, or about to stop: wait `retry_after` seconds; calls that run are not touched."""

    code = "no_node_free"


class MediaFailed(Invalid):
    """An answer or a candidate could not be used; a new generation follows or may be asked for."""

    code = "media_failed"


class DocumentUnknown(NotFound):
    """By the web: there is no such transfer, or it is over, or you have no part in it."""

    code = "document_unknown"


class DocumentOutOfStep(Conflict):
    """By the web: these bytes are not expected, or not there. Say `file` or `accept` again, and follow the answer."""

    code = "document_out_of_step"


REFUSALS: tuple[type[DomainError], ...] = (
    InvalidMessage,
    JoinExpected,
    TicketRefused,
    TicketLapsed,
    TicketSpent,
    SessionUnknown,
    Superseded,
    ForeignOrigin,
    NotAllowed,
    ParticipantUnknown,
    HandoverPending,
    HandoverGone,
    InvitationRevoked,
    RoomFull,
    CallOver,
    Flooding,
    TooSlow,
    DirectoryAway,
    NoNodeFree,
    MediaFailed,
    DocumentUnknown,
    DocumentOutOfStep,
)

STATUS_OF_KIND: tuple[tuple[type[DomainError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (Conflict, HTTPStatus.CONFLICT),
    (Expired, HTTPStatus.GONE),
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TooManyRequests, HTTPStatus.TOO_MANY_REQUESTS),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)


def close_code(error: DomainError) -> int:
    """Return the WebSocket close code of a refusal: 4000 plus the HTTP status of its kind (RFC 6455 7.4.2)."""
    for kind, status in STATUS_OF_KIND:
        if isinstance(error, kind):
            return 4000 + status
    return 4500
