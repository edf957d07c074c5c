from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import new_id
from tortoise import fields

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Answer',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('appointment_id', fields.CharField(unique=True, max_length=32)),
                ('service_id', fields.CharField(db_index=True, max_length=32)),
                ('site_id', fields.CharField(db_index=True, max_length=32)),
                ('agent_id', fields.CharField(db_index=True, max_length=32)),
                ('score', fields.IntField()),
                ('surface', fields.CharField(max_length=8)),
                ('answered_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'feedback_answer', 'app': 'feedback', 'pk_attr': 'id', 'table_description': "One citizen's answer about one appointment."},
            bases=['Record'],
        ),
    ]
