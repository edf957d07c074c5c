"""A kiosk fails, an agent falls ill, a house closes: what becomes of the appointments in the way.

Each keeps its time if another kiosk or agent is free then; else its citizen is offered the nearest slots. What is
broken or away is a row (`KioskOutage`, `Absence`, `SiteClosure`), whoever wrote it, and an agent who declines is the
appointment's own `agent_answer`; `replace_all` finds what these are in the way of, so that running it again, or in
several processes, tells nobody twice.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from tortoise.connection import get_connection
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from booking.engine.occupancies import release
from booking.engine.placement import Placement, Wish, place
from booking.engine.search import alternatives
from booking.engine.seating import SEAT_FIELDS, Outrun, seat
from booking.errors import (
    KioskUnknown,
    NotBookable,
    OutcomeRefused,
    ServiceUnknown,
    SlotTaken,
    TransitionRefused,
)
from booking.events import AppointmentDisplaced, AppointmentRescheduled
from booking.lifecycle import Actor, ActorKind, Outcome, Status
from booking.models import Absence, Appointment, Kiosk, KioskOutage
from booking.notifications.notices import Kind, plan_news, plan_notices
from booking.progress import record_outcome
from booking.record import Done, again_after_deadlock, event, locked, write_down
from teleconsult.database import dialect, transaction

# What fails until further notice may work again in two days: who comes later than that is left alone until then.
FAR = timedelta(days=2)
AT_ONCE = 100


class Trouble(StrEnum):
    """Why an appointment cannot be held as planned."""

    AGENT_ABSENT = "agent_absent"
    AGENT_DECLINED = "agent_declined"
    KIOSK_OUT = "kiosk_out"
    HOUSE_CLOSED = "house_closed"


SYSTEM = Actor(ActorKind.SYSTEM, "trouble")
WITHOUT_THE_AGENT = frozenset({Trouble.AGENT_ABSENT, Trouble.AGENT_DECLINED})

_CLOCK = {
    "postgres": "WITH clock AS (SELECT $1::timestamptz AS now, $2::timestamptz AS far)",
    "sqlite": "WITH clock AS (SELECT ? AS now, ? AS far)",
}
_IN_THE_WAY = """
    SELECT a.id, 'agent_absent' AS trouble, a.starts_at
    FROM clock CROSS JOIN appointment a JOIN absence x ON x.agent_id = a.agent_id
    WHERE a.status = 'booked' AND a.displaced = '' AND a.starts_at > clock.now
      AND x.starts_at < a.ends_at AND x.ends_at > a.starts_at
    UNION ALL
    SELECT a.id, 'agent_declined', a.starts_at
    FROM clock CROSS JOIN appointment a
    WHERE a.status = 'booked' AND a.displaced = '' AND a.starts_at > clock.now AND a.agent_answer = 'declined'
    UNION ALL
    SELECT a.id, 'kiosk_out', a.starts_at
    FROM clock CROSS JOIN appointment a JOIN kiosk_outage x ON x.kiosk_id = a.kiosk_id
    WHERE a.status = 'booked' AND a.displaced = '' AND a.starts_at > clock.now AND x.starts_at < a.ends_at
      AND (x.ends_at > a.starts_at OR (x.ends_at IS NULL AND a.starts_at < clock.far))
    UNION ALL
    SELECT a.id, 'agent_absent', a.starts_at
    FROM clock CROSS JOIN appointment a JOIN agent g ON g.id = a.agent_id
    WHERE a.status = 'booked' AND a.displaced = '' AND a.starts_at > clock.now AND NOT g.active
    UNION ALL
    SELECT a.id, 'kiosk_out', a.starts_at
    FROM clock CROSS JOIN appointment a JOIN kiosk k ON k.id = a.kiosk_id
    WHERE a.status = 'booked' AND a.displaced = '' AND a.starts_at > clock.now AND NOT k.in_service
    UNION ALL
    SELECT a.id, 'house_closed', a.starts_at
    FROM clock CROSS JOIN appointment a JOIN site_closure x ON x.site_id = a.site_id
    WHERE a.status = 'booked' AND a.displaced = '' AND a.starts_at > clock.now AND a.mode = 'kiosk'
      AND x.starts_at < a.ends_at AND x.ends_at > a.starts_at
    ORDER BY 3, 1
