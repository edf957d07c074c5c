"""Everybody is told once and in their own way: channels, receipts, guests of an appointment, answers, feeds, templates."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import AddColumn, new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

# SQLite lost the constraint and the index when 0004 rebuilt the table.
COLUMNS = "appointment_id, kind, recipient, channel, sequence"
LIFT_OLD = """
DO $$ DECLARE old text; BEGIN
    FOR old IN SELECT conname FROM pg_constraint WHERE conrelid = 'notice'::regclass AND contype = 'u'
        AND cardinality(conkey) > 1 LOOP
        EXECUTE format('ALTER TABLE notice DROP CONSTRAINT %I', old);
    END LOOP;
END $$
"""


async def once_a_channel(_apps, schema_editor):
    client = schema_editor.client
    if client.capabilities.dialect == "postgres":
        await client.execute_script(LIFT_OLD)
        await client.execute_script(f"ALTER TABLE notice ADD CONSTRAINT notice_once UNIQUE ({COLUMNS})")
    else:
        await client.execute_query(f"CREATE UNIQUE INDEX notice_once ON notice ({COLUMNS})")
        await client.execute_query("CREATE INDEX IF NOT EXISTS notice_due ON notice (state, due_at)")


async def once_a_recipient(_apps, schema_editor):
    client = schema_editor.client
    if client.capabilities.dialect == "postgres":
        await client.execute_script("ALTER TABLE notice DROP CONSTRAINT notice_once")
    else:
        await client.execute_query("DROP INDEX notice_once")


class Migration(migrations.Migration):
    dependencies = [('accounts', '0001_initial'), ('booking', '0004_notices_of_offers')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CalendarReply',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('message_hash', fields.CharField(unique=True, max_length=64)),
                ('appointment', fields.ForeignKeyField('booking.Appointment', source_field='appointment_id', null=True, db_constraint=True, to_field='id', related_name='replies', on_delete=OnDelete.CASCADE)),
                ('sequence', fields.IntField(null=True)),
                ('answer', fields.CharField(default='', max_length=12)),
                ('received_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('result', fields.CharField(max_length=24)),
            ],
            options={'table': 'calendar_reply', 'app': 'booking', 'pk_attr': 'id', 'table_description': 'An answer to an invitation that came by mail (iTIP REPLY), and what was done about it. Never its text.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Feed',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('agent', fields.ForeignKeyField('booking.Agent', source_field='agent_id', null=True, db_constraint=True, to_field='id', related_name='feeds', on_delete=OnDelete.CASCADE)),
                ('site', fields.ForeignKeyField('booking.Site', source_field='site_id', null=True, db_constraint=True, to_field='id', related_name='feeds', on_delete=OnDelete.CASCADE)),
                ('room', fields.ForeignKeyField('booking.Room', source_field='room_id', null=True, db_constraint=True, to_field='id', related_name='feeds', on_delete=OnDelete.CASCADE)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('read_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'feed', 'app': 'booking', 'pk_attr': 'id', 'table_description': 'A secret address at which a calendar program reads the appointments of one agent, one house or one room.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='LetterTemplate',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('organisation', fields.ForeignKeyField('booking.Organisation', source_field='organisation_id', null=True, db_constraint=True, to_field='id', related_name='letter_templates', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharField(max_length=24)),
                ('recipient', fields.CharField(max_length=16)),
                ('channel', fields.CharField(default='email', max_length=8)),
                ('language', fields.CharField(max_length=5)),
                ('subject', fields.CharField(default='', max_length=200)),
                ('body', fields.TextField(unique=False)),
                ('changed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('changed_by', fields.CharField(default='', max_length=64)),
            ],
            options={'table': 'letter_template', 'app': 'booking', 'indexes': [Index(fields=['kind', 'recipient', 'channel', 'language'])], 'pk_attr': 'id', 'table_description': "An administrator's own words for one kind of notice, for one organisation or (without one) for all."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='PushedEvent',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('appointment', fields.ForeignKeyField('booking.Appointment', source_field='appointment_id', db_constraint=True, to_field='id', related_name='pushed_events', on_delete=OnDelete.CASCADE)),
                ('calendar', fields.ForeignKeyField('booking.BusyCalendar', source_field='calendar_id', db_constraint=True, to_field='id', related_name='pushed_events', on_delete=OnDelete.CASCADE)),
                ('href', fields.CharField(max_length=1000)),
                ('etag', fields.CharField(default='', max_length=200)),
                ('sequence', fields.IntField()),
                ('written_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'pushed_event', 'app': 'booking', 'unique_together': (('appointment', 'calendar'),), 'pk_attr': 'id', 'table_description': "An appointment's event in an agent's own calendar (CalDAV, RFC 4791), as we last wrote it there."},
            bases=['Record'],
        ),
        AddColumn(
            model_name='Agent',
            name='daily_agenda',
            field=fields.BooleanField(default=True),
        ),
        AddColumn(
            model_name='Appointment',
            name='agent_answer',
            field=fields.CharField(default='', max_length=12),
        ),
        AddColumn(
            model_name='Appointment',
            name='agent_answered_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='BusyCalendar',
            name='writes',
            field=fields.BooleanField(default=False),
        ),
        AddColumn(
            model_name='Notice',
            name='channel',
            field=fields.CharField(default='email', max_length=8),
        ),
        AddColumn(
            model_name='Notice',
            name='key',
            field=fields.CharField(null=True, unique=True, max_length=120),
        ),
        AddColumn(
            model_name='Notice',
            name='message_ref',
            field=fields.CharField(default='', db_index=True, max_length=80),
        ),
        AddColumn(
            model_name='Notice',
            name='parts',
            field=fields.IntField(default=0),
        ),
        AddColumn(
            model_name='Notice',
            name='receipt',
            field=fields.CharField(default='', max_length=12),
        ),
        AddColumn(
            model_name='Notice',
            name='receipt_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='Notice',
            name='room',
            field=fields.ForeignKeyField('booking.Room', source_field='room_id', null=True, db_constraint=True, to_field='id', related_name='notices', on_delete=OnDelete.CASCADE),
        ),
        ops.AlterModelOptions(
            name='Notice',
            options={'table': 'notice', 'app': 'booking', 'unique_together': (('appointment', 'kind', 'recipient', 'channel', 'sequence'),), 'indexes': [Index(fields=['state', 'due_at'])], 'pk_attr': 'id', 'table_description': 'One message owed to one recipient about one version of an appointment, or about one offer of a slot: the outbox.'},
        ),
        ops.RunPython(once_a_channel, once_a_recipient),
        AddColumn(
            model_name='Room',
            name='email',
            field=fields.CharField(default='', max_length=254),
        ),
        AddColumn(
            model_name='Service',
            name='interpreter_email',
            field=fields.CharField(default='', max_length=254),
        ),
        AddColumn(
            model_name='Service',
            name='sms_reminder_minutes',
            field=fields.IntField(default=120),
        ),
        AddColumn(
            model_name='Site',
            name='invites_desk',
            field=fields.BooleanField(default=False),
        ),
    ]
