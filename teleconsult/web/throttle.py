"""Limits on how often someone may ask (in this process)."""

import time
from collections import OrderedDict

from aiohttp import web

from teleconsult.errors import TooManyRequests
from teleconsult.web.keys import SETTINGS

BUCKETS_KEPT = 50_000


class Throttle:
    """A token bucket for each key: `limit` at once, refilled over `seconds`."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, limit: int, seconds: float, now: float) -> float:
        """Take one; return 0, or the seconds until there is one again (monotonic `now` in seconds)."""
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
