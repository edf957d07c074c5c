"""From what was chosen and typed on the web to an appointment, or to a series of two or three."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from booking import holds
from booking.book import book
from booking.engine.offer import KIOSK
from booking.engine.search import Slot, slots
from booking.errors import NotBookable, SlotTaken, TooManyAppointments
from booking.events import AppointmentEvent
from booking.fairness import person_hash
from booking.holds import Held
from booking.idempotency import Once
from booking.journey.choices import Booking, Wanted
from booking.journey.hold import CITIZEN
from booking.lifecycle import Status
from booking.models import Appointment, Service, Site
from teleconsult.database import new_id
from teleconsult.errors import Conflict

WEEK = timedelta(days=7)
# An appointment of a series may be this many days later than a week after the one before.
DAYS_LATER = 5


class SeriesNotFree(Conflict):
    """There is no room for the whole series; `number`: of the first one that found none."""

    code = "series_not_free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A booking on the web: what, for whom, by which browser (`owner`: its secret), from which page (`draft`).

    `hold_id`: the owner's hold on what is wanted, if there is one. `key`: the service's secret, by which people are
    counted.
    """

    wanted: Wanted
    start: datetime
    site_id: str
    person: Booking
    owner: str
    hold_id: str | None
    draft: str
    key: str

    @property
    def mode(self) -> str:
        """How to attend: `kiosk` or `home`."""
        return self.wanted.mode or KIOSK


@dataclass(frozen=True, slots=True)
class Booked:
    """The first appointment, and what to publish."""

    appointment: Appointment
    events: Sequence[AppointmentEvent]


async def book_asked(*, now: datetime, asked: Asked) -> Booked:
    """Book what was asked for: one appointment, or a series a week apart, at the same hour if that is free.

    Asked again from the same page, the same appointment is returned. Raises what `booking.book.book` and
    `booking.holds.hold` do, and SeriesNotFree: then nothing is booked.
    """
    if asked.person.series == 1:
        return await _book(asked, asked.site_id, asked.start, asked.hold_id, now=now, number=1)
    kept = await _hold_series(asked, now)
    series = new_id()
    done = [
        await _book(asked, held.site_id, held.starts_at, held.id, now=now, number=number, series=series)
        for number, held in enumerate(kept, start=1)
    ]
    return Booked(done[0].appointment, [event for each in done for event in each.events])


async def _book(
    asked: Asked, site_id: str, start: datetime, hold_id: str | None, *, now: datetime, number: int, series: str = ""
) -> Booked:
    person = asked.person
    done = await book(
        now=now,
        service_id=asked.wanted.service,
        site_id=site_id,
        start=start,
        citizen=person.citizen,
        needs=person.needs,
        actor=CITIZEN,
        channel="web",
        mode=asked.mode,
        hold_id=hold_id,
        hold_owner=asked.owner,
        booked_by=person.booked_by or "" if person.on_behalf else "",
        consent=person.consent == "yes",
        companions=person.companions,
        series=series,
        person=_hash(asked),
        once=Once(f"web:{asked.owner}", f"{asked.draft}:{number}", asked.draft),
    )
    return Booked(done.appointment, done.events)


async def _hold_series(asked: Asked, now: datetime) -> list[Held]:
    """Hold every slot of a series, or none but the one that was held before."""
    await _require_room(asked, now)
    zone = ZoneInfo((await Site.get(id=asked.site_id)).timezone)
    kept = [await _hold(asked, asked.start, now)]
    try:
        for number in range(1, asked.person.series):
            # by the wall clock: a week later is the same hour, also over a change of the clocks
            target = asked.start.astimezone(zone) + number * WEEK
            slot, agent = await _next_slot(asked, target, kept[0].agent_id, now)
            if slot is None:
                raise SeriesNotFree(number=number + 1)
            kept.append(await _hold(asked, slot.start, now, agent))
    except (SlotTaken, NotBookable, SeriesNotFree):
        for each in kept[1:]:
            await holds.release(now=now, hold_id=each.id, owner=asked.owner)
        raise SeriesNotFree(number=len(kept) + 1) from None
    return kept


async def _next_slot(asked: Asked, target: datetime, agent_id: str, now: datetime) -> tuple[Slot | None, str | None]:
    """Return the slot nearest to a target: at its very time with the same agent, with another, else the next best."""
    found: list[Slot] = []
    for agent in (agent_id, None):
        found = await slots(
            now=now, service_id=asked.wanted.service, site_id=asked.site_id, first_day=target.date(), days=DAYS_LATER,
            agent_id=agent, needs=asked.person.needs, mode=asked.mode,
        )  # fmt: skip
        if same := next((slot for slot in found if slot.start == target), None):
            return same, agent
    days = {slot.start.date() for slot in found}
    nearest = [slot for slot in found if slot.start.date() == min(days)]
    return min(nearest, key=lambda slot: abs(slot.start - target), default=None), None


async def _hold(asked: Asked, start: datetime, now: datetime, agent_id: str | None = None) -> Held:
    return await holds.hold(
        now=now, service_id=asked.wanted.service, site_id=asked.site_id, start=start, owner=asked.owner,
        mode=asked.mode, needs=asked.person.needs, agent_id=agent_id, actor=CITIZEN,
    )  # fmt: skip


async def _require_room(asked: Asked, now: datetime) -> None:
    """Raise TooManyAppointments before anything is booked if the series would be too many for one person."""
    limit = (await Service.get(id=asked.wanted.service)).future_limit
    ahead = await Appointment.filter(
        person_hash=_hash(asked), service_id=asked.wanted.service, status=Status.BOOKED, starts_at__gt=now
    ).count()
    if ahead + asked.person.series > limit:
        raise TooManyAppointments(limit=limit)


def _hash(asked: Asked) -> str:
    return person_hash(key=asked.key, citizen=asked.person.citizen, site_id=asked.site_id)
