"""What a kiosk keeps: enrolled terminals, the visit under way on each, and calls for help.

Nothing here outlives a citizen's stay: a `Visit` is deleted when the screen is wiped.
"""

from typing import Any

from tortoise import fields

from booking.models import Appointment, Kiosk, Service, Site, WalkIn
from teleconsult.accounts.models import Account
from teleconsult.database import Record


class Terminal(Record):
    """A browser enrolled as the screen of a kiosk: only the SHA-256 of its cookie is kept."""

    kiosk: fields.ForeignKeyRelation[Kiosk] = fields.ForeignKeyField("booking.Kiosk", related_name="terminals")
    kiosk_id: str
    token_hash = fields.CharField(max_length=64, unique=True)
    enrolled_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()
    online = fields.BooleanField(default=True)
    revoked_at = fields.DatetimeField(null=True)
    # the last test of devices and network: when, how it came out (green, orange, red), and all that it measured
    checked_at = fields.DatetimeField(null=True)
    check_light = fields.CharField(max_length=8, default="")
    check_report: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)

    class Meta:
        table = "terminal"


class EnrolmentCode(Record):
    """A code that turns one browser into the terminal of one kiosk, once, within a few minutes."""

    kiosk: fields.ForeignKeyRelation[Kiosk] = fields.ForeignKeyField("booking.Kiosk", related_name="enrolment_codes")
    kiosk_id: str
    code_hash = fields.CharField(max_length=64, unique=True)
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "enrolment_code"


class Visit(Record):
    """What one citizen is doing at one screen, or what one adviser is doing for a citizen.

    It belongs to a terminal (one at a time), or to an adviser's account at a house (one at a time). `details` is what
    was typed, as it was typed. `appointment` is the one that was booked (`stage` "booked") or checked in ("arrived");
    `walk_in` is the place in the queue of who waits here without one ("waiting").
    """

    terminal: fields.ForeignKeyNullableRelation[Terminal] = fields.OneToOneField(
        "kiosks.Terminal", related_name="visit", null=True
    )
    terminal_id: str | None
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="visits", null=True
    )
    account_id: str | None
    site: fields.ForeignKeyRelation[Site] = fields.ForeignKeyField("booking.Site", related_name="visits")
    site_id: str
    stage = fields.CharField(max_length=8, default="draft")  # draft, booked, arrived, waiting
    # the kiosk at which the citizen wants to be received now, rather than at a time
    now_kiosk = fields.CharField(max_length=32, default="")
    walk_in: fields.ForeignKeyNullableRelation[WalkIn] = fields.ForeignKeyField(
        "booking.WalkIn", related_name="visits", null=True, on_delete=fields.SET_NULL
    )
    walk_in_id: str | None
    service: fields.ForeignKeyNullableRelation[Service] = fields.ForeignKeyField(
        "booking.Service", related_name="visits", null=True
    )
    service_id: str | None
    place: fields.ForeignKeyNullableRelation[Site] = fields.ForeignKeyField(
        "booking.Site", related_name="chosen_in", null=True
    )
    place_id: str | None
    starts_at = fields.DatetimeField(null=True)
    details: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    refusal: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)  # the last answer to a check-in
    appointment: fields.ForeignKeyNullableRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="visits", null=True
    )
    appointment_id: str | None
    touched_at = fields.DatetimeField()

    class Meta:
        table = "visit"
        unique_together = (("account", "site"),)


class HelpRequest(Record):
    """A citizen pressed "Help". `open_kiosk` holds the kiosk's id until it is answered: one open request a kiosk."""

    kiosk: fields.ForeignKeyRelation[Kiosk] = fields.ForeignKeyField("booking.Kiosk", related_name="help_requests")
    kiosk_id: str
    site: fields.ForeignKeyRelation[Site] = fields.ForeignKeyField("booking.Site", related_name="help_requests")
    site_id: str
    appointment: fields.ForeignKeyNullableRelation[Appointment] = fields.ForeignKeyField(
        "booking.Appointment", related_name="help_requests", null=True, on_delete=fields.SET_NULL
    )
    appointment_id: str | None
    open_kiosk = fields.CharField(max_length=32, null=True, unique=True)
    asked_at = fields.DatetimeField()
    answered_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)  # taken back, or the screen was wiped: the next citizen is not told
    answered_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="helped", null=True, on_delete=fields.SET_NULL
    )
    answered_by_id: str | None

    class Meta:
        table = "help_request"
        indexes = (("site_id", "asked_at"),)
