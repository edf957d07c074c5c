"""The demonstration's counter: somebody can be received without an appointment at any hour of any day.

Its house is open, and one agent is on duty, from a moment ago until less than an hour from now, by rows of opening and
working hours that move along with the clock. That is long enough to be received now, and too short for a slot to be
booked: services ask for half an hour's notice.
"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from booking.models import Agent, AgentRule, Site, SiteOpening
from teleconsult.database import transaction
from teleconsult.demo.houses import DEMO_HOUSE
from teleconsult.demo.people import WALK_IN_EMAIL

SINCE = timedelta(minutes=10)
UNTIL = timedelta(minutes=44)  # the notice and the shortest service together are 45
LEAST = timedelta(minutes=36)
MINUTES_A_DAY = 24 * 60


async def keep_open(now: datetime) -> None:
    """Move the hours along if they are about to end; nothing happens once the house or the agent is gone."""
    site = await Site.get_or_none(external_id=DEMO_HOUSE)
    agent = await Agent.get_or_none(email=WALK_IN_EMAIL)
    if site is None or agent is None:
        return
    days = _days(now, ZoneInfo(site.timezone))
    last_day, _, end = days[-1]
    if await AgentRule.exists(id=_id("rule", len(days) - 1), first_day=last_day, end_minute__gte=_enough(end)):
        return
    async with transaction():
        await SiteOpening.filter(id__in=[_id("opening", part) for part in (0, 1)]).delete()
        await AgentRule.filter(id__in=[_id("rule", part) for part in (0, 1)]).delete()
        for part, (day, low, high) in enumerate(days):
            minutes: dict[str, Any] = {"start_minute": low, "end_minute": high}
            await SiteOpening.create(id=_id("opening", part), site=site, weekday=day.weekday(), **minutes)
            await AgentRule.create(
                id=_id("rule", part), agent=agent, works=True, first_day=day, reason="Démonstration", **minutes
            )


def _id(kind: str, part: int) -> str:
    return uuid5(NAMESPACE_URL, f"demo/counter/{kind}/{part}").hex


def _enough(end: int) -> int:
    """Return the minute of its day until which the last of the rows must hold."""
    return end - int((UNTIL - LEAST) / timedelta(minutes=1))


def _days(now: datetime, zone: ZoneInfo) -> list[tuple[date, int, int]]:
    """Return the one or two local days that the time around now is in, each with its first and last minute."""
    first, last = (now - SINCE).astimezone(zone), (now + UNTIL).astimezone(zone)
    low, high = (when.hour * 60 + when.minute for when in (first, last))
    if first.date() == last.date():
        return [(first.date(), low, high)]
    days = [(first.date(), low, MINUTES_A_DAY)]
    return [*days, (last.date(), 0, high)] if high else days
