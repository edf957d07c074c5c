"""The database: one configuration for SQLite and PostgreSQL, migrations, transactions, and what a violation says."""

import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import asyncpg
from tortoise import fields
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import IntegrityError
from tortoise.migrations.api.migrate import migrate as run_migrations
from tortoise.migrations.operations import AddField
from tortoise.migrations.schema_editor import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.models import Model
from tortoise.transactions import in_transaction

APPS = {
    "accounts": "teleconsult.accounts",
    "booking": "booking",
    "signaling": "signaling",
    "kiosks": "kiosks",
    "feedback": "teleconsult.feedback",
}
BUSY_TIMEOUT_MS = 10_000


def new_id() -> str:
    """Return a new opaque identifier: 32 hexadecimal characters, not guessable."""
    return uuid.uuid4().hex


def _identifier() -> Any:
    field = fields.CharField(primary_key=True, max_length=32, default=new_id)
    # Identifiers come from addresses: one that is too long is unknown, and asking for it is no failure.
    field.validators.clear()
    return field


class Record(Model):
    """What every stored thing has: an opaque identifier."""

    id: str = _identifier()

    class Meta:
        abstract = True


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that goes back to the pool without a query to clean it: nobody here changes a session's settings.

    A transaction that is still open is rolled back all the same. The query would double the round trips.
    """

    def get_reset_query(self) -> str:
        return ""


def _connection(url: str) -> str | dict[str, Any]:
    """Translate TELECONSULT_DATABASE_URL to what the ORM understands."""
    if url.startswith("sqlite:"):
        path = url.removeprefix("sqlite://")
        return f"sqlite://{path}?busy_timeout={BUSY_TIMEOUT_MS}&synchronous=NORMAL"
    if url.startswith(("postgres://", "postgresql://")):
        rest = url.split("://", 1)[1]
        separator = "&" if "?" in rest else "?"
        sized = rest if "maxsize=" in rest else f"{rest}{separator}minsize=1&maxsize=20"
        found: dict[str, Any] = expand_db_url(f"asyncpg://{sized}")
        return found | {"credentials": found["credentials"] | {"connection_class": Connection}}
    raise ValueError(f"database URL must begin with sqlite:// or postgres://, not {url.split(':', 1)[0]}:")


def tortoise_config(url: str) -> dict[str, Any]:
    """Return the ORM's configuration for a database URL (`sqlite:///path` or `postgres://...`)."""
    return {
        "connections": {"default": _connection(url)},
        "apps": {
            label: {
                "models": [f"{package}.models"],
                "migrations": f"{package}.migrations",
                "default_connection": "default",
            }
            for label, package in APPS.items()
        },
        "use_tz": True,
        "timezone": "UTC",
    }


class Database:
    """An open database; `close()` gives its connections back."""

    def __init__(self, context: TortoiseContext) -> None:
        self._context = context

    async def close(self) -> None:
        await self._context.close_connections()


def _sqlite_instant(when: datetime) -> str:
    return (when.astimezone(UTC) if when.tzinfo else when).isoformat(" ")


# SQLite compares instants as texts, which works only when all are in one zone; the ORM writes them as they come.
sqlite3.register_adapter(datetime, _sqlite_instant)


async def connect(url: str) -> Database:
    """Open the database for this process, for every task in it (one database a process)."""
    # The ORM keeps statements by connection name: a process that opened SQLite before would use its placeholders.
    EXECUTOR_CACHE.clear()
    _make_folder(url)
    context = TortoiseContext()
    # The fallback makes the connections visible to every task: handlers do not inherit the context of the start-up.
    with context:
        await context.init(config=tortoise_config(url), _enable_global_fallback=True)
    return Database(context)


async def migrate(url: str) -> None:
    """Bring the schema of a closed database to the newest version, in one go; a second time changes nothing."""
    _make_folder(url)
    async with TortoiseContext():
        await run_migrations(config=tortoise_config(url))


class AddColumn(AddField):
    """Adds a column to a table that has rows already: they get the field's default. Migrations use it for AddField.

    The ORM's own operation writes no default into the statement, which then fails wherever a row is.
    """

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        """Add the column with its default, a value or what a function without arguments returns."""
        field = new_state.apps.get_model(f"{app_label}.{self.model_name}")._meta.fields_map[self.name]
        default = field.default() if callable(field.default) else field.default
        if default is not None and not field.null:
            field.db_default = default
        await super().database_forward(app_label, old_state, new_state, state_editor)


def _make_folder(url: str) -> None:
    if url.startswith("sqlite:"):
        Path(url.removeprefix("sqlite://")).parent.mkdir(parents=True, exist_ok=True)


class Transaction:
    """A transaction of the ORM's that gives back its lock or connection even if it is cancelled while it begins.

    The ORM's own would keep it: on SQLite every later statement of the process would wait for ever.
    """

    def __init__(self) -> None:
        self._context = in_transaction("default")

    async def __aenter__(self) -> TransactionalDBClient:
        try:
            return await self._context.__aenter__()
        except BaseException as failure:
            if getattr(self._context, "token", None) is not None:
                with suppress(Exception):
                    await self._context.__aexit__(type(failure), failure, failure.__traceback__)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._context.__aexit__(kind, failure, trace)


def transaction() -> Transaction:
    """Return a context manager that commits at its end and rolls back on an error. Never await the network inside."""
    return Transaction()


async def fetch(sql: str, values: Sequence[object]) -> Sequence[Any]:
    """Run a statement, in the transaction if there is one, and return its rows as the driver gives them.

    A row is read by name (`row["id"]`) or taken apart (`name, low, high = row`). The ORM would make a dictionary of
    each, which costs more than fetching it. Raises IntegrityError.
    """
    client = get_connection("default")
    if client.capabilities.dialect == "sqlite":
        return (await client.execute_query(sql, list(values)))[1]
    try:
        async with client.acquire_connection() as connection:
            client.log.debug("%s: %s", sql, values)
            rows: Sequence[Any] = await connection.fetch(sql, *values)
    except asyncpg.IntegrityConstraintViolationError as refused:
        raise IntegrityError(refused) from refused
    return rows


def kept_beside() -> dict[str, Any] | None:
    """Return where this process may keep what it read, for as long as the database is open; None in a transaction."""
    client = get_connection("default")
    if isinstance(client, TransactionalDBClient):
        return None
    kept: dict[str, Any] = client.__dict__.setdefault("kept_beside", {})
    return kept


def dialect() -> str:
    """Return `sqlite` or `postgres`."""
    return str(get_connection("default").capabilities.dialect)


def violated_constraint(error: IntegrityError) -> str | None:
    """Return the name of the constraint that refused a write, if the database named it.

    PostgreSQL names its constraints. On SQLite a trigger's RAISE(ABORT, name) is the whole message, and a unique index
    is told by its columns (`table.column`).
    """
    cause = error.args[0] if error.args else error.__cause__
    name = getattr(cause, "constraint_name", None)
    if name:
        return str(name)
    if isinstance(cause, sqlite3.IntegrityError):
        return str(cause).removeprefix("UNIQUE constraint failed: ").split(",")[0].strip()
    return None


# What the ORM's own command reads to compare models with migrations; it opens no database.
MIGRATIONS_CONFIG = tortoise_config("sqlite:///:memory:")
