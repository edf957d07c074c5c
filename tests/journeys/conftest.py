"""What a journey stands on: the program as a user starts it, and what drives the browsers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Playwright, async_playwright

from tests.support.postgres import PostgresServer
from tests.support.server import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The demonstration on SQLite, as `make run` starts it."""
    started = Server(tmp_path / "data")
    started.start()
    yield started
    started.kill()


@pytest.fixture
def server_on_postgres(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[Server]:
    """The demonstration on an empty PostgreSQL database."""
    name = postgres_server.create()
    started = Server(tmp_path / "data", database_url=postgres_server.url(name))
    started.start()
    yield started
    started.kill()
    postgres_server.drop(name)


@pytest.fixture
async def player() -> AsyncIterator[Playwright]:
    """What starts and drives browsers."""
    async with async_playwright() as playing:
        yield playing
