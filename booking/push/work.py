"""Gives the outbox its channel into calendars, and tells an agent once when theirs can no longer be written to."""

from datetime import datetime

import structlog
from aiohttp import web

from booking.busy.errors import BUSY_ERROR_TEXTS, CalendarUnreadable
from booking.busy.work import host_of, mail_letter, make_reading
from booking.keys import CHANNELS
from booking.models import Agent, BusyCalendar
from booking.notifications.delivery import make_composer
from booking.notifications.kinds import CALDAV
from booking.notifications.letters import Action, Letter
from booking.push.pushing import CalendarChannel
from teleconsult.clock import utcnow
from teleconsult.web.i18n import N_, Gettext, format_day_time, gettext_for
from teleconsult.web.keys import SETTINGS
from teleconsult.web.ticks import add_tick

TICK_SECONDS = 60

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
    letter = write_letter(
        calendar, agent, host=host_of(calendar, make_reading(app)), page=f"{app[SETTINGS].origin}/agent/calendar",
        _=gettext_for(app, agent.language),
    )  # fmt: skip
    return await mail_letter(app, agent, letter, now=now)


def write_letter(calendar: BusyCalendar, agent: Agent, *, host: str, page: str, _: Gettext) -> Letter:
    """Return what an agent is told when a calendar of theirs can no longer be written to; pure."""
    wrote = format_day_time(calendar.wrote_at, agent.timezone, agent.language) if calendar.wrote_at else "–"
    reason = BUSY_ERROR_TEXTS.get(calendar.write_error, BUSY_ERROR_TEXTS[CalendarUnreadable.code])
    return Letter(
        language=agent.language,
        subject=_(N_("Vos rendez-vous ne sont plus écrits dans votre calendrier")),
        greeting=_(N_("Bonjour {name},"), name=agent.name),
        opening=_(OPENING),
        facts=(
            (_(N_("Calendrier")), host),
            (_(N_("Écrit pour la dernière fois")), wrote),
            (_(N_("Pourquoi")), _(reason)),
        ),
        papers_title="",
        papers=(),
        action=Action(_(N_("Ouvrir mon calendrier")), page),
        closing="",
        footer=_(N_("Ce message est envoyé une seule fois, tant que la panne dure.")),
    )


async def _tick(app: web.Application) -> None:
    await tell_failures(app)


def setup(app: web.Application) -> None:
    """Add the channel; call after the outbox's own set-up, and before the application starts."""
    app[CHANNELS][CALDAV] = CalendarChannel(make_reading(app), make_composer(app))
    add_tick(app, "calendar_failures", TICK_SECONDS, _tick)
