"""Each agent's appointments of the day, sent at seven by the agent's clock on days that have any."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.agenda import AgendaItem, agent_day
from booking.lifecycle import Status
from booking.models import Agent, Notice
from booking.notifications.kinds import EMAIL, Kind, NoticeState, Recipient

# The rows are written a little before, so that the agenda is there on the minute; and if nobody did, until noon.
WRITTEN_BEFORE = timedelta(minutes=20)
SENT_AT, WORTHLESS_AT = time(7, 0), time(12, 0)
TO_COME = (Status.BOOKED, Status.CHECKED_IN, Status.IN_CALL)
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Morning:
    """A day in a zone: the local date, and the instants (UTC) at which it begins and ends and its agendas are due."""

    day: date
    starts_at: datetime
    ends_at: datetime
    due_at: datetime
    deadline_at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """An agent's day as their agenda tells it."""

    day: date
    agent_id: str
    name: str
    email: str
    timezone: str
    language: str
    items: tuple[AgendaItem, ...]


def morning(now: datetime, timezone: str) -> Morning | None:
    """Return the day whose agendas are to be written at `now` in a zone, or None at any other time of day; pure.

    The clock decides, so that the day on which the hour changes has its agenda at seven like any other.
    """
    zone = ZoneInfo(timezone)
    day = now.astimezone(zone).date()

    def at(clock: time, on: date = day) -> datetime:
        return datetime.combine(on, clock, zone).astimezone(now.tzinfo)

    due_at, deadline_at = at(SENT_AT), at(WORTHLESS_AT)
    if not due_at - WRITTEN_BEFORE <= now < deadline_at:
        return None
    return Morning(day, at(time(0)), at(time(0), day + timedelta(days=1)), due_at, deadline_at)


async def plan_agendas(*, now: datetime) -> int:
    """Write what is owed to agents this morning and return how much was new; any number of processes may do so at once.

    Who switched it off, and who has nothing to come, gets none. What is booked after seven is told by its own mail.
    """
    wanted = Agent.filter(active=True, daily_agenda=True)
    planned = 0
    for timezone in await wanted.distinct().values_list("timezone", flat=True):
        found = morning(now, str(timezone))
        if found is not None:
            planned += await _plan(str(timezone), found)
    return planned


async def _plan(timezone: str, found: Morning) -> int:
    agents = Agent.filter(
        active=True,
        daily_agenda=True,
        timezone=timezone,
        appointments__status__in=TO_COME,
        appointments__starts_at__gte=found.starts_at,
        appointments__starts_at__lt=found.ends_at,
        appointments__booked_at__lt=found.due_at,
    )
    keys = {f"agenda:{each}:{found.day}": str(each) for each in await agents.distinct().values_list("id", flat=True)}
    known = {notice.key for notice in await Notice.filter(key__in=[*keys]).only("key")}
    rows = [
        Notice(
            key=key, agent_id=agent_id, kind=Kind.AGENDA, recipient=Recipient.AGENT, channel=EMAIL, sequence=0,
            starts_at=found.starts_at, ends_at=found.ends_at, due_at=found.due_at, deadline_at=found.deadline_at,
        )
        for key, agent_id in keys.items()
        if key not in known
    ]  # fmt: skip
    # Another process may write the same at the same moment: the key lets one of them.
    await Notice.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
    return len(rows)


async def read_day(notice: Notice) -> Day | None:
    """Return the day that an agenda's notice speaks of, or None if it has become empty or is no longer wanted."""
    agent = await Agent.get_or_none(id=notice.agent_id, active=True, daily_agenda=True)
    if agent is None or notice.state != NoticeState.PENDING:
        return None
    day = date.fromisoformat(str(notice.key).rpartition(":")[2])
    items = tuple(item for item in await agent_day(agent.id, day, agent.language) if item.status in TO_COME)
    return Day(day, agent.id, agent.name, agent.email, agent.timezone, agent.language, items) if items else None
