"""What the last test of a screen found."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import AddColumn
import functools
from json import dumps, loads
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('accounts', '0001_initial'), ('booking', '0009_mail_refusals'), ('kiosks', '0002_waiting_visits')]

    initial = False

    operations = [
        AddColumn(
            model_name='Terminal',
            name='check_light',
            field=fields.CharField(default='', max_length=8),
        ),
        AddColumn(
            model_name='Terminal',
            name='check_report',
            field=fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        AddColumn(
            model_name='Terminal',
            name='checked_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
