"""Queries by hand, written once for both databases: thousands of rows, which the ORM would convert value by value."""

import json
import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from teleconsult.database import dialect, fetch


async def run(sql: str, *values: object) -> Sequence[Any]:
    """Run a query and return its rows as `teleconsult.database.fetch` does. For PostgreSQL, with two words of ours.

    `= ANY($1)` takes a list of texts; `EPOCH(column)` is an instant as seconds since 1970-01-01T00:00Z. SQLite returns
    truth values as 0 and 1 and dates as texts (`as_day`); both return JSON as text (`as_json`).
    """
    here = dialect()
    given = [_sqlite_value(each) for each in values] if here == "sqlite" else list(values)
    return await fetch(_spelt(sql, here), given)


def as_day(value: date | str | None) -> date | None:
    """Return a date that a query gave."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def as_json(value: Any) -> Any:
    """Return a JSON column that a query gave."""
    return json.loads(value) if isinstance(value, str) else value


@lru_cache(maxsize=64)
def _spelt(sql: str, here: str) -> str:
    """Spell a query as a database wants it. Kept: it is the same few, again and again."""
    if here == "postgres":
        return re.sub(r"EPOCH\(([\w.]+)\)", r"date_part('epoch', \1)::bigint", sql)
    sql = re.sub(r"EPOCH\(([\w.]+)\)", r"CAST(strftime('%s', \1) AS INTEGER)", sql)
    sql = re.sub(r"= ANY\((\$\d+)\)", r"IN (SELECT value FROM json_each(\1))", sql)
    return re.sub(r"\$(\d+)", r"?\1", sql)


def _sqlite_value(value: object) -> object:
    if isinstance(value, list):
        return json.dumps(value)
    return value.isoformat() if type(value) is date else value
