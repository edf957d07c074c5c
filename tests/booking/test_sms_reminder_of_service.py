"""Each service says how long before the appointment it reminds by text message."""

from booking.models import Service
from tests.booking.agenda_world import Client, World, page, sign_in
from tests.booking.test_office_offer import SERVICE, post


async def test_service_says_when_it_reminds_by_text_message(client: Client, world: World) -> None:
    await sign_in(client, "admin")
    organisation = str(world.service.organisation_id)
    await post(client, "/admin/offer/services/new", SERVICE | {"organisation_id": organisation})
    made = await Service.get(slug="carte-grise")
    assert made.sms_reminder_minutes == 120
    form = SERVICE | {"organisation_id": organisation, "sms_reminder_minutes": "0"}
    await post(client, f"/admin/offer/services/{made.id}", form)
    await made.refresh_from_db()
    assert made.sms_reminder_minutes == 0
    html = await page(client, f"/admin/offer/services/{made.id}")
    assert 'name="sms_reminder_minutes" value="0"' in html
