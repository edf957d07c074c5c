"""Tickets: short-lived, signed, each opening one session of one person in one room."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from signaling.errors import TicketLapsed, TicketRefused, TicketSpent
from signaling.ports import Entry
from signaling.rooms.roles import Role
from teleconsult.web.tokens import Signer, TokenExpired, TokenInvalid

PURPOSE = "signaling"
LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True)
class Claims:
    """What a ticket says about its holder."""

    room: str
    participant: str
    role: Role
    name: str
    admit_waiting: bool


class TicketOffice:
    """Issues tickets and takes each one once. What was taken is remembered until it would have lapsed anyway."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._spent: dict[str, datetime] = {}

    def issue(self, room: str, entry: Entry, now: datetime) -> str:
        """Return a ticket for whoever the gatekeeper let see the page of a call."""
        claims = Claims(room, entry.participant, entry.role, entry.display_name, entry.admit_on_join)
        subject = json.dumps({"nonce": secrets.token_hex(16), **asdict(claims)})
        return self._signer.issue(PURPOSE, subject, now + LIFETIME)

    def redeem(self, room: str, ticket: str, now: datetime) -> Claims:
        """Take a ticket for a room.

        Raises TicketRefused (forged, or of another room), TicketLapsed, TicketSpent.
        """
        try:
            values = json.loads(self._signer.read(PURPOSE, ticket, now))
        except TokenExpired:
            raise TicketLapsed from None
        except TokenInvalid:
            raise TicketRefused from None
        nonce = values.pop("nonce")
        claims = Claims(**{**values, "role": Role(values["role"])})
        if claims.room != room:
            raise TicketRefused
        self._forget(now)
        if nonce in self._spent:
            raise TicketSpent
        self._spent[nonce] = now + LIFETIME
        return claims

    def _forget(self, now: datetime) -> None:
        """Forget what would have lapsed by now: the first that were taken, since all are remembered equally long."""
        while self._spent and self._spent[first := next(iter(self._spent))] <= now:
            del self._spent[first]
