"""Reads agents' calendars as they are due, and tells an agent once when theirs has stopped working."""

import asyncio
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from booking.busy.calendars import Reading, claim_due, claim_untold, refresh, untell
from booking.busy.errors import CalendarUnreadable
from booking.busy.failures import mail_letter, write_failure
from booking.busy.guard import read_networks
from booking.busy.seal import Seal
from booking.models import Agent, BusyCalendar
from teleconsult.clock import utcnow
from teleconsult.web.i18n import N_, gettext_for
from teleconsult.web.keys import SETTINGS
from teleconsult.web.ticks import add_tick

TICK_SECONDS = 60
# How many calendars are read at once; a worker claims no more than that, so that its leases outlast its work.
BATCH = 2
MOST_A_TICK = 200

SUBJECT = N_("Votre calendrier n’est plus lu")
OPENING = N_(
    "Nous n’arrivons plus à lire un calendrier que vous nous avez indiqué. Ce que nous en savions compte encore, mais "
    "ce que vous y ajoutez n’est plus vu\u00a0: des usagers peuvent réserver sur des heures où vous êtes pris."
)

log = structlog.get_logger(__name__)


def make_reading(app: web.Application) -> Reading:
    """Return what reading calendars needs from the application's settings."""
    settings = app[SETTINGS]
    return Reading(Seal(settings.signing_key), read_networks(settings.calendar_allowed_networks))


async def refresh_due(app: web.Application, *, now: datetime | None = None) -> int:
    """Read every calendar that is due, and tell whoever's has been failing; return how many were read."""
    reading, handled = make_reading(app), 0
    while handled < MOST_A_TICK:
        claimed = await claim_due(now=now or utcnow(), limit=BATCH)
        if not claimed:
            break
        await asyncio.gather(*(_refresh(each, now or utcnow(), reading) for each in claimed))
        handled += len(claimed)
    for calendar in await claim_untold(now=now or utcnow()):
        await _tell(app, calendar, reading, now or utcnow())
    return handled


async def _refresh(calendar: BusyCalendar, now: datetime, reading: Reading) -> None:
    """Read one calendar; whatever is in it, the others are read too."""
    try:
        worked = await refresh(calendar, now=now, reading=reading)
    except Exception:
        log.exception("busy_calendar_broken", calendar=calendar.id)
        return
    log.info("busy_calendar_read", calendar=calendar.id, worked=worked)


async def _tell(app: web.Application, calendar: BusyCalendar, reading: Reading, now: datetime) -> None:
    """Mail an agent that a calendar of theirs does not work any more; tried again if the mail is not taken."""
    agent: Agent = calendar.agent
    letter = write_failure(
        agent, subject=SUBJECT, opening=OPENING, last=(N_("Lu pour la dernière fois"), calendar.worked_at),
        error=calendar.last_error, host=host_of(calendar, reading), page=f"{app[SETTINGS].origin}/agent/calendar",
        _=gettext_for(app, agent.language),
    )  # fmt: skip
    if await mail_letter(app, agent, letter, now=now):
        log.info("busy_calendar_told", calendar=calendar.id)
    else:
        await untell(calendar.id)


def host_of(calendar: BusyCalendar, reading: Reading) -> str:
    """Return the name of a calendar's server, all that is shown of its address."""
    try:
        return urlsplit(reading.seal.open(calendar.url)).hostname or "?"
    except CalendarUnreadable:
        return "?"


async def _tick(app: web.Application) -> None:
    await refresh_due(app)


def setup(app: web.Application) -> None:
    """Read calendars for as long as the application serves."""
    add_tick(app, "busy_calendars", TICK_SECONDS, _tick)
