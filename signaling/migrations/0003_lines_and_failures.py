from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import AddColumn
import functools
from json import dumps, loads
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('signaling', '0002_call_seen')]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name='CallParticipation',
            options={'table': 'call_participation', 'app': 'signaling', 'pk_attr': 'id', 'table_description': "Someone's presence in a call, and how good their line was: the role, never the name."},
        ),
        AddColumn(
            model_name='CallParticipation',
            name='failure',
            field=fields.CharField(default='', max_length=16),
        ),
        AddColumn(
            model_name='CallParticipation',
            name='leave_reason',
            field=fields.CharField(default='', max_length=16),
        ),
        AddColumn(
            model_name='CallParticipation',
            name='loss_high',
            field=fields.IntField(null=True),
        ),
        AddColumn(
            model_name='CallParticipation',
            name='loss_median',
            field=fields.IntField(null=True),
        ),
        AddColumn(
            model_name='CallParticipation',
            name='media_seconds',
            field=fields.IntField(default=0),
        ),
        AddColumn(
            model_name='CallParticipation',
            name='path',
            field=fields.CharField(default='', max_length=8),
        ),
        AddColumn(
            model_name='CallParticipation',
            name='paused_seconds',
            field=fields.IntField(default=0),
        ),
        AddColumn(
            model_name='CallParticipation',
            name='poor_seconds',
            field=fields.IntField(default=0),
        ),
        AddColumn(
            model_name='CallParticipation',
            name='quality',
            field=fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        AddColumn(
            model_name='CallParticipation',
            name='quality_median',
            field=fields.IntField(null=True),
        ),
        AddColumn(
            model_name='CallParticipation',
            name='round_trip_median',
            field=fields.IntField(null=True),
        ),
        AddColumn(
            model_name='CallParticipation',
            name='round_trip_min',
            field=fields.IntField(null=True),
        ),
        AddColumn(
            model_name='CallRecord',
            name='failure',
            field=fields.CharField(default='', max_length=16),
        ),
    ]
