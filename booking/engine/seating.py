"""Giving an agent, a room and a kiosk to an appointment or to a hold, within a transaction."""

from datetime import datetime
from typing import NamedTuple

from tortoise.expressions import Q

from booking.engine.occupancies import claim, claim_first
from booking.engine.offer import HOME, agent_resource, kiosk_resource, room_resource
from booking.engine.placement import Daily, Placement
from booking.engine.queries import run
from booking.models import Appointment, Occupancy
from teleconsult.database import dialect

SEAT_FIELDS = ("agent_id", "kiosk_id", "room_id", "mode")


class Outrun(Exception):
    """Everybody who looked free was taken meanwhile. Leaves the transaction, which takes all it wrote with it."""


class Seated(NamedTuple):
    """Who and what was taken: ids."""

    agent_id: str
    kiosk_id: str | None
    room_id: str | None


async def seat(appointment: Appointment, placement: Placement, now: datetime) -> None:
    """Take an agent, a kiosk and a room for an appointment and set them on it (SEAT_FIELDS), without saving it.

    Call in a transaction. Raises Outrun.
    """
    seated = await take(placement, appointment_id=appointment.id, now=now)
    appointment.agent_id, appointment.kiosk_id, appointment.room_id = seated
    appointment.mode = placement.wish.mode


async def take(
    placement: Placement, *, now: datetime, appointment_id: str | None = None, hold_id: str | None = None
) -> Seated:
    """Take an agent, a room if one is needed, and a kiosk unless at home. Call in a transaction. Raises Outrun."""
    agent_id, room_id = await _agent_and_room(placement, now, appointment_id, hold_id)
    if placement.wish.mode == HOME:
        return Seated(agent_id, None, room_id)
    kiosks = {kiosk_resource(each): each for each in placement.kiosks}
    kiosk = await claim_first(kiosks, placement.taken, appointment_id, hold_id=hold_id, now=now)
    if kiosk is None:
        raise Outrun
    return Seated(agent_id, kiosks[kiosk], room_id)


async def _agent_and_room(
    placement: Placement, now: datetime, appointment_id: str | None, hold_id: str | None
) -> tuple[str, str | None]:
    full: set[tuple[str, ...]] = set()
    for agent_id in placement.agents:
        resource = agent_resource(agent_id)
        if placement.rooms is not None and tuple(placement.rooms[agent_id]) in full:
            continue
        if not await _below_maximum(agent_id, placement.maxima.get(agent_id), now):
            continue
        if not await claim(resource, placement.taken, appointment_id, hold_id=hold_id, now=now):
            continue
        if placement.rooms is None:
            return agent_id, None
        rooms = {room_resource(each): each for each in placement.rooms[agent_id]}
        room = await claim_first(rooms, placement.taken, appointment_id, hold_id=hold_id, now=now)
        if room is not None:
            return agent_id, rooms[room]
        # nor is there one for the colleagues there: asking on, two bookings could wait for each other's agents
        full.add(tuple(placement.rooms[agent_id]))
        mine = {"appointment_id": appointment_id} if appointment_id else {"hold_id": hold_id}
        await Occupancy.filter(resource=resource, **mine).delete()
    raise Outrun


async def _below_maximum(agent_id: str, daily: Daily | None, now: datetime) -> bool:
    """Tell whether an agent may have one more that day; nobody else gives them one until the transaction's end."""
    if daily is None:
        return True
    if dialect() == "postgres":
        # not FOR UPDATE: two bookings that both refer to the agent's row already would wait for each other
        await run("SELECT id FROM agent WHERE id = $1 FOR NO KEY UPDATE", agent_id)
    begun = Occupancy.filter(
        Q(hold_id=None) | Q(hold__expires_at__gt=now),
        resource=agent_resource(agent_id),
        starts_at__gte=daily.starts_at,
        starts_at__lt=daily.ends_at,
    )
    return await begun.count() < daily.maximum
