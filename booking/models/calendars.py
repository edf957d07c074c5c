"""When agents work, and when they are taken elsewhere.

Instants are UTC; local rules (opening and working hours) are minutes since local midnight in the zone beside them.
"""

from tortoise import fields

from booking.models.offer import Agent, Service, Workplace
from teleconsult.database import Record


class AgentHours(Record):
    """An agent works from `start_minute` to `end_minute` (agent's zone) on `weekday`, between two days if given."""

    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField(
        "booking.Agent", related_name="hours", db_index=True
    )
    weekday = fields.IntField()
    start_minute = fields.IntField()
    end_minute = fields.IntField()
    valid_from = fields.DateField(null=True)
    valid_until = fields.DateField(null=True)
    workplace: fields.ForeignKeyNullableRelation[Workplace] = fields.ForeignKeyField(
        "booking.Workplace", related_name="hours", null=True, on_delete=fields.SET_NULL
    )
    # the houses whose kiosks can reach the agent then; all when empty
    site_ids: fields.Field[list[str]] = fields.JSONField(default=list)

    class Meta:
        table = "agent_hours"


class AgentRule(Record):
    """A recurring exception to an agent's weekly hours (RFC 5545 RRULE, in the agent's zone): more work, or none.

    `start_minute` and `end_minute` are those of each day that the rule names, `first_day` being its DTSTART.
    """

    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("booking.Agent", related_name="rules")
    works = fields.BooleanField()
    first_day = fields.DateField()
    rrule = fields.CharField(max_length=300, default="")  # empty: that one day only
    start_minute = fields.IntField(default=0)
    end_minute = fields.IntField(default=1440)
    workplace: fields.ForeignKeyNullableRelation[Workplace] = fields.ForeignKeyField(
        "booking.Workplace", related_name="rules", null=True, on_delete=fields.SET_NULL
    )
    reason = fields.CharField(max_length=200, default="")

    class Meta:
        table = "agent_rule"


class Absence(Record):
    """An agent is away between two instants."""

    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField(
        "booking.Agent", related_name="absences", db_index=True
    )
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    reason = fields.CharField(max_length=200, default="")

    class Meta:
        table = "absence"


class Assignment(Record):
    """An agent provides another service for a while, both days included."""

    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("booking.Agent", related_name="assignments")
    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField("booking.Service", related_name="assignments")
    valid_from = fields.DateField()
    valid_until = fields.DateField()

    class Meta:
        table = "assignment"


class BusyCalendar(Record):
    """An agent's own calendar, read for busy time. The password is sealed with the service's key."""

    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("booking.Agent", related_name="busy_calendars")
    kind = fields.CharField(max_length=8)  # ics, caldav
    url = fields.CharField(max_length=1000)
    writes = fields.BooleanField(default=False)  # appointments are written into it instead of mailed (CalDAV only)
    username = fields.CharField(max_length=200, default="")
    sealed_password = fields.CharField(max_length=500, default="")
    etag = fields.CharField(max_length=200, default="")
    due_at = fields.DatetimeField()
    leased_until = fields.DatetimeField(null=True)
    worked_at = fields.DatetimeField(null=True)
    failing_since = fields.DatetimeField(null=True)
    told_at = fields.DatetimeField(null=True)  # when the agent was told that it fails
    last_error = fields.CharField(max_length=200, default="")
    # the same for writing into it, which can fail while reading works
    wrote_at = fields.DatetimeField(null=True)
    write_failing_since = fields.DatetimeField(null=True)
    write_told_at = fields.DatetimeField(null=True)
    write_error = fields.CharField(max_length=200, default="")

    class Meta:
        table = "busy_calendar"


class BusyTime(Record):
    """The agent is taken elsewhere between two instants, as a calendar of theirs says. Never why."""

    calendar: fields.ForeignKeyRelation[BusyCalendar] = fields.ForeignKeyField(
        "booking.BusyCalendar", related_name="times"
    )
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("booking.Agent", related_name="busy_times")
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()

    class Meta:
        table = "busy_time"
        indexes = (("agent_id", "starts_at"),)
