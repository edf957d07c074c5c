"""The waiting list: who waits for a slot of a service at a house, in the order in which they came.

A slot that is free is kept, by a hold, for the first person whom it fits, for as long as the service says; then for the
next one. `offer_all` may run again at any time and in several processes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tortoise.expressions import Q

from booking import holds
from booking.book import book
from booking.change import reschedule
from booking.engine.offer import KIOSK
from booking.engine.search import Slot, slots
from booking.errors import (
    AddressMissing,
    AlreadyWaiting,
    EntryUnknown,
    NoWaitingList,
    OfferOver,
    ServiceUnknown,
    SiteUnknown,
)
from booking.fairness import person_hash
from booking.holds import Held
from booking.idempotency import Once
from booking.lifecycle import Actor, ActorKind, Status
from booking.models import Appointment, Notice, Service, Site, WaitingEntry
from booking.notifications.notices import Kind, NoticeState, Recipient
from booking.record import Done
from booking.schemas import Citizen
from teleconsult.database import transaction
from teleconsult.errors import DomainError

WAITING, OFFERED, ACCEPTED, LEFT, LAPSED = "waiting", "offered", "accepted", "left", "lapsed"
IN_LINE = (WAITING, OFFERED)
# Who lets this many offers pass without a word no longer waits.
MOST_OFFERS = 3
AT_ONCE = 500
TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somebody's place on a waiting list as they are shown it; `ahead` people come before. Instants are UTC."""

    id: str
    state: str
    ahead: int
    service_id: str
    service: str
    service_en: str
    site_id: str
    site: str
    timezone: str
    not_after: datetime
    given_name: str
    email: str
    language: str
    offers: int
    offered_start: datetime | None
    offered_until: datetime | None
    appointment_id: str | None
    phone: str = ""  # E.164
    organisation_id: str = ""

    def called(self, language: str) -> str:
        """Return the service's name in a language, French when it has none in that one."""
        return (self.service_en if language == "en" else "") or self.service


async def join(
    *,
    now: datetime,
    service_id: str,
    site_id: str,
    citizen: Citizen,
    until: datetime,
    needs: Sequence[str] = (),
    appointment_id: str | None = None,
) -> str:
    """Wait for a slot of a service at a house that starts before `until`, and return the entry's id.

    `appointment_id`: the one that an offer would move. Raises ServiceUnknown, SiteUnknown, NoWaitingList,
    AddressMissing (offers are made by mail), AlreadyWaiting.
    """
    service = await Service.get_or_none(id=service_id)
    if service is None:
        raise ServiceUnknown(service=service_id)
    if not await Site.exists(id=site_id, active=True):
        raise SiteUnknown(site=site_id)
    open_to_citizens = "citizen" in service.audiences and KIOSK in service.modes
    if not service.waiting_list or service.retired_at is not None or not open_to_citizens:
        raise NoWaitingList
    if not citizen.email:
        raise AddressMissing(field="email")
    async with transaction():
        await Service.filter(id=service_id).select_for_update().first()
        same = WaitingEntry.filter(service_id=service_id, site_id=site_id, email=citizen.email, state__in=IN_LINE)
        if await same.filter(given_name=citizen.given_name, family_name=citizen.family_name).exists():
            raise AlreadyWaiting
        entry = await WaitingEntry.create(
            service_id=service_id, site_id=site_id, appointment_id=appointment_id, joined_at=now, not_before=now,
            not_after=until, given_name=citizen.given_name, family_name=citizen.family_name, email=citizen.email,
            phone=citizen.phone or "", language=citizen.language, needs=list(needs),
        )  # fmt: skip
    return entry.id


async def keeps_list(service_id: str) -> bool:
    """Tell whether freed slots of a service can be waited for."""
    service = await Service.get_or_none(id=service_id, waiting_list=True, retired_at=None)
    return service is not None and "citizen" in service.audiences and KIOSK in service.modes


async def waits_for_earlier(appointment_id: str) -> Place | None:
    """Return the place of who waits for an earlier slot than their appointment; None if nobody does."""
    entry = await WaitingEntry.filter(appointment_id=appointment_id, state__in=IN_LINE).first()
    return await place_of(entry.id) if entry is not None else None


