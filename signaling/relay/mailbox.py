"""What waits for a recipient who fetches a document by the web, piece by piece. Pure."""

from collections import deque


class Mailbox:
    """The bytes from `start` to `end` of a document; those before are with the recipient."""

    def __init__(self, offset: int) -> None:
        self.start = offset
        self.end = offset
        self._chunks: deque[tuple[int, bytes]] = deque()

    @property
    def held(self) -> int:
        """How many bytes are kept here."""
        return sum(len(chunk) for _, chunk in self._chunks)

    def restart(self, offset: int) -> None:
        """Begin again at an offset: everything from there on comes once more."""
        self.start = self.end = offset
        self._chunks.clear()

    def add(self, offset: int, chunk: bytes) -> None:
        """Keep what follows what is here; a part that came before is left out. The bytes are shared, not copied."""
        end = offset + len(chunk)
        if end > self.end >= offset:
            self._chunks.append((self.end, chunk[self.end - offset :]))
            self.end = end

    def read(self, offset: int, limit: int) -> bytes:
        """Return up to `limit` bytes from `offset` on, and let go of those before it; empty when there are none yet."""
        self.start = max(self.start, offset)
        while self._chunks and self._chunks[0][0] + len(self._chunks[0][1]) <= offset:
            self._chunks.popleft()
        found: list[bytes] = []
        wanted = limit
        for at, chunk in self._chunks:
            part = chunk[max(0, offset - at) :][:wanted]
            found.append(part)
            wanted -= len(part)
            if not wanted:
                break
        return b"".join(found)
