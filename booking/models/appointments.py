"""What was booked, what is held, and what is owed to whom.

Instants are UTC; local rules (opening and working hours) are minutes since local midnight in the zone beside them.
"""

from typing import Any

from tortoise import fields

from booking.models.offer import Agent, Room, Service
from booking.models.places import Kiosk, Site
from teleconsult.database import Record


class Appointment(Record):
    """A citizen's appointment with an agent at a kiosk. `status` and `outcome` are those of `booking.lifecycle`."""

    # columns behind the foreign keys, for the type checker
    service_id: str
    site_id: str
    kiosk_id: str | None
    room_id: str | None
    agent_id: str
    follow_up_of_id: str | None

    reference = fields.CharField(max_length=6, unique=True)
    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField(
        "booking.Service", related_name="appointments", on_delete=fields.RESTRICT
    )
    site: fields.ForeignKeyRelation[Site] = fields.ForeignKeyField(
        "booking.Site", related_name="appointments", on_delete=fields.RESTRICT
    )
    kiosk: fields.ForeignKeyNullableRelation[Kiosk] = fields.ForeignKeyField(
        "booking.Kiosk", related_name="appointments", null=True, on_delete=fields.RESTRICT
    )
    room: fields.ForeignKeyNullableRelation[Room] = fields.ForeignKeyField(
        "booking.Room", related_name="appointments", null=True, on_delete=fields.RESTRICT
    )
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField(
        "booking.Agent", related_name="appointments", on_delete=fields.RESTRICT
    )
    follow_up_of: fields.ForeignKeyNullableRelation["Appointment"] = fields.ForeignKeyField(
        "booking.Appointment", related_name="follow_ups", null=True, on_delete=fields.SET_NULL
    )
    status = fields.CharField(max_length=16, default="booked")
    starts_at = fields.DatetimeField(db_index=True)
    ends_at = fields.DatetimeField()
    # iTIP SEQUENCE (RFC 5546 2.1.4): 0, then one more at each change
    sequence = fields.IntField(default=0)
    channel = fields.CharField(max_length=16, default="kiosk")  # kiosk, staff, agent, partner, web
    given_name = fields.CharField(max_length=100)
    family_name = fields.CharField(max_length=100)
    email = fields.CharField(max_length=254, default="")
    phone = fields.CharField(max_length=20, default="")  # E.164
    language = fields.CharField(max_length=5, default="fr")
    needs: fields.Field[list[str]] = fields.JSONField(default=list)
    booked_at = fields.DatetimeField()
    first_slot_at = fields.DatetimeField(null=True)  # the earliest start that was free when this was booked
    checked_in_at = fields.DatetimeField(null=True)
    call_started_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    outcome = fields.CharField(max_length=24, default="")
    outcome_note = fields.TextField(default="")
    cancel_reason = fields.CharField(max_length=300, default="")
    mode = fields.CharField(max_length=8, default="kiosk")  # kiosk (takes one), home (takes none)
    # a keyed hash of who it is for, so that appointments to come can be counted without comparing names
    person_hash = fields.CharField(max_length=64, default="", db_index=True)
    # somebody else booked it for the citizen, who agreed
    booked_by = fields.CharField(max_length=120, default="")
    consent_at = fields.DatetimeField(null=True)
    companions = fields.IntField(default=0)
    series_id = fields.CharField(max_length=32, default="", db_index=True)
    late_minutes = fields.IntField(default=0)  # how late the agent said to be
    # why it must be placed anew: agent_absent, agent_declined, kiosk_out, house_closed; empty when it need not
    displaced = fields.CharField(max_length=16, default="")
    # what the agent's calendar answered to the invitation (RFC 5545 PARTSTAT, in small letters), and when
    agent_answer = fields.CharField(max_length=12, default="")
    agent_answered_at = fields.DatetimeField(null=True)
    # and what the citizen's answered: it decides nothing, but somebody should know
    citizen_answer = fields.CharField(max_length=12, default="")
    citizen_answered_at = fields.DatetimeField(null=True)

    class Meta:
        table = "appointment"
        indexes = (("agent_id", "starts_at"), ("site_id", "starts_at"), ("status", "ends_at"))