async def place_of(entry_id: str) -> Place:
    """Return somebody's place. Raises EntryUnknown."""
    entry = await WaitingEntry.get_or_none(id=entry_id).select_related("service", "site")
    if entry is None:
        raise EntryUnknown
    before = Q(joined_at__lt=entry.joined_at) | Q(joined_at=entry.joined_at, id__lt=entry.id)
    line = WaitingEntry.filter(before, service_id=entry.service_id, site_id=entry.site_id, state__in=IN_LINE)
    return Place(
        id=entry.id, state=entry.state, ahead=await line.count(), service_id=entry.service_id,
        service=entry.service.name, service_en=entry.service.name_en, site_id=entry.site_id, site=entry.site.name,
        timezone=entry.site.timezone, not_after=entry.not_after, given_name=entry.given_name, email=entry.email,
        language=entry.language, offers=entry.offers, offered_start=entry.offered_start,
        offered_until=entry.offered_until, appointment_id=entry.appointment_id, phone=entry.phone,
        organisation_id=entry.service.organisation_id,
    )  # fmt: skip


async def offer_all(*, now: datetime) -> int:
    """Let lapsed offers go on to the next, and offer what is free to the first whom it fits; return how many offers."""
    await _lapse(now)
    over = WaitingEntry.filter(state=WAITING, not_after__lte=now)
    await over.update(state=LAPSED)
    line = WaitingEntry.filter(state=WAITING).order_by("joined_at", "id").limit(AT_ONCE)
    found: dict[tuple[str, str, tuple[str, ...]], list[Slot]] = {}
    offers = 0
    for entry in await line.select_related("service", "site", "appointment"):
        key = (entry.service_id, entry.site_id, tuple(entry.needs))
        if key not in found:
            found[key] = await _free(entry, now)
        if await _offer(entry, _fitting(entry, found[key]), now):
            offers += 1
            found.clear()  # what is kept now is free for nobody else
    return offers


async def accept(*, now: datetime, entry_id: str, key: str) -> Done:
    """Take the slot that is offered: it becomes an appointment, or the appointment moves there.

    `key`: the service's secret, by which a person's appointments are counted. Again: the same appointment.
    Raises EntryUnknown, OfferOver, and what `book` or `reschedule` raise.
    """
    entry = await _entry(entry_id)
    if entry.state == ACCEPTED and entry.appointment_id:
        return Done(await Appointment.get(id=entry.appointment_id))
    if entry.state != OFFERED or entry.offered_start is None or (entry.offered_until or now) <= now:
        raise OfferOver
    actor, owner = Actor(ActorKind.CITIZEN), _owner(entry.id)
    if entry.appointment_id:
        done = await reschedule(
            now=now, appointment_id=entry.appointment_id, start=entry.offered_start, site_id=entry.site_id,
            actor=actor, hold_id=entry.hold_id, hold_owner=owner,
        )  # fmt: skip
    else:
        citizen = Citizen(
            given_name=entry.given_name, family_name=entry.family_name, email=entry.email, phone=entry.phone or None,
            language="en" if entry.language == "en" else "fr",
        )  # fmt: skip
        done = await book(
            now=now, service_id=entry.service_id, site_id=entry.site_id, start=entry.offered_start, citizen=citizen,
            actor=actor, channel="web", needs=entry.needs, once=Once("waiting", entry.id, entry.id),
            hold_id=entry.hold_id, hold_owner=owner,
            person=person_hash(key=key, citizen=citizen, site_id=entry.site_id),
        )  # fmt: skip
    await WaitingEntry.filter(id=entry.id).update(state=ACCEPTED, appointment_id=done.appointment.id)
    return done


async def decline(*, now: datetime, entry_id: str) -> None:
    """Let the slot that is offered go to the next, and keep one's place. Raises EntryUnknown, OfferOver."""
    entry = await _entry(entry_id)
    if not await WaitingEntry.filter(id=entry_id, state=OFFERED, offers=entry.offers).update(state=WAITING, offers=0):
        raise OfferOver
    await _give_back(entry, now)