"""
# What was displaced and has nothing in its way any more.
_CLEAR_AGAIN = """
    SELECT a.id FROM clock CROSS JOIN appointment a
    WHERE a.status = 'booked' AND a.displaced <> '' AND a.starts_at > clock.now AND a.agent_answer <> 'declined'
      AND NOT EXISTS (SELECT 1 FROM absence x
        WHERE x.agent_id = a.agent_id AND x.starts_at < a.ends_at AND x.ends_at > a.starts_at)
      AND NOT EXISTS (SELECT 1 FROM kiosk_outage x
        WHERE x.kiosk_id = a.kiosk_id AND x.starts_at < a.ends_at
          AND (x.ends_at > a.starts_at OR (x.ends_at IS NULL AND a.starts_at < clock.far)))
      AND NOT EXISTS (SELECT 1 FROM agent g WHERE g.id = a.agent_id AND NOT g.active)
      AND NOT EXISTS (SELECT 1 FROM kiosk k WHERE k.id = a.kiosk_id AND NOT k.in_service)
      AND NOT EXISTS (SELECT 1 FROM site_closure x
        WHERE x.site_id = a.site_id AND a.mode = 'kiosk' AND x.starts_at < a.ends_at AND x.ends_at > a.starts_at)
    ORDER BY a.starts_at, a.id
