"""Documents by the web: what goes by the data channel while it is good goes by these requests when it is not.

The session's secret (of `welcome`) comes in a header, never in the address; that it is not `Authorization` leaves
that one to a proxy in front. Nothing is written anywhere.
"""

import asyncio
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from signaling.errors import NotAllowed
from signaling.keys import SWITCHBOARD
from signaling.nodes.courier import Errand
from signaling.relay.documents import MAX_DOCUMENT_BYTES, PIECE_BYTES
from teleconsult.errors import Invalid
from teleconsult.web.forms import validate

SESSION = "Call-Session"
READ_SECONDS = 30.0


class Place(BaseModel):
    """Where a piece begins."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    offset: Annotated[int, Field(ge=0, le=MAX_DOCUMENT_BYTES)]


async def put_document(request: web.Request) -> web.Response:
    """POST /signaling/rooms/{room}/documents/{transfer}?offset=N: a piece from its sender. Answers {offset}: the next.

    Raises NotAllowed to whoever has no session in the call, without saying why.
    """
    errand = _errand(request)
    if (request.content_length or 0) > PIECE_BYTES:
        raise _too_large(request.content_length or 0)
    expected = await request.app[SWITCHBOARD].courier.put(errand, lambda: _read(request))
    return web.json_response({"offset": expected})


async def take_document(request: web.Request) -> web.Response:
    """GET /signaling/rooms/{room}/documents/{transfer}?offset=N: what comes next for a recipient; 204: ask again.

    Raises NotAllowed to whoever has no session in the call, without saying why.
    """
    piece = await request.app[SWITCHBOARD].courier.take(_errand(request))
    if not piece:
        return web.Response(status=204)
    return web.Response(body=piece, content_type="application/octet-stream")


def _errand(request: web.Request) -> Errand:
    session = request.headers.get(SESSION, "")
    if not session:
        raise NotAllowed
    place = validate(request, Place, dict(request.query))
    return Errand(request.match_info["room"], session, request.match_info["transfer"], place.offset)


async def _read(request: web.Request) -> bytes:
    """Return the body, in any framing: some proxies leave its length out. Raises Invalid when it stops coming."""
    body = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > PIECE_BYTES:
                    raise _too_large(len(body))
    except TimeoutError:
        raise Invalid from None
    if not body:
        raise Invalid
    return bytes(body)


def _too_large(size: int) -> web.HTTPRequestEntityTooLarge:
    return web.HTTPRequestEntityTooLarge(max_size=PIECE_BYTES, actual_size=size)
