"""A screen at which somebody waits to be received now."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import AddColumn
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('accounts', '0001_initial'), ('booking', '0005_telling_people'), ('kiosks', '0001_initial')]

    initial = False

    operations = [
        AddColumn(
            model_name='Visit',
            name='now_kiosk',
            field=fields.CharField(default='', max_length=32),
        ),
        AddColumn(
            model_name='Visit',
            name='walk_in',
            field=fields.ForeignKeyField('booking.WalkIn', source_field='walk_in_id', null=True, db_constraint=True, to_field='id', related_name='visits', on_delete=OnDelete.SET_NULL),
        ),
    ]
