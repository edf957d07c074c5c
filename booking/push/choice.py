"""By which way an agent is told of an appointment: in their own calendar, if they asked for that, else by mail."""

from collections.abc import Iterable

from booking.engine.queries import run
from booking.models import Notice, PushedEvent
from booking.notifications.kinds import CALDAV, EMAIL, Kind, Recipient

# What an invitation goes out with; the rest (a reminder, the day's agenda) is words, for a mailbox.
WITH_INVITATION = frozenset({Kind.INVITATION, Kind.CHANGE, Kind.REPLACEMENT, Kind.CANCELLATION})


async def choose_channels(rows: Iterable[Notice], *, new: bool = False) -> None:
    """Set the channel of notices about to be written; call inside that transaction. `new`: nobody was told yet.

    An agent's go into the calendar that they let us write into. What was written there once is kept up to date there,
    whatever they chose since, so that no old time stays behind.
    """
    for row in rows:
        if row.recipient == Recipient.AGENT and row.channel == EMAIL and row.kind in WITH_INVITATION:
            row.channel = await (_channel_for_new(row) if new else _channel_of(row))


async def _channel_of(row: Notice) -> str:
    written = PushedEvent.filter(appointment_id=row.appointment_id, calendar__agent_id=row.agent_id)
    left = [each.left_at is not None for each in await written.only("id", "left_at")]
    if left:  # taken out by the agent, it is left to them
        return EMAIL if all(left) else CALDAV
    if row.kind != Kind.CANCELLATION:
        return await _channel_for_new(row)
    # Nothing is written yet: it may be on its way. Who was told by mail is told so by mail.
    told = Notice.filter(appointment_id=row.appointment_id, agent_id=row.agent_id, channel=CALDAV)
    return CALDAV if await told.exists() else EMAIL


async def _channel_for_new(row: Notice) -> str:
    # by hand, since every booking asks
    asked = await run("SELECT id FROM busy_calendar WHERE agent_id = $1 AND kind = $2 AND writes", row.agent_id, CALDAV)
    return CALDAV if asked else EMAIL
