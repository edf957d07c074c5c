"""What people in a call look at together: a page of a document that they have, or somebody's screen. Pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signaling.wire.messages import Place

if TYPE_CHECKING:
    from signaling.rooms.room import Room


@dataclass(frozen=True)
class Shown:
    """`by` (a participant id) shows a place in a document or, without one, their screen.

    `side`: for whom it is, when shown in an aside. None: for everyone; else whether it is for those who wait in lobbies
    (citizens) or for the others.
    """

    by: str
    place: Place | None
    side: bool | None = None


@dataclass
class Showing:
    """One thing at a time: a new one takes the place of the old, whoever showed that."""

    now: Shown | None = None

    @property
    def screen(self) -> Shown | None:
        """What is shown, if it is a screen."""
        return self.now if self.now is not None and self.now.place is None else None

    def hide(self, by: str, *, hosts: bool = False) -> None:
        """Show no longer what somebody shows; a host ends what anybody shows. Harmless when there is nothing to end."""
        if self.now is not None and (hosts or self.now.by == by):
            self.now = None

    def match(self, *, aside: bool) -> None:
        """Whether there is a private aside: what was shown in one is not for the time after."""
        if self.now is not None and self.now.side is not None and not aside:
            self.now = None


def shown_to(room: "Room", viewer: str) -> Shown | None:
    """Return what somebody looks at together with the others now: nothing of the other side of an aside."""
    who, shown = room.participants.get(viewer), room.showing.now
    if who is None or who.standing != "admitted" or shown is None or shown.side not in (None, who.role.waits):
        return None
    if viewer != shown.by and not room.tells(viewer, shown.by):
        return None
    # a page that was shown before an aside may stay: the other side has the document anyway
    return shown if shown.place is not None or room.hears(viewer, shown.by) else None


def screen_goes(room: "Room", viewer: str, other: str) -> bool:
    """Whether somebody is to be sent another one's screen now."""
    screen = room.showing.screen
    return screen is not None and screen.by == other and shown_to(room, viewer) is screen


def pointed_to(room: "Room", by: str) -> list[str]:
    """Return who is told where somebody points: those who see what that one sees, and would hear them."""
    if shown_to(room, by) is None:
        return []
    return [
        other.id
        for other in room.admitted()
        if other.id != by and shown_to(room, other.id) and room.hears(other.id, by) and room.tells(other.id, by)
    ]
