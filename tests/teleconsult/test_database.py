"""Transactions, and what becomes of them when whoever began one goes away."""

import asyncio

import pytest

from teleconsult.accounts.models import Account
from teleconsult.database import Database, transaction

PATIENCE_SECONDS = 30


async def _write(name: str) -> None:
    async with transaction():
        await Account.create(email=f"{name}@example.org", name=name, password_hash="")
        async with transaction():
            await Account.create(email=f"{name}-again@example.org", name=name, password_hash="")


async def test_cancelled_at_any_moment_it_leaves_the_database_to_others(database: Database) -> None:
    """Cancel after one turn of the loop, after two, ... until it is too late; each time somebody else can write."""
    for turns in range(400):
        task = asyncio.create_task(_write(f"a{turns}"))
        for _ in range(turns):
            await asyncio.sleep(0)
        too_late = task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _write(f"b{turns}")
        assert await Account.filter(name=f"b{turns}").count() == 2
        assert await Account.filter(name=f"a{turns}").count() in (0, 2)
        if too_late:
            return
    pytest.fail("the write never came to its end")


async def _fail() -> None:
    async with transaction():
        await Account.create(email="a@example.org", name="A", password_hash="")
        raise ZeroDivisionError


async def test_an_error_takes_everything_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await _fail()
    assert not await Account.exists()
