"""What is kept of a call: when, for how long, and how it ended. Never who, never what was said."""

from typing import Any

from tortoise import fields

from teleconsult.database import Record


class CallRecord(Record):
    """One call in a room. `room` is the room's opaque identifier; `seen_at` is when it was last known to run."""

    room = fields.CharField(max_length=64, db_index=True)
    opened_at = fields.DatetimeField()
    started_at = fields.DatetimeField(null=True)
    seen_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    # hung_up (by the agent, or the service), abandoned (all had gone), shutdown (of the server), cut (it died)
    end_reason = fields.CharField(max_length=32, default="")
    # what went wrong in the end, for the citizen or the agent (signaling.record.failures); empty: nothing that stayed
    failure = fields.CharField(max_length=16, default="")

    class Meta:
        table = "call_record"


class CallInvitation(Record):
    """A link into a room for one role, which names nobody, deleted some time after it has expired."""

    room = fields.CharField(max_length=64, db_index=True)
    role = fields.CharField(max_length=16)
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "call_invitation"


class CallParticipation(Record):
    """Someone's presence in a call, and how good their line was: the role, never the name.

    Losses are in thousandths of the packets (the worse of both ways), round trips in milliseconds, scores 0 to 100.
    """

    call: fields.ForeignKeyRelation[CallRecord] = fields.ForeignKeyField(
        "signaling.CallRecord", related_name="participations"
    )
    role = fields.CharField(max_length=16)
    joined_at = fields.DatetimeField()
    left_at = fields.DatetimeField(null=True)
    reconnections = fields.IntField(default=0)
    # left, lost, ended (with the call), handed_over, unneeded, shutdown, cut; empty while it lasts
    leave_reason = fields.CharField(max_length=16, default="")
    failure = fields.CharField(max_length=16, default="")  # see signaling.record.failures
    # udp, turn-udp, turn-tcp, turn-tls, or turn: by which way, nobody said
    path = fields.CharField(max_length=8, default="")
    media_seconds = fields.IntField(default=0)  # how long sound and picture had a connection
    poor_seconds = fields.IntField(default=0)  # of these, with a score below 40
    paused_seconds = fields.IntField(default=0)  # of these, without the others' pictures, so that the sound stays
    quality_median = fields.IntField(null=True)
    loss_median = fields.IntField(null=True)
    loss_high = fields.IntField(null=True)  # 95 of 100 seconds were not worse
    round_trip_min = fields.IntField(null=True)
    round_trip_median = fields.IntField(null=True)
    # {"every": seconds, "up": [...], "down": [...]}: mean scores, null where nothing could tell
    quality: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)

    class Meta:
        table = "call_participation"
