"""Where signaling is found."""

from collections.abc import AsyncIterator

from aiohttp import web

from signaling.keys import GATEKEEPER, HUB, SWITCHBOARD, TICKETS
from signaling.nodes.switchboard import Switchboard
from signaling.pages import call_pages
from signaling.pages.check_pages import issue_check_ticket
from signaling.pages.document_pages import put_document, take_document
from signaling.pages.invitation_pages import invite, list_invitations
from signaling.record.recovery import SEEN_SECONDS, close_cut_calls, note_running
from signaling.relay.load import Limits
from signaling.relay.network import Network
from signaling.rooms.hub import Hub
from signaling.texts import ERROR_TEXTS
from signaling.tickets import TicketOffice
from signaling.wire.socket import serve_socket
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from teleconsult.web.bus import BUS
from teleconsult.web.events import EVENTS
from teleconsult.web.keys import NODE, SETTINGS
from teleconsult.web.kit import add_package
from teleconsult.web.ticks import add_tick
from teleconsult.web.tokens import SIGNER

ROOM = "{room:[A-Za-z0-9_-]{1,64}}"
TRANSFER = "{transfer:[0-9a-f]{32}}"


def setup(app: web.Application) -> None:
    """Add the page of a call and its socket to the application, which has a gatekeeper already."""
    add_package(app, "signaling", texts=ERROR_TEXTS)
    app[TICKETS] = TicketOffice(app[SIGNER])
    settings = app[SETTINGS]
    app[HUB] = Hub(network=network(settings), publish=app[EVENTS].publish, limits=limits(settings))
    app[SWITCHBOARD] = Switchboard(app[NODE], app[HUB], app[BUS], app[TICKETS], app[GATEKEEPER])
    app.router.add_post("/check/ticket", issue_check_ticket)
    app.router.add_get(f"/call/{ROOM}", call_pages.show_call)
    app.router.add_post(f"/call/{ROOM}/ticket", call_pages.issue_ticket)
    app.router.add_get(f"/call/{ROOM}/colleagues", call_pages.list_colleagues)
    app.router.add_post(f"/call/{ROOM}/adviser", call_pages.call_adviser)
    app.router.add_get(f"/call/{ROOM}/invitations", list_invitations)
    app.router.add_post(f"/call/{ROOM}/invitations", invite)
    app.router.add_get(f"/signaling/rooms/{ROOM}", serve_socket)
    app.router.add_get(f"/signaling/rooms/{ROOM}/documents/{TRANSFER}", take_document)
    app.router.add_post(f"/signaling/rooms/{ROOM}/documents/{TRANSFER}", put_document)
    app.cleanup_ctx.append(_rooms)
    app.on_shutdown.append(_close_rooms)
    add_tick(app, "running_calls", SEEN_SECONDS, _vouch)


def network(settings: Settings) -> Network:
    """Return where the relay's sockets are, from the settings."""
    first, _, last = settings.media_ports.partition("-")
    return Network(
        loopback=settings.media_loopback or settings.demo,
        ports=(int(first), int(last)) if first else None,
        public_address=settings.media_address or None,
        addresses=tuple(each.strip() for each in settings.media_bind.split(",") if each.strip()) or None,
        turn_urls=tuple(url.strip() for url in settings.turn_urls.split(",") if url.strip()),
        turn_secret=settings.turn_secret,
    )


def limits(settings: Settings) -> Limits:
    """Return from where on the relay takes no new rooms, from the settings."""
    return Limits(
        rooms=settings.relay_max_rooms, packets=settings.relay_max_packets, cpu_percent=settings.relay_max_cpu_percent
    )


async def _vouch(app: web.Application) -> None:
    now = utcnow()
    await note_running(app[HUB].calls(), now=now)
    await close_cut_calls(now=now)


async def _rooms(app: web.Application) -> AsyncIterator[None]:
    await app[SWITCHBOARD].start()
    yield
    await app[SWITCHBOARD].close()


async def _close_rooms(app: web.Application) -> None:
    await app[SWITCHBOARD].close()
