"""An agent runs late: whom it concerns, and telling them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from booking.agenda import AgendaItem, agent_days, agent_of_id
from booking.events import AppointmentDelayed
from booking.lifecycle import Status
from booking.models import Notice
from booking.notifications.notices import Kind, NoticeState, plan_news
from booking.record import Done, event, locked
from teleconsult.database import transaction

STEP_MINUTES = 5
MOST_MINUTES = 120
YET_TO_BEGIN = frozenset({Status.BOOKED, Status.CHECKED_IN})
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Delayed:
    """An appointment and by how much it begins late, in minutes."""

    item: AgendaItem
    minutes: int

    @property
    def expected_at(self) -> datetime:
        """When it will begin."""
        return self.item.starts_at + self.minutes * MINUTE


def delays(spans: Sequence[tuple[datetime, datetime]], minutes: int) -> list[int]:
    """Return by how many minutes each of a day's appointments begins late if the first does by `minutes`; pure.

    `spans` are (start, end) in order. Free time between them takes up the delay; what is left is told in steps of five
    minutes, rounded up.
    """
    found: list[int] = []
    free_at: datetime | None = None
    for start, end in spans:
        expected = start + minutes * MINUTE if free_at is None else max(start, free_at)
        free_at = expected + (end - start)
        found.append(ceil((expected - start) / MINUTE / STEP_MINUTES) * STEP_MINUTES)
    return found


async def affected(*, now: datetime, agent_id: str, minutes: int, language: str = "fr") -> list[Delayed]:
    """Return an agent's appointments of today that are yet to begin, each with its delay. Raises AgentUnknown.

    `minutes` is how late the next one begins. Those that the delay does not reach have 0.
    """
    agent = await agent_of_id(agent_id)
    today = now.astimezone(ZoneInfo(agent.timezone)).date()
    found = await agent_days(agent_id=agent_id, first=today, last=today, language=language)
    items = [item for item in found if item.status in YET_TO_BEGIN and item.ends_at > now and not item.displaced]
    late = delays([(item.starts_at, item.ends_at) for item in items], minutes)
    return [Delayed(item, each) for item, each in zip(items, late, strict=True)]


async def tell_late(*, now: datetime, agent_id: str, minutes: int) -> list[Done]:
    """Tell everybody concerned that an agent runs `minutes` late (0: on time again) and return what was done.

    Who was told the same before is not told again. Raises AgentUnknown.
    """
    done = [await _tell(each, now) for each in await affected(now=now, agent_id=agent_id, minutes=minutes)]
    return [each for each in done if each.events]


async def _tell(delayed: Delayed, now: datetime) -> Done:
    async with transaction():
        appointment = await locked(delayed.item.id)
        changed = appointment.late_minutes != delayed.minutes
        if not changed or appointment.status not in YET_TO_BEGIN:
            return Done(appointment)
        appointment.late_minutes = delayed.minutes
        await appointment.save(update_fields=["late_minutes"])
        if delayed.minutes and appointment.status == Status.BOOKED:
            await plan_news(appointment=appointment, kind=Kind.LATE, now=now, params={"minutes": delayed.minutes})
        else:
            await Notice.filter(appointment_id=appointment.id, kind=Kind.LATE, state=NoticeState.PENDING).update(
                state=NoticeState.VOID
            )
    return Done(appointment, (event(AppointmentDelayed, appointment, minutes=delayed.minutes),))
