"""Limits."""

from hypothesis import given
from hypothesis import strategies as st

from teleconsult.web.throttle import BUCKETS_KEPT, Throttle


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
