"""Not more often than people can see: the newest of what comes too fast is done when its time has come."""

import asyncio
from collections.abc import Callable


class Pace:
    """Does one thing for each key at once, then, `seconds` later, the newest that was asked for meanwhile."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[str, Callable[[], None] | None] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def do(self, key: str, call: Callable[[], None]) -> None:
        """Call it now or soon; it is dropped when a newer one with the same key comes before its time."""
        if key in self._waiting:
            self._waiting[key] = call
            return
        self._waiting[key] = None
        self._timers[key] = asyncio.get_running_loop().call_later(self._seconds, self._due, key)
        call()

    def close(self) -> None:
        """Do nothing any more."""
        for timer in self._timers.values():
            timer.cancel()

    def _due(self, key: str) -> None:
        del self._timers[key]
        call = self._waiting.pop(key)
        if call is not None:
            self.do(key, call)
