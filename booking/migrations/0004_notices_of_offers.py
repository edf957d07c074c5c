"""A notice may be about a slot offered to who waits, and then about no appointment."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import AddColumn
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('accounts', '0001_initial'), ('booking', '0003_offer_version')]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name='Notice',
            options={'table': 'notice', 'app': 'booking', 'unique_together': (('appointment', 'kind', 'recipient', 'sequence'),), 'indexes': [Index(fields=['state', 'due_at'])], 'pk_attr': 'id', 'table_description': 'One message owed to one recipient about one version of an appointment, or about one offer of a slot: the outbox.'},
        ),
        ops.AlterField(
            model_name='Notice',
            name='appointment',
            field=fields.ForeignKeyField('booking.Appointment', source_field='appointment_id', null=True, db_constraint=True, to_field='id', related_name='notices', on_delete=OnDelete.CASCADE),
        ),
        AddColumn(
            model_name='Notice',
            name='waiting',
            field=fields.ForeignKeyField('booking.WaitingEntry', source_field='waiting_id', null=True, db_constraint=True, to_field='id', related_name='notices', on_delete=OnDelete.CASCADE),
        ),
    ]
