"""A kiosk fails while somebody is at it: they go on at another one that is free, and its screen and theirs say so."""

from collections.abc import Sequence
from datetime import datetime

from tortoise.expressions import Q

from booking.errors import CheckInRefused, KioskUnknown, TransitionRefused
from booking.lifecycle import Status
from booking.models import Appointment, Kiosk, KioskOutage
from booking.needs import equipment_for
from booking.progress import change_kiosk
from kiosks.events import CitizenMoved, CitizenSeated, KioskChanged
from kiosks.models import Visit
from kiosks.queue import screen_of
from teleconsult.database import transaction

AT_THE_KIOSK = (Status.CHECKED_IN, Status.IN_CALL)
MOVED = "moved_kiosk"


async def broken_kiosks(*, now: datetime) -> set[str]:
    """Return the kiosks that do not work now (ids), of any house."""
    outages = KioskOutage.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)
    out = await outages.values_list("kiosk_id", flat=True)
    return {str(each) for each in [*out, *await Kiosk.filter(in_service=False).values_list("id", flat=True)]}


async def evacuate(*, now: datetime) -> Sequence[KioskChanged | CitizenMoved | CitizenSeated]:
    """Let everybody who is at a kiosk that fails go on at another free one of their house; return what to publish.

    Who finds none stays where they are: the front desk's board says so. May run again at any time.
    """
    broken = await broken_kiosks(now=now)
    here = Appointment.filter(status__in=AT_THE_KIOSK, kiosk_id__in=broken).order_by("starts_at")
    events: list[KioskChanged | CitizenMoved | CitizenSeated] = []
    for appointment in await here if broken else []:
        events += await _move(appointment, broken, now)
    return events


async def _move(
    appointment: Appointment, broken: set[str], now: datetime
) -> Sequence[KioskChanged | CitizenMoved | CitizenSeated]:
    wanted, left = equipment_for(appointment.needs), str(appointment.kiosk_id)
    others = Kiosk.filter(site_id=appointment.site_id, in_service=True).exclude(id__in=broken)
    for kiosk in await others.order_by("name", "id"):
        screen = await screen_of(kiosk.id)
        if not screen or not wanted <= frozenset(kiosk.equipment):
            continue
        try:
            old_screens = await _seat_at(appointment, kiosk, screen, now)
        except (CheckInRefused, KioskUnknown, TransitionRefused):
            continue  # taken, or over meanwhile
        site_id = appointment.site_id
        changed = [KioskChanged(site_id=site_id, kiosk_id=each) for each in (left, kiosk.id)]
        moved = [CitizenMoved(site_id=site_id, kiosk_id=left, terminal_id=each) for each in old_screens]
        seated = CitizenSeated(
            site_id=site_id, kiosk_id=kiosk.id, terminal_id=screen, appointment_id=appointment.id
        )  # fmt: skip
        return [*changed, *moved, seated]
    return []


async def _seat_at(appointment: Appointment, kiosk: Kiosk, screen: str, now: datetime) -> list[str]:
    """Write that somebody goes on at another screen; the ones that they leave say where. Return these."""
    async with transaction():
        await change_kiosk(now=now, appointment_id=appointment.id, kiosk_id=kiosk.id)
        before = Visit.filter(appointment_id=appointment.id, stage="arrived")
        screens = [str(each) for each in await before.values_list("terminal_id", flat=True)]
        refusal = {"code": MOVED, "params": {"kiosk": kiosk.name}}
        await before.update(stage="draft", appointment_id=None, details={}, refusal=refusal, touched_at=now)
        await Visit.filter(terminal_id=screen).delete()
        await Visit.create(
            terminal_id=screen, site_id=appointment.site_id, appointment_id=appointment.id, stage="arrived",
            touched_at=now,
        )  # fmt: skip
    return [each for each in screens if each != screen]
