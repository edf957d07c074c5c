"""Keeps text messages in a folder instead of sending them: the demonstration's telephone."""

import asyncio
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from booking.ports import Gate, Sent, TemporaryFailure, open_gate
from booking.wording.gsm7 import measure
from teleconsult.clock import utcnow

SHOWN = 100


@dataclass(frozen=True)
class Text:
    """A text message that would have been sent; `length` counts septets or UTF-16 units."""

    sent_at: datetime
    to: str
    text: str
    alphabet: str
    length: int
    parts: int


class KeptSmsSender:
    """Writes each message into a folder, named by when it was sent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def check(self) -> None:
        """Return: a folder always answers."""

    async def send(self, to: str, text: str, *, reference: str, gate: Gate = open_gate) -> Sent:
        """Return once the message is on the disk; raises TemporaryFailure if it cannot be written."""
        await gate()
        size = measure(text)
        kept = Text(utcnow(), to, text, size.alphabet, size.length, size.parts)
        try:
            await asyncio.to_thread(self._write, kept, reference)
        except OSError as error:
            raise TemporaryFailure(type(error).__name__) from error
        return Sent(message_ref=reference, parts=size.parts)

    def _write(self, kept: Text, reference: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        content = asdict(kept) | {"sent_at": kept.sent_at.isoformat()}
        name = f"{kept.sent_at.timestamp():.6f}-{reference}.json"
        (self._folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def list_texts(folder: Path) -> list[Text]:
    """Return the newest messages of a folder, newest first; none if there is no folder yet."""
    if not folder.is_dir():
        return []
    newest = sorted(folder.glob("*.json"), key=lambda path: path.name, reverse=True)[:SHOWN]
    return [_read(path) for path in newest]


def _read(path: Path) -> Text:
    content = json.loads(path.read_text(encoding="utf-8"))
    return Text(**content | {"sent_at": datetime.fromisoformat(content["sent_at"]).astimezone(UTC)})
