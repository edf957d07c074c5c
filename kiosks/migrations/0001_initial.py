from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from teleconsult.database import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('accounts', '0001_initial'), ('booking', '0002_no_double_booking')]

    initial = True

    operations = [
        ops.CreateModel(
            name='EnrolmentCode',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('kiosk', fields.ForeignKeyField('booking.Kiosk', source_field='kiosk_id', db_constraint=True, to_field='id', related_name='enrolment_codes', on_delete=OnDelete.CASCADE)),
                ('code_hash', fields.CharField(unique=True, max_length=64)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'enrolment_code', 'app': 'kiosks', 'pk_attr': 'id', 'table_description': 'A code that turns one browser into the terminal of one kiosk, once, within a few minutes.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='HelpRequest',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('kiosk', fields.ForeignKeyField('booking.Kiosk', source_field='kiosk_id', db_constraint=True, to_field='id', related_name='help_requests', on_delete=OnDelete.CASCADE)),
                ('site', fields.ForeignKeyField('booking.Site', source_field='site_id', db_constraint=True, to_field='id', related_name='help_requests', on_delete=OnDelete.CASCADE)),
                ('appointment', fields.ForeignKeyField('booking.Appointment', source_field='appointment_id', null=True, db_constraint=True, to_field='id', related_name='help_requests', on_delete=OnDelete.SET_NULL)),
                ('open_kiosk', fields.CharField(null=True, unique=True, max_length=32)),
                ('asked_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('answered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('closed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('answered_by', fields.ForeignKeyField('accounts.Account', source_field='answered_by_id', null=True, db_constraint=True, to_field='id', related_name='helped', on_delete=OnDelete.SET_NULL)),
            ],
            options={'table': 'help_request', 'app': 'kiosks', 'indexes': [Index(fields=['site_id', 'asked_at'])], 'pk_attr': 'id', 'table_description': 'A citizen pressed "Help". `open_kiosk` holds the kiosk\'s id until it is answered: one open request a kiosk.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Terminal',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('kiosk', fields.ForeignKeyField('booking.Kiosk', source_field='kiosk_id', db_constraint=True, to_field='id', related_name='terminals', on_delete=OnDelete.CASCADE)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('enrolled_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('last_seen_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('online', fields.BooleanField(default=True)),
                ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'terminal', 'app': 'kiosks', 'pk_attr': 'id', 'table_description': 'A browser enrolled as the screen of a kiosk: only the SHA-256 of its cookie is kept.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Visit',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('terminal', fields.OneToOneField('kiosks.Terminal', source_field='terminal_id', null=True, db_constraint=True, to_field='id', related_name='visit', on_delete=OnDelete.CASCADE)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='visits', on_delete=OnDelete.CASCADE)),
                ('site', fields.ForeignKeyField('booking.Site', source_field='site_id', db_constraint=True, to_field='id', related_name='visits', on_delete=OnDelete.CASCADE)),
                ('stage', fields.CharField(default='draft', max_length=8)),
                ('service', fields.ForeignKeyField('booking.Service', source_field='service_id', null=True, db_constraint=True, to_field='id', related_name='visits', on_delete=OnDelete.CASCADE)),
                ('place', fields.ForeignKeyField('booking.Site', source_field='place_id', null=True, db_constraint=True, to_field='id', related_name='chosen_in', on_delete=OnDelete.CASCADE)),
                ('starts_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('details', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('refusal', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('appointment', fields.ForeignKeyField('booking.Appointment', source_field='appointment_id', null=True, db_constraint=True, to_field='id', related_name='visits', on_delete=OnDelete.CASCADE)),
                ('touched_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'visit', 'app': 'kiosks', 'unique_together': (('account', 'site'),), 'pk_attr': 'id', 'table_description': 'What one citizen is doing at one screen, or what one adviser is doing for a citizen.'},
            bases=['Record'],
        ),
    ]
