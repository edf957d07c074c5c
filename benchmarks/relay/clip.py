"""What the load generator sends: a few seconds of real VP8 and Opus, encoded once."""

import math
from dataclasses import dataclass
from fractions import Fraction

from aiortc.codecs.opus import OpusEncoder
from aiortc.codecs.vpx import Vp8Encoder
from av import AudioFrame, VideoFrame

VIDEO_RATE = 110
AUDIO_RATE = 50
FRAMES = 150
WIDTH, HEIGHT = 640, 480
BITRATE = 1_000_000
SAMPLES = 960


@dataclass(frozen=True)
class Clip:
    """Packets' payloads: `video` by frame (the first is a key frame), `audio` one by one, 20 ms each."""

    video: list[list[bytes]]
    audio: list[bytes]


def make_clip() -> Clip:
    """Encode a moving pattern and a tone, as aiortc would send them."""
    video = Vp8Encoder()
    video.target_bitrate = BITRATE
    audio = OpusEncoder()
    frames = [video.encode(_picture(number), force_keyframe=number == 0)[0] for number in range(FRAMES)]
    packets = [packet for number in range(AUDIO_RATE) for packet in audio.encode(_tone(number))[0]]
    return Clip(frames, packets)


def _picture(number: int) -> VideoFrame:
    frame = VideoFrame(width=WIDTH, height=HEIGHT, format="yuv420p")
    for index, plane in enumerate(frame.planes):
        rows = [
            bytes((x * (3 + y % 5) + 4 * number * (1 + y // 40) + index * 50) % 256 for x in range(plane.line_size))
            for y in range(8)
        ]
        plane.update(b"".join(rows[(y // 8 + number) % 8] for y in range(plane.height)))
    frame.pts, frame.time_base = number * 3000, Fraction(1, 90000)
    return frame


def _tone(number: int) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="stereo", samples=SAMPLES)
    samples = (
        int(8000 * math.sin(2 * math.pi * 440 * (number * SAMPLES + index) / 48000)) & 0xFFFF
        for index in range(SAMPLES)
    )
    frame.planes[0].update(b"".join(sample.to_bytes(2, "little") * 2 for sample in samples))
    frame.sample_rate, frame.pts, frame.time_base = 48000, number * SAMPLES, Fraction(1, 48000)
    return frame
