"""Who waits for something to be free.

Instants are UTC; local rules (opening and working hours) are minutes since local midnight in the zone beside them.
"""

from tortoise import fields

from booking.models.appointments import Appointment, Hold
from booking.models.offer import Agent, Service
from booking.models.places import Kiosk, Site
from teleconsult.database import Record


class WaitingEntry(Record):
    """Somebody waits for a slot of a service at a house to be freed. First come, first offered."""

    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField("booking.Service", related_name="waiting")
    site: fields.ForeignKeyRelation[Site] = fields.ForeignKeyField("booking.Site", related_name="waiting")
    # columns behind the foreign keys, for the type checker
    service_id: str
    site_id: str
    appointment_id: str | None
    hold_id: str | None

    # the appointment that the offer would replace, for who has one and wants an earlier one
    appointment: fields.ForeignKeyNullableRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="waiting", null=True
    )
    state = fields.CharField(max_length=12, default="waiting")  # waiting, offered, accepted, left, lapsed
    joined_at = fields.DatetimeField()
    not_before = fields.DatetimeField()
    not_after = fields.DatetimeField()
    given_name = fields.CharField(max_length=100)
    family_name = fields.CharField(max_length=100)
    email = fields.CharField(max_length=254, default="")
    phone = fields.CharField(max_length=20, default="")
    language = fields.CharField(max_length=5, default="fr")
    needs: fields.Field[list[str]] = fields.JSONField(default=list)
    hold: fields.ForeignKeyNullableRelation[Hold] = fields.ForeignKeyField(
        "booking.Hold", related_name="waiting", null=True, on_delete=fields.SET_NULL
    )
    offered_start = fields.DatetimeField(null=True)
    offered_until = fields.DatetimeField(null=True)
    offers = fields.IntField(default=0)

    class Meta:
        table = "waiting_entry"
        indexes = (("service_id", "site_id", "state", "joined_at"),)


class WalkIn(Record):
    """Somebody is at a kiosk now and waits for the first agent who is free for a service.

    `open_kiosk` and `open_agent` hold the kiosk while somebody waits there and the agent while it rings at theirs: one
    person a kiosk, one ring an agent. Who it was is forgotten as soon as the wait is over.
    """

    # columns behind the foreign keys, for the type checker
    service_id: str
    kiosk_id: str
    agent_id: str | None
    appointment_id: str | None

    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField("booking.Service", related_name="walk_ins")
    kiosk: fields.ForeignKeyRelation[Kiosk] = fields.ForeignKeyField("booking.Kiosk", related_name="walk_ins")
    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "booking.Agent", related_name="walk_ins", null=True, on_delete=fields.SET_NULL
    )
    appointment: fields.ForeignKeyNullableRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="walk_ins", null=True, on_delete=fields.SET_NULL
    )
    state = fields.CharField(max_length=12, default="waiting")  # waiting, ringing, served, left, lapsed
    reason = fields.CharField(max_length=16, default="")  # why it lapsed: see booking.walk_in.Over
    joined_at = fields.DatetimeField()
    rung_at = fields.DatetimeField(null=True)
    passed: fields.Field[list[str]] = fields.JSONField(default=list)  # agents who were rung in vain, or declined
    open_kiosk = fields.CharField(max_length=32, null=True, unique=True)
    open_agent = fields.CharField(max_length=32, null=True, unique=True)
    given_name = fields.CharField(max_length=100)
    family_name = fields.CharField(max_length=100)
    email = fields.CharField(max_length=254, default="")
    phone = fields.CharField(max_length=20, default="")  # E.164
    language = fields.CharField(max_length=5, default="fr")
    needs: fields.Field[list[str]] = fields.JSONField(default=list)

    class Meta:
        table = "walk_in"
        indexes = (("state", "joined_at"),)


class WalkInPause(Record):
    """An agent is not rung for people without an appointment, until they say otherwise."""

    agent_id: str

    agent: fields.ForeignKeyRelation[Agent] = fields.OneToOneField("booking.Agent", related_name="walk_in_pause")
    since = fields.DatetimeField()

    class Meta:
        table = "walk_in_pause"
