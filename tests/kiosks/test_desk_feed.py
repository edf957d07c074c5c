"""The house's calendar to subscribe to: made, changed and ended by its own advisers."""

import re
from datetime import timedelta

from teleconsult.clock import utcnow
from tests.kiosks.conftest import Client, sign_in
from tests.kiosks.house import World, appointment_at


async def test_an_adviser_shares_the_houses_calendar_and_takes_it_back(served: tuple[Client, World]) -> None:
    client, world = served
    await sign_in(client, world.adviser.email)
    appointment = await appointment_at(world, utcnow() + timedelta(hours=1))
    own = f"/desk/{world.here.id}/calendar"
    assert own in await (await client.get(f"/desk/{world.here.id}")).text()
    assert "Créer l’adresse" in await (await client.get(own)).text()
    addresses = []
    for _ in range(2):
        html = await (await client.post(own)).text()
        (address,) = re.findall(r'value="http[^"]*(/calendar/feed-[\w-]{43}\.ics)"', html)
        calendar = await (await client.get(address)).text()
        assert f"{appointment.reference[:3]}-{appointment.reference[3:]}" in calendar
        assert appointment.family_name not in calendar
        addresses.append(address)
    html = await (await client.get(f"{own}?ask=close")).text()
    assert "Oui, ne plus partager" in html
    assert addresses[1] not in html, "an address is shown once"
    assert "Créer l’adresse" in await (await client.post(f"{own}/close")).text()
    assert [(await client.get(address)).status for address in addresses] == [404, 404]
