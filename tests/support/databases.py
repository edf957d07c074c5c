"""Fresh, migrated databases: each test gets a copy of a template that was migrated once."""

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from teleconsult.database import migrate
from tests.support.postgres import PostgresServer


def migrate_now(url: str) -> None:
    """Migrate from synchronous code, on a thread with a loop and a database context of its own."""
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, migrate(url)).result()


class SqliteTemplate:
    """An SQLite file at the newest version, copied for each test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _file(self) -> Path:
        path = self._folder / "template.sqlite3"
        migrate_now(f"sqlite://{path}")
        return path

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        """Yield the address of a fresh database in this folder."""
        path = folder / "test.sqlite3"
        shutil.copyfile(self._file, path)
        yield f"sqlite://{path}"


class PostgresTemplate:
    """A PostgreSQL database at the newest version, copied for each test and dropped after it."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    @cached_property
    def _name(self) -> str:
        name = self._server.create()
        migrate_now(self._server.url(name))
        return name

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Yield the address of a fresh database."""
        name = self._server.create(self._name)
        try:
            yield self._server.url(name)
        finally:
            self._server.drop(name)
