"""RTP headers, loss and numbering: our quick readers and writers against aiortc's careful ones."""

from fractions import Fraction

from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket
from av import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.relay.key_frames import KEY_FRAME_TESTS
from signaling.relay.loss import MAX_GAP, MAX_TRIES, RETRY_SECONDS, LossTracker
from signaling.relay.rtp import NONE, ExtensionIds, HeaderWriter, Rebase, read_body
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
    marker=st.booleans(),
    payload=st.binary(max_size=50),
    padding=st.integers(0, 20),
    send_time=st.none() | st.integers(0, 2**24 - 1),
    level=st.none() | st.integers(0, 127),
    csrc=st.lists(TIMESTAMP, max_size=3),
)
def test_reads_what_aiortc_writes(
    marker: bool, payload: bytes, padding: int, send_time: int | None, level: int | None, csrc: list[int]
) -> None:
    theirs = RtpPacket(97, int(marker), 1, 2, 3, payload)
    theirs.padding_size = padding
    theirs.csrc = csrc
    theirs.extensions.mid = "m"
    theirs.extensions.abs_send_time = send_time
    theirs.extensions.audio_level = None if level is None else (False, level)
    data = theirs.serialize(extensions_map())
    ours = read_body(data, len(data), IDS)
    assert ours is not None
    start, stop, read_time, read_level = ours
    assert data[start:stop] == payload
    assert read_time == (NONE if send_time is None else send_time)
    assert read_level == (NONE if level is None else level)


@settings(deadline=None)
@given(
    sequence_number=SEQUENCE,
    timestamp=TIMESTAMP,
    marker=st.booleans(),
    payload=st.binary(max_size=50),
    mid=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=16),
    send_time=st.integers(0, 2**24 - 1),
    level=st.none() | st.integers(0, 127),
    kind=st.sampled_from(["audio", "video", "bare"]),
)
def test_aiortc_reads_what_is_written(
    sequence_number: int,
    timestamp: int,
    marker: bool,
    payload: bytes,
    mid: str,
    send_time: int,
    level: int | None,
    kind: str,
) -> None:
    ids = {"audio": ExtensionIds(mid=1, audio_level=2), "video": ExtensionIds(mid=1, abs_send_time=3)}
    writer = HeaderWriter(ids.get(kind, ExtensionIds()), mid)
    buffer = memoryview(bytearray(200))
    writer.prepare(buffer)
    # what was written before must not shine through
    for stamp, loudness in ((0xFFFFFF, 127), (send_time, NONE if level is None else level)):
        writer.write(buffer, marker << 7 | 97, sequence_number, timestamp, 7, stamp, loudness)
    theirs = RtpPacket.parse(bytes(buffer[: writer.size]) + payload, extensions_map())
    assert (theirs.sequence_number, theirs.timestamp, theirs.ssrc) == (sequence_number, timestamp, 7)
    assert (theirs.marker, theirs.payload) == (int(marker), payload)
    assert theirs.extensions.mid == (None if kind == "bare" else mid)
    assert theirs.extensions.abs_send_time == (send_time if kind == "video" else None)
    assert theirs.extensions.audio_level == ((False, level) if kind == "audio" and level is not None else None)


@settings(deadline=None)
@given(st.binary(min_size=12, max_size=80))
def test_nothing_received_breaks_the_reader(data: bytes) -> None:
    body = read_body(data, len(data), IDS)
    assert body is None or 12 <= body[0] <= body[1] <= len(data)


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_key_frames_are_looked_for_in_anything(payload: bytes) -> None:
    for begins in KEY_FRAME_TESTS.values():
        assert begins(payload) in (True, False)


def test_key_frames_of_both_codecs_are_recognised() -> None:
    for encoder, mime in ((Vp8Encoder(), "video/vp8"), (H264Encoder(), "video/h264")):
        begins = KEY_FRAME_TESTS[mime]
        for number in range(4):
            frame = VideoFrame(width=320, height=240)
            for index, plane in enumerate(frame.planes):
                plane.update(bytes([(40 * number + 90 * index) % 256]) * plane.buffer_size)
            frame.pts, frame.time_base = 3000 * number, Fraction(1, 90000)
            payloads = encoder.encode(frame, force_keyframe=number == 2)[0]
            assert begins(payloads[0]) == (number in (0, 2)), f"{mime}, frame {number}"


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
    assert rebase.sequence(second) == (out[-1] + 1) % 65536
    assert rebase.timestamp(timestamps[1]) == 9005