class Hold(Record):
    """A slot kept for somebody for a few minutes while they type, or while a freed slot is offered to them.

    Its occupancies take part in the same constraint as those of appointments. `owner` is the SHA-256 of whoever holds
    it: a visit at a kiosk, a browser's draft, a place on the waiting list.
    """

    # columns behind the foreign keys, for the type checker
    service_id: str
    site_id: str
    agent_id: str
    kiosk_id: str | None
    room_id: str | None

    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField("booking.Service", related_name="holds")
    site: fields.ForeignKeyRelation[Site] = fields.ForeignKeyField("booking.Site", related_name="holds")
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("booking.Agent", related_name="holds")
    kiosk: fields.ForeignKeyNullableRelation[Kiosk] = fields.ForeignKeyField(
        "booking.Kiosk", related_name="holds", null=True
    )
    room: fields.ForeignKeyNullableRelation[Room] = fields.ForeignKeyField(
        "booking.Room", related_name="holds", null=True
    )
    mode = fields.CharField(max_length=8, default="kiosk")
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    owner = fields.CharField(max_length=64, db_index=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "hold"


class Occupancy(Record):
    """A resource is taken from `starts_at` to `ends_at` (half open, buffers included) by an appointment or a hold.

    `resource` is `agent:<id>`, `kiosk:<id>` or `room:<id>`. The database refuses two rows that overlap on one resource;
    nothing else guards against double booking, and nothing else needs to.
    """

    resource = fields.CharField(max_length=48)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    appointment: fields.ForeignKeyNullableRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="occupancies", null=True, db_index=True
    )
    hold: fields.ForeignKeyNullableRelation[Hold] = fields.ForeignKeyField(
        "booking.Hold", related_name="occupancies", null=True, db_index=True
    )

    class Meta:
        table = "occupancy"
        indexes = (("resource", "starts_at"),)


class Transition(Record):
    """An appointment went from one status to another: when, and by whom (`kind` and opaque id, never a name)."""

    appointment: fields.ForeignKeyRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="transitions", db_index=True
    )
    from_status = fields.CharField(max_length=16, default="")
    to_status = fields.CharField(max_length=16)
    at = fields.DatetimeField()
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.CharField(max_length=64, default="")
    reason = fields.CharField(max_length=300, default="")

    class Meta:
        table = "transition"


class Notice(Record):
    """One message owed to one recipient about one version of an appointment, or about one offer of a slot: the outbox.

    Of `appointment` and `waiting` one is given.
    """

    appointment_id: str | None
    waiting_id: str | None
    agent_id: str | None
    room_id: str | None

    appointment: fields.ForeignKeyNullableRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="notices", null=True
    )
    # who waits for a slot, and is offered one; `sequence` then counts the offers
    waiting: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "booking.WaitingEntry", related_name="notices", null=True, on_delete=fields.CASCADE
    )
    kind = fields.CharField(max_length=24)  # see booking.notifications.notices.Kind
    recipient = fields.CharField(max_length=16)  # citizen, agent, adviser, interpreter, room
    channel = fields.CharField(max_length=8, default="email")  # email, sms, caldav
    # says once what the columns cannot where there is no appointment: the daily agenda of an agent on a day
    key = fields.CharField(max_length=120, null=True, unique=True)
    # whom it is for when that is an agent: an appointment can move to another one, who must then be told apart
    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "booking.Agent", related_name="notices", null=True, on_delete=fields.CASCADE
    )
    # whose mailbox it is for when that is a shared room's
    room: fields.ForeignKeyNullableRelation[Room] = fields.ForeignKeyField(
        "booking.Room", related_name="notices", null=True, on_delete=fields.CASCADE
    )
    sequence = fields.IntField()  # the version of the appointment that it speaks of
    starts_at = fields.DatetimeField()  # the start that it speaks of
    ends_at = fields.DatetimeField()
    state = fields.CharField(max_length=12, default="pending")  # pending, sent, dropped, void, failed
    due_at = fields.DatetimeField()
    deadline_at = fields.DatetimeField()
    leased_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    sent_at = fields.DatetimeField(null=True)
    params: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)  # what its sentences need besides
    last_error = fields.CharField(max_length=200, default="")
    # the operator's own name of a text message, by which its delivery receipt finds it
    message_ref = fields.CharField(max_length=80, default="", db_index=True)
    receipt = fields.CharField(max_length=12, default="")  # delivered, failed; empty while nobody has said
    receipt_at = fields.DatetimeField(null=True)
    parts = fields.IntField(default=0)  # text messages that it took, which is what is paid for

    class Meta:
        table = "notice"
        unique_together = (("appointment", "kind", "recipient", "channel", "sequence"),)
        indexes = (("state", "due_at"),)


class IdempotencyKey(Record):
    """The answer given to a partner's or a kiosk's request, so that a retry gets the same one."""

    scope = fields.CharField(max_length=80)
    key = fields.CharField(max_length=255)
    request_hash = fields.CharField(max_length=64)
    appointment: fields.ForeignKeyRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="idempotency_keys"
    )
    created_at = fields.DatetimeField()

    class Meta:
        table = "idempotency_key"
        unique_together = (("scope", "key"),)
