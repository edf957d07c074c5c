"""A technical failure, told apart from a person who leaves. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from signaling.rooms.facts import Gone

# a page that is being loaded anew is back sooner
AWAY = timedelta(seconds=10)
# somebody who leaves sooner has not waited for sound and picture
PATIENCE = timedelta(seconds=10)


class Failure(StrEnum):
    """What went wrong for one person."""

    LOST = "lost"  # their socket was lost and did not come back
    NO_MEDIA = "no_media"  # they were in the call, and sound and picture never had a connection
    RESTART = "restart"  # the server stopped, or died


def failure_of(gone: Gone, *, joined_at: datetime, media_seconds: int) -> Failure | None:
    """Return what went wrong for somebody who has gone from the call; None: they left, or the call ended, in order."""
    if gone.reason == "shutdown":
        return Failure.RESTART
    if gone.reason == "lost" or (gone.lost_at is not None and gone.at - gone.lost_at >= AWAY):
        return Failure.LOST
    if media_seconds == 0 and gone.at - joined_at >= PATIENCE:
        return Failure.NO_MEDIA
    return None
