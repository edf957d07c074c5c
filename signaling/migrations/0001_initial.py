from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='CallRecord',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('room', fields.CharField(db_index=True, max_length=64)),
                ('opened_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('started_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('end_reason', fields.CharField(default='', max_length=32)),
            ],
            options={'table': 'call_record', 'app': 'signaling', 'pk_attr': 'id', 'table_description': "One call in a room. `room` is the room's opaque identifier."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='CallParticipation',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('call', fields.ForeignKeyField('signaling.CallRecord', source_field='call_id', db_constraint=True, to_field='id', related_name='participations', on_delete=OnDelete.CASCADE)),
                ('role', fields.CharField(max_length=16)),
                ('joined_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('left_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('reconnections', fields.IntField(default=0)),
            ],
            options={'table': 'call_participation', 'app': 'signaling', 'pk_attr': 'id', 'table_description': "Someone's presence in a call: the role, never the name."},
            bases=['Record'],
        ),
    ]
