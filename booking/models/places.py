"""Where appointments are held: houses and their kiosks.

Instants are UTC; local rules (opening and working hours) are minutes since local midnight in the zone beside them.
"""

from tortoise import fields

from teleconsult.accounts.models import Account
from teleconsult.database import Record


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
    open_on_holidays = fields.BooleanField(default=False)
    invites_desk = fields.BooleanField(default=False)  # `email` gets the invitations to the house's appointments

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

    site: fields.ForeignKeyRelation[Site] = fields.ForeignKeyField("booking.Site", related_name="kiosks", db_index=True)
    name = fields.CharField(max_length=120)
    in_service = fields.BooleanField(default=True)
    equipment: fields.Field[list[str]] = fields.JSONField(default=list)

    class Meta:
        table = "kiosk"


class KioskOutage(Record):
    """A kiosk does not work from an instant until another one, or until further notice."""

    kiosk: fields.ForeignKeyRelation[Kiosk] = fields.ForeignKeyField("booking.Kiosk", related_name="outages")
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField(null=True)
    reason = fields.CharField(max_length=200, default="")

    class Meta:
        table = "kiosk_outage"
