"""An application of the ground alone, with a few pages to ask it for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel, Field

from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role
from teleconsult.errors import Conflict, DomainError
from teleconsult.ground import make_ground
from teleconsult.settings import Settings
from teleconsult.web.forms import read_json
from teleconsult.web.keys import ACCOUNT
from teleconsult.web.kit import KIT
from teleconsult.web.live import live_response

Client = TestClient[web.Request, web.Application]


class Guest(BaseModel):
    """What a test page asks for."""

    name: str = Field(min_length=1, max_length=5)
    age: int = Field(ge=0)


class TableTaken(Conflict):
    code = "table_taken"


async def _refuse(_request: web.Request) -> web.StreamResponse:
    raise TableTaken(table=4)


async def _unknown_refusal(_request: web.Request) -> web.StreamResponse:
    raise DomainError


async def _fail(_request: web.Request) -> web.StreamResponse:
    raise RuntimeError("the secret of the house")


async def _read(request: web.Request) -> web.StreamResponse:
    guest = await read_json(request, Guest)
    return web.json_response(guest.model_dump())


async def _live(request: web.Request) -> web.StreamResponse:
    return await live_response(request, ["table:4"])


@requires(Role.AGENT)
async def _agents_only(request: web.Request) -> web.StreamResponse:
    account = request[ACCOUNT]
    return web.Response(text=account.name if account else "")


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> web.Application:
    settings = Settings(data_dir=tmp_path / "data", database_url=sqlite_url)
    app = make_ground(settings)
    app[KIT].error_texts["table_taken"] = "La table {table} est prise."
    for prefix in ("", "/api"):
        app.router.add_get(f"{prefix}/refuse", _refuse)
        app.router.add_get(f"{prefix}/unknown-refusal", _unknown_refusal)
        app.router.add_get(f"{prefix}/fail", _fail)
        app.router.add_get(f"{prefix}/agents", _agents_only)
        app.router.add_post(f"{prefix}/agents", _agents_only)
        app.router.add_post(f"{prefix}/guests", _read)
    app.router.add_get("/live", _live)
    return app


@pytest.fixture
async def client(app: web.Application) -> AsyncIterator[Client]:
    async with TestClient(TestServer(app)) as client:
        yield client
