"""Write a new booking in one statement, where the database can (PostgreSQL): one round trip instead of a dozen.

The transaction, its rows and the constraint that decides who was first are those of the longer way, which goes on when
the first choice of agent and kiosk was taken meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from tortoise.fields import JSONField
from tortoise.models import Model

from booking.engine.offer import HOME, agent_resource, kiosk_resource
from booking.engine.placement import Placement
from booking.idempotency import Once
from booking.lifecycle import Actor
from booking.models import Appointment, IdempotencyKey, Notice, Transition
from booking.notifications.guests import guest_notice, guests_of
from booking.notifications.notices import Kind, notices_of, terms_of
from booking.notifications.timing import owed_notices
from booking.push.choice import choose_channels
from teleconsult.database import dialect, fetch, new_id

_TAKEN_COLUMNS = ("id", "resource", "starts_at", "ends_at", "appointment_id")

Shape = tuple[type[Model], int]


def can_write_at_once(placement: Placement) -> bool:
    """Tell whether the database takes several inserts in one statement, with nothing to count or choose within."""
    return dialect() == "postgres" and placement.rooms is None and not placement.maxima


async def write_at_once(
    appointment: Appointment, placement: Placement, actor: Actor, now: datetime, once: Once | None
) -> bool:
    """Write an appointment that is complete but for its seat, with the first agent and kiosk of its placement.

    Return False if somebody has some of their time: then leave the transaction, which takes back the rest. Call in a
    transaction. Raises IntegrityError.
    """
    appointment.agent_id, appointment.room_id = placement.agents[0], None
    appointment.kiosk_id = None if placement.wish.mode == HOME else placement.kiosks[0]
    resources = [agent_resource(appointment.agent_id)]
    if appointment.kiosk_id is not None:
        resources.append(kiosk_resource(appointment.kiosk_id))
    shapes: list[Shape] = []
    values: list[Any] = []
    rows = _rows(appointment, placement, actor, now, once)
    await choose_channels((each for each in rows if isinstance(each, Notice)), new=True)
    for kind, alike in groupby(rows, _kind):
        group = list(alike)
        shapes.append((kind, len(group)))
        for row in group:
            # the driver takes everything as it is, but JSON
            values.extend(
                getattr(row, name) if json is None else json.to_db_value(getattr(row, name), row)
                for name, json in _fields(kind)
            )
    taken = placement.taken
    for resource in resources:
        values.extend((new_id(), resource, taken.starts_at, taken.ends_at, appointment.id))
    sql = _statement(tuple(shapes), len(resources))
    written = await fetch(sql, values)
    appointment._saved_in_db = True
    return len(written) == len(resources)


def _rows(
    appointment: Appointment, placement: Placement, actor: Actor, now: datetime, once: Once | None
) -> Sequence[Model]:
    """Return the appointment with all that is written beside it: by whom, for which request, what is owed to whom."""
    rows: list[Model] = [appointment]
    if once is not None:
        rows.append(
            IdempotencyKey(
                scope=once.scope, key=once.key, request_hash=once.request_hash, appointment_id=appointment.id,
                created_at=now,
            )
        )  # fmt: skip
    rows.append(
        Transition(
            appointment_id=appointment.id, to_status=appointment.status, at=now, actor_kind=actor.kind,
            actor_id=actor.id,
        )
    )  # fmt: skip
    terms = terms_of(
        appointment, timezone=placement.site.timezone, reminder_minutes=placement.rules.reminder_minutes,
        sms_reminder_minutes=placement.rules.sms_reminder_minutes,
    )  # fmt: skip
    rows.extend(notices_of(appointment, owed_notices(Kind.INVITATION, terms, now)))
    guests = guests_of(
        placement.site, interpreter_email=placement.rules.interpreter_email, needs=appointment.needs,
        mode=placement.wish.mode,
    )  # fmt: skip
    rows.extend(guest_notice(appointment, guest, Kind.INVITATION, now) for guest in guests)
    return rows


@lru_cache(maxsize=16)
def _fields(kind: type[Model]) -> Sequence[tuple[str, JSONField[Any] | None]]:
    """Return a model's columns in the order of its statement, each with what turns it into JSON, if it is JSON."""
    known = ((name, kind._meta.fields_map[name]) for name in kind._meta.fields_db_projection)
    return [(name, field if isinstance(field, JSONField) else None) for name, field in known]


def _kind(row: Model) -> type[Model]:
    return type(row)


@lru_cache(maxsize=64)
def _statement(shapes: tuple[Shape, ...], resources: int) -> str:
    """Return the statement for so many rows of each kind. Kept, so that the database keeps its plan too."""
    number = 0

    def values(columns: int, rows: int) -> str:
        nonlocal number
        tuples = []
        for _ in range(rows):
            tuples.append("(" + ", ".join(f"${number + each + 1}" for each in range(columns)) + ")")
            number += columns
        return ", ".join(tuples)

    parts = []
    for index, (kind, rows) in enumerate(shapes):
        columns = list(kind._meta.fields_db_projection.values())
        names = ", ".join(f'"{each}"' for each in columns)
        table = kind._meta.db_table
        parts.append(f'part{index} AS (INSERT INTO "{table}" ({names}) VALUES {values(len(columns), rows)})')  # noqa: S608 - names of ours
    names = ", ".join(_TAKEN_COLUMNS)
    return (
        f"WITH {', '.join(parts)} INSERT INTO occupancy ({names}) "  # noqa: S608
        f"VALUES {values(len(_TAKEN_COLUMNS), resources)} ON CONFLICT DO NOTHING RETURNING id"
    )
