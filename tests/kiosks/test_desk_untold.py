"""The board of a house says whom to tell what, and forgets it when that is done."""

import re
from datetime import timedelta

from booking.models import Notice
from booking.notifications.kinds import EMAIL, Kind, NoticeState, Recipient
from booking.passes import shown_reference
from teleconsult.clock import utcnow
from tests.kiosks.conftest import Client, sign_in
from tests.kiosks.house import World, appointment_at


async def test_an_adviser_sees_who_was_not_told_and_says_when_they_were(served: tuple[Client, World]) -> None:
    client, world = served
    await sign_in(client, world.adviser.email)
    appointment = await appointment_at(world, utcnow() + timedelta(days=1))
    board = f"/desk/{world.here.id}"
    assert "À prévenir" not in await (await client.get(board)).text()
    await Notice.filter(appointment_id=appointment.id, recipient="citizen").delete()
    await Notice.create(
        appointment_id=appointment.id, kind=Kind.CANCELLATION, recipient=Recipient.CITIZEN, channel=EMAIL, sequence=0,
        starts_at=appointment.starts_at, ends_at=appointment.ends_at, due_at=utcnow(),
        deadline_at=appointment.starts_at, state=NoticeState.FAILED, last_error="smtp_550",
    )  # fmt: skip
    html = await (await client.get(board)).text()
    assert "À prévenir" in html
    assert "son rendez-vous est annulé" in html
    assert shown_reference(appointment.reference) in html
    assert "smtp_550" not in html
    (done,) = re.findall(r'action="(/desk/[^"]*/untold/[^"]*)"', html)
    assert (await client.post(done.replace(world.here.id, world.there.id))).status == 404
    assert "À prévenir" not in await (await client.post(done)).text()
    assert (await Notice.get(appointment_id=appointment.id, recipient="citizen")).state == NoticeState.TOLD
