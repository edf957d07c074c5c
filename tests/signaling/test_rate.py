"""How pictures grow and shrink with the lines they go over, in simulated time."""

from itertools import pairwise

import pytest
from aiortc.rate import BandwidthUsage
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from signaling.relay.bandwidth import BandwidthEstimator
from signaling.relay.downlink import PICTURES_BITRATE, Downlink
from signaling.relay.rate import MAX_BITRATE, MIN_BITRATE, START_BITRATE, RateControl
from tests.signaling.link import Call, Link, Sent

WIDE = 10e6
BUSY = settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])


def wide(now: float) -> float:
    return WIDE


def pair(up: Link, down: Link, *, wants: float = WIDE) -> Call:
    """One who sends, one who sees them."""
    return Call([up], [down], wants=wants, sees=lambda viewer, number: True)


def allowed(call: Call, number: int = 0) -> int:
    return call.told[number][-1][1]


def falls(call: Call, since: float = 0.0, number: int = 0) -> int:
    told = [bitrate for at, bitrate in call.told[number] if at >= since]
    return sum(1 for before, after in pairwise(told) if after < 0.9 * before)


@BUSY
@given(capacity=st.floats(5e6, 50e6), delay=st.floats(0.001, 0.15), lost=st.floats(0, 0.03))
@example(capacity=10e6, delay=0.02, lost=0.0)
def test_on_a_wide_line_the_picture_is_large_within_seconds_and_stays_so(
    capacity: float, delay: float, lost: float
) -> None:
    call = pair(
        Link(lambda now: capacity, delay=delay, lost=lost / 3), Link(lambda now: capacity, delay=delay, lost=lost)
    )
    call.run(3)
    assert call.browsers[0].target >= 1_500_000
    call.run(6)
    assert falls(call) == 0
    assert allowed(call) == MAX_BITRATE, "and no more than is of use"


@BUSY
@given(capacity=st.floats(200e3, 900e3), delay=st.floats(0.001, 0.15), queue=st.floats(0.3, 3), up=st.booleans())
@example(capacity=500e3, delay=0.02, queue=1.0, up=True)
@example(capacity=500e3, delay=0.02, queue=1.0, up=False)
def test_a_narrow_line_is_filled_but_its_queue_is_not(capacity: float, delay: float, queue: float, up: bool) -> None:
    narrow, other = Link(lambda now: capacity, delay=delay, queue=queue), Link(wide)
    call = pair(narrow, other) if up else pair(other, narrow)
    call.run(10)
    waited = []
    for _ in range(150):
        call.run(0.1)
        waited.append(narrow.waited)
    assert sorted(waited)[len(waited) // 2] < 0.1, "sound would come late"
    assert sum(wait > 0.3 for wait in waited) < len(waited) / 10
    assert 0.4 * capacity < sum(bitrate for _, bitrate in call.told[0][-5:]) / 5 < 1.2 * capacity


@BUSY
@given(capacity=st.floats(300e3, 900e3), up=st.booleans())
def test_a_line_that_never_carries_more_is_tried_ever_more_seldom(capacity: float, up: bool) -> None:
    narrow = Link(lambda now: capacity)
    call = pair(narrow, Link(wide)) if up else pair(Link(wide), narrow)
    call.run(60)
    assert falls(call, since=5) <= 9
    assert falls(call, since=30) <= 5


@BUSY
@given(after=st.floats(300e3, 1e6), up=st.booleans())
@example(after=600e3, up=True)
@example(after=600e3, up=False)
def test_a_line_that_gets_narrow_is_followed_within_two_seconds(after: float, up: bool) -> None:
    def capacity(now: float) -> float:
        return WIDE if now < 8 else after

    call = pair(Link(capacity), Link(wide)) if up else pair(Link(wide), Link(capacity))
    call.run(8)
    assert allowed(call) > 2 * after
    call.run(2)
    assert allowed(call) <= 1.1 * after


def test_a_line_that_gets_wide_again_is_found_out() -> None:
    call = pair(Link(lambda now: 500e3 if now < 15 else WIDE), Link(wide))
    call.run(15)
    assert allowed(call) < 600e3
    call.run(60)
    assert allowed(call) >= 2e6


def test_a_still_picture_takes_nothing_from_those_to_come() -> None:
    call = pair(Link(wide), Link(wide), wants=150e3)
    call.run(20)
    assert falls(call) == 0
    assert allowed(call) >= START_BITRATE, "what the receiver's estimate says is bound to what it is sent"


def test_the_weaker_of_two_receivers_rules() -> None:
    call = Call([Link(wide)], [Link(wide), Link(lambda now: 700e3)], sees=lambda viewer, number: True)
    call.run(20)
    assert 300e3 < allowed(call) < 850e3
    assert call.viewers[1].longest_wait < 0.5


def test_three_people_share_the_narrowest_line_fairly() -> None:
    downs = [Link(wide), Link(wide), Link(lambda now: 1e6)]
    call = Call([Link(wide) for _ in downs], downs, sees=lambda viewer, number: viewer != number)
    call.run(25)
    first, second, third = (allowed(call, number) for number in range(3))
    assert first + second < 1.3e6
    assert 0.5 < first / second < 2
    assert third > 1.5e6, "nobody on the narrow line sees it"


def test_a_line_that_drops_instead_of_queueing_is_heeded_too() -> None:
    policed = Link(lambda now: 500e3, queue=0.03)
    call = pair(Link(wide), policed)
    call.run(20)
    assert allowed(call) < 650e3


@pytest.mark.parametrize("step", [0.4, -0.4])
def test_a_way_that_gets_longer_is_not_taken_for_a_queue_for_long(step: float) -> None:
    estimator = BandwidthEstimator()
    lowest = START_BITRATE
    for frame in range(25 * 30):
        sent = frame / 25
        late = 0.5 + (step if sent > 10 else 0.0)
        for packet in range(5):
            at = sent + packet / 500
            estimator.add(int(at * (1 << 18)) % (1 << 24), round(1000 * (at + late)), 1100)
        lowest = min(lowest, estimator.estimate)
    assert lowest > 400_000
    assert estimator.estimate > 800_000


def test_silence_of_a_minute_is_no_delay() -> None:
    estimator = BandwidthEstimator()
    for frame in range(25 * 20):
        sent = frame / 25 + (100 if frame > 250 else 0)
        estimator.add(int(sent * (1 << 18)) % (1 << 24), round(1000 * sent), 1100)
    assert estimator.estimate >= START_BITRATE


def test_a_busy_machine_is_no_full_line() -> None:
    control = RateControl()
    for tenth in range(100):
        assert control.follow(BandwidthUsage.OVERUSING, 300_000, 0.01, tenth / 10)
    assert control.estimate == START_BITRATE


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(BandwidthUsage)),
            st.none() | st.integers(0, 20_000_000),
            st.floats(0, 10),
            st.floats(0, 5),
        ),
        max_size=60,
    )
)
def test_an_estimate_stays_within_bounds_and_falls_for_a_cause_only(
    notes: list[tuple[BandwidthUsage, int | None, float, float]],
) -> None:
    control, now = RateControl(), 0.0
    for usage, carried, queue, elapsed in notes:
        now += elapsed
        before = control.estimate
        control.follow(usage, carried, queue, now)
        assert MIN_BITRATE <= control.estimate <= MAX_BITRATE
        if control.estimate < before:
            assert queue > 0.25 or (usage is BandwidthUsage.OVERUSING and queue > 0.05)


