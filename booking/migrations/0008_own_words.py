"""Texts that an administrator writes: how mails end, and one number for each change."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from teleconsult.database import AddColumn
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('accounts', '0001_initial'), ('booking', '0007_answers_and_pushes')]

    initial = False

    operations = [
        AddColumn(
            model_name='LetterTemplate',
            name='closing',
            field=fields.TextField(default='', unique=False),
        ),
        AddColumn(
            model_name='LetterTemplate',
            name='revision',
            field=fields.CharField(null=True, unique=True, max_length=120),
        ),
    ]
