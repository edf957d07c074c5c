"""Scores of connections, pictures that make way for sound, paths that fill up, and a relay that is full."""

from aiortc.rate import OveruseEstimator
from hypothesis import given
from hypothesis import strategies as st

from signaling.relay.bandwidth import BandwidthEstimator, QuickEstimator
from signaling.relay.load import EASED, Limits, LoadMeter
from signaling.relay.quality import (
    CALM_SECONDS,
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    PAUSE_AFTER_SECONDS,
    Level,
    PictureGate,
    Quality,
    StreamFigures,
    level,
    score,
    worst,
)

KINDS = st.sampled_from(["audio", "video"])
SHARES = st.floats(0, 1)
SECONDS = st.floats(0, 5)


@given(kind=KINDS, lost=SHARES, jitter=SECONDS, round_trip=st.none() | SECONDS, more=SHARES)
def test_a_worse_connection_never_scores_better(
    kind: str, lost: float, jitter: float, round_trip: float | None, more: float
) -> None:
    before = score(StreamFigures(kind, lost, jitter, round_trip))
    assert 0 <= before <= 100
    assert score(StreamFigures(kind, min(1.0, lost + more), jitter, round_trip)) <= before
    assert score(StreamFigures(kind, lost, jitter + more, round_trip)) <= before
    assert score(StreamFigures(kind, lost, jitter, (round_trip or 0.0) + more)) <= before


def test_scores_are_those_that_people_would_give() -> None:
    assert level(score(StreamFigures("video", 0.0, 0.005, 0.04))) is Level.EXCELLENT
    assert level(score(StreamFigures("video", 0.03, 0.02, 0.1))) is Level.GOOD
    assert level(score(StreamFigures("video", 0.07, 0.02, 0.1))) is Level.POOR
    assert level(score(StreamFigures("audio", 0.07, 0.02, 0.1))) is Level.GOOD
    assert level(score(StreamFigures("video", 0.2, 0.1, 0.5))) is Level.LOST
    assert worst([]) is None
    assert Quality(None, None, 0.0, 0.0, None, None, False).level is None
    assert Quality(90, 30, 0.0, 0.0, None, "udp", False).level is Level.POOR


def judged(gate: PictureGate, down: int, start: float, seconds: float) -> list[bool]:
    return [gate.judge(down, start + second) for second in range(int(seconds))]


def test_pictures_stop_when_the_line_is_poor_for_long_and_come_back_when_it_is_calm() -> None:
    gate = PictureGate()
    assert not any(judged(gate, 95, 0, 100))
    assert judged(gate, 25, 100, PAUSE_AFTER_SECONDS + 1)[-1], "poor for so long"
    after = judged(gate, 95, 107, FIRST_PAUSE_SECONDS + CALM_SECONDS)
    assert after[int(CALM_SECONDS) - 2], "not at the first good sign"
    assert not after[-1], "calm again"


def test_a_line_that_never_carries_pictures_is_tried_ever_more_seldom() -> None:
    gate = PictureGate()
    changes = []
    before = False
    for second in range(3600):
        paused = gate.judge(95 if gate.paused else 10, float(second))
        if paused != before:
            changes.append(second)
            before = paused
    pauses = [resumed - stopped for stopped, resumed in zip(changes[::2], changes[1::2], strict=False)]
    assert pauses == sorted(pauses)
    assert pauses[-1] >= LONGEST_PAUSE_SECONDS
    assert len(pauses) < 60


def test_one_bad_second_stops_nothing() -> None:
    gate = PictureGate()
    assert not any(gate.judge(10 if second % 4 == 0 else 90, float(second)) for second in range(200))


@given(st.lists(st.floats(0, 1000), max_size=200))
def test_the_quick_estimator_finds_the_period_that_aiortc_finds(periods: list[float]) -> None:
    theirs, ours = OveruseEstimator(), QuickEstimator()
    for period in periods:
        assert ours.update_min_frame_period(period) == theirs.update_min_frame_period(period)


def estimate(drift_ms: float) -> list[int]:
    """Return the estimates for frames of four packets, 30 a second, each later than the last by the drift."""
    estimator = BandwidthEstimator()
    found = []
    for frame in range(600):
        sent = frame / 30
        for packet in range(4):
            arrived = 1000 * sent + packet + drift_ms * frame
            bitrate = estimator.add(int(sent * (1 << 18)) % (1 << 24), int(arrived), 1100)
            if bitrate is not None:
                found.append(bitrate)
    return found


def test_a_path_that_fills_up_is_told_from_one_that_flows() -> None:
    sent = 30 * 4 * 1100 * 8
    flowing, filling = estimate(0.0), estimate(8.0)
    assert flowing[-1] > sent
    assert min(filling) < sent


def test_a_full_relay_opens_no_room_until_it_has_eased() -> None:
    meter = LoadMeter(Limits(rooms=3, packets=1000, cpu_percent=50))
    assert not meter.full(2)
    assert meter.full(3)
    cpu = 0.0
    for second in range(60):
        cpu += 0.6
        meter.note(now=float(second), cpu_seconds=cpu, packets=0.0)
    assert meter.full(0)
    for second in range(60, 120):
        cpu += 0.5 * (EASED + 1) / 2
        meter.note(now=float(second), cpu_seconds=cpu, packets=0.0)
    assert meter.full(0), "just below the limit is not eased"
    for second in range(120, 180):
        meter.note(now=float(second), cpu_seconds=cpu, packets=0.0)
    assert not meter.full(0)
    for second in range(180, 240):
        meter.note(now=float(second), cpu_seconds=cpu, packets=2000.0)
    assert meter.full(0)


def test_without_limits_there_is_always_room() -> None:
    meter = LoadMeter(Limits())
    for second in range(30):
        meter.note(now=float(second), cpu_seconds=float(second), packets=1e6)
    assert not meter.full(10_000)