def sent_down(downlink: Downlink, picture: Sent, bitrate: float, seconds: float, since: float) -> float:
    """Send a picture for so long; return when it ended."""
    for tenth in range(round(seconds * 10)):
        picture.octets_sent += round(bitrate / 80)
        downlink.share([picture], since + tenth / 10)
    return since + seconds


def test_a_receivers_first_estimate_is_no_limit_and_its_fall_is_told_at_once() -> None:
    told: list[float] = []
    downlink, picture = Downlink(), Sent(told.append)
    downlink.add(picture)
    now = sent_down(downlink, picture, 800e3, 5, 0)
    downlink.note_estimate(800_000, now)
    downlink.note_estimate(780_000, now + 0.2)
    assert downlink.share([picture], now + 0.2) is None, "what it was sent, give or take"
    assert told == []
    now = sent_down(downlink, picture, 800e3, 2, now + 0.4)
    downlink.note_estimate(425_000, now)
    assert told == [now]
    assert downlink.share([picture], now) == 425_000


def test_reported_loss_limits_and_a_little_of_it_does_not() -> None:
    told: list[float] = []
    downlink, picture = Downlink(), Sent(told.append)
    downlink.add(picture)
    now = sent_down(downlink, picture, 1e6, 5, 0)
    downlink.note_loss(0.05, now)
    assert downlink.share([picture], now) is None
    downlink.note_loss(0.5, now)
    limit = downlink.share([picture], now)
    assert limit is not None
    assert 400e3 < limit < 600e3
    assert len(told) == 1


@given(others=st.lists(st.floats(0, 2e6), min_size=1, max_size=3), mine=st.floats(0, 2e6))
def test_what_one_picture_leaves_is_the_others(others: list[float], mine: float) -> None:
    downlink = Downlink()
    pictures = [Sent(lambda now: None) for _ in range(len(others) + 1)]
    for picture in pictures:
        downlink.add(picture)
    for tenth in range(11):
        for picture, bitrate in zip(pictures, [mine, *others], strict=True):
            picture.octets_sent += round(bitrate / 80)
        share = downlink.share([pictures[0]], tenth / 10)
    assert share is not None
    equal = PICTURES_BITRATE / len(pictures)
    assert equal - 1 <= share <= PICTURES_BITRATE
    assert share >= PICTURES_BITRATE - 1.2 * sum(others) - 1000
    for picture in pictures[1:]:
        picture.wanted = False
    sent_down(downlink, pictures[0], mine, 2, 2)
    assert downlink.share(pictures[:1], 4.0) is None, "alone again"


def test_a_camera_and_a_screen_of_the_same_person_are_no_more_than_the_line_takes() -> None:
    downlink = Downlink()
    camera, screen = Sent(lambda now: None), Sent(lambda now: None)
    downlink.add(camera)
    downlink.add(screen)
    now = sent_down(downlink, camera, 900e3, 5, 0)
    downlink.note_estimate(400_000, now)
    assert downlink.share([camera, screen], now) == 400_000
    camera.wanted = screen.wanted = False
    assert downlink.share([camera, screen], now) is None
