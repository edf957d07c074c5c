"""What is about to be sent: a claimed notice with what it speaks of, read for a whole batch at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from booking.lifecycle import Status
from booking.models import Agent, Notice
from booking.notifications.kinds import GUESTS, Kind, NoticeState
from booking.notifications.meeting import Meeting, meeting_told, read_meetings
from booking.notifications.mornings import Day, read_day
from booking.waiting import OFFERED, Place, place_of

FOR_WHO_HAS_YET_TO_COME = frozenset({Kind.REMINDER, Kind.DISPLACED, Kind.LATE})

Subject = Meeting | Place | Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A notice that still holds. `subject` is what it speaks of, at the notice's own version and times.

    `earlier` are the ids of the notices that this recipient was sent before about the same appointment, oldest first.
    """

    notice: Notice
    subject: Subject
    earlier: tuple[str, ...] = ()


def is_stale(notice: Notice, *, sequence: int, status: str, agent_id: str) -> bool:
    """Whether what a notice says no longer holds for an appointment that now stands like this; pure.

    A cancellation holds while the appointment is cancelled, or is another agent's than the notice's; a guest's
    always does (who is invited anew gets a higher sequence). A reminder, and news of trouble, are for who has yet to
    come; everything else holds until the appointment moves or is cancelled.
    """
    if notice.kind == Kind.CANCELLATION:
        return status != Status.CANCELLED and notice.agent_id in (None, agent_id) and notice.recipient not in GUESTS
    if notice.sequence != sequence or status == Status.CANCELLED:
        return True
    if notice.kind == Kind.SATISFACTION:
        return status != Status.COMPLETED
    return notice.kind in FOR_WHO_HAS_YET_TO_COME and status != Status.BOOKED


async def read_due(notices: Sequence[Notice]) -> dict[str, Due]:
    """Read what claimed notices speak of, by notice id, in a few queries; what no longer holds is left out."""
    about = [notice for notice in notices if notice.appointment_id is not None]
    found = await _read_meetings_told(about)
    for notice in notices:
        if notice.appointment_id is None and (subject := await _read_other(notice)) is not None:
            found[notice.id] = Due(notice=notice, subject=subject)
    return found


async def _read_other(notice: Notice) -> Place | Day | None:
    return await read_day(notice) if notice.kind == Kind.AGENDA else await _offered_place(notice)


async def _read_meetings_told(notices: Sequence[Notice]) -> dict[str, Due]:
    if not notices:
        return {}
    ids = {str(notice.appointment_id) for notice in notices}
    current = await read_meetings(ids)
    agents = await _other_agents(notices, current)
    earlier = await _sent_before(ids)
    found = {}
    for notice in notices:
        now = current[str(notice.appointment_id)]
        if not is_stale(notice, sequence=now.sequence, status=now.status, agent_id=now.agent_id):
            told = meeting_told(now, notice, agents.get(str(notice.agent_id)))
            before = earlier[_thread(notice)]
            found[notice.id] = Due(
                notice=notice, subject=told, earlier=tuple(each for each in before if each != notice.id)
            )
    return found


async def _other_agents(notices: Sequence[Notice], current: dict[str, Meeting]) -> dict[str, Agent]:
    """Read the agents whom notices are for although the appointment is somebody else's now."""
    ids = {
        notice.agent_id
        for notice in notices
        if notice.agent_id not in (None, current[str(notice.appointment_id)].agent_id)
    }
    return {agent.id: agent for agent in await Agent.filter(id__in=ids)} if ids else {}


async def _sent_before(appointment_ids: set[str]) -> dict[tuple[str, ...], list[str]]:
    """Return the ids of what was sent about these appointments, oldest first, by thread."""
    sent = Notice.filter(appointment_id__in=appointment_ids, state=NoticeState.SENT).order_by("sent_at", "sequence")
    threads: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for notice in await sent.only("id", "appointment_id", "recipient", "channel", "agent_id", "room_id"):
        threads[_thread(notice)].append(notice.id)
    return threads


def _thread(notice: Notice) -> tuple[str, ...]:
    """What the messages of one thread have in common: the appointment, the channel, and who reads them."""
    parts = (notice.appointment_id, notice.channel, notice.recipient, notice.agent_id, notice.room_id)
    return tuple(str(part) for part in parts)


async def _offered_place(notice: Notice) -> Place | None:
    place = await place_of(notice.waiting_id or "")
    return place if place.state == OFFERED and place.offers == notice.sequence else None
