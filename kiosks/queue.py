"""Who waits at a kiosk for the first agent who is free: joining, being received, leaving; what screens know of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from booking import walk_in
from booking.events import WalkInEvent
from booking.lifecycle import Actor
from booking.line import NowOffer, NowState, now_at
from booking.models import Kiosk, WalkIn
from booking.walk_in import Over
from kiosks.arrival import free_screen
from kiosks.counters import Counter
from kiosks.errors import KioskBusy
from kiosks.events import CitizenQueued, KioskChanged
from kiosks.models import Terminal, Visit
from kiosks.people import check_person
from kiosks.visits import Owner
from teleconsult.database import transaction


@dataclass(frozen=True, kw_only=True)
class NowChoice:
    """A kiosk at which one could be received now, or why not; `instead` are the names of kiosks that would do."""

    kiosk_id: str
    kiosk: str
    offer: NowOffer
    instead: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the queue can be joined there."""
        return self.offer.state is NowState.OPEN


@dataclass(frozen=True, kw_only=True)
class Queued:
    """Somebody is in the queue, and what to publish (nothing if they had been before)."""

    walk_in_id: str
    events: Sequence[WalkInEvent | KioskChanged | CitizenQueued]


async def choices_now(*, now: datetime, counter: Counter, service_id: str, needs: Sequence[str]) -> list[NowChoice]:
    """Return what to say of being received now: at the kiosk itself, or at each of the desk's kiosks that is free.

    Nothing for a service that takes nobody unannounced.
    """
    names = dict(await Kiosk.filter(site_id=counter.house.id).order_by("name", "id").values_list("id", "name"))
    here = counter.owner.kiosk_id
    found = []
    for kiosk_id in [here] if here else names:
        offer = await now_at(now=now, service_id=service_id, kiosk_id=str(kiosk_id), needs=needs)
        if offer is not None:
            free = [str(names[each]) for each in offer.kiosks if await screen_of(each)]
            found.append(
                NowChoice(kiosk_id=str(kiosk_id), kiosk=str(names[kiosk_id]), offer=offer, instead=tuple(free))
            )
    if here:
        return found
    return [each for each in found if await screen_of(each.kiosk_id)]


async def screen_of(kiosk_id: str) -> str:
    """Return the id of a kiosk's free screen that is there; nothing if somebody is at it or none is."""
    try:
        screen = await free_screen(kiosk_id)
    except KioskBusy:
        return ""
    return screen if await Terminal.exists(id=screen, online=True) else ""


async def join_queue(*, now: datetime, owner: Owner, visit_id: str, actor: Actor) -> Queued | None:
    """Put whom a draft is for into the queue. However often it is asked, a visit joins once.

    At a front desk the chosen kiosk's screen becomes the one that waits. Returns None if the visit is over or not
    complete. Raises KioskBusy, and what `booking.walk_in.join` does.
    """
    async with transaction():
        visit = await Visit.get_or_none(**owner.key, id=visit_id)
        if visit is None or not visit.now_kiosk or visit.service_id is None:
            return None
        if visit.walk_in_id:
            return Queued(walk_in_id=visit.walk_in_id, events=[])
        person = check_person(visit.details)
        if person is None:
            return None
        kiosk_id = visit.now_kiosk
        screen = owner.terminal_id or await screen_of(kiosk_id)
        if not screen:
            raise KioskBusy
        joined = await walk_in.join(
            now=now, service_id=visit.service_id, kiosk_id=kiosk_id, citizen=person.citizen, needs=person.needs,
            actor=actor,
        )  # fmt: skip
        # what was typed stays until the end of the wait: they may choose a time instead
        waiting = {"stage": "waiting", "walk_in_id": joined.id, "touched_at": now}
        if not owner.terminal_id:
            await Visit.filter(terminal_id=screen).delete()
            waiting |= {"account_id": None, "terminal_id": screen}
        await Visit.filter(id=visit.id).update(**waiting)
    changed = KioskChanged(site_id=owner.site_id, kiosk_id=kiosk_id)
    sent = [] if owner.terminal_id else [CitizenQueued(site_id=owner.site_id, kiosk_id=kiosk_id, terminal_id=screen)]
    return Queued(walk_in_id=joined.id, events=[*joined.events, changed, *sent])


async def receive(*, now: datetime, walk_in_id: str, appointment_id: str) -> list[str]:
    """Make the appointment that began what the waiting screens are about; return their ids. Again: nothing happens."""
    waiting = Visit.filter(walk_in_id=walk_in_id, stage="waiting")
    screens = await waiting.values_list("terminal_id", flat=True)
    await waiting.update(stage="arrived", appointment_id=appointment_id, walk_in_id=None, details={}, touched_at=now)
    return [str(screen) for screen in screens]


async def book_instead(*, now: datetime, owner: Owner, visit_id: str) -> Sequence[WalkInEvent]:
    """Leave the queue and choose a time instead, with nothing of what was typed lost."""
    visit = await Visit.get_or_none(**owner.key, id=visit_id, stage="waiting")
    if visit is None:
        return []
    events = await walk_in.end(walk_in_id=visit.walk_in_id, why=Over.LEFT) if visit.walk_in_id else []
    back = {"stage": "draft", "walk_in_id": None, "now_kiosk": "", "touched_at": now}
    await Visit.filter(id=visit.id, stage="waiting").update(**back)
    return events


async def is_of_house(*, walk_in_id: str, site_id: str) -> bool:
    """Tell whether somebody waits at one of a house's kiosks."""
    return await WalkIn.exists(id=walk_in_id, kiosk__site_id=site_id, open_kiosk__not_isnull=True)


async def end_left_behind() -> Sequence[WalkInEvent | KioskChanged]:
    """End the waits at screens that are gone, or that are about something else now; returns what to publish."""
    events: list[WalkInEvent | KioskChanged] = []
    for entry in await WalkIn.filter(open_kiosk__not_isnull=True).select_related("kiosk"):
        there = Visit.filter(walk_in_id=entry.id, stage="waiting")
        if not await there.filter(terminal__online=True, terminal__revoked_at=None).exists():
            events += await walk_in.end(walk_in_id=entry.id, why=Over.AWAY)
            if await there.delete():
                site_id: str = entry.kiosk.site_id  # type: ignore[attr-defined]
                events.append(KioskChanged(site_id=site_id, kiosk_id=entry.kiosk_id))
    return events
