"""What tests stand on: real databases, a real mail server, a real browser, and the program as it is started."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from hypothesis import settings as hypothesis_settings
from playwright.async_api import Browser, Page, expect
from playwright.sync_api import expect as expect_now
from pytest_aiohttp import AiohttpClient

from teleconsult.database import Database, connect
from teleconsult.settings import Settings
from tests.support.browsers import running_browser
from tests.support.databases import PostgresTemplate, SqliteTemplate
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.redis import RedisServer
from tests.support.smtp import SmtpServer, running_smtp

# How long an example takes says nothing on a machine that does other things as well.
hypothesis_settings.register_profile("teleconsult", deadline=None)
hypothesis_settings.load_profile("teleconsult")
expect.set_options(timeout=30_000)
expect_now.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test run's own."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> PostgresTemplate:
    """Migrated PostgreSQL databases, by copy."""
    return PostgresTemplate(postgres_server)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    """Migrated SQLite databases, by copy."""
    return SqliteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
def sqlite_url(sqlite_template: SqliteTemplate, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated SQLite database."""
    with sqlite_template.copy(tmp_path) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_template: PostgresTemplate) -> Iterator[str]:
    """The address of a fresh, migrated PostgreSQL database."""
    with postgres_template.copy() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, migrated database: the test runs once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The database, migrated and open."""
    opened = await connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings with a fresh, migrated database and an empty data folder."""
    return Settings(database_url=database_url, data_dir=tmp_path / "data")


@pytest.fixture
async def client(settings: Settings, aiohttp_client: AiohttpClient) -> TestClient[web.Request, web.Application]:
    """A client of the whole application, which serves on a free port."""
    # Imported here, so that tests of one package run while another does not import.
    from teleconsult.app import make_app

    return await aiohttp_client(make_app(settings))


@pytest.fixture
async def smtp_server() -> AsyncIterator[SmtpServer]:
    """An SMTP server on loopback that keeps what it is given."""
    async with running_smtp() as server:
        yield server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """An empty Redis of the test's own."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, with a fake camera and a fake microphone."""
    async with running_browser() as running:
        yield running


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page in a browser that has never been here before."""
    context = await browser.new_context()
    yield await context.new_page()
    await context.close()
