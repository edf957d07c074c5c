"""Looks at everyone's connection once a second: tells those in the call, and notes it for the record."""

from collections.abc import Callable
from datetime import datetime, timedelta

from signaling.record.journal import Journal, Silence
from signaling.record.line_record import LineRecord
from signaling.relay.quality import Quality
from signaling.rooms.connections import Connections
from signaling.rooms.room import Room
from signaling.wire.messages import Body, PathKind

# as often as a running call is vouched for (signaling.record.recovery): a killed server loses no more than that
KEEP_EVERY = timedelta(seconds=30)


class Watch:
    """One room's. `look` is called once a second; `close` someone's record before the fact that they are gone."""

    def __init__(
        self,
        room: Room,
        journal: Journal | Silence,
        *,
        quality: Callable[[str], Quality | None],
        tell: Callable[[str, Body], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._room = room
        self._journal = journal
        self._quality = quality
        self._tell = tell
        self._clock = clock
        self._connections = Connections()
        self._records: dict[str, LineRecord] = {}
        self._kept_at = clock()

    def hint(self, participant: str, kind: PathKind) -> None:
        """Note what somebody's browser says of its path."""
        self._connections.hint(participant, kind)

    def came_back(self, participant: str) -> None:
        """Tell somebody's new socket again."""
        self._connections.came_back(participant)

    def look(self) -> None:
        """Take a second's figures of everyone in the call."""
        now = self._clock()
        present = [who.id for who in self._room.admitted()]
        self._connections.keep_only(present)
        for participant in present:
            quality = self._quality(participant)
            path = self._connections.note(participant, quality)
            if quality is not None:
                self._records.setdefault(participant, LineRecord()).note(quality, path)
        for viewer in present:
            news = self._connections.news(viewer, self._seen_by(viewer, present), now)
            if news is not None:
                self._tell(viewer, news)
        if now - self._kept_at >= KEEP_EVERY:
            self._kept_at = now
            self._journal.keep({who: record.columns() for who, record in self._records.items()})

    def close(self, participant: str) -> None:
        """Keep what is known of somebody who leaves."""
        record = self._records.pop(participant, None)
        if record is not None:
            self._journal.keep({participant: record.columns()})

    def _seen_by(self, viewer: str, present: list[str]) -> list[str]:
        return [
            other
            for other in present
            if other == viewer or (self._room.shows(viewer, other) and self._room.hears(viewer, other))
        ]
