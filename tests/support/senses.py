"""What arrives in a browser, told from decoded pixels and samples: whose colour is seen, whose tone is heard."""

from typing import Any

from playwright.async_api import Locator

from tests.support.media import Person
from tests.support.waiting import until

COLOUR_TOLERANCE = 45
TONE_TOLERANCE_HERTZ = 60
AUDIBLE_DECIBELS = -70.0

LOOK = """video => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 8;
    const pen = canvas.getContext("2d");
    if (!video.videoWidth) return {colour: null, frames: 0};
    const side = Math.min(video.videoWidth, video.videoHeight) / 4;
    pen.drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, 8, 8);
    const pixels = pen.getImageData(0, 0, 8, 8).data;
    const sum = [0, 0, 0];
    pixels.forEach((value, index) => { if (index % 4 < 3) sum[index % 4] += value; });
    return {colour: sum.map(value => value / 64), frames: video.getVideoPlaybackQuality().totalVideoFrames};
}"""

LISTEN = """async element => {
    const stream = element.srcObject;
    const track = stream && stream.getAudioTracks()[0];
    if (!track) return null;
    if (element.heardTrack !== track.id) {
        if (element.ear) await element.ear.context.close();
        const context = new AudioContext();
        const ear = context.createAnalyser();
        ear.fftSize = 4096;
        ear.smoothingTimeConstant = 0;
        context.createMediaStreamSource(new MediaStream([track])).connect(ear);
        await context.resume();
        element.ear = ear;
        element.heardTrack = track.id;
    }
    const levels = new Float32Array(element.ear.frequencyBinCount);
    element.ear.getFloatFrequencyData(levels);
    let loudest = 0;
    levels.forEach((level, index) => { if (level > levels[loudest]) loudest = index; });
    return {
        hertz: loudest * element.ear.context.sampleRate / element.ear.fftSize,
        decibels: Number.isFinite(levels[loudest]) ? levels[loudest] : -200,
    };
}"""


def alike(seen: list[float] | None, person: Person) -> bool:
    """Return whether a colour is the one of a person's camera, allowing for what coding does to it."""
    if seen is None:
        return False
    return all(abs(one - other) <= COLOUR_TOLERANCE for one, other in zip(seen, person.colour, strict=True))


async def sees(video: Locator, person: Person) -> None:
    """Wait until the decoded picture shows this person and goes on: new frames keep coming in."""
    first: list[int] = []
    last: dict[str, Any] = {}

    async def looks_right() -> bool:
        last.update(await video.evaluate(LOOK))
        if not alike(last["colour"], person):
            first.clear()
            return False
        first.append(last["frames"])
        return bool(last["frames"] - first[0] >= 5)

    try:
        await until(looks_right, f"the moving picture of the {person.name} {person.colour}")
    except AssertionError as failure:
        raise AssertionError(f"{failure}; seen: {last}") from None


async def sees_nothing_of(video: Locator, person: Person) -> None:
    """Wait until the picture of this person is no longer shown: hidden, black, or without new frames."""
    frames: list[int] = []

    async def gone() -> bool:
        if await video.count() == 0 or not await video.is_visible():
            return True
        look = await video.evaluate(LOOK)
        if not alike(look["colour"], person):
            return True
        frames.append(look["frames"])
        return len(frames) > 10 and frames[-1] == frames[-10]

    await until(gone, f"no picture of the {person.name}")


async def hears(element: Locator, person: Person) -> None:
    """Wait until the tone of this person is the loudest of what arrives."""
    heard: list[Any] = []

    async def sounds_right() -> bool:
        sound = await element.evaluate(LISTEN)
        heard.append(sound)
        if sound is None or sound["decibels"] <= AUDIBLE_DECIBELS:
            return False
        return bool(abs(sound["hertz"] - person.tone) < TONE_TOLERANCE_HERTZ)

    try:
        await until(sounds_right, f"the {person.name}'s tone of {person.tone} Hz")
    except AssertionError as failure:
        raise AssertionError(f"{failure}; heard: {heard[-5:]}") from None


async def hears_nothing(element: Locator) -> None:
    """Wait until a whole burst and its pause pass in silence."""
    quiet: list[bool] = []

    async def silent() -> bool:
        sound = await element.evaluate(LISTEN)
        quiet.append(sound is None or sound["decibels"] <= AUDIBLE_DECIBELS)
        return len(quiet) >= 15 and all(quiet[-15:])

    await until(silent, "silence")
