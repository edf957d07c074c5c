"""An administrator's own words in place of the built-in ones of a letter. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from booking.notifications.invitations import one_line
from booking.notifications.letters import Letter
from booking.wording.placeholders import fill


@dataclass(frozen=True)
class Words:
    """What an administrator wrote, not filled in. A text message has its `opening` only."""

    opening: str
    subject: str = ""
    closing: str = ""


def reworded(letter: Letter, words: Words | None, values: Mapping[str, str]) -> Letter:
    """Return a letter in these words, if there are any; facts, papers, button and greeting stay."""
    if words is None:
        return letter
    return replace(
        letter,
        subject=one_line(fill(words.subject, values)) or letter.subject,
        opening=fill(words.opening, values).strip(),
        closing=fill(words.closing, values).strip(),
    )
