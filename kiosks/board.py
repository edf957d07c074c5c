"""What a front desk sees: the house's kiosks as they are now, who asks for help, and today's appointments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from tortoise.expressions import Q

from booking.agenda import AgendaItem, displaced_items
from booking.engine.offer import KIOSK
from booking.engine.search import Alternative, alternatives
from booking.errors import AppointmentUnknown
from booking.lifecycle import CHECK_IN_BEFORE, Status, may_follow
from booking.line import Waits, waiting_at
from booking.models import Appointment, Kiosk, KioskOutage
from booking.untold import Untold, untold
from kiosks.houses import House
from kiosks.models import HelpRequest, Terminal, Visit


class KioskState(StrEnum):
    """What a kiosk is at, worst first where two could be said."""

    OUT_OF_SERVICE = "out_of_service"
    NO_SCREEN = "no_screen"  # nothing enrolled
    IN_CALL = "in_call"
    WAITING = "waiting"
    OFFLINE = "offline"
    IN_USE = "in_use"
    FREE = "free"


@dataclass(frozen=True, kw_only=True)
class Row:
    """An appointment as the house's advisers see it."""

    id: str
    reference: str
    status: Status
    starts_at: datetime
    ends_at: datetime
    given_name: str
    family_name: str
    email: str
    phone: str
    needs: tuple[str, ...]
    service: str
    service_en: str
    kiosk_id: str
    kiosk: str
    agent: str
    checked_in_at: datetime | None
    can_check_in: bool
    can_cancel: bool
    displaced: str  # why it needs another slot; empty when it does not
    late_minutes: int
    service_id: str
    citizen_answer: str  # what the citizen's calendar answered to the invitation, as in AgendaItem

    def called(self, language: str) -> str:
        """Return the service's name in a language, French when it has none in that one."""
        return (self.service_en if language == "en" else "") or self.service


@dataclass(frozen=True, kw_only=True)
class Card:
    """A kiosk: its state, since when someone waits there, who is there, and whether they pressed "Help"."""

    id: str
    name: str
    state: KioskState
    since: datetime | None
    appointment_id: str | None
    asked_at: datetime | None
    last_seen_at: datetime | None
    works: bool
    out_until: datetime | None  # when it works again, if it is out of order and somebody knows
    checked_at: datetime | None = None  # when its devices and network were last tested
    check_light: str = ""  # and what came out: green, orange, red


@dataclass(frozen=True, kw_only=True)
class Board:
    """A house, now."""

    now: datetime
    kiosks: Sequence[Card]
    rows: Sequence[Row]
    displaced: Sequence[AgendaItem] = ()  # of any day
    queue: Sequence[Waits] = ()  # without an appointment
    untold: Sequence[Untold] = ()  # who could not be told something, of any day

    @property
    def calls_for_help(self) -> list[Card]:
        """The kiosks where "Help" was pressed, longest first."""
        asked = [(card.asked_at, card) for card in self.kiosks if card.asked_at]
        return [card for _, card in sorted(asked, key=lambda pair: pair[0])]

    @property
    def stuck(self) -> list[Card]:
        """The kiosks that do not work while somebody is at them, for whom no other one was free."""
        return [card for card in self.kiosks if card.appointment_id and not card.works]

    @property
    def to_come(self) -> int:
        """How many are expected yet."""
        return sum(row.status is Status.BOOKED for row in self.rows)


def _row(appointment: Appointment, now: datetime) -> Row:
    status = Status(appointment.status)
    open_now = appointment.starts_at - CHECK_IN_BEFORE <= now <= appointment.ends_at
    return Row(
        id=appointment.id,
        reference=appointment.reference,
        status=status,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        given_name=appointment.given_name,
        family_name=appointment.family_name,
        email=appointment.email,
        phone=appointment.phone,
        needs=tuple(appointment.needs),
        service=appointment.service.name,
        service_en=appointment.service.name_en,
        kiosk_id=appointment.kiosk.id if appointment.kiosk else "",
        kiosk=appointment.kiosk.name if appointment.kiosk else "",
        agent=appointment.agent.name,
        checked_in_at=appointment.checked_in_at,
        can_check_in=may_follow(status, Status.CHECKED_IN) and open_now,
        can_cancel=may_follow(status, Status.CANCELLED),
        displaced=appointment.displaced if status is Status.BOOKED and now < appointment.ends_at else "",
        late_minutes=appointment.late_minutes,
        service_id=appointment.service_id,
        citizen_answer=appointment.citizen_answer,
    )


