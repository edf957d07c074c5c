"""Limits."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from teleconsult.web.bus import PREFIX, RedisBus
from teleconsult.web.throttle import BUCKETS_KEPT, TAKEN, Throttle
from tests.support.redis import RedisServer

SECRET = "only-for-these-tests-" * 3
SOON = 20.0


@given(st.integers(1, 20), st.floats(1, 600), st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_never_more_than_the_limit_and_what_flows_back(limit: int, seconds: float, gaps: list[float]) -> None:
    throttle, now, allowed = Throttle(), 1000.0, 0
    for gap in gaps:
        now += gap
        allowed += throttle.take("who", limit, seconds, now) == 0
    assert allowed <= limit + sum(gaps) * limit / seconds + 1e-6


@given(st.integers(1, 20), st.floats(1, 600))
def test_after_the_wait_there_is_one_again(limit: int, seconds: float) -> None:
    throttle, now = Throttle(), 0.0
    for _ in range(limit):
        assert throttle.take("who", limit, seconds, now) == 0
    wait = throttle.take("who", limit, seconds, now)
    assert wait > 0
    assert throttle.take("who", limit, seconds, now + wait + 1e-6) == 0


def test_keys_do_not_share_and_the_oldest_are_forgotten() -> None:
    throttle = Throttle()
    assert throttle.take("a", 1, 60, 0) == 0
    assert throttle.take("b", 1, 60, 0) == 0
    assert throttle.take("a", 1, 60, 0) > 0
    for number in range(BUCKETS_KEPT):
        throttle.take(f"n{number}", 1, 60, 0)
    assert throttle.take("a", 1, 60, 0) == 0


class Process:
    """One process's limits. `caught_up` waits until it has heard all that another one told it so far."""

    def __init__(self, redis: RedisServer, name: str) -> None:
        self.bus = RedisBus(redis.url, name)
        self.throttle = Throttle()
        self.throttle.share(self.bus, SECRET)
        self._heard = asyncio.Event()
        self.bus.on("said", lambda message: self._heard.set())

    def take(self, key: str, limit: int) -> bool:
        """Take one of a limit that is not refilled while the test lasts."""
        return not self.throttle.take(key, limit, 100_000, time.monotonic())

    async def caught_up(self, other: "Process") -> None:
        self._heard.clear()
        other.bus.post("said", {})
        async with asyncio.timeout(SOON):
            await self._heard.wait()


@pytest.fixture
async def two(redis: RedisServer) -> AsyncIterator[list[Process]]:
    processes = [Process(redis, name) for name in "ab"]
    for each in processes:
        await each.bus.start()
    yield processes
    for each in processes:
        await each.bus.close()


async def test_a_limit_is_one_for_all_processes(two: list[Process]) -> None:
    one, other = two
    assert all(one.take("jeanne@example.fr", 4) for _ in range(3))
    await other.caught_up(one)
    assert [other.take("jeanne@example.fr", 4) for _ in range(2)] == [True, False]
    await one.caught_up(other)
    assert not one.take("jeanne@example.fr", 4)
    assert one.take("paul@example.fr", 4)


async def test_while_redis_is_away_each_counts_for_itself_and_refuses_nobody_for_it(
    two: list[Process], redis: RedisServer
) -> None:
    redis.stop()
    async with asyncio.timeout(SOON):
        while any(each.bus.connected for each in two):  # noqa: ASYNC110 (the bus makes no events of that)
            await asyncio.sleep(0.02)
    for each in two:
        assert [each.take("jeanne@example.fr", 2) for _ in range(3)] == [True, True, False]
    redis.start()
    async with asyncio.timeout(SOON):
        while not all(each.bus.connected for each in two):  # noqa: ASYNC110 (as above)
            await asyncio.sleep(0.02)
    one, other = two
    assert one.take("paul@example.fr", 1)
    await other.caught_up(one)
    assert not other.take("paul@example.fr", 1)


async def test_what_processes_tell_each_other_names_nobody(redis: RedisServer) -> None:
    heard: list[str] = []
    async with Redis.from_url(redis.url, decode_responses=True) as client, client.pubsub() as listening:
        await listening.subscribe(PREFIX + TAKEN)
        one = Process(redis, "a")
        await one.bus.start()
        one.take("sign-in:192.0.2.7 jeanne@example.fr", 5)
        async with asyncio.timeout(SOON):
            while not heard:
                message = await listening.get_message(ignore_subscribe_messages=True, timeout=1)
                heard += [message["data"]] if message else []
        await one.bus.close()
    assert "jeanne" not in heard[0]
    assert "192.0.2.7" not in heard[0]
