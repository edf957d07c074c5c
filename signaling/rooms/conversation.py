"""What people type to each other in a call, line by line as they type it (for who cannot hear). Pure; never stored."""

from dataclasses import dataclass, field

MAX_LINES = 500


@dataclass(frozen=True)
class Line:
    """One line of one person; it changes until it is `done`. `side`: for whom it is, when written in an aside."""

    sender: str
    name: str
    number: int
    text: str
    done: bool
    # None: for everyone; else whether it is for those who wait in lobbies (citizens) or for the others
    side: bool | None = None


@dataclass
class Conversation:
    """The newest MAX_LINES lines of a call, in the order in which they were begun."""

    lines: dict[tuple[str, int], Line] = field(default_factory=dict)

    def write(self, line: Line) -> bool:
        """Take a line as it stands now; return False for one that was done before: it does not change any more."""
        key = (line.sender, line.number)
        before = self.lines.get(key)
        if before is not None and before.done:
            return False
        self.lines[key] = line
        while len(self.lines) > MAX_LINES:
            del self.lines[next(iter(self.lines))]
        return True

    def seen_by(self, *, citizen: bool) -> list[Line]:
        """Return what somebody may read: what was written in an aside stays on its side."""
        return [line for line in self.lines.values() if line.side in (None, citizen)]
