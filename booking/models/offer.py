"""What is offered, and by whom.

Instants are UTC; local rules (opening and working hours) are minutes since local midnight in the zone beside them.
"""

from typing import Any

from tortoise import fields

from teleconsult.accounts.models import Account
from teleconsult.database import Record


def everyone() -> list[str]:
    """Return the audiences of a service that anybody may book."""
    return ["citizen", "staff", "partner"]


def at_a_kiosk() -> list[str]:
    """Return the modes of a service that is held at kiosks only."""
    return ["kiosk"]


def in_french() -> list[str]:
    """Return the languages of a service held in French only."""
    return ["fr"]


class Organisation(Record):
    """A State body that offers services (DDT, DDETS, DDFIP, prefecture)."""

    slug = fields.CharField(max_length=80, unique=True)
    name = fields.CharField(max_length=200)
    name_en = fields.CharField(max_length=200, default="")
    departments: fields.Field[list[str]] = fields.JSONField(default=list)
    # [{"address": "...", "latitude": ..., "longitude": ...}]: where citizens would have travelled to (WGS 84 degrees)
    offices: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    # an appointment also takes a shared video room where the agent works
    requires_room = fields.BooleanField(default=False)

    class Meta:
        table = "organisation"


class Service(Record):
    """A reason for a visit, with the rules of its appointments. Durations are minutes."""

    organisation_id: str

    slug = fields.CharField(max_length=80, unique=True)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "booking.Organisation", related_name="services", on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=200)
    name_en = fields.CharField(max_length=200, default="")
    summary = fields.CharField(max_length=500, default="")
    summary_en = fields.CharField(max_length=500, default="")
    duration_minutes = fields.IntField(default=30)
    step_minutes = fields.IntField(default=30)
    buffer_before_minutes = fields.IntField(default=0)
    buffer_after_minutes = fields.IntField(default=5)
    notice_minutes = fields.IntField(default=30)
    horizon_days = fields.IntField(default=60)
    reminder_minutes = fields.IntField(default=48 * 60)  # by e-mail; 0: none
    sms_reminder_minutes = fields.IntField(default=2 * 60)  # by text message; 0: none
    # who is asked for an interpreter, by the invitation, when the citizen needs one
    interpreter_email = fields.CharField(max_length=254, default="")
    # [{"fr": "...", "en": "..."}]: the papers to bring
    documents: fields.Field[list[dict[str, str]]] = fields.JSONField(default=list)
    retired_at = fields.DatetimeField(null=True)
    # everyday words by which people look for it ("carte grise", "APL")
    keywords: fields.Field[list[str]] = fields.JSONField(default=list)
    # who may book: citizen, staff, partner
    audiences: fields.Field[list[str]] = fields.JSONField(default=everyone)
    # where the citizen may sit: kiosk, home
    modes: fields.Field[list[str]] = fields.JSONField(default=at_a_kiosk)
    languages: fields.Field[list[str]] = fields.JSONField(default=in_french)
    # access needs that a person answers and that this service can meet (see booking.needs)
    meets_needs: fields.Field[list[str]] = fields.JSONField(default=list)
    future_limit = fields.IntField(default=3)  # appointments to come that one person may hold
    walk_in = fields.BooleanField(default=False)
    waiting_list = fields.BooleanField(default=True)
    offer_minutes = fields.IntField(default=30)  # how long a freed slot is kept for the person it is offered to

    class Meta:
        table = "service"


class Workplace(Record):
    """A place where agents of an organisation work."""

    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "booking.Organisation", related_name="workplaces"
    )
    name = fields.CharField(max_length=120)
    address = fields.CharField(max_length=300, default="")

    class Meta:
        table = "workplace"


class Room(Record):
    """A shared video room at a workplace: the third thing that an appointment takes, where an organisation says so."""

    workplace: fields.ForeignKeyRelation[Workplace] = fields.ForeignKeyField("booking.Workplace", related_name="rooms")
    name = fields.CharField(max_length=120)
    email = fields.CharField(max_length=254, default="")  # the room's mailbox, which is invited where there is one
    in_service = fields.BooleanField(default=True)

    class Meta:
        table = "room"


class Agent(Record):
    """A State officer who takes appointments, and whose `name` is what citizens and calendars are shown."""

    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="agents", null=True, on_delete=fields.SET_NULL
    )
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "booking.Organisation", related_name="agents", on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=120)
    email = fields.CharField(max_length=254)
    timezone = fields.CharField(max_length=64, default="Europe/Paris")
    language = fields.CharField(max_length=5, default="fr")
    active = fields.BooleanField(default=True)
    services: fields.ManyToManyRelation[Service] = fields.ManyToManyField(
        "booking.Service", related_name="agents", through="agent_service"
    )
    daily_maximum = fields.IntField(null=True)
    department = fields.CharField(max_length=3, default="")  # whose public holidays apply (Alsace-Moselle, overseas)
    works_on_holidays = fields.BooleanField(default=False)
    daily_agenda = fields.BooleanField(default=True)  # is sent the day's appointments in the morning

    class Meta:
        table = "agent"


class Partner(Record):
    """A program that may call the API: only the hash of its key is kept."""

    name = fields.CharField(max_length=120)
    key_hash = fields.CharField(max_length=64, unique=True)
    scopes: fields.Field[list[str]] = fields.JSONField(default=list)
    throttled = fields.BooleanField(default=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "partner"
