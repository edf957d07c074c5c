"""What is told of connections, to whom and when; what is kept of them; failures told apart from people who leave."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.record.failures import AWAY, PATIENCE, Failure, failure_of
from signaling.record.line_record import MOST_SAMPLES, SAMPLE_SECONDS, LineRecord, Series, centile
from signaling.relay.quality import EXCELLENT, GOOD, POOR, Level, Quality, level
from signaling.rooms.connections import TELL_EVERY, Connections, SteadyLevel, path_of
from signaling.rooms.facts import Gone, LeaveReason
from signaling.rooms.roles import Role
from signaling.wire.messages import PathKind

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SCORES = st.none() | st.integers(0, 100)


def quality(score: int | None, *, paused: bool = False, path: str = "udp", lost: float = 0.0) -> Quality:
    return Quality(
        up=score, down=score, lost_up=lost, lost_down=0.0, round_trip=0.05, path=path, pictures_paused=paused
    )


@given(st.lists(SCORES, max_size=80))
def test_a_steady_level_is_one_that_was_measured_about(scores: list[int | None]) -> None:
    steady = SteadyLevel()
    for score in scores:
        steady.note(score)
    known = [score for score in scores if score is not None]
    assert (steady.level is None) == (not known)
    if known and steady.level is not None:
        levels = list(Level)
        assert levels.index(level(max(known))) <= levels.index(steady.level) <= levels.index(level(min(known)))


@given(edge=st.sampled_from([EXCELLENT, GOOD, POOR]), swings=st.lists(st.integers(-3, 3), max_size=60))
def test_scores_about_an_edge_never_change_the_level(edge: int, swings: list[int]) -> None:
    steady = SteadyLevel()
    steady.note(edge)
    for swing in swings:
        steady.note(edge + swing)
        assert steady.level is level(edge)


def test_a_line_that_turns_poor_and_good_again_is_told_once_each() -> None:
    steady = SteadyLevel()
    told: list[Level | None] = []
    for score in [95] * 10 + [10] * 20 + [95] * 30:
        steady.note(score)
        if not told or told[-1] is not steady.level:
            told.append(steady.level)
    assert told == [Level.EXCELLENT, Level.GOOD, Level.POOR, Level.LOST, Level.POOR, Level.GOOD, Level.EXCELLENT]


def test_only_what_changed_is_told_and_not_too_often() -> None:
    known = Connections()
    known.note("citizen", None)
    assert known.news("agent", ["agent", "citizen"], NOW) is None, "nothing is known: nothing to tell"
    known.note("citizen", quality(95))
    told = known.news("agent", ["agent", "citizen"], NOW)
    assert told is not None
    assert [(each.participant, each.level) for each in told.connections] == [("citizen", Level.EXCELLENT)]
    known.note("citizen", quality(95, paused=True))
    assert known.news("agent", ["agent", "citizen"], NOW + TELL_EVERY / 2) is None, "too soon"
    later = known.news("agent", ["agent", "citizen"], NOW + TELL_EVERY)
    assert later is not None
    assert later.connections[0].pictures_paused
    assert known.news("agent", ["agent", "citizen"], NOW + 5 * TELL_EVERY) is None, "nothing new"
    known.came_back("agent")
    assert known.news("agent", ["agent", "citizen"], NOW + 5 * TELL_EVERY) == later
    hidden = known.news("agent", ["agent"], NOW + 9 * TELL_EVERY)
    assert hidden is not None
    assert hidden.connections == (), "an aside: what was known is known no more"
    known.keep_only(["agent"])
    assert known.news("agent", ["agent", "citizen"], NOW + 20 * TELL_EVERY) is None


@pytest.mark.parametrize(
    ("seen", "told", "path"),
    [
        (None, "turn-udp", None),
        ("udp", None, "udp"),
        ("udp", "turn-tls", "udp"),
        ("turn", None, "turn"),
        ("turn", "udp", "turn"),
        ("turn", "turn-tcp", "turn-tcp"),
    ],
)
def test_a_browser_adds_to_what_the_relay_sees_and_cannot_deny_it(
    seen: str | None, told: PathKind | None, path: str | None
) -> None:
    assert path_of(seen, told) == path


@given(st.lists(SCORES, max_size=4000))
def test_a_series_is_bounded_and_loses_no_time(scores: list[int | None]) -> None:
    series = Series()
    for score in scores:
        series.note(score)
    assert len(series.samples) <= MOST_SAMPLES
    assert series.every * len(series.samples) <= len(scores) < series.every * (len(series.samples) + 1) + series.every
    assert all(sample is None or 0 <= sample <= 100 for sample in series.samples)


def test_a_day_of_one_line_takes_no_more_than_an_hour() -> None:
    record = LineRecord()
    for second in range(86_400):
        record.note(quality(90 if second % 10 else 20, lost=0.1 if second % 10 == 0 else 0.0), "turn-tls")
    columns = record.columns()
    assert len(columns["quality"]["up"]) <= MOST_SAMPLES
    assert columns["quality"]["every"] > SAMPLE_SECONDS
    assert (columns["media_seconds"], columns["poor_seconds"], columns["quality_median"]) == (86_400, 8640, 90)
    assert (columns["loss_median"], columns["loss_high"]) == (0, 100)
    assert (columns["round_trip_min"], columns["round_trip_median"], columns["path"]) == (50, 50, "turn-tls")


def test_seconds_without_pictures_are_counted_and_unknown_ones_are_not_poor() -> None:
    record = LineRecord()
    for _ in range(SAMPLE_SECONDS):
        record.note(quality(None, paused=True), None)
    columns = record.columns()
    assert (columns["media_seconds"], columns["paused_seconds"], columns["poor_seconds"]) == (10, 10, 0)
    assert columns["quality"] == {"every": SAMPLE_SECONDS, "up": [None], "down": [None]}
    assert (columns["quality_median"], columns["path"]) == (None, "")


@given(st.lists(st.integers(0, 100), min_size=1, max_size=50), st.integers(1, 100))
def test_a_centile_is_a_value_with_its_share_below(values: list[int], share: int) -> None:
    record = LineRecord()
    for value in values:
        record.scores[value] += 1
    found = centile(record.scores, share)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= share * len(values)
    assert sum(value < found for value in values) * 100 < share * len(values)


@pytest.mark.parametrize(
    ("reason", "lost_for", "stayed", "media_seconds", "failure"),
    [
        ("left", None, 600, 590, None),
        ("ended", None, 600, 590, None),
        ("handed_over", None, 600, 590, None),
        ("lost", 60, 600, 500, Failure.LOST),
        ("ended", AWAY.total_seconds(), 600, 500, Failure.LOST),
        ("ended", AWAY.total_seconds() - 1, 600, 500, None),
        ("left", None, PATIENCE.total_seconds(), 0, Failure.NO_MEDIA),
        ("left", None, PATIENCE.total_seconds() - 1, 0, None),
        ("shutdown", None, 600, 590, Failure.RESTART),
    ],
)
def test_failures_are_told_apart_from_people_who_leave(
    reason: LeaveReason, lost_for: float | None, stayed: float, media_seconds: int, failure: Failure | None
) -> None:
    lost_at = None if lost_for is None else NOW - timedelta(seconds=lost_for)
    gone = Gone("citizen", Role.CITIZEN, NOW, "admitted", reason, 0, lost_at)
    assert failure_of(gone, joined_at=NOW - timedelta(seconds=stayed), media_seconds=media_seconds) is failure
