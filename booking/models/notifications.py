"""How people are told, and what their calendars answer. Instants are UTC."""

from tortoise import fields

from booking.models.appointments import Appointment
from booking.models.calendars import BusyCalendar
from booking.models.offer import Agent, Organisation, Room
from booking.models.places import Site
from teleconsult.database import Record


class LetterTemplate(Record):
    """An administrator's own words for one kind of notice, for one organisation or (without one) for all.

    Each change is a row of its own, the newest of which holds; one without a body says that the built-in words do.
    """

    organisation_id: str | None

    organisation: fields.ForeignKeyNullableRelation[Organisation] = fields.ForeignKeyField(
        "booking.Organisation", related_name="letter_templates", null=True
    )
    kind = fields.CharField(max_length=24)  # see booking.notifications.notices.Kind
    recipient = fields.CharField(max_length=16)
    channel = fields.CharField(max_length=8, default="email")  # email, sms
    language = fields.CharField(max_length=5)
    subject = fields.CharField(max_length=200, default="")
    body = fields.TextField()
    closing = fields.TextField(default="")  # mails end with it
    # what it is for and its number, so that of two people who write at once one is told: see booking.wording.templates
    revision = fields.CharField(max_length=120, null=True, unique=True)
    changed_at = fields.DatetimeField()
    changed_by = fields.CharField(max_length=64, default="")  # an account's opaque id

    class Meta:
        table = "letter_template"
        indexes = (("kind", "recipient", "channel", "language"),)


class Feed(Record):
    """A secret address at which a calendar program reads the appointments of one agent, one house or one room."""

    agent_id: str | None
    site_id: str | None
    room_id: str | None

    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "booking.Agent", related_name="feeds", null=True
    )
    site: fields.ForeignKeyNullableRelation[Site] = fields.ForeignKeyField(
        "booking.Site", related_name="feeds", null=True
    )
    room: fields.ForeignKeyNullableRelation[Room] = fields.ForeignKeyField(
        "booking.Room", related_name="feeds", null=True
    )
    token_hash = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "feed"


class PushedEvent(Record):
    """An appointment's event in an agent's own calendar (CalDAV, RFC 4791), as we last wrote it there."""

    appointment_id: str
    calendar_id: str

    appointment: fields.ForeignKeyRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="pushed_events"
    )
    calendar: fields.ForeignKeyRelation[BusyCalendar] = fields.ForeignKeyField(
        "booking.BusyCalendar", related_name="pushed_events"
    )
    href = fields.CharField(max_length=1000)
    etag = fields.CharField(max_length=200, default="")
    sequence = fields.IntField()
    written_at = fields.DatetimeField()
    restored_at = fields.DatetimeField(null=True)  # when it was put back because somebody had taken it out
    left_at = fields.DatetimeField(null=True)  # taken out again: from then on it is not written any more

    class Meta:
        table = "pushed_event"
        unique_together = (("appointment", "calendar"),)


class CalendarReply(Record):
    """An answer to an invitation that came by mail (iTIP REPLY), and what was done about it. Never its text."""

    appointment_id: str | None

    message_hash = fields.CharField(max_length=64, unique=True)  # of its Message-ID: read twice, it counts once
    appointment: fields.ForeignKeyNullableRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="replies", null=True
    )
    who = fields.CharField(max_length=8, default="")  # whose answer it is: agent, citizen; empty if nobody's
    sequence = fields.IntField(null=True)
    answer = fields.CharField(max_length=12, default="")
    received_at = fields.DatetimeField()
    result = fields.CharField(max_length=24)  # taken, or why it changed nothing

    class Meta:
        table = "calendar_reply"


class Duty(Record):
    """Something that one process at a time does for all of them, under a lease, and how that has gone."""

    name = fields.CharField(max_length=40, unique=True)
    leased_until = fields.DatetimeField(null=True)
    worked_at = fields.DatetimeField(null=True)
    failing_since = fields.DatetimeField(null=True)
    last_error = fields.CharField(max_length=200, default="")

    class Meta:
        table = "duty"


class MailRefusal(Record):
    """Somebody wants no more mails of a kind. The address itself is not kept, only a keyed hash of it."""

    address_hash = fields.CharField(max_length=64)
    kind = fields.CharField(max_length=24)  # see booking.notifications.refusals.OPTIONAL
    refused_at = fields.DatetimeField()

    class Meta:
        table = "mail_refusal"
        unique_together = (("address_hash", "kind"),)