"""


async def report_outage(*, now: datetime, kiosk_id: str, until: datetime | None = None, reason: str = "") -> list[Done]:
    """Note that a kiosk does not work from now until an instant (None: until further notice), and place anew.

    Said again, only the end and the reason change. Raises KioskUnknown.
    """
    if not await Kiosk.exists(id=kiosk_id):
        raise KioskUnknown
    async with transaction():
        await Kiosk.filter(id=kiosk_id).select_for_update().first()
        lasting = await _lasting(kiosk_id, now).update(ends_at=until, reason=reason)
        if not lasting:
            await KioskOutage.create(kiosk_id=kiosk_id, starts_at=now, ends_at=until, reason=reason)
    return await replace_all(now=now)


async def report_repair(*, now: datetime, kiosk_id: str) -> list[Done]:
    """Note that a kiosk works again: who was to choose another slot because of it may come as planned, and is told."""
    await _lasting(kiosk_id, now).update(ends_at=now)
    return await restore_all(now=now)


async def report_absence(*, now: datetime, agent_id: str, until: datetime, reason: str = "") -> list[Done]:
    """Note that an agent is away from now until an instant, and place anew what they cannot hold."""
    await Absence.create(agent_id=agent_id, starts_at=now, ends_at=until, reason=reason)
    return await replace_all(now=now)


async def replace_all(*, now: datetime) -> list[Done]:
    """Place anew every appointment to come that something is in the way of, the soonest first.

    Each is a transaction of its own. Returns what was done, with the events to publish.
    """
    done: list[Done] = []
    seen: set[str] = set()
    for row in await get_connection("default").execute_query_dict(_CLOCK[dialect()] + _IN_THE_WAY, [now, now + FAR]):
        if row["id"] in seen or len(seen) >= AT_ONCE:
            continue
        seen.add(row["id"])
        done.append(await _place_anew(row["id"], Trouble(row["trouble"]), now))
    return [each for each in done if each.events]


async def restore_all(*, now: datetime) -> list[Done]:
    """Keep what was displaced where it is once nothing is in its way any more (a repair, a shorter absence).

    Whoever has not chosen another slot by then may come as planned, and is told.
    """
    rows = await get_connection("default").execute_query_dict(_CLOCK[dialect()] + _CLEAR_AGAIN, [now, now + FAR])
    done = [await _restore(row["id"], now) for row in rows[:AT_ONCE]]
    return [each for each in done if each.events]


async def close_unplaced(*, now: datetime) -> list[Done]:
    """Note as technical failures, not as no-shows, the appointments that ended without another slot being chosen."""
    over = Appointment.filter(status=Status.BOOKED, ends_at__lt=now).exclude(displaced="").order_by("ends_at")
    done = []
    for each in await over.limit(AT_ONCE).values_list("id", flat=True):
        try:
            done.append(
                await record_outcome(now=now, appointment_id=str(each), outcome=Outcome.TECHNICAL_FAILURE, actor=SYSTEM)
            )
        except (OutcomeRefused, TransitionRefused):
            continue  # somebody was faster
    return done


def _lasting(kiosk_id: str, now: datetime) -> QuerySet[KioskOutage]:
    return KioskOutage.filter(Q(ends_at=None) | Q(ends_at__gt=now), kiosk_id=kiosk_id, starts_at__lte=now)


async def _place_anew(appointment_id: str, trouble: Trouble, now: datetime) -> Done:
    appointment = await Appointment.get(id=appointment_id)
    try:
        placement = await _same_time(appointment, trouble, now)
        return await again_after_deadlock(lambda: _keep_time(appointment, placement, trouble, now))
    except (SlotTaken, NotBookable, ServiceUnknown, Outrun):
        return await _displace(appointment, trouble, now)


async def _same_time(appointment: Appointment, trouble: Trouble, now: datetime) -> Placement:
    """Find who else and where else at the same time. Raises what `place` raises, and Outrun."""
    wish = Wish(
        appointment.service_id,
        appointment.site_id,
        appointment.starts_at,
        tuple(appointment.needs),
        rather_agent=appointment.agent_id,
        rather_kiosk=appointment.kiosk_id,
        moving=appointment.id,
        mode=appointment.mode,
        noticed=True,
    )
    found = await place(wish, now=now, tie=appointment.id)
    gone = appointment.agent_id if trouble in WITHOUT_THE_AGENT else None
    left = [each for each in found.agents if each != gone]
    if not left:
        raise Outrun
    return replace(found, agents=left)


def _unchanged(before: Appointment, after: Appointment) -> bool:
    """Whether an appointment is still the one that was found to be in trouble, and nobody has seen to it since."""
    return after.status == Status.BOOKED and not after.displaced and after.sequence == before.sequence


async def _keep_time(found: Appointment, placement: Placement, trouble: Trouble, now: datetime) -> Done:
    async with transaction():
        appointment = await locked(found.id)
        if not _unchanged(found, appointment):
            return Done(appointment)
        left = _left(appointment)
        await release(appointment.id)
        await seat(appointment, placement, now)
        if appointment.agent_id != found.agent_id:  # the answer was the other one's
            appointment.agent_answer, appointment.agent_answered_at = "", None
        await _tell_kept(appointment, trouble, now)
    return Done(appointment, (event(AppointmentRescheduled, appointment, **left),))


async def _restore(appointment_id: str, now: datetime) -> Done:
    async with transaction():
        appointment = await locked(appointment_id)
        if appointment.status != Status.BOOKED or not appointment.displaced:
            return Done(appointment)
        await _tell_kept(appointment, Trouble(appointment.displaced), now)
    return Done(appointment, (event(AppointmentRescheduled, appointment, **_left(appointment)),))


async def _tell_kept(appointment: Appointment, trouble: Trouble, now: datetime) -> None:
    """Write down that a locked appointment takes place at its time after all, and tell everybody concerned."""
    appointment.displaced = ""
    appointment.sequence += 1
    await appointment.save(update_fields=[*SEAT_FIELDS, "sequence", "displaced", "agent_answer", "agent_answered_at"])
    await write_down(appointment, before=Status.BOOKED, actor=SYSTEM, now=now, reason=trouble)
    await plan_notices(appointment=appointment, kind=Kind.REPLACEMENT, now=now)


async def _displace(found: Appointment, trouble: Trouble, now: datetime) -> Done:
    """Note that an appointment needs another slot, and offer its citizen the nearest."""
    nearest = await alternatives(
        now=now,
        service_id=found.service_id,
        site_id=found.site_id,
        start=found.starts_at,
        needs=found.needs,
    )
    offered = [{"start": each.start.isoformat(), "timezone": each.timezone, "name": each.name} for each in nearest]
    async with transaction():
        appointment = await locked(found.id)
        if not _unchanged(found, appointment):
            return Done(appointment)
        appointment.displaced = trouble
        await appointment.save(update_fields=["displaced"])
        params = {"trouble": trouble.value, "alternatives": offered}
        await plan_news(appointment=appointment, kind=Kind.DISPLACED, now=now, params=params)
    return Done(appointment, (event(AppointmentDisplaced, appointment),))


def _left(appointment: Appointment) -> dict[str, str]:
    return {
        "previous_agent_id": appointment.agent_id,
        "previous_site_id": appointment.site_id,
        "previous_kiosk_id": appointment.kiosk_id or "",
    }
