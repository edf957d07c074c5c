"""Pass an appointment that is under way to a colleague."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from booking.engine.occupancies import Range, claim
from booking.engine.offer import agent_resource, room_resource
from booking.errors import ColleagueUnfit, HandoverRefused
from booking.events import AppointmentHandedOver
from booking.lifecycle import Actor, Status
from booking.models import Agent, Appointment, Notice, Occupancy
from booking.notifications.notices import Kind, NoticeState, Recipient, deadline_of
from booking.record import Done, again_after_deadlock, event, locked, require_hold, write_down
from teleconsult.database import transaction

# What the record of the transition says: the colleague's time was free, or was somebody else's and could not be taken.
HANDED_OVER = "handed_over"
HANDED_OVER_UNPLANNED = "handed_over_unplanned"


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who provides the same service; `busy`: in a conversation now, or expected in one."""

    id: str
    name: str
    account_id: str
    busy: bool


async def colleagues_of(*, now: datetime, appointment_id: str) -> list[Colleague]:
    """Return who else provides an appointment's service today and has an account, by name.

    Empty for an unknown appointment.
    """
    appointment = await Appointment.get_or_none(id=appointment_id)
    if appointment is None:
        return []
    able = _able(appointment.service_id, now).exclude(Q(id=appointment.agent_id) | Q(account_id=None))
    rows = await able.order_by("name", "id").distinct().values("id", "name", "account_id")
    ids = [str(row["id"]) for row in rows]
    called = Appointment.filter(agent_id__in=ids, status=Status.IN_CALL)
    taken = Occupancy.filter(
        resource__in=[agent_resource(each) for each in ids], starts_at__lte=now, ends_at__gt=now, hold_id=None
    )
    busy = {agent_resource(str(each)) for each in await called.values_list("agent_id", flat=True)}
    busy |= {str(each) for each in await taken.values_list("resource", flat=True)}
    return [Colleague(**row, busy=agent_resource(str(row["id"])) in busy) for row in rows]


async def hand_over(*, now: datetime, appointment_id: str, agent_id: str, actor: Actor) -> Done:
    """Give an appointment that is under way to a colleague, with what is left of its time; to who has it: nothing.

    The time that the first agent spent stays theirs; the rest is free again, and is taken of the colleague where it is
    free (else the transition says `handed_over_unplanned`). The colleague's calendar gets the appointment and the first
    agent's loses it; the citizen, who sits in front of it all, is not written to.
    Raises AppointmentUnknown, NotYours, HandoverRefused (it is not under way), ColleagueUnfit (`agent_id` is nobody
    who provides the service).
    """
    return await again_after_deadlock(lambda: _hand_over(now, appointment_id, agent_id, actor))


async def _hand_over(now: datetime, appointment_id: str, agent_id: str, actor: Actor) -> Done:
    async with transaction():
        appointment = await locked(appointment_id)
        await require_hold(appointment, actor)
        if appointment.agent_id == agent_id:
            return Done(appointment)
        if appointment.status != Status.IN_CALL:
            raise HandoverRefused(appointment_status=Status(appointment.status))
        if not await _able(appointment.service_id, now).filter(id=agent_id).exists():
            raise ColleagueUnfit
        before = appointment.agent_id
        planned = await _move_time(appointment, agent_id, now)
        # the shared room is where the first agent sits
        appointment.agent_id, appointment.room_id = agent_id, None
        appointment.sequence += 1
        await appointment.save(update_fields=["agent_id", "room_id", "sequence"])
        reason = HANDED_OVER if planned else HANDED_OVER_UNPLANNED
        await write_down(appointment, before=Status.IN_CALL, actor=actor, now=now, reason=reason)
        await _plan_notices(appointment, before, now)
    return Done(appointment, (event(AppointmentHandedOver, appointment, previous_agent_id=before),))


async def _move_time(appointment: Appointment, agent_id: str, now: datetime) -> bool:
    """Free what is left of the first agent's time and room; return whether the colleague's could be taken."""
    left = [agent_resource(appointment.agent_id)]
    if appointment.room_id is not None:
        left.append(room_resource(appointment.room_id))
    rows = await Occupancy.filter(appointment_id=appointment.id, resource__in=left)
    ends_at = max((row.ends_at for row in rows), default=appointment.ends_at)
    for row in rows:
        if row.starts_at >= now:
            await row.delete()
        elif row.ends_at > now:
            row.ends_at = now
            await row.save(update_fields=["ends_at"])
    if ends_at <= now:
        return True
    return await claim(agent_resource(agent_id), Range(now, ends_at), appointment.id, now=now)


async def _plan_notices(appointment: Appointment, before: str, now: datetime) -> None:
    agents = Notice.filter(appointment_id=appointment.id, recipient=Recipient.AGENT)
    last = await agents.filter(agent_id=before).exclude(state=NoticeState.VOID).order_by("-sequence").first()
    pending = agents.filter(state=NoticeState.PENDING, sequence__lt=appointment.sequence)
    await pending.exclude(kind=Kind.CANCELLATION).update(state=NoticeState.VOID)
    owed: list[tuple[Kind, str, Appointment | Notice]] = [(Kind.INVITATION, appointment.agent_id, appointment)]
    if last is not None and last.kind != Kind.CANCELLATION:
        owed.append((Kind.CANCELLATION, before, last))
    for kind, agent_id, times in owed:
        await Notice.create(
            appointment_id=appointment.id,
            kind=kind,
            recipient=Recipient.AGENT,
            agent_id=agent_id,
            sequence=appointment.sequence,
            starts_at=times.starts_at,
            ends_at=times.ends_at,
            due_at=now,
            deadline_at=deadline_of(times.starts_at, now),
        )


def _able(service_id: str, now: datetime) -> QuerySet[Agent]:
    today = now.date()
    assigned = Q(
        assignments__service_id=service_id, assignments__valid_from__lte=today, assignments__valid_until__gte=today
    )
    return Agent.filter(Q(services__id=service_id) | assigned, active=True)
