"""The WebSocket of a room."""

from aiohttp import web

from signaling.client import Client
from signaling.errors import ForeignOrigin
from signaling.keys import GATEKEEPER, HUB, TICKETS
from signaling.outlet import SocketOutlet
from signaling.protocol import MAX_MESSAGE_BYTES
from teleconsult.web.middlewares import origin_allowed

CLOSE_SECONDS = 5.0


async def serve_socket(request: web.Request) -> web.StreamResponse:
    """GET /signaling/rooms/{room}: see docs/protocol.md. Raises ForeignOrigin before the upgrade."""
    if not origin_allowed(request):
        raise ForeignOrigin
    hub = request.app[HUB]
    socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, timeout=CLOSE_SECONDS, compress=False)
    await socket.prepare(request)
    client = Client(
        socket,
        SocketOutlet(socket, request, hub.timings.send),
        request.match_info["room"],
        hub=hub,
        tickets=request.app[TICKETS],
        gatekeeper=request.app[GATEKEEPER],
    )
    await client.serve()
    return socket
