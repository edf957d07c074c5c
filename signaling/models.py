"""What is kept of a call: when, for how long, and how it ended. Never who, never what was said."""

from tortoise import fields

from teleconsult.database import Record


class CallRecord(Record):
    """One call in a room. `room` is the room's opaque identifier; `seen_at` is when it was last known to run."""

    room = fields.CharField(max_length=64, db_index=True)
    opened_at = fields.DatetimeField()
    started_at = fields.DatetimeField(null=True)
    seen_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    end_reason = fields.CharField(max_length=32, default="")

    class Meta:
        table = "call_record"


class CallParticipation(Record):
    """Someone's presence in a call: the role, never the name."""

    call: fields.ForeignKeyRelation[CallRecord] = fields.ForeignKeyField(
        "signaling.CallRecord", related_name="participations"
    )
    role = fields.CharField(max_length=16)
    joined_at = fields.DatetimeField()
    left_at = fields.DatetimeField(null=True)
    reconnections = fields.IntField(default=0)

    class Meta:
        table = "call_participation"