async def appointment_row(*, now: datetime, site_id: str, appointment_id: str) -> Row:
    """Return an appointment of a house. Raises AppointmentUnknown for another house's."""
    found = Appointment.filter(id=appointment_id, site_id=site_id).select_related("service", "kiosk", "agent")
    appointment = await found.first()
    if appointment is None:
        raise AppointmentUnknown
    return _row(appointment, now)


async def _rows(house: House, now: datetime) -> list[Row]:
    """Return today's appointments at the kiosks, in order; today is the house's. Those held from home are not here."""
    zone = ZoneInfo(house.timezone)
    today = now.astimezone(zone).date()
    # in UTC, since SQLite compares instants as they are written
    begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (today, today + timedelta(days=1)))
    found = Appointment.filter(site_id=house.id, mode=KIOSK, starts_at__gte=begin, starts_at__lt=end)
    return [
        _row(each, now) for each in await found.select_related("service", "kiosk", "agent").order_by("starts_at", "id")
    ]


async def slots_instead(*, now: datetime, row: Row, site_id: str) -> list[Alternative]:
    """Return the nearest free slots for an appointment that cannot be held as planned; none for any other."""
    if not row.displaced:
        return []
    return await alternatives(now=now, service_id=row.service_id, site_id=site_id, start=row.starts_at, needs=row.needs)


def _state(works: bool, screens: Sequence[Terminal], here: Appointment | None, visits: Sequence[Visit]) -> KioskState:
    if here is not None:
        return KioskState.IN_CALL if here.status == Status.IN_CALL else KioskState.WAITING
    if not works:
        return KioskState.OUT_OF_SERVICE
    if not screens:
        return KioskState.NO_SCREEN
    if not any(screen.online for screen in screens):
        return KioskState.OFFLINE
    return KioskState.IN_USE if visits else KioskState.FREE


def _last_check(screens: Sequence[Terminal]) -> dict[str, Any]:
    tested = [(screen.checked_at, screen.check_light) for screen in screens if screen.checked_at]
    return dict(zip(("checked_at", "check_light"), max(tested), strict=True)) if tested else {}


async def board(*, now: datetime, house: House) -> Board:
    """Return a house's kiosks and its appointments of today. A handful of queries, whatever their number."""
    kiosks = await Kiosk.filter(site_id=house.id).order_by("name", "id")
    ids = [kiosk.id for kiosk in kiosks]
    screens = await Terminal.filter(kiosk_id__in=ids, revoked_at=None)
    visits = await Visit.filter(terminal_id__in=[screen.id for screen in screens])
    helped = {call.kiosk_id: call for call in await HelpRequest.filter(site_id=house.id, open_kiosk__not_isnull=True)}
    present = Appointment.filter(site_id=house.id, status__in=[str(Status.CHECKED_IN), str(Status.IN_CALL)])
    here = {each.kiosk_id: each for each in await present.order_by("starts_at")}
    outages = KioskOutage.filter(Q(ends_at=None) | Q(ends_at__gt=now), kiosk_id__in=ids, starts_at__lte=now)
    broken = dict(await outages.values_list("kiosk_id", "ends_at"))
    queue = await waiting_at(house.id)
    joined = {each.kiosk_id: each.joined_at for each in queue}
    cards = []
    for kiosk in kiosks:
        own = [screen for screen in screens if screen.kiosk_id == kiosk.id]
        own_ids = {screen.id for screen in own}
        appointment, call = here.get(kiosk.id), helped.get(kiosk.id)
        works = kiosk.in_service and kiosk.id not in broken
        state = _state(works, own, appointment, [visit for visit in visits if visit.terminal_id in own_ids])
        if state is KioskState.IN_USE and kiosk.id in joined:
            state = KioskState.WAITING
        cards.append(
            Card(
                id=kiosk.id,
                name=kiosk.name,
                state=state,
                since=appointment.checked_in_at if appointment else joined.get(kiosk.id),
                appointment_id=appointment.id if appointment else None,
                asked_at=call.asked_at if call else None,
                last_seen_at=max((screen.last_seen_at for screen in own), default=None),
                works=works,
                out_until=broken.get(kiosk.id),
                **_last_check(own),
            )
        )
    displaced = await displaced_items(now=now, site_id=house.id)
    return Board(
        now=now, kiosks=cards, rows=await _rows(house, now), displaced=displaced, queue=queue,
        untold=await untold(now=now, site_id=house.id),
    )  # fmt: skip