async def leave(*, now: datetime, entry_id: str) -> None:
    """Wait no longer; again: nothing more happens. Raises EntryUnknown."""
    entry = await _entry(entry_id)
    if await WaitingEntry.filter(id=entry_id, state__in=IN_LINE).update(state=LEFT):
        await _give_back(entry, now)


async def _entry(entry_id: str) -> WaitingEntry:
    entry = await WaitingEntry.get_or_none(id=entry_id)
    if entry is None:
        raise EntryUnknown
    return entry


def _owner(entry_id: str) -> str:
    return f"waiting:{entry_id}"


async def _give_back(entry: WaitingEntry, now: datetime) -> None:
    if entry.hold_id:
        await holds.release(now=now, hold_id=entry.hold_id, owner=_owner(entry.id))


async def _lapse(now: datetime) -> None:
    """Who let an offer pass goes to the end of the line; after three, off it."""
    for entry in await WaitingEntry.filter(state=OFFERED, offered_until__lte=now):
        after: dict[str, Any] = {"state": LAPSED} if entry.offers >= MOST_OFFERS else {"state": WAITING}
        passed = WaitingEntry.filter(id=entry.id, state=OFFERED, offers=entry.offers)
        if await passed.update(**after, joined_at=now):
            await _give_back(entry, now)


async def _free(entry: WaitingEntry, now: datetime) -> list[Slot]:
    """Return what can be booked for an entry's service, house and needs; nothing if it cannot be booked at all."""
    days = (entry.not_after - now).days + 2
    first = now.astimezone(ZoneInfo(entry.site.timezone)).date()
    try:
        return await slots(
            now=now, service_id=entry.service_id, site_id=entry.site_id, first_day=first,
            days=max(days, entry.service.horizon_days), needs=entry.needs,
        )  # fmt: skip
    except DomainError:
        return []


def _fitting(entry: WaitingEntry, free: Sequence[Slot]) -> list[datetime]:
    """Return the starts that an entry would take, the first ones first; never the one it was offered last."""
    until = entry.not_after
    if entry.appointment is not None:
        if entry.appointment.status != Status.BOOKED:
            return []
        until = min(until, entry.appointment.starts_at)
    starts = [slot.start for slot in free if entry.not_before <= slot.start < until]
    return [start for start in starts if start != entry.offered_start][:TRIES]


async def _offer(entry: WaitingEntry, starts: Sequence[datetime], now: datetime) -> bool:
    """Keep the first of these starts that can be had for an entry, and owe it a mail."""
    seconds = entry.service.offer_minutes * 60
    for start in starts:
        try:
            kept = await holds.hold(
                now=now, service_id=entry.service_id, site_id=entry.site_id, start=start, owner=_owner(entry.id),
                needs=entry.needs, seconds=seconds,
            )  # fmt: skip
        except DomainError:
            continue  # somebody was faster
        return await _tell(entry, kept, now)
    return False


async def _tell(entry: WaitingEntry, kept: Held, now: datetime) -> bool:
    async with transaction():
        won = await WaitingEntry.filter(id=entry.id, state=WAITING, offers=entry.offers).update(
            state=OFFERED, hold_id=kept.id, offered_start=kept.starts_at, offered_until=kept.expires_at,
            offers=entry.offers + 1,
        )  # fmt: skip
        if won:
            await Notice.filter(waiting_id=entry.id, state=NoticeState.PENDING).update(state=NoticeState.VOID)
            await Notice.create(
                waiting_id=entry.id, kind=Kind.OFFER, recipient=Recipient.CITIZEN, sequence=entry.offers + 1,
                starts_at=kept.starts_at, ends_at=kept.ends_at, due_at=now, deadline_at=kept.expires_at,
            )  # fmt: skip
    if not won:
        # another process made an offer at the same moment: if it was this slot, it is this hold that keeps it
        same = WaitingEntry.filter(id=entry.id, state=OFFERED, offered_start=kept.starts_at)
        if not await same.update(hold_id=kept.id):
            await holds.release(now=now, hold_id=kept.id, owner=_owner(entry.id))
    return bool(won)
