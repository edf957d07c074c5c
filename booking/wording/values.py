"""What placeholders become: for a mail in full, for a text message in few characters. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from booking.notifications.kinds import Kind, Recipient
from booking.notifications.letters import DISPLACED_OPENINGS
from booking.notifications.meeting import Meeting
from booking.waiting import Place
from teleconsult.web.i18n import LOCALES, Gettext, format_day_time, format_time

SHORT_DAYS = {"fr": "EEE d/MM", "en": "EEE d MMM"}
SHORT_TIMES = {"fr": "%Hh%M", "en": "%H:%M"}
JOINTS = {"fr": " à ", "en": " at "}


def short_time(when: datetime, timezone: str, language: str) -> str:
    """Return the time of an instant at a place, as a text message says it: `14h30`."""
    return when.astimezone(ZoneInfo(timezone)).strftime(SHORT_TIMES[language])


def short_day_time(when: datetime, timezone: str, language: str) -> str:
    """Return the day and the time of an instant at a place, as a text message says them: `lun. 23/11 à 14h30`."""
    day = when.astimezone(ZoneInfo(timezone)).date()
    said = format_date(day, format=SHORT_DAYS[language], locale=LOCALES[language])
    return said + JOINTS[language] + short_time(when, timezone, language)


def mail_values(
    kind: Kind, meeting: Meeting, recipient: Recipient, params: Mapping[str, Any], _: Gettext
) -> dict[str, str]:
    """Return what a mail's placeholders become for its recipient; to an agent, nothing that names the citizen."""
    language = meeting.language_of(recipient)
    timezone = meeting.agent_timezone if recipient is Recipient.AGENT else meeting.timezone
    values = _of_meeting(meeting, language) | {"when": format_day_time(meeting.starts_at, timezone, language)}
    if recipient is Recipient.CITIZEN:
        values |= {"name": meeting.given_name, "agent": meeting.agent_name, "kiosk": meeting.kiosk}
    else:
        values["initial"] = meeting.initial
    if kind is Kind.LATE:
        then = meeting.starts_at + timedelta(minutes=params["minutes"])
        values |= {"minutes": str(params["minutes"]), "time": format_time(then, timezone, language)}
    if kind is Kind.DISPLACED:
        trouble: str = params["trouble"]
        values["reason"] = _(DISPLACED_OPENINGS[trouble])
    return values


def text_values(kind: Kind, meeting: Meeting, params: Mapping[str, Any], link: str) -> dict[str, str]:
    """Return what a text message's placeholders become; `link` is the short one."""
    language = meeting.language_of(Recipient.CITIZEN)
    values = _of_meeting(meeting, language) | {"link": link}
    values["when"] = short_day_time(meeting.starts_at, meeting.timezone, language)
    if kind is Kind.LATE:
        then = meeting.starts_at + timedelta(minutes=params["minutes"])
        values |= {"minutes": str(params["minutes"]), "time": short_time(then, meeting.timezone, language)}
    return values


def offer_values(place: Place, *, link: str = "", short: bool = False) -> dict[str, str]:
    """Return what the placeholders of an offer become. Precondition: a slot is offered."""
    if place.offered_start is None or place.offered_until is None:
        raise ValueError("no slot is offered")
    language = "en" if place.language.startswith("en") else "fr"
    say = short_day_time if short else format_day_time
    return {
        "when": say(place.offered_start, place.timezone, language),
        "until": say(place.offered_until, place.timezone, language),
        "service": place.called(language),
        "site": place.site,
        "name": place.given_name,
        "link": link,
    }


def _of_meeting(meeting: Meeting, language: str) -> dict[str, str]:
    organisation = (meeting.organisation_en if language == "en" else "") or meeting.organisation
    return {
        "reference": meeting.shown_reference,
        "service": meeting.service_in(language),
        "organisation": organisation,
        "site": meeting.site,
    }
