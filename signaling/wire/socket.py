"""The WebSocket of a room."""

from aiohttp import web

from signaling.errors import ForeignOrigin
from signaling.keys import HUB, SWITCHBOARD
from signaling.wire.outlet import SocketOutlet
from signaling.wire.protocol import MAX_MESSAGE_BYTES
from teleconsult.web.middlewares import origin_allowed

CLOSE_SECONDS = 5.0


async def serve_socket(request: web.Request) -> web.StreamResponse:
    """GET /signaling/rooms/{room}: see docs/protocol.md. Raises ForeignOrigin before the upgrade."""
    if not origin_allowed(request):
        raise ForeignOrigin
    socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, timeout=CLOSE_SECONDS, compress=False)
    await socket.prepare(request)
    outlet = SocketOutlet(socket, request, request.app[HUB].timings.send)
    await request.app[SWITCHBOARD].serve(socket, outlet, request.match_info["room"])
    return socket
