"""The page of a call, and the tickets that it asks for."""

from dataclasses import asdict
from typing import Any

from aiohttp import web

from signaling.errors import NotAllowed
from signaling.keys import GATEKEEPER, TICKETS
from signaling.pages.call_texts import PAGE_TEXTS
from signaling.pages.invitation_pages import entry_of
from signaling.ports import Entry
from signaling.relay.documents import MAX_DOCUMENT_BYTES
from signaling.relay.frames import SIGNATURES
from signaling.rooms.roles import Act
from teleconsult.clock import utcnow
from teleconsult.web.i18n import gettext_for, language
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle

TICKETS_A_MINUTE = 30


async def show_call(request: web.Request) -> web.Response:
    """GET /call/{room}: the page, for whoever the gatekeeper lets see it."""
    room = request.match_info["room"]
    entry = await entry_of(request, room)
    context = {"entry": entry, "kiosk": entry.surface == "kiosk", "data": page_values(request, room, entry)}
    return render(request, "signaling/call.html", context)


async def issue_ticket(request: web.Request) -> web.Response:
    """POST /call/{room}/ticket: a ticket for the socket, good for one session within a minute."""
    room = request.match_info["room"]
    entry = await entry_of(request, room)
    # for each participant: after a restart, everybody of an office comes back at once from one address
    throttle(request, "call-ticket", TICKETS_A_MINUTE, 60, who=f"{room} {entry.participant}")
    return web.json_response({"ticket": request.app[TICKETS].issue(room, entry, utcnow())})


async def list_colleagues(request: web.Request) -> web.Response:
    """GET /call/{room}/colleagues: whom the agent may ask to take over. Raises NotAllowed for anyone else."""
    room = request.match_info["room"]
    gatekeeper = request.app[GATEKEEPER]
    if not (await gatekeeper.entry(request, room)).role.hosts:
        raise NotAllowed
    return web.json_response({"items": [asdict(colleague) for colleague in await gatekeeper.colleagues(room)]})


async def call_adviser(request: web.Request) -> web.Response:
    """POST /call/{room}/adviser: ask for somebody of the citizen's house. Raises NotAllowed for who may not."""
    room = request.match_info["room"]
    gatekeeper = request.app[GATEKEEPER]
    if not (await gatekeeper.entry(request, room)).role.may(Act.CALL_ADVISER):
        raise NotAllowed
    await gatekeeper.call_adviser(room)
    return web.Response(status=204)


def page_values(request: web.Request, room: str, entry: Entry) -> dict[str, Any]:
    """Return what the page's scripts need."""
    translate = gettext_for(request.app, language(request))
    query = f"?{request.query_string}" if request.query_string else ""
    return {
        "socketUrl": f"/signaling/rooms/{room}",
        "documentsUrl": f"/signaling/rooms/{room}/documents",
        "ticketUrl": f"/call/{room}/ticket{query}",
        "role": entry.role.value,
        "surface": entry.surface,
        "afterUrl": entry.after_url,
        "leftUrl": entry.left_url or entry.after_url,
        "invitationsUrl": f"/call/{room}/invitations{query}",
        "colleaguesUrl": f"/call/{room}/colleagues{query}",
        "helpUrl": f"/call/{room}/adviser{query}" if entry.calls_adviser else entry.help_url,
        "newsUrl": entry.news_url,
        "room": room,
        "maxDocumentBytes": MAX_DOCUMENT_BYTES,
        "documentTypes": sorted(SIGNATURES),
        "texts": {key: translate(text) for key, text in PAGE_TEXTS.items()},
    }
