"""How an agent makes an invitation, and as what its holder comes."""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from signaling.errors import NotAllowed
from signaling.invitations import Invitation, InvitationOffice
from signaling.keys import GATEKEEPER
from signaling.ports import Entry
from signaling.rooms.roles import Act, Role
from teleconsult.clock import utcnow
from teleconsult.web.forms import read_json
from teleconsult.web.i18n import N_, gettext_for, language
from teleconsult.web.tokens import SIGNER

PARAMETER = "invitation"
NAMES = {
    Role.INTERPRETER: N_("Interprète"),
    Role.OBSERVER: N_("Observateur"),
    Role.COLLEAGUE: N_("Collègue invité"),
}


class InvitationWish(BaseModel):
    """What the agent asks for."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["interpreter", "observer", "colleague"]


async def invite(request: web.Request) -> web.Response:
    """POST /call/{room}/invitations {role}: a link for one person, for who may invite. Raises NotAllowed."""
    room = await _room_of_host(request)
    wish = await read_json(request, InvitationWish)
    office = InvitationOffice(request.app[SIGNER])
    return web.json_response(_item(office, await office.issue(room, Role(wish.role), utcnow())), status=201)


async def list_invitations(request: web.Request) -> web.Response:
    """GET /call/{room}/invitations: those that open it still, for who may invite. Raises NotAllowed."""
    room = await _room_of_host(request)
    office = InvitationOffice(request.app[SIGNER])
    return web.json_response({"items": [_item(office, each) for each in await office.standing(room, utcnow())]})


async def _room_of_host(request: web.Request) -> str:
    room = request.match_info["room"]
    if not (await request.app[GATEKEEPER].entry(request, room)).role.may(Act.INVITE):
        raise NotAllowed
    return room


def _item(office: InvitationOffice, invitation: Invitation) -> dict[str, str]:
    return {
        "invitation": invitation.id,
        "role": invitation.role.value,
        "url": f"/call/{invitation.room}?{PARAMETER}={office.token(invitation)}",
        "expires_at": invitation.expires_at.isoformat(),
    }


async def entry_of(request: web.Request, room: str) -> Entry:
    """Say as whom a request may see the call's page: by invitation, or as the gatekeeper says.

    Raises TokenInvalid, TokenExpired, InvitationRevoked, and what the gatekeeper raises.
    """
    gatekeeper = request.app[GATEKEEPER]
    token = request.query.get(PARAMETER)
    if token is None:
        return await gatekeeper.entry(request, room)
    invitation = await InvitationOffice(request.app[SIGNER]).read(room, token, utcnow())
    await gatekeeper.may_enter(room, invitation.participant, invitation.role)
    translate = gettext_for(request.app, language(request))
    return Entry(
        participant=invitation.participant,
        role=invitation.role,
        display_name=translate(NAMES[invitation.role]),
        surface="desktop",
        language=language(request),
        title=translate(N_("Entretien")),
        details=(),
        after_url="/",
        help_url=None,
        admit_on_join=False,
    )
