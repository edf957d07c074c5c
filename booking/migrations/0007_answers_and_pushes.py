"""What calendars answer, what becomes of events written into them, and who reads the mailbox."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import AddColumn, new_id
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('accounts', '0001_initial'), ('booking', '0006_walk_ins')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Duty',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('name', fields.CharField(unique=True, max_length=40)),
                ('leased_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('worked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('failing_since', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('last_error', fields.CharField(default='', max_length=200)),
            ],
            options={'table': 'duty', 'app': 'booking', 'pk_attr': 'id', 'table_description': 'Something that one process at a time does for all of them, under a lease, and how that has gone.'},
            bases=['Record'],
        ),
        AddColumn(
            model_name='Appointment',
            name='citizen_answer',
            field=fields.CharField(default='', max_length=12),
        ),
        AddColumn(
            model_name='Appointment',
            name='citizen_answered_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='BusyCalendar',
            name='write_error',
            field=fields.CharField(default='', max_length=200),
        ),
        AddColumn(
            model_name='BusyCalendar',
            name='write_failing_since',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='BusyCalendar',
            name='write_told_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='BusyCalendar',
            name='wrote_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='CalendarReply',
            name='who',
            field=fields.CharField(default='', max_length=8),
        ),
        AddColumn(
            model_name='PushedEvent',
            name='left_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='PushedEvent',
            name='restored_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
