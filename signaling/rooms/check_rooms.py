"""Rooms in which somebody calls themselves: to test a kiosk, an office or the service. Nothing of them is recorded."""

import secrets
from datetime import timedelta

from signaling.ports import Entry
from signaling.rooms.roles import Role

PREFIX = "check-"
# A test takes a minute; one that was left open gives its place back.
LONGEST = timedelta(minutes=5)


def new_check_room() -> str:
    """Return the name of a room of one's own."""
    return PREFIX + secrets.token_hex(12)


def is_check(room: str) -> bool:
    """Whether a room is there to test; its tickets are all that opens it."""
    return room.startswith(PREFIX)


def check_entry(language: str) -> Entry:
    """Return as whom a test enters: alone, and as host, so that nobody has to let it in."""
    return Entry(
        participant="check:1", role=Role.AGENT, display_name="", surface="desktop", language=language, title="",
        details=(), after_url="", help_url=None, admit_on_join=False,
    )  # fmt: skip
