"""The network that tells a person from what is behind them, made ready for MediaPipe's tasks.

usage: segmenter.py SOURCE TARGET

npm has the network of Google Meet's blur (selfie segmentation, Apache-2.0) as it was published in 2021: without the
metadata that MediaPipe's tasks ask of a model since, which say how its input is scaled. Both are FlatBuffers, where a
reference only points forwards; so a new root with the metadata is put before the old content, which stays as it is.

Layouts: TensorFlow's schema.fbs (Model, Metadata, Buffer) and TFLite's metadata_schema.fbs.
"""

import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ALIGNMENT = 16
NORMALIZATION, RGB, IMAGE = 1, 1, 2


@dataclass
class Reference:
    """A reference whose target is written later: the places where it stands."""

    places: list[int] = field(default_factory=list)


def add_metadata(model: bytes) -> bytes:
    """Return a TFLite model that says that its input is an image of 0 to 255, to be scaled to 0 to 1.

    Raises ValueError when it is no TFLite model, or has metadata already.
    """
    if model[4:8] != b"TFL3":
        raise ValueError("not a TFLite model")
    at = _fields_of(model)
    if at(6) is not None:
        raise ValueError("this model has metadata already")
    buffers = _follow(model, at(4))
    count = _number(model, buffers)
    codes, graphs, description, all_buffers, own = (Reference() for _ in range(5))
    version = _number(model, at(0) or 0)
    root = {0: version, 1: codes, 2: graphs, 3: description, 4: all_buffers, 6: [{0: "TFLITE_METADATA", 1: count}]}
    out = _with_root(b"TFL3", root)
    vector = len(out)
    out += struct.pack("<I", count + 1) + bytes(4 * (count + 1))
    _point(out, all_buffers, vector)
    _link(out, vector + 4 + 4 * count, _put(out, {0: own}))
    _align(out, ALIGNMENT, 4)
    metadata = _with_root(b"M001", _METADATA)
    _point(out, own, len(out))
    out += struct.pack("<I", len(metadata)) + metadata
    _align(out, ALIGNMENT)
    moved = len(out)
    for index in range(count):
        _link(out, vector + 4 + 4 * index, moved + _follow(model, buffers + 4 + 4 * index))
    for reference, slot in ((codes, 1), (graphs, 2), (description, 3)):
        _point(out, reference, moved + _follow(model, at(slot)))
    return bytes(out) + model


_METADATA = {
    0: "selfie segmentation",
    3: [
        {
            2: [{0: "image", 3: {0: IMAGE, 1: {0: RGB}}, 4: [{0: NORMALIZATION, 1: {0: [0.0], 1: [255.0]}}]}],
            3: [{0: "mask"}],
        }
    ],
}


def _number(content: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", content, at)[0])


def _follow(content: bytes, at: int | None) -> int:
    """Return where the reference at a place leads."""
    if at is None:
        raise ValueError("this model lacks a part")
    return at + _number(content, at)


def _fields_of(content: bytes) -> Callable[[int], int | None]:
    """Return where each field of the root is, None when it is absent."""
    root = _number(content, 0)
    layout = root - struct.unpack_from("<i", content, root)[0]
    (size,) = struct.unpack_from("<H", content, layout)

    def at(slot: int) -> int | None:
        if 4 + 2 * slot >= size:
            return None
        (offset,) = struct.unpack_from("<H", content, layout + 4 + 2 * slot)
        return root + offset if offset else None

    return at


def _with_root(identifier: bytes, root: Mapping[int, Any]) -> bytearray:
    out = bytearray(4) + identifier
    _link(out, 0, _put(out, root))
    return out


def _put(out: bytearray, value: str | list[Any] | Mapping[int, Any]) -> int:
    """Append a text, a list or a table ({slot: value}), what it refers to behind it; return where it is."""
    if isinstance(value, Mapping):
        return _put_table(out, value)
    _align(out, 4)
    at = len(out)
    if isinstance(value, str):
        out += struct.pack("<I", len(value)) + value.encode() + b"\0"
    elif isinstance(value[0], float):
        out += struct.pack(f"<I{len(value)}f", len(value), *value)
    else:
        out += struct.pack("<I", len(value)) + bytes(4 * len(value))
        for index, each in enumerate(value):
            _link(out, at + 4 + 4 * index, _put(out, each))
    return at


def _put_table(out: bytearray, fields: Mapping[int, Any]) -> int:
    slots = max(fields) + 1
    _align(out, 4, 4 + 2 * slots)
    layout = len(out)
    out += struct.pack("<HH", 4 + 2 * slots, 4 + 4 * len(fields)) + bytes(2 * slots)
    at = len(out)
    out += struct.pack("<i", at - layout) + bytes(4 * len(fields))
    for index, (slot, value) in enumerate(fields.items()):
        place = at + 4 + 4 * index
        struct.pack_into("<H", out, layout + 4 + 2 * slot, place - at)
        if isinstance(value, int):
            struct.pack_into("<I", out, place, value)
        elif isinstance(value, Reference):
            value.places.append(place)
        else:
            _link(out, place, _put(out, value))
    return at


def _link(out: bytearray, place: int, target: int) -> None:
    struct.pack_into("<I", out, place, target - place)


def _point(out: bytearray, reference: Reference, target: int) -> None:
    for place in reference.places:
        _link(out, place, target)


def _align(out: bytearray, size: int, ahead: int = 0) -> None:
    """Fill up so that what comes `ahead` bytes later is aligned."""
    while (len(out) + ahead) % size:
        out.append(0)


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(add_metadata(Path(sys.argv[1]).read_bytes()))
