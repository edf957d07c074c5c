"""A server with signaling alone, and a browser for each person of a call."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from teleconsult.settings import Settings
from tests.signaling.app import make_app
from tests.signaling.seats import page_of
from tests.signaling.wires import Pair, make_pair
from tests.support.media import ADVISER, AGENT, CITIZEN, COLLEAGUE


@pytest.fixture
async def server(sqlite_url: str, tmp_path: Path) -> AsyncIterator[TestServer]:
    settings = Settings(database_url=sqlite_url, data_dir=tmp_path / "data", media_loopback=True)
    server = TestServer(make_app(settings), host="localhost")
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
async def citizen(tmp_path: Path) -> AsyncIterator[Page]:
    async for page in page_of(CITIZEN, tmp_path, {"width": 1080, "height": 1920}):
        yield page


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Page]:
    async for page in page_of(AGENT, tmp_path, {"width": 1440, "height": 900}):
        yield page


@pytest.fixture
async def adviser(tmp_path: Path) -> AsyncIterator[Page]:
    async for page in page_of(ADVISER, tmp_path, {"width": 1280, "height": 720}):
        yield page


@pytest.fixture
async def colleague(tmp_path: Path) -> AsyncIterator[Page]:
    async for page in page_of(COLLEAGUE, tmp_path, {"width": 1440, "height": 900}):
        yield page


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    made = await make_pair()
    yield made
    await made.sender.stop()
    await made.receiver.stop()
