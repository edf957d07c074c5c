"""A served world for the tests of pages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from tests.booking.agenda_world import Client, World, served_world


@pytest.fixture
async def served(sqlite_url: str, tmp_path: Path) -> AsyncIterator[tuple[World, TestServer]]:
    """A house, agents and their accounts, served on a free port."""
    async with served_world(sqlite_url, tmp_path / "data") as both:
        yield both


@pytest.fixture
def world(served: tuple[World, TestServer]) -> World:
    return served[0]


@pytest.fixture
async def client(served: tuple[World, TestServer]) -> AsyncIterator[Client]:
    """A visitor who is not signed in."""
    async with TestClient(served[1]) as client:
        yield client
