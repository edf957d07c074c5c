"""An application of ground, booking and kiosks alone, on a migrated database with a small world in it."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pytest_aiohttp import AiohttpClient, AiohttpServer

import booking.routes
import kiosks.routes
import teleconsult.mail.routes
from kiosks import terminals
from kiosks.terminals import TerminalView
from teleconsult.clock import utcnow
from teleconsult.database import Database
from teleconsult.ground import make_ground
from teleconsult.settings import Settings
from tests.kiosks.booth import Booth
from tests.kiosks.house import PASSWORD, World, build_world

Client = TestClient[web.Request, web.Application]


def make_kiosks(settings: Settings) -> web.Application:
    """Return the application under test."""
    app = make_ground(settings)
    teleconsult.mail.routes.setup(app)
    booking.routes.setup(app)
    kiosks.routes.setup(app)
    return app


@pytest.fixture
async def world(database: Database) -> World:
    """The world, on the open database (SQLite, then PostgreSQL)."""
    return await build_world()


@pytest.fixture
def app_settings(sqlite_url: str, tmp_path) -> Settings:  # type: ignore[no-untyped-def]
    """Settings of the application under test."""
    return Settings(database_url=sqlite_url, data_dir=tmp_path / "data")


@pytest.fixture
async def app(app_settings: Settings) -> web.Application:
    """The application, not yet serving."""
    return make_kiosks(app_settings)


@pytest.fixture
async def served(aiohttp_client: AiohttpClient, app: web.Application) -> tuple[Client, World]:
    """A client that is no kiosk yet, and the world in its database."""
    client = await aiohttp_client(app)
    return client, await build_world()


async def make_terminal(client: Client, world: World, kiosk_id: str | None = None) -> None:
    """Make a client the screen of a kiosk, by a code as an adviser gives it."""
    kiosk_id = kiosk_id or world.kiosk.id
    site_id = world.there.id if kiosk_id == world.other_kiosk.id else world.here.id
    code = await terminals.issue_code(now=utcnow(), site_id=site_id, kiosk_id=kiosk_id)
    answer = await client.post("/kiosk/enrol", data={"code": code}, allow_redirects=False)
    assert answer.status == 303, await answer.text()


async def sign_in(client: Client, email: str) -> None:
    """Sign a client in."""
    answer = await client.post("/sign-in", data={"email": email, "password": PASSWORD}, allow_redirects=False)
    assert answer.status == 303, await answer.text()


@pytest.fixture
async def kiosk(served: tuple[Client, World]) -> tuple[Client, World]:
    """A client that is the screen of "Borne 1"."""
    client, world = served
    await make_terminal(client, world)
    return client, world


@pytest.fixture
async def desk(served: tuple[Client, World]) -> tuple[Client, World]:
    """A client at which the first house's adviser is signed in."""
    client, world = served
    await sign_in(client, world.adviser.email)
    return client, world


@pytest.fixture
async def another_client(aiohttp_client: AiohttpClient, served: tuple[Client, World]) -> Client:
    """A second browser on the same server."""
    server = served[0].server
    assert isinstance(server, TestServer)
    return await aiohttp_client(server)


async def terminal_of(kiosk_id: str) -> TerminalView:
    """Enrol a terminal in the open database, without any page."""
    enrolled = await terminals.enrol_demo(now=utcnow(), kiosk_id=kiosk_id)
    found = await terminals.find(enrolled.token)
    assert found is not None
    return found


@pytest.fixture
async def booth(aiohttp_server: AiohttpServer, app: web.Application) -> Booth:
    """The application, serving."""
    server = await aiohttp_server(app)
    return Booth(app, str(server.make_url("/")).rstrip("/"), await build_world())
