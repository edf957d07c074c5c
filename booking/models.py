"""What is stored about who offers what, where and when, and what was booked.

Instants are UTC; local rules (opening and working hours) are minutes since local midnight in the zone beside them.
"""

from typing import Any

from tortoise import fields

from teleconsult.accounts.models import Account
from teleconsult.database import Record


class Organisation(Record):
    """A State body that offers services (DDT, DDETS, DDFIP, prefecture)."""

    slug = fields.CharField(max_length=80, unique=True)
    name = fields.CharField(max_length=200)
    name_en = fields.CharField(max_length=200, default="")
    departments: fields.Field[list[str]] = fields.JSONField(default=list)
    # [{"address": "...", "latitude": ..., "longitude": ...}]: where citizens would have travelled to (WGS 84 degrees)
    offices: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)

    class Meta:
        table = "organisation"


class Service(Record):
    """A reason for a visit, with the rules of its appointments. Durations are minutes."""

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
    reminder_minutes = fields.IntField(default=48 * 60)
    # [{"fr": "...", "en": "..."}]: the papers to bring
    documents: fields.Field[list[dict[str, str]]] = fields.JSONField(default=list)
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "service"


class Site(Record):
    """A France Services house. `external_id` is the national list's number."""

    external_id = fields.CharField(max_length=40, null=True, unique=True)
    name = fields.CharField(max_length=200)
    commune = fields.CharField(max_length=120)
    department = fields.CharField(max_length=3)
    address = fields.CharField(max_length=300, default="")
    postcode = fields.CharField(max_length=10, default="")
    latitude = fields.FloatField()
    longitude = fields.FloatField()
    timezone = fields.CharField(max_length=64, default="Europe/Paris")
    phone = fields.CharField(max_length=40, default="")
    email = fields.CharField(max_length=254, default="")
    comment = fields.TextField(default="")
    active = fields.BooleanField(default=True)

    class Meta:
        table = "site"


class SiteOpening(Record):
    """A house is open from `start_minute` to `end_minute` (local) on `weekday` (Monday is 0)."""

    site: fields.ForeignKeyRelation[Site] = fields.ForeignKeyField(
        "booking.Site", related_name="openings", db_index=True
    )
    weekday = fields.IntField()
    start_minute = fields.IntField()
    end_minute = fields.IntField()

    class Meta:
        table = "site_opening"


class SiteClosure(Record):
    """A house is closed between two instants."""

    site: fields.ForeignKeyRelation[Site] = fields.ForeignKeyField(
        "booking.Site", related_name="closures", db_index=True
    )
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    reason = fields.CharField(max_length=200, default="")

    class Meta:
        table = "site_closure"


class SiteStaff(Record):
    """An adviser's account belongs to a house's front desk."""

    site: fields.ForeignKeyRelation[Site] = fields.ForeignKeyField("booking.Site", related_name="staff")
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("accounts.Account", related_name="desks")

    class Meta:
        table = "site_staff"
        unique_together = (("site", "account"),)


class Kiosk(Record):
    """A booth with a terminal: the place that an appointment takes."""

    site: fields.ForeignKeyRelation[Site] = fields.ForeignKeyField(
        "booking.Site", related_name="kiosks", db_index=True
    )
    name = fields.CharField(max_length=120)
    in_service = fields.BooleanField(default=True)
    equipment: fields.Field[list[str]] = fields.JSONField(default=list)

    class Meta:
        table = "kiosk"


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

    class Meta:
        table = "agent"


class AgentHours(Record):
    """An agent works from `start_minute` to `end_minute` (in the agent's zone) on `weekday`, between two days if given."""

    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField(
        "booking.Agent", related_name="hours", db_index=True
    )
    weekday = fields.IntField()
    start_minute = fields.IntField()
    end_minute = fields.IntField()
    valid_from = fields.DateField(null=True)
    valid_until = fields.DateField(null=True)

    class Meta:
        table = "agent_hours"


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


class Appointment(Record):
    """A citizen's appointment with an agent at a kiosk. `status` and `outcome` are those of `booking.lifecycle`."""

    # columns behind the foreign keys, for the type checker
    service_id: str
    site_id: str
    kiosk_id: str
    agent_id: str
    follow_up_of_id: str | None

    reference = fields.CharField(max_length=6, unique=True)
    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField(
        "booking.Service", related_name="appointments", on_delete=fields.RESTRICT
    )
    site: fields.ForeignKeyRelation[Site] = fields.ForeignKeyField(
        "booking.Site", related_name="appointments", on_delete=fields.RESTRICT
    )
    kiosk: fields.ForeignKeyRelation[Kiosk] = fields.ForeignKeyField(
        "booking.Kiosk", related_name="appointments", on_delete=fields.RESTRICT
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

    class Meta:
        table = "appointment"
        indexes = (("agent_id", "starts_at"), ("site_id", "starts_at"), ("status", "ends_at"))


class Occupancy(Record):
    """A resource is taken from `starts_at` to `ends_at` (half open, buffers included) by an appointment.

    `resource` is `agent:<id>` or `kiosk:<id>`. The database refuses two rows that overlap on one resource; nothing else
    guards against double booking, and nothing else needs to.
    """

    resource = fields.CharField(max_length=48)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    appointment: fields.ForeignKeyRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="occupancies", db_index=True
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
    """One message owed to one recipient about one version of an appointment: the outbox."""

    appointment_id: str
    agent_id: str | None

    appointment: fields.ForeignKeyRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="notices"
    )
    kind = fields.CharField(max_length=24)  # invitation, change, cancellation, reminder
    recipient = fields.CharField(max_length=16)  # citizen, agent
    # whom it is for when that is an agent: an appointment can move to another one, who must then be told apart
    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "booking.Agent", related_name="notices", null=True, on_delete=fields.CASCADE
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
    last_error = fields.CharField(max_length=200, default="")

    class Meta:
        table = "notice"
        unique_together = (("appointment", "kind", "recipient", "sequence"),)
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


class Partner(Record):
    """A program that may call the API: only the hash of its key is kept."""

    name = fields.CharField(max_length=120)
    key_hash = fields.CharField(max_length=64, unique=True)
    scopes: fields.Field[list[str]] = fields.JSONField(default=list)
    throttled = fields.BooleanField(default=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "partner"
