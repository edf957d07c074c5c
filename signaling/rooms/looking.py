"""Who sees what is shown in a room, and who is told where somebody points. Pure."""

from signaling.rooms.room import Room
from signaling.rooms.shown import Shown


def shown_to(room: Room, viewer: str) -> Shown | None:
    """Return what somebody looks at together with the others now: nothing of the other side of an aside."""
    who, shown = room.participants.get(viewer), room.showing.now
    if who is None or who.standing != "admitted" or shown is None or shown.side not in (None, who.role.waits):
        return None
    if viewer != shown.by and not room.tells(viewer, shown.by):
        return None
    # a page that was shown before an aside may stay: the other side has the document anyway
    return shown if shown.place is not None or room.hears(viewer, shown.by) else None


def screen_goes(room: Room, viewer: str, other: str) -> bool:
    """Whether somebody is to be sent another one's screen now."""
    screen = room.showing.screen
    return screen is not None and screen.by == other and shown_to(room, viewer) is screen


def pointed_to(room: Room, by: str) -> list[str]:
    """Return who is told where somebody points: those who see what that one sees, and would hear them."""
    if shown_to(room, by) is None:
        return []
    return [
        other.id
        for other in room.admitted()
        if other.id != by and shown_to(room, other.id) and room.hears(other.id, by) and room.tells(other.id, by)
    ]
