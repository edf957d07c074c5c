"""What the log says of a request: never whose, never what was in it."""

import asyncio
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog
from aiohttp import web

from teleconsult.logs import configure_logs
from teleconsult.settings import Settings
from tests.teleconsult.conftest import Client


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[StringIO]:
    """The log as the program writes it."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logs(Settings(log_format=request.param))
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    # pytest closes the standard error of the set-up before the test begins
    written = StringIO()
    handler.setStream(written)
    yield written
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /rdv/secret-token HTTP/1.1\r\nHost: x\r\nCookie: session=secret-cookie" + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /rdv/secret-token" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /rdv/secret-token HTTP/9.9.9 secret-cookie\r\n\r\n",
        b"GET /rdv/secret-token HTTP/1.1\r\nHost: x\r\nsecret-cookie\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: secret-cookie\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:40]),
)
async def test_a_request_that_cannot_be_read_is_not_quoted(client: Client, log: StringIO, request_bytes: bytes) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request_bytes)
    await writer.drain()
    async with asyncio.timeout(10):
        assert b" 400 " in await reader.readline()
    writer.close()
    said = log.getvalue()
    assert "request_unreadable" in said
    assert "secret" not in said
    assert "127.0.0.1" not in said


async def test_a_failure_names_no_value_of_its_request(client: Client, log: StringIO) -> None:
    await client.get("/fail?name=Jeanne", headers={"Cookie": "session=secret-cookie"})
    said = log.getvalue()
    assert "request_failed" in said
    assert "Jeanne" not in said
    assert "secret-cookie" not in said


async def test_who_goes_in_the_middle_of_a_request_leaves_no_trace_of_an_error(
    app: web.Application, log: StringIO
) -> None:
    # not TestServer: that one, unlike the program, cancels what it does for somebody who is gone
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _, writer = await asyncio.open_connection(*runner.addresses[0][:2])
    head = "POST /guests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000"
    writer.write(f"{head}\r\n\r\n{{".encode())
    await writer.drain()
    begun = runner.server
    assert begun is not None
    async with asyncio.timeout(10):
        while not any(connection._current_request for connection in begun.connections):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    writer.transport.abort()
    async with asyncio.timeout(10):
        while "status" not in log.getvalue():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await runner.cleanup()
    said = log.getvalue()
    assert "499" in said
    assert "request_failed" not in said
