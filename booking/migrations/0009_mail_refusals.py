from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import new_id
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('accounts', '0001_initial'), ('booking', '0008_own_words')]

    initial = False

    operations = [
        ops.CreateModel(
            name='MailRefusal',
            fields=[
                ('id', fields.CharField(primary_key=True, default=new_id, unique=True, db_index=True, max_length=32)),
                ('address_hash', fields.CharField(max_length=64)),
                ('kind', fields.CharField(max_length=24)),
                ('refused_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'mail_refusal', 'app': 'booking', 'unique_together': (('address_hash', 'kind'),), 'pk_attr': 'id', 'table_description': 'Somebody wants no more mails of a kind. The address itself is not kept, only a keyed hash of it.'},
            bases=['Record'],
        ),
    ]
