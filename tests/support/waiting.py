"""Waiting for a condition rather than for a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
STEP_SECONDS = 0.1


async def until(check: Callable[[], Awaitable[T]], what: str, seconds: float = 30) -> T:
    """Ask again until the answer is true and return it; AssertionError with the last answer if it never is."""
    last: object = None
    try:
        async with asyncio.timeout(seconds):
            while not (answer := await check()):
                last = answer
                await asyncio.sleep(STEP_SECONDS)
            return answer
    except TimeoutError:
        raise AssertionError(f"after {seconds} s still not: {what} (last answer: {last!r})") from None
