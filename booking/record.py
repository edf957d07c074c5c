"""How a verb reads and changes an appointment: locked, checked, written down with who and when."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from asyncpg.exceptions import DeadlockDetectedError

from booking.errors import ActorRefused, AppointmentUnknown, NotYours, TransitionRefused
from booking.events import AppointmentEvent
from booking.lifecycle import Actor, ActorKind, Status, may_bring_about, may_follow
from booking.models import Appointment, SiteStaff, Transition
from teleconsult.accounts.models import Account
from teleconsult.accounts.roles import Role

ATTEMPTS = 4

T = TypeVar("T")
E = TypeVar("E", bound=AppointmentEvent)


@dataclass(frozen=True, slots=True)
class Done:
    """What a verb did: the appointment as it now stands, and the events to publish after the commit (perhaps none)."""

    appointment: Appointment
    events: tuple[AppointmentEvent, ...] = ()
    # of the house, when the verb had to know it
    timezone: str = ""


async def again_after_deadlock(action: Callable[[], Awaitable[T]]) -> T:
    """Run a transaction again when PostgreSQL ended it to break a deadlock (two moves that swap their slots)."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await action()
        except DeadlockDetectedError:
            continue
    return await action()


async def locked(appointment_id: str) -> Appointment:
    """Return an appointment, locked until the transaction's end. Raises AppointmentUnknown."""
    appointment = await Appointment.filter(id=appointment_id).select_for_update().first()
    if appointment is None:
        raise AppointmentUnknown
    return appointment


async def require_hold(appointment: Appointment, actor: Actor) -> None:
    """Raise NotYours unless the appointment is the agent's, of the adviser's house, or booked by the partner.

    For a citizen the caller has checked the capability (a pass, a manage token, the kiosk's own visit).
    """
    held = {
        ActorKind.AGENT: _is_the_agent,
        ActorKind.STAFF: _is_of_the_house,
        ActorKind.PARTNER: _is_the_booker,
    }.get(actor.kind)
    if held is not None and not await held(appointment, actor.id):
        raise NotYours


async def require_access(appointment_id: str, actor: Actor) -> Appointment:
    """Return an appointment, unlocked. Raises AppointmentUnknown, or NotYours as `require_hold` does."""
    appointment = await Appointment.get_or_none(id=appointment_id)
    if appointment is None:
        raise AppointmentUnknown
    await require_hold(appointment, actor)
    return appointment


async def _is_the_agent(appointment: Appointment, agent_id: str) -> bool:
    return appointment.agent_id == agent_id


async def _is_of_the_house(appointment: Appointment, account_id: str) -> bool:
    site_id = appointment.site_id
    if await SiteStaff.filter(site_id=site_id, account_id=account_id).exists():
        return True
    account = await Account.get_or_none(id=account_id)
    return account is not None and account.active and Role.ADMINISTRATOR in account.roles


async def _is_the_booker(appointment: Appointment, partner_id: str) -> bool:
    return await Transition.filter(
        appointment_id=appointment.id, from_status="", actor_kind=ActorKind.PARTNER, actor_id=partner_id
    ).exists()


async def move(
    appointment: Appointment, after: Status, *, actor: Actor, now: datetime, reason: str = "", **changes: Any
) -> None:
    """Bring a locked appointment to `after` with other changes, and write down who did it.

    Raises ActorRefused if it is not for someone of this quality, TransitionRefused if it cannot go there from where
    it stands (or no longer stands where it was read).
    """
    before = Status(appointment.status)
    if not may_bring_about(actor.kind, after):
        raise ActorRefused(kind=actor.kind)
    if not may_follow(before, after):
        raise TransitionRefused(appointment_status=before, wanted=after)
    written = await Appointment.filter(id=appointment.id, status=before).update(status=after, **changes)
    if written != 1:
        raise TransitionRefused(appointment_status=before, wanted=after)
    appointment.update_from_dict({"status": after, **changes})
    await write_down(appointment, before=before, actor=actor, now=now, reason=reason)


async def write_down(
    appointment: Appointment, *, before: Status | None, actor: Actor, now: datetime, reason: str = ""
) -> None:
    """Record that an appointment came from `before` (None: it is new) to where it stands, when and by whom."""
    await Transition.create(
        appointment=appointment,
        from_status=before or "",
        to_status=appointment.status,
        at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        reason=reason,
    )


def event(kind: type[E], appointment: Appointment, **more: Any) -> E:
    """Return an event of an appointment as it now stands."""
    return kind(
        appointment_id=appointment.id,
        agent_id=appointment.agent_id,
        site_id=appointment.site_id,
        kiosk_id=appointment.kiosk_id or "",
        status=Status(appointment.status),
        **more,
    )
