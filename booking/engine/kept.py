"""What a process keeps of the offer, for as long as the database says that the offer has not changed.

The number in `offer_version` changes with every change of the offer, in the transaction that makes it (triggers do it,
see migration 0003). A search asks for that number first, so that what is kept is as true as what would be read.
"""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast

from booking.engine.availability import DAY
from teleconsult.database import fetch, kept_beside

T = TypeVar("T")

# What is kept of a calendar is kept for whole blocks of days, so that windows that differ by seconds or by weeks share
# it: two blocks hold every window that begins in the first of them and is no longer than one.
BLOCK = 63 * DAY
# 2200-01-01: nothing is kept for windows that nobody means.
LATEST = 7_258_118_400

_VERSION = "SELECT version FROM offer_version"
# Far more than a nation's services, houses and weeks; it only keeps a mistake from filling the memory.
MOST = 100_000


class Kept:
    """What was read, or worked out of what was read, of one version of the offer."""

    def __init__(self, version: int) -> None:
        self.version = version
        self._values: dict[Hashable, Any] = {}

    def get(self, key: Hashable) -> Any:
        """Return what is kept under a key, or None."""
        return self._values.get(key)

    async def read(self, key: Hashable, reader: Callable[[], Awaitable[T]]) -> T:
        """Return what is kept under a key, or else what `reader` reads, and keep it."""
        if key not in self._values:
            return self.put(key, await reader())
        return cast("T", self._values[key])

    def work_out(self, key: Hashable, work: Callable[[], T]) -> T:
        """Return what is kept under a key, or else what `work` makes, and keep it. Nobody may change it."""
        if key not in self._values:
            return self.put(key, work())
        return cast("T", self._values[key])

    def put(self, key: Hashable, value: T) -> T:
        """Keep a value, and return it."""
        if len(self._values) >= MOST:
            self._values.clear()
        self._values[key] = value
        return value


def block(start: int, end: int) -> tuple[int, int] | None:
    """Return the whole blocks (seconds since 1970) that [start, end) lies in; None for a window that nobody means."""
    if start < 0 or end > LATEST or end - start > LATEST // 100:
        return None
    first = start // BLOCK * BLOCK
    return first, max(first + 2 * BLOCK, -(-end // BLOCK) * BLOCK)


async def current() -> Kept:
    """Return what is kept of the offer as it now is. One query.

    In a transaction nothing is kept, since it may itself have changed the offer and may yet be rolled back.
    """
    beside = kept_beside()
    if beside is None:
        return Kept(0)
    ((version,),) = await fetch(_VERSION, ())
    kept = beside.get("offer")
    if kept is None or kept.version != version:
        kept = beside["offer"] = Kept(version)
    return cast("Kept", kept)
