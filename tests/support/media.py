"""What a fake camera and a fake microphone give: a colour and a tone of one's own, so that a test can tell whose."""

import math
import random
import struct
import wave
from dataclasses import dataclass
from pathlib import Path

FRAMES_A_SECOND = 15
MARK = 48
SAMPLES_A_SECOND = 48_000
# Half a second of tone and a pause: noise suppression takes a tone that never pauses for noise.
BURST_SECONDS, PAUSE_SECONDS = 0.5, 0.25


@dataclass(frozen=True)
class Person:
    """What the others should see and hear of someone: a colour (red, green, blue of 0 to 255) and a tone in hertz.

    `camera` is the width and height of their picture, `grain` (up to 20) the noise of a real one, which takes bitrate.
    """

    name: str
    colour: tuple[int, int, int]
    tone: int
    camera: tuple[int, int] = (640, 480)
    grain: int = 0


CITIZEN = Person("citizen", (200, 30, 30), 440)
AGENT = Person("agent", (30, 160, 50), 1000)
ADVISER = Person("adviser", (40, 60, 210), 1800)
ADMINISTRATOR = Person("administrator", (120, 120, 120), 3000)
COLLEAGUE = Person("colleague", (190, 40, 190), 2400)


@dataclass(frozen=True)
class Devices:
    """The files behind someone's fake camera and microphone."""

    camera: Path
    microphone: Path


def make_devices(person: Person, folder: Path) -> Devices:
    """Write the files for someone's camera (YUV4MPEG2) and microphone (WAV)."""
    devices = Devices(folder / f"{person.name}.y4m", folder / f"{person.name}.wav")
    write_camera(person, devices.camera)
    write_microphone(person, devices.microphone)
    return devices


def to_yuv(red: int, green: int, blue: int) -> tuple[int, int, int]:
    """Return the colour in the limited-range BT.601 that cameras give."""
    y = 16 + (65.738 * red + 129.057 * green + 25.064 * blue) / 256
    u = 128 + (-37.945 * red - 74.494 * green + 112.439 * blue) / 256
    v = 128 + (112.439 * red - 94.154 * green - 18.285 * blue) / 256
    return round(y), round(u), round(v)


def write_camera(person: Person, path: Path) -> None:
    """Write a film of one colour in which a light square wanders along the upper edge (so that frames differ)."""
    y, u, v = to_yuv(*person.colour)
    width, height = person.camera
    chroma = bytes([u]) * (width * height // 4) + bytes([v]) * (width * height // 4)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n".encode())
        for left in range(0, width - MARK, MARK * 2):
            luma = bytearray([y]) * (width * height)
            for row in range(MARK):
                luma[row * width + left : row * width + left + MARK] = bytes([235]) * MARK
            file.write(b"FRAME\n" + (_grained(luma, person.grain, left) if person.grain else luma) + chroma)


def _grained(luma: bytearray, grain: int, seed: int) -> bytes:
    table = bytes(value % grain for value in range(256))
    noise = random.Random(seed).randbytes(len(luma)).translate(table)
    # no octet overflows into the next
    return (int.from_bytes(luma, "big") + int.from_bytes(noise, "big")).to_bytes(len(luma), "big")


def write_microphone(person: Person, path: Path) -> None:
    """Write bursts of the person's tone."""
    burst, pause = int(SAMPLES_A_SECOND * BURST_SECONDS), int(SAMPLES_A_SECOND * PAUSE_SECONDS)
    step = 2 * math.pi * person.tone / SAMPLES_A_SECOND
    sound = [round(16_000 * math.sin(step * index)) for index in range(burst)] + [0] * pause
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLES_A_SECOND)
        file.writeframes(struct.pack(f"<{len(sound)}h", *sound) * 8)
