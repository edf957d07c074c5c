from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import AddColumn
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('signaling', '0001_initial')]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name='CallRecord',
            options={'table': 'call_record', 'app': 'signaling', 'pk_attr': 'id', 'table_description': "One call in a room. `room` is the room's opaque identifier; `seen_at` is when it was last known to run."},
        ),
        AddColumn(
            model_name='CallRecord',
            name='seen_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
