"""What the database itself sees to: of two who change a text at once, one is told."""

import pytest
from tortoise.exceptions import IntegrityError

from booking.models import LetterTemplate
from teleconsult.clock import utcnow
from teleconsult.database import Database


async def test_one_change_a_number(database: Database) -> None:
    facts = {"kind": "reminder", "recipient": "citizen", "language": "fr", "body": "x", "changed_at": utcnow()}
    await LetterTemplate.create(**facts, revision="all:reminder:citizen:sms:fr:1")
    await LetterTemplate.create(**facts, revision="all:reminder:citizen:sms:fr:2")
    with pytest.raises(IntegrityError):
        await LetterTemplate.create(**facts, revision="all:reminder:citizen:sms:fr:2")
