"""The agent's own calendar: what they see of it, what they may change, and that it is only ever theirs."""

from datetime import date, timedelta

import pytest

from booking.engine.search import slots
from booking.models import Absence, Agent, AgentHours, AgentRule
from booking.office.record import Changed
from tests.booking.agenda_world import Client, World, heard, page, sign_in
from tests.booking.test_office_offer import post

OWN = "/agent/calendar"


async def test_agent_sees_hours_and_exceptions_but_cannot_change_them(client: Client, world: World) -> None:
    await AgentRule.create(agent=world.agent, works=False, first_day=date(2027, 1, 4), reason="Séminaire")
    await sign_in(client, "claire")
    html = await page(client, OWN)
    for text in ("Dimanche", "0h-24h", "Séminaire", "lundi 4 janvier 2027"):
        assert text in html
    assert "/hours/" not in html
    assert "/rules/" not in html
    hours = await AgentHours.filter(agent=world.agent).first()
    assert hours
    for path in (f"{OWN}/hours/new", f"{OWN}/hours/{hours.id}/delete", f"/admin/agents/{world.agent.id}/hours/new"):
        assert (await client.post(path, data={"day0": "9h-12h"})).status in (403, 404)
    assert await AgentHours.filter(agent=world.agent).count() == 7


@pytest.mark.parametrize(("who", "status"), [("admin", 403), ("staff", 403), ("unlinked", 404)])
async def test_calendar_is_for_those_who_have_one(client: Client, who: str, status: int) -> None:
    await sign_in(client, who)
    await page(client, OWN, status)
    assert (await client.post(f"{OWN}/absences/new", data={"first": "2027-01-04"})).status == status


async def test_agent_notes_an_absence_and_takes_it_back(client: Client, world: World) -> None:
    await sign_in(client, "claire")
    events = heard(world, Changed)
    day = world.now.date()
    form = {"first": str(day - timedelta(days=1)), "last": str(day + timedelta(days=2)), "reason": "Formation"}
    assert await post(client, f"{OWN}/absences/new", form) == f"{OWN}?done=saved"
    assert "Formation" in await page(client, OWN)
    [absence] = await Absence.all()
    found = await slots(
        now=world.now, service_id=world.service.id, site_id=world.site.id, agent_id=world.agent.id, days=1
    )
    assert not found
    await post(client, f"{OWN}/absences/{absence.id}/delete", {})
    assert not await Absence.exists()
    assert {(each.actor_kind, each.actor_id) for each in events if isinstance(each, Changed)} == {
        ("agent", world.agent.id)
    }


async def test_absence_of_another_agent_is_not_there(client: Client, world: World) -> None:
    other = await Agent.exclude(id=world.agent.id).first()
    absence = await Absence.create(agent=other, starts_at=world.now, ends_at=world.now + timedelta(days=1))
    await sign_in(client, "claire")
    assert (await client.post(f"{OWN}/absences/{absence.id}/delete")).status == 404
    assert await Absence.exists(id=absence.id)


async def test_agenda_leads_to_the_calendar(client: Client) -> None:
    await sign_in(client, "claire")
    assert f'href="{OWN}"' in await page(client, "/agent")
