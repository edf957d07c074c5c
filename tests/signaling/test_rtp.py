"""RTP headers, loss and numbering: our quick readers and writers against aiortc's careful ones."""

from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.relay.loss import MAX_GAP, MAX_TRIES, RETRY_SECONDS, LossTracker
from signaling.relay.rtp import ExtensionIds, HeaderWriter, Rebase, parse
from signaling.relay.sender import EXTENSION_URIS

IDS = ExtensionIds(mid=1, audio_level=2, abs_send_time=3)
SEQUENCE = st.integers(0, 65535)
TIMESTAMP = st.integers(0, 2**32 - 1)


def extensions_map() -> HeaderExtensionsMap:
    found = HeaderExtensionsMap()
    extensions = [
        RTCRtpHeaderExtensionParameters(id=getattr(IDS, name), uri=uri) for uri, name in EXTENSION_URIS.items()
    ]
    found.configure(RTCRtpParameters(headerExtensions=extensions))
    return found


@settings(deadline=None)
@given(
    sequence_number=SEQUENCE,
    timestamp=TIMESTAMP,
    ssrc=TIMESTAMP,
    marker=st.booleans(),
    payload=st.binary(max_size=50),
    padding=st.integers(0, 20),
    send_time=st.none() | st.integers(0, 2**24 - 1),
    level=st.none() | st.integers(0, 127),
    csrc=st.lists(TIMESTAMP, max_size=3),
)
def test_reads_what_aiortc_writes(
    sequence_number: int,
    timestamp: int,
    ssrc: int,
    marker: bool,
    payload: bytes,
    padding: int,
    send_time: int | None,
    level: int | None,
    csrc: list[int],
) -> None:
    theirs = RtpPacket(97, int(marker), sequence_number, timestamp, ssrc, payload)
    theirs.padding_size = padding
    theirs.csrc = csrc
    theirs.extensions.mid = "m"
    theirs.extensions.abs_send_time = send_time
    theirs.extensions.audio_level = None if level is None else (False, level)
    ours = parse(theirs.serialize(extensions_map()), IDS)
    assert ours is not None
    assert (ours.payload_type, ours.marker, ours.sequence_number) == (97, marker, sequence_number)
    assert (ours.timestamp, ours.ssrc, ours.payload, ours.padding_size) == (timestamp, ssrc, payload, padding)
    assert (ours.abs_send_time, ours.audio_level) == (send_time, level)


@settings(deadline=None)
@given(
    sequence_number=SEQUENCE,
    timestamp=TIMESTAMP,
    marker=st.booleans(),
    payload=st.binary(max_size=50),
    mid=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=16),
    send_time=st.integers(0, 2**24 - 1),
    level=st.none() | st.integers(0, 127),
)
def test_aiortc_reads_what_is_written(
    sequence_number: int, timestamp: int, marker: bool, payload: bytes, mid: str, send_time: int, level: int | None
) -> None:
    header = HeaderWriter(IDS, mid).write(
        payload_type=97,
        marker=marker,
        sequence_number=sequence_number,
        timestamp=timestamp,
        ssrc=7,
        send_time=send_time,
        audio_level=level,
    )
    theirs = RtpPacket.parse(header + payload, extensions_map())
    assert (theirs.sequence_number, theirs.timestamp, theirs.ssrc) == (sequence_number, timestamp, 7)
    assert (theirs.marker, theirs.payload) == (int(marker), payload)
    assert (theirs.extensions.mid, theirs.extensions.abs_send_time) == (mid, send_time)
    assert theirs.extensions.audio_level == (None if level is None else (False, level))


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_nothing_received_breaks_the_reader(data: bytes) -> None:
    packet = parse(data, IDS)
    assert packet is None or len(packet.payload) <= len(data)


@settings(deadline=None)
@given(start=SEQUENCE, lost=st.sets(st.integers(1, 98)), order=st.randoms(use_true_random=False))
def test_each_packet_counts_once_and_each_lost_one_is_asked_for(start: int, lost: set[int], order: object) -> None:
    tracker = LossTracker()
    for index in range(100):
        if index not in lost:
            assert tracker.add((start + index) % 65536)
            assert not tracker.add((start + index) % 65536), "a second time"
    assert set(tracker.due(0.0)) == {(start + index) % 65536 for index in lost}
    assert tracker.due(0.0) == [], "not again at once"
    found = sorted(lost)[: len(lost) // 2]
    for index in found:
        assert tracker.add((start + index) % 65536)
    rest = {(start + index) % 65536 for index in lost} - {(start + index) % 65536 for index in found}
    for attempt in range(1, MAX_TRIES):
        assert set(tracker.due(attempt * RETRY_SECONDS * 1.01)) == rest
    assert tracker.due(1000.0) == [], "given up"


def test_a_source_that_jumps_is_not_asked_for_what_it_never_sent() -> None:
    tracker = LossTracker()
    tracker.add(10)
    tracker.add(10 + MAX_GAP + 1)
    assert tracker.due(0.0) == []


@settings(deadline=None)
@given(first=SEQUENCE, second=SEQUENCE, timestamps=st.tuples(TIMESTAMP, TIMESTAMP), count=st.integers(1, 300))
def test_numbers_go_on_when_the_source_changes(
    first: int, second: int, timestamps: tuple[int, int], count: int
) -> None:
    rebase = Rebase()
    rebase.switch(sequence_number=first, timestamp=timestamps[0], first_sequence=32000, first_timestamp=5, elapsed=0)
    out = [rebase.sequence((first + index) % 65536) for index in range(count)]
    assert out == [(32000 + index) % 65536 for index in range(count)]
    assert rebase.timestamp(timestamps[0]) == 5
    rebase.last_timestamp = 5
    rebase.switch(sequence_number=second, timestamp=timestamps[1], first_sequence=1, first_timestamp=1, elapsed=9000)
    assert rebase.sequence(second) == (out[-1] + 2) % 65536
    assert rebase.timestamp(timestamps[1]) == 9005
