"""What travels on the data channel `documents`: JSON frames, and binary chunks of a document."""

import json
from enum import StrEnum
from struct import Struct
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from signaling.wire.messages import MAX_FRAME_CHARACTERS

CHANNEL = "documents"
MAX_MESSAGE_BYTES = 65536
# transfer id (16 bytes), offset (8 bytes, network order), then the document's bytes
CHUNK_HEADER = Struct("!16sQ")
MAX_CHUNK_BYTES = MAX_MESSAGE_BYTES - CHUNK_HEADER.size

TransferId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$|^$")]
Offset = Annotated[int, Field(ge=0, le=2**53 - 1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

# media type -> what stands where at the beginning of such a file
SIGNATURES: dict[str, tuple[tuple[int, bytes], ...]] = {
    "application/pdf": ((0, b"%PDF-"),),
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/webp": ((0, b"RIFF"), (8, b"WEBP")),
}


class DocumentRefusal(StrEnum):
    """Why a document did not get across."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    TYPE_REFUSED = "type_refused"
    CONTENT_REFUSED = "content_refused"
    TOO_MANY = "too_many"
    NOBODY_THERE = "nobody_there"
    SENDER_LEFT = "sender_left"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    HASH_MISMATCH = "hash_mismatch"
    NOT_ALLOWED = "not_allowed"
    INVALID = "invalid"


class Frame(BaseModel):
    """A JSON frame about one transfer."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: ClassVar[str]
    transfer: TransferId = Field(description="32 hexadecimal digits, chosen by the sender")


class File(Frame):
    """Offers a document. Again after a reconnection, with the same values, to resume."""

    type = "file"
    name: str = Field(min_length=1, max_length=200, description="file name, to show")
    size: Offset = Field(description="bytes")
    media_type: str = Field(max_length=80, description="one of the allowed media types")
    sha256: Sha256 = Field(description="SHA-256 of the whole document, hexadecimal")


class Accept(Frame):
    """The recipient wants the bytes from `offset` on; the relay tells the sender where to go on."""

    type = "accept"
    offset: Offset = Field(description="first byte wanted")


class Acknowledge(Frame):
    """The recipient has every byte before `offset`; at least once a megabyte."""

    type = "acknowledge"
    offset: Offset = Field(description="bytes received without a gap")


class Done(Frame):
    """The recipient has it all and the hash is right; the sender is told when that is true of every recipient."""

    type = "done"
    sha256: Sha256 = Field(description="hash computed by the recipient")


class Cancel(Frame):
    """Ends the transfer: from the sender, a recipient, or the relay."""

    type = "cancel"
    code: DocumentRefusal = Field(description="see Refusals of documents")


FRAMES: dict[str, type[Frame]] = {frame.type: frame for frame in (File, Accept, Acknowledge, Done, Cancel)}


class Chunk(NamedTuple):
    """Where a binary message belongs."""

    transfer: str
    offset: int
    size: int


def parse_frame(text: str) -> Any:
    """Understand a JSON frame. Raises ValueError (pydantic's ValidationError is one)."""
    if len(text) > MAX_FRAME_CHARACTERS:
        raise ValueError("frame too long")
    raw = json.loads(text)
    if not isinstance(raw, dict) or raw.get("type") not in FRAMES:
        raise ValueError("unknown frame")
    return FRAMES[raw.pop("type")].model_validate(raw)


def frame_text(frame: Frame, *, sender: str | None = None) -> str:
    """Return a frame as text; `sender` is added as `from` where the relay passes a `file` on."""
    values = {"type": frame.type, **frame.model_dump(mode="json")}
    if sender is not None:
        values["from"] = sender
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def read_chunk(data: bytes) -> Chunk | None:
    """Read the header of a binary message; None when it is none, or empty, or too long."""
    if not CHUNK_HEADER.size < len(data) <= MAX_MESSAGE_BYTES:
        return None
    transfer, offset = CHUNK_HEADER.unpack_from(data)
    return Chunk(transfer.hex(), offset, len(data) - CHUNK_HEADER.size)


def write_chunk(transfer: str, offset: int, payload: bytes) -> bytes:
    """Return the binary message of a part of a document."""
    return CHUNK_HEADER.pack(bytes.fromhex(transfer), offset) + payload
