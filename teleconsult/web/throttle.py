"""Limits on how often someone may ask.

Every process counts by itself and tells the others what it let through, so that a limit is one limit however many
processes there are, give or take the milliseconds on the way. While the bus is away each counts for itself alone:
nobody is refused for that.
"""

import time
from collections import OrderedDict
from hashlib import blake2b
from typing import Any

from aiohttp import web

from teleconsult.errors import TooManyRequests
from teleconsult.web.bus import Bus
from teleconsult.web.keys import SETTINGS

BUCKETS_KEPT = 50_000
TAKEN = "throttle.taken"
NAME_BYTES = 16


class Throttle:
    """A token bucket for each key: `limit` at once, refilled over `seconds`."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._bus: Bus | None = None
        self._secret = b""

    def share(self, bus: Bus, secret: str) -> None:
        """Count together with the other processes; before the bus starts. `secret` is the one that all have."""
        self._bus = bus
        self._secret = blake2b(secret.encode()).digest()
        bus.on(TAKEN, self._hear)

    def take(self, key: str, limit: int, seconds: float, now: float) -> float:
        """Take one; return 0, or the seconds until there is one again (monotonic `now` in seconds)."""
        # keys are addresses of people, too: what passes between processes names nobody
        name = blake2b(key.encode(errors="surrogatepass"), digest_size=NAME_BYTES, key=self._secret).digest()
        wait = self._count(name, limit, seconds, now)
        if self._bus is not None and not wait:
            self._bus.post(TAKEN, {"name": name.hex(), "limit": limit, "seconds": seconds})
        return wait

    def _hear(self, message: dict[str, Any]) -> None:
        self._count(bytes.fromhex(message["name"]), int(message["limit"]), float(message["seconds"]), time.monotonic())

    def _count(self, key: bytes, limit: int, seconds: float, now: float) -> float:
        level, since = self._buckets.pop(key, (float(limit), now))
        level = min(float(limit), level + (now - since) * limit / seconds)
        allowed = level >= 1
        self._buckets[key] = (level - 1 if allowed else level, now)
        while len(self._buckets) > BUCKETS_KEPT:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - level) * seconds / limit


THROTTLE: web.AppKey[Throttle] = web.AppKey("throttle", Throttle)


def client_network(request: web.Request) -> str:
    """Return the caller's address, taken from X-Forwarded-For only behind as many proxies as the settings say."""
    proxies = request.app[SETTINGS].trusted_proxies
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies]
    return request.remote or "unknown"


def throttle(request: web.Request, bucket: str, limit: int, seconds: float, *, who: str | None = None) -> None:
    """Allow `limit` calls in `seconds` for each caller (`who`, else the network).

    Raises TooManyRequests with `retry_after` in seconds.
    """
    key = f"{bucket}:{who or client_network(request)}"
    wait = request.app[THROTTLE].take(key, limit, seconds, time.monotonic())
    if wait:
        raise TooManyRequests(retry_after=max(1, round(wait)))
