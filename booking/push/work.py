"""Gives the outbox its channel into calendars, and tells an agent once when theirs can no longer be written to."""

from datetime import datetime

import structlog
from aiohttp import web

from booking.busy.failures import mail_letter, write_failure
from booking.busy.work import host_of, make_reading
from booking.keys import CHANNELS
from booking.models import Agent, BusyCalendar
from booking.notifications.delivery import make_composer
from booking.notifications.kinds import CALDAV
from booking.push.pushing import CalendarChannel
from teleconsult.clock import utcnow
from teleconsult.web.i18n import N_, gettext_for
from teleconsult.web.keys import SETTINGS
from teleconsult.web.ticks import add_tick

TICK_SECONDS = 60

SUBJECT = N_("Vos rendez-vous ne sont plus écrits dans votre calendrier")
OPENING = N_(
    "Nous n’arrivons plus à écrire vos rendez-vous dans votre calendrier. Ce qui n’a pas pu y être écrit vous est "
    "envoyé par courriel. Les rendez-vous suivants seront de nouveau écrits dès que le calendrier répondra."
)

log = structlog.get_logger(__name__)


async def tell_failures(app: web.Application, *, now: datetime | None = None) -> int:
    """Tell each agent whose calendar can no longer be written to, once a failure; return how many were told."""
    told = 0
    untold = BusyCalendar.filter(write_failing_since__not_isnull=True, write_told_at=None).prefetch_related("agent")
    for calendar in await untold:
        own = BusyCalendar.filter(id=calendar.id)
        if not await own.filter(write_told_at=None).update(write_told_at=now or utcnow()):
            continue  # another process does
        if await _tell(app, calendar, now or utcnow()):
            log.info("calendar_failure_told", calendar=calendar.id)
            told += 1
        else:
            await own.update(write_told_at=None)
    return told


async def _tell(app: web.Application, calendar: BusyCalendar, now: datetime) -> bool:
    agent: Agent = calendar.agent
    letter = write_failure(
        agent, subject=SUBJECT, opening=OPENING, last=(N_("Écrit pour la dernière fois"), calendar.wrote_at),
        error=calendar.write_error, host=host_of(calendar, make_reading(app)),
        page=f"{app[SETTINGS].origin}/agent/calendar", _=gettext_for(app, agent.language),
    )  # fmt: skip
    return await mail_letter(app, agent, letter, now=now)


async def _tick(app: web.Application) -> None:
    await tell_failures(app)


def setup(app: web.Application) -> None:
    """Add the channel; call after the outbox's own set-up, and before the application starts."""
    app[CHANNELS][CALDAV] = CalendarChannel(make_reading(app), make_composer(app))
    add_tick(app, "calendar_failures", TICK_SECONDS, _tick)
