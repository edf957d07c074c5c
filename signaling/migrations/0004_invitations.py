from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import new_id
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('signaling', '0003_lines_and_failures')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CallInvitation',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('room', fields.CharField(db_index=True, max_length=64)),
                ('role', fields.CharField(max_length=16)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'call_invitation', 'app': 'signaling', 'pk_attr': 'id', 'table_description': 'A link into a room for one role, which names nobody, deleted some time after it has expired.'},
            bases=['Record'],
        ),
    ]
