"""What the log says of a request: never whose, never what was in it."""

import asyncio
import logging
from collections.abc import Iterator

import pytest
import structlog

from teleconsult.logs import configure_logs
from teleconsult.settings import Settings
from tests.teleconsult.conftest import Client


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """The log as the program writes it."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logs(Settings(log_format=request.param))
    yield capsys
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
async def test_a_request_that_cannot_be_read_is_not_quoted(
    client: Client, log: pytest.CaptureFixture[str], request_bytes: bytes
) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request_bytes)
    await writer.drain()
    async with asyncio.timeout(10):
        assert b" 400 " in await reader.readline()
    writer.close()
    said = log.readouterr().err
    assert "request_unreadable" in said
    assert "secret" not in said
    assert "127.0.0.1" not in said


async def test_a_failure_names_no_value_of_its_request(client: Client, log: pytest.CaptureFixture[str]) -> None:
    await client.get("/fail?name=Jeanne", headers={"Cookie": "session=secret-cookie"})
    said = log.readouterr().err
    assert "request_failed" in said
    assert "Jeanne" not in said
    assert "secret-cookie" not in said
