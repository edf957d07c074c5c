"""What a feed shows: the last thirty days and all that is booked, without a name in it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256

from tortoise.expressions import Q
from tortoise.functions import Max

from booking.engine.kept import current
from booking.feeds.addresses import FeedUnknown, Owner, OwnerKind
from booking.lifecycle import Status
from booking.models import Agent, Appointment, Room, Site, Transition
from booking.notifications.invitations import empty_calendar, event_of, one_line, zone_of
from booking.notifications.kinds import Recipient
from booking.notifications.meeting import Meeting, read_meetings
from booking.notifications.messages import Composer
from teleconsult.web.i18n import Gettext

PAST = timedelta(days=30)
# A cancelled appointment stays for who has not looked meanwhile.
CANCELLED_FOR = timedelta(days=14)
REFRESH = timedelta(minutes=15)
# The fullest house of a nation has a tenth of that; nobody's calendar program is asked for more.
MOST = 5000
# Part of the ETag: raise it when feeds come to say something else of the same appointments.
EDITION = "1"
READERS = {
    OwnerKind.AGENT: Recipient.AGENT,
    OwnerKind.SITE: Recipient.ADVISER,
    OwnerKind.ROOM: Recipient.ROOM,
}


@dataclass(frozen=True)
class Shown:
    """What a feed shows now, before any of it is written. `etag` is another one as soon as any of it is."""

    owner: Owner
    name: str
    language: str
    appointment_ids: tuple[str, ...]
    etag: str


async def look(owner: Owner, *, now: datetime) -> Shown:
    """Return what an owner's feed shows and its ETag (RFC 9110 8.8.3), in three small queries.

    Raises FeedUnknown if there is no such owner.
    """
    name, language = await _named(owner)
    today = datetime.combine(now.date(), time.min, UTC)
    lasting = Q(status__not=Status.CANCELLED) | Q(closed_at__gte=today - CANCELLED_FOR)
    found = Appointment.filter(lasting, starts_at__gte=today - PAST, **owner.column).order_by("starts_at", "id")
    rows = await found.limit(MOST).values_list("id", "sequence", "status")
    version = (await current()).version
    shown = [(key, sequence, status == Status.CANCELLED) for key, sequence, status in rows]
    told = repr((EDITION, owner.kind.value, owner.id, name, language, version, shown))
    ids = tuple(str(key) for key, _, _ in rows)
    return Shown(owner, name, language, ids, sha256(told.encode()).hexdigest()[:32])


async def _named(owner: Owner) -> tuple[str, str]:
    """Return the owner's name, and the language that they read."""
    if owner.kind is OwnerKind.AGENT:
        rows = await Agent.filter(id=owner.id).values_list("name", "language")
    else:
        names = (Site if owner.kind is OwnerKind.SITE else Room).filter(id=owner.id)
        rows = [(name, "fr") for name in await names.values_list("name", flat=True)]
    if not rows:
        raise FeedUnknown
    ((name, language),) = rows
    return str(name), "en" if str(language).startswith("en") else "fr"


async def write(shown: Shown, composer: Composer) -> bytes:
    """Return a feed as a calendar to subscribe to (RFC 5545, RFC 7986 5.7)."""
    meetings = await read_meetings(shown.appointment_ids) if shown.appointment_ids else {}
    stamps = await _stamps(shown.appointment_ids)
    ordered = [(meetings[each], stamps[each]) for each in shown.appointment_ids if each in meetings]
    # a thousand events take a second: others are served meanwhile
    return await asyncio.to_thread(_write, shown, ordered, composer)


async def _stamps(ids: Sequence[str]) -> dict[str, datetime]:
    """Return when each appointment was last changed."""
    if not ids:
        return {}
    rows = Transition.filter(appointment_id__in=list(ids)).annotate(last=Max("at")).group_by("appointment_id")
    return {str(key): last for key, last in await rows.values_list("appointment_id", "last")}


def _write(shown: Shown, meetings: Sequence[tuple[Meeting, datetime]], composer: Composer) -> bytes:
    _ = composer.gettext_for(shown.language)
    recipient = READERS[shown.owner.kind]
    calendar = empty_calendar()
    name = title(shown, _)
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, {"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for zone in sorted({meeting.timezone for meeting, _stamp in meetings}):
        days = [meeting.starts_at.date() for meeting, _stamp in meetings if meeting.timezone == zone]
        calendar.add_component(zone_of(zone, min(days), max(days)))
    for meeting, stamp in meetings:
        links = composer.links(meeting, recipient)
        cancelled = meeting.status == Status.CANCELLED
        event = event_of(meeting, recipient=recipient, links=links, cancelled=cancelled, stamp=stamp, _=_)
        event.add("last-modified", stamp)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def title(shown: Shown, _: Gettext) -> str:
    """Return what calendar programs call a feed."""
    return one_line(_("Téléconsultations : {name}", name=shown.name))
