"""Who is invited besides the citizen and the agent: the house's desk, an interpreter, a shared room's mailbox.

A guest is known by the address that was told: when the house, the room or an address changes, whoever was invited
before is told that the appointment is no longer theirs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from booking.engine.offer import HOME
from booking.models import Appointment, Notice, Room, Service, Site
from booking.needs import CAPABILITIES
from booking.notifications.kinds import GUESTS, MOVES, Kind, NoticeState, Recipient, deadline_of, expects


class House(Protocol):
    """What a desk's invitation says of its house; degrees are WGS 84."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def commune(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def postcode(self) -> str: ...
    @property
    def latitude(self) -> float: ...
    @property
    def longitude(self) -> float: ...
    @property
    def timezone(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def invites_desk(self) -> bool: ...


@dataclass(frozen=True)
class Guest:
    """Somebody invited by an address of their own.

    `about` is what is said of the place to who no longer has it: the fields of a `Meeting` as they then were.
    """

    recipient: Recipient
    email: str
    about: Mapping[str, Any] = field(default_factory=dict)
    room_id: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells one guest of an appointment from another."""
        return self.recipient.value, self.email

    @property
    def params(self) -> dict[str, Any]:
        """What a notice keeps, so that a later one can reach the same guest about the same place."""
        return {"to": self.email, "about": dict(self.about)}


def postal_address(house: House) -> str:
    """Return a house's address on one line; pure."""
    return ", ".join(part for part in (house.address, f"{house.postcode} {house.commune}".strip()) if part)


def interpreted(needs: Collection[str]) -> tuple[str, ...]:
    """Return those of an appointment's needs that an interpreter answers: a spoken language, or sign language; pure."""
    return tuple(need for need in needs if need.partition(":")[0] in CAPABILITIES)


def guests_of(
    house: House, *, interpreter_email: str, needs: Collection[str], mode: str, room: Room | None = None
) -> list[Guest]:
    """Return whom an appointment invites besides its two people; pure. An empty address invites nobody.

    `room` is the shared room that was taken. A house has nothing to do with an appointment from home (`mode`).
    """
    guests = []
    if house.invites_desk and house.email and mode != HOME:
        about = {
            "site_id": house.id, "site": house.name, "address": postal_address(house),
            "latitude": house.latitude, "longitude": house.longitude, "timezone": house.timezone,
        }  # fmt: skip
        guests.append(Guest(Recipient.ADVISER, house.email, about))
    if interpreter_email and interpreted(needs):
        guests.append(Guest(Recipient.INTERPRETER, interpreter_email))
    if room is not None and room.email:
        guests.append(Guest(Recipient.ROOM, room.email, {"room": room.name}, room.id))
    return guests


def guest_notice(appointment: Appointment, guest: Guest, kind: Kind, now: datetime) -> Notice:
    """Return the notice that tells a guest how the appointment now stands, not yet written."""
    return Notice(
        appointment_id=appointment.id, kind=kind, recipient=guest.recipient, room_id=guest.room_id,
        sequence=appointment.sequence, starts_at=appointment.starts_at, ends_at=appointment.ends_at, due_at=now,
        deadline_at=deadline_of(appointment.starts_at, now), params=guest.params,
    )  # fmt: skip


async def plan_guests(*, appointment: Appointment, service: Service, kind: Kind, now: datetime) -> None:
    """Write what is owed to an appointment's guests; call inside the transaction that booked, moved or cancelled it.

    Those who are new to it are invited, those who stay are told what changed, and those who no longer belong to it (all
    of them when it is cancelled) are told so at the time that they know of. What was pending for a guest is replaced.
    """
    told = {} if kind is Kind.INVITATION else await _last_told(appointment.id)
    cancelled = kind is Kind.CANCELLATION
    asked = {} if cancelled else {each.key: each for each in await _asked(appointment, service)}
    if not told and not asked:
        return
    concerned = {*asked, *(key for key, last in told.items() if expects(last))}
    for notice in await _pending(appointment):
        if _key(notice) in concerned:
            await Notice.filter(id=notice.id).update(state=NoticeState.VOID)
    for key, guest in asked.items():
        newcomer = kind in MOVES and not expects(told.get(key))
        await guest_notice(appointment, guest, Kind.INVITATION if newcomer else kind, now).save(force_create=True)
    for key, last in told.items():
        if key not in asked and expects(last):
            await _withdraw(appointment, last, now)


async def _asked(appointment: Appointment, service: Service) -> list[Guest]:
    house = await Site.get(id=appointment.site_id)
    room = await Room.get_or_none(id=appointment.room_id) if appointment.room_id else None
    return guests_of(
        house, interpreter_email=service.interpreter_email, needs=appointment.needs, mode=appointment.mode, room=room
    )


def _key(notice: Notice) -> tuple[str, str]:
    return str(notice.recipient), str(notice.params.get("to", ""))


async def _last_told(appointment_id: str) -> dict[tuple[str, str], Notice]:
    """Return the newest notice of each guest who was, or is about to be, told of an appointment."""
    told = Notice.filter(appointment_id=appointment_id, recipient__in=[*GUESTS]).exclude(state=NoticeState.VOID)
    return {_key(notice): notice for notice in await told.order_by("sequence")}


async def _pending(appointment: Appointment) -> Sequence[Notice]:
    return await Notice.filter(
        appointment_id=appointment.id,
        recipient__in=[*GUESTS],
        state=NoticeState.PENDING,
        sequence__lt=appointment.sequence,
    )


async def _withdraw(appointment: Appointment, last: Notice, now: datetime) -> None:
    await Notice.create(
        appointment_id=appointment.id, kind=Kind.CANCELLATION, recipient=last.recipient, room_id=last.room_id,
        sequence=appointment.sequence, starts_at=last.starts_at, ends_at=last.ends_at, due_at=now,
        deadline_at=deadline_of(last.starts_at, now), params=last.params,
    )  # fmt: skip
