"""Invitations to a call: signed links, short-lived, each for one role; what a room revokes is worth nothing there."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from signaling.rooms.roles import INVITED, Role
from teleconsult.web.tokens import Signer, TokenInvalid

PURPOSE = "call-invitation"
LIFETIME = timedelta(minutes=30)
INVITABLE = (Role.INTERPRETER, Role.OBSERVER, Role.COLLEAGUE)


@dataclass(frozen=True)
class Invitation:
    """Whoever holds its link may enter one room in one role. It names nobody."""

    id: str
    room: str
    role: Role

    @property
    def participant(self) -> str:
        """The id under which its holder takes part."""
        return f"{INVITED}{self.id}"


class InvitationOffice:
    """Issues invitations and reads them: nothing is stored."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def issue(self, room: str, role: Role, now: datetime) -> tuple[Invitation, str]:
        """Return an invitation and its token, good for LIFETIME to open the page and to come back to it."""
        invitation = Invitation(secrets.token_hex(8), room, role)
        return invitation, self._signer.issue(PURPOSE, json.dumps(asdict(invitation)), now + LIFETIME)

    def read(self, room: str, token: str, now: datetime) -> Invitation:
        """Return what a token says. Raises TokenInvalid (forged, or of another room), TokenExpired."""
        values = json.loads(self._signer.read(PURPOSE, token, now))
        if values["room"] != room:
            raise TokenInvalid
        return Invitation(values["id"], values["room"], Role(values["role"]))
