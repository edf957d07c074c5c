"""Who could not be told something is on their house's board until they are told, by whatever way."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from booking.change import reschedule
from booking.errors import NoticeUnknown
from booking.models import Appointment, Notice
from booking.notifications.kinds import Kind, NoticeState
from booking.untold import knows, note_told, untold
from teleconsult.database import Database
from tests.booking.offers import MONDAY_8, SYSTEM, make_offer, paris_monday
from tests.booking.test_notices import NOBODY_TO_WRITE_TO, booked

DAY = timedelta(days=1)
FAILED = {"kind": "change", "sequence": 1, "state": "failed", "due_at": MONDAY_8}


async def board(appointment: Appointment, now: datetime = MONDAY_8) -> list[tuple[str, str, str]]:
    """Return name, news and why of those whom the house has to tell."""
    found = await untold(now=now, site_id=appointment.site_id)
    return [(each.citizen, each.kind.value, each.state.value) for each in found]


@pytest.mark.parametrize(
    ("other", "known"),
    [
        ({"channel": "sms", "state": "pending"}, True),
        ({"channel": "sms", "state": "sent", "sent_at": MONDAY_8}, True),
        ({"kind": "reminder", "state": "pending"}, False),
        ({"kind": "reminder", "state": "sent", "sent_at": MONDAY_8 + DAY}, True),
        ({"kind": "reminder", "state": "sent", "sent_at": MONDAY_8 - DAY}, False),
        ({"sequence": 0, "kind": "invitation", "state": "sent", "sent_at": MONDAY_8 + DAY}, False),
        ({"sequence": 2, "kind": "cancellation", "state": "pending"}, True),
        ({"sequence": 2, "kind": "cancellation", "state": "sent", "sent_at": MONDAY_8}, True),
    ],
)
def test_who_knows_otherwise_is_not_to_be_told(other: dict[str, Any], known: bool) -> None:
    assert knows(Notice(**FAILED), [Notice(**FAILED | other)]) is known


async def test_refused_dropped_and_unreachable_are_shown_until_told(database: Database) -> None:
    offer = await make_offer(kiosks=3, agents=3)
    refused = await booked(offer, paris_monday(10))
    dropped = await booked(offer, paris_monday(11))
    nowhere = await booked(offer, paris_monday(14), NOBODY_TO_WRITE_TO)
    assert await board(refused) == []
    own = Notice.filter(recipient="citizen", kind=Kind.INVITATION)
    await own.filter(appointment_id=refused.id).update(state=NoticeState.FAILED)
    await own.filter(appointment_id=dropped.id).update(state=NoticeState.DROPPED)
    await reschedule(now=MONDAY_8, appointment_id=nowhere.id, start=paris_monday(15), actor=SYSTEM)
    name = "Zoé Quatremère"
    everybody = [
        (name, "invitation", "failed"),
        (name, "invitation", "dropped"),
        (name, "change", "by_hand"),
    ]
    assert await board(refused) == everybody
    assert await board(refused, now=paris_monday(10, 45)) == everybody[1:], "what is over is no use telling"

    (first, *_) = await untold(now=MONDAY_8, site_id=refused.site_id)
    with pytest.raises(NoticeUnknown):
        await note_told(now=MONDAY_8, site_id="elsewhere", notice_id=first.notice_id)
    for _ in range(2):
        await note_told(now=MONDAY_8, site_id=refused.site_id, notice_id=first.notice_id)
    assert await board(refused) == everybody[1:]
    # A newer message about it, on its way: they are told otherwise.
    await reschedule(now=MONDAY_8, appointment_id=dropped.id, start=paris_monday(16), actor=SYSTEM)
    assert await board(refused) == everybody[2:]
