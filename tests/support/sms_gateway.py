"""An operator's HTTP gateway on loopback: takes text messages, answers as it is told, and sends receipts."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class SmsGateway:
    """`requests` are (headers, what was sent) in order; `status` and `answer` are what each gets; None hangs up."""

    url: str = ""
    status: int = 201
    answer: Any = field(default_factory=lambda: {"messages": [{"id": "op-1"}]})
    hangs_up: bool = False
    requests: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """Take a message (any method)."""
        if request.method == "GET":
            body: dict[str, Any] = dict(request.query)
        elif request.content_type == "application/json":
            body = await request.json()
        else:
            body = {key: str(value) for key, value in (await request.post()).items()}
        self.requests.append((dict(request.headers), body))
        if self.hangs_up:
            assert request.transport is not None
            request.transport.abort()
        headers = {"Location": "/elsewhere"} if self.status in (301, 302, 307) else None
        return web.Response(text=json.dumps(self.answer), status=self.status, headers=headers)


@asynccontextmanager
async def running_sms_gateway() -> AsyncIterator[SmsGateway]:
    """Serve on a free port of the loopback interface."""
    gateway = SmsGateway()
    app = web.Application()
    app.router.add_route("*", "/v1/messages", gateway.handle)
    async with TestServer(app) as server:
        gateway.url = str(server.make_url("/v1/messages"))
        yield gateway
