"""People who come without an appointment: whom they wait for, how to reach them, and agents who are not to be rung."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import AddColumn, new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('accounts', '0001_initial'), ('booking', '0005_telling_people')]

    initial = False

    operations = [
        ops.CreateModel(
            name='WalkInPause',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('agent', fields.OneToOneField('booking.Agent', source_field='agent_id', db_constraint=True, to_field='id', related_name='walk_in_pause', on_delete=OnDelete.CASCADE)),
                ('since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'walk_in_pause', 'app': 'booking', 'pk_attr': 'id', 'table_description': 'An agent is not rung for people without an appointment, until they say otherwise.'},
            bases=['Record'],
        ),
        ops.AlterModelOptions(
            name='WalkIn',
            options={'table': 'walk_in', 'app': 'booking', 'indexes': [Index(fields=['state', 'joined_at'])], 'pk_attr': 'id', 'table_description': 'Somebody is at a kiosk now and waits for the first agent who is free for a service.'},
        ),
        AddColumn(
            model_name='WalkIn',
            name='email',
            field=fields.CharField(default='', max_length=254),
        ),
        AddColumn(
            model_name='WalkIn',
            name='open_agent',
            field=fields.CharField(null=True, unique=True, max_length=32),
        ),
        AddColumn(
            model_name='WalkIn',
            name='open_kiosk',
            field=fields.CharField(null=True, unique=True, max_length=32),
        ),
        AddColumn(
            model_name='WalkIn',
            name='phone',
            field=fields.CharField(default='', max_length=20),
        ),
        AddColumn(
            model_name='WalkIn',
            name='reason',
            field=fields.CharField(default='', max_length=16),
        ),
    ]
