"""What the database makes of identifiers that come from addresses."""

import pytest

from signaling.models import CallParticipation, CallRecord
from teleconsult.database import Database


@pytest.mark.parametrize("odd", ["a" * 33, "🦆" * 5000, "' OR 1=1 --", "", "\u202e"], ids=lambda odd: odd[:12])
async def test_an_odd_identifier_is_an_unknown_one(database: Database, odd: str) -> None:
    assert await CallRecord.get_or_none(id=odd) is None
    assert await CallRecord.filter(id__in=[odd]).count() == 0
    assert await CallParticipation.filter(call_id=odd).count() == 0
