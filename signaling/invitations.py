"""Invitations to a call: links, short-lived, each for one role. What an agent takes back opens nothing any more."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from signaling.errors import InvitationRevoked
from signaling.models import CallInvitation
from signaling.rooms.roles import INVITED, Role
from teleconsult.web.tokens import Signer, TokenExpired, TokenInvalid

PURPOSE = "call-invitation"
# longer than any call: who was invited may reload the page. The end of the call, or the agent, closes it before
LIFETIME = timedelta(hours=4)
INVITABLE = (Role.INTERPRETER, Role.OBSERVER, Role.COLLEAGUE)


@dataclass(frozen=True)
class Invitation:
    """Whoever holds its link may enter one room in one role, until `expires_at`. It names nobody."""

    id: str
    room: str
    role: Role
    expires_at: datetime

    @property
    def participant(self) -> str:
        """The id under which its holder takes part."""
        return f"{INVITED}{self.id}"


class InvitationOffice:
    """Issues invitations and reads their links. What is kept of one outlasts the process, and goes with its time."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def issue(self, room: str, role: Role, now: datetime) -> Invitation:
        """Return a new invitation, good for LIFETIME to open the page and to come back to it."""
        await CallInvitation.filter(expires_at__lte=now).delete()
        return _read(await CallInvitation.create(room=room, role=role.value, expires_at=now + LIFETIME))

    async def standing(self, room: str, now: datetime) -> list[Invitation]:
        """Return the invitations to a room that open it still, the oldest first."""
        rows = CallInvitation.filter(room=room, expires_at__gt=now, revoked_at=None)
        return [_read(row) for row in await rows.order_by("expires_at")]

    def token(self, invitation: Invitation) -> str:
        """Return what its link carries."""
        return self._signer.issue(PURPOSE, invitation.id, invitation.expires_at)

    async def read(self, room: str, token: str, now: datetime) -> Invitation:
        """Return what a token stands for.

        Raises TokenInvalid (forged, or of another room), TokenExpired, InvitationRevoked.
        """
        row = await CallInvitation.get_or_none(id=self._signer.read(PURPOSE, token, now))
        if row is None or row.room != room:
            raise TokenInvalid
        if row.revoked_at is not None:
            raise InvitationRevoked
        if row.expires_at <= now:
            raise TokenExpired
        return _read(row)


async def revoke(room: str, invitation: str, now: datetime) -> None:
    """Take an invitation back for good; one that is gone, or another room's, is left as it is."""
    await CallInvitation.filter(id=invitation, room=room, revoked_at=None).update(revoked_at=now)


async def end(room: str, now: datetime) -> None:
    """The call is over: its invitations open nothing any more, should the room be opened again."""
    await CallInvitation.filter(room=room, expires_at__gt=now).update(expires_at=now)


def _read(row: CallInvitation) -> Invitation:
    return Invitation(row.id, row.room, Role(row.role), row.expires_at)
