"""The back office's pages of agents: who they are, and everything that says when they work."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from booking.engine.search import slots
from booking.models import Absence, Agent, AgentHours, AgentRule, Assignment, Organisation, Service, Site, Workplace
from booking.office.record import Changed
from tests.booking.agenda_world import Client, World, heard, page, sign_in
from tests.booking.test_office_offer import post

NOBODY = "0" * 32


@pytest.fixture
async def admin(client: Client, world: World) -> Client:
    """The administrator's browser; the world's agents are in Paris, to be read easily."""
    await Agent.all().update(timezone="Europe/Paris")
    await sign_in(client, "admin")
    return client


def own(world: World, rest: str = "") -> str:
    return f"/admin/agents/{world.agent.id}{rest}"


@pytest.mark.parametrize("who", ["claire", "staff"])
async def test_only_administrators_see_and_change_agents(client: Client, world: World, who: str) -> None:
    await sign_in(client, who)
    for path in ("/admin/agents", own(world), own(world, "/hours/new")):
        await page(client, path, 403)
    assert (await client.post(own(world, "/absences/new"), data={"first": "2027-01-01"})).status == 403
    assert not await Absence.exists()


async def test_agent_is_created_with_services_and_account_then_booked(admin: Client, world: World) -> None:
    organisation = await Organisation.first()
    assert organisation
    form: dict[str, Any] = {
        "name": "Nadia Sans-Agenda", "email": "nadia@example.org", "organisation_id": organisation.id,
        "account_id": world.accounts["unlinked"].id, "services": [world.service.id], "daily_maximum": "6",
        "department": "67", "timezone": "Europe/Paris", "language": "fr", "active": "yes",
    }  # fmt: skip
    to = await post(admin, "/admin/agents/new", form)
    made = await Agent.get(email="nadia@example.org")
    assert to == f"/admin/agents/{made.id}?done=saved"
    assert (made.daily_maximum, made.department, made.works_on_holidays) == (6, "67", False)
    assert [service.id for service in await made.services] == [world.service.id]
    html = await page(admin, "/admin/agents")
    assert "Aucun horaire" in html
    await post(admin, f"/admin/agents/{made.id}/hours/new", {f"day{number}": "0h-24h" for number in range(7)})
    found = await slots(now=world.now, service_id=world.service.id, site_id=world.site.id, agent_id=made.id, days=2)
    assert found


async def test_account_belongs_to_one_agent_only(admin: Client, world: World) -> None:
    organisation = await Organisation.first()
    assert organisation
    form = {
        "name": "Autre", "email": "autre@example.org", "organisation_id": organisation.id,
        "account_id": world.accounts["claire"].id, "timezone": "Europe/Paris", "language": "fr",
    }  # fmt: skip
    html = await post(admin, "/admin/agents/new", form, 409)
    assert "Ce compte est déjà celui d’un autre agent." in html
    assert 'value="autre@example.org"' in html
    assert not await Agent.exists(name="Autre")


@pytest.mark.parametrize(
    "wrong", [{"email": "claire"}, {"timezone": "Europe/Bruges"}, {"department": "99"}, {"daily_maximum": "0"}]
)
async def test_wrong_answers_about_an_agent_are_refused(admin: Client, world: World, wrong: dict[str, str]) -> None:
    organisation = await Organisation.first()
    assert organisation
    form = {
        "name": "Changée", "email": "c@example.org", "organisation_id": organisation.id, "timezone": "Europe/Paris",
        "language": "fr",
    }  # fmt: skip
    assert "fr-error-text" in await post(admin, own(world, "/edit"), form | wrong, 422)
    assert (await Agent.get(id=world.agent.id)).name == "Claire Fontaine"


async def test_inactive_agent_is_booked_no_more(admin: Client, world: World) -> None:
    html = await page(admin, own(world, "/edit"))
    assert f'value="{world.service.id}" checked' in html
    organisation = await Organisation.first()
    assert organisation
    form = {
        "name": "Claire Fontaine", "email": "claire@example.org", "organisation_id": organisation.id,
        "timezone": "Europe/Paris", "language": "fr", "services": world.service.id,
    }  # fmt: skip
    await post(admin, own(world, "/edit"), form)
    assert not (await Agent.get(id=world.agent.id)).active
    assert "N’est plus en activité" in await page(admin, own(world))


async def test_week_is_shown_changed_and_deleted_as_one(admin: Client, world: World) -> None:
    await AgentHours.filter(agent_id=world.agent.id).delete()
    organisation = await Organisation.first()
    place = await Workplace.create(organisation=organisation, name="Orléans")
    form = {"day0": "9h-12h30, 13h30-17h", "day3": "10h-12h", "valid_from": "2026-12-01", "workplace_id": place.id,
            "site_ids": [world.site.id]}  # fmt: skip
    await post(admin, own(world, "/hours/new"), form)
    rows = await AgentHours.filter(agent_id=world.agent.id).order_by("weekday", "start_minute")
    assert [(row.weekday, row.start_minute, row.end_minute) for row in rows] == [
        (0, 540, 750), (0, 810, 1020), (3, 600, 720),
    ]  # fmt: skip
    assert {(row.valid_from, tuple(row.site_ids)) for row in rows} == {(date(2026, 12, 1), (world.site.id,))}
    html = await page(admin, own(world))
    for text in ("9h-12h30, 13h30-17h", "10h-12h", "mardi 1 décembre 2026", "Orléans", "France services Briare"):
        assert text in html
    week = min(row.id for row in rows)
    shown = await page(admin, own(world, f"/hours/{week}"))
    assert 'value="9h-12h30, 13h30-17h"' in shown
    assert f'value="{world.site.id}" checked' in shown
    await post(admin, own(world, f"/hours/{week}"), {"day1": "8h-9h"})
    [row] = await AgentHours.filter(agent_id=world.agent.id)
    assert (row.weekday, row.valid_from, row.site_ids) == (1, None, [])
    await post(admin, own(world, f"/hours/{row.id}/delete"), {})
    assert not await AgentHours.exists(agent_id=world.agent.id)
    assert await AgentHours.exists(), "those of others stay"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Indiquez au moins une plage horaire."),
        ({"day0": "le matin"}, "Écrivez des heures comme"),
        ({"day0": "9h-12h", "valid_from": "2026-12-02", "valid_until": "2026-12-01"}, "La fin est avant le début."),
    ],
)
async def test_hours_that_cannot_be_are_refused(admin: Client, world: World, form: dict[str, str], said: str) -> None:
    before = await AgentHours.all().count()
    assert said in await post(admin, own(world, "/hours/new"), form, 422)
    assert await AgentHours.all().count() == before


async def test_exception_repeats_and_is_deleted(admin: Client, world: World) -> None:
    form = {"works": "no", "first_day": "2026-11-24", "repeat": "fortnightly", "until": "2027-06-30",
            "ranges": "9h-10h, 14h-15h", "reason": "Réunion de service"}  # fmt: skip
    await post(admin, own(world, "/rules/new"), form)
    first, second = await AgentRule.filter(agent_id=world.agent.id).order_by("start_minute")
    assert (first.works, first.start_minute, second.end_minute) == (False, 540, 900)
    assert first.rrule == "FREQ=WEEKLY;INTERVAL=2;UNTIL=20270630T235959"
    html = await page(admin, own(world))
    for text in ("Réunion de service", "Une semaine sur deux", "mercredi 30 juin 2027"):
        assert text in html
    await post(admin, own(world, f"/rules/{first.id}/delete"), {})
    assert await AgentRule.filter(agent_id=world.agent.id).count() == 1
    whole = {"works": "yes", "first_day": "2026-11-28", "repeat": "once"}
    await post(admin, own(world, "/rules/new"), whole)
    assert "Reçoit en plus, toute la journée" in await page(admin, own(world))


async def test_absence_takes_slots_away_and_gives_them_back(admin: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    today = world.now.date()
    events = heard(world, Changed)
    form = {"first": str(today - timedelta(days=1)), "last": str(today + timedelta(days=2)), "reason": "Formation"}
    await post(admin, own(world, "/absences/new"), form)
    html = await page(admin, own(world))
    assert "Formation" in html
    assert "1 rendez-vous à replacer" in html

    async def free() -> int:
        found = await slots(
            now=world.now, service_id=world.service.id, site_id=world.site.id, agent_id=world.agent.id, days=1
        )
        return len(found)

    assert await free() == 0
    [absence] = await Absence.all()
    await post(admin, own(world, f"/absences/{absence.id}/delete"), {})
    assert await free() > 0
    assert [(each.subject, each.action, each.owner_id) for each in events if isinstance(each, Changed)] == [
        ("absence", "created", world.agent.id), ("absence", "deleted", world.agent.id),
    ]  # fmt: skip
    await appointment.refresh_from_db()
    assert appointment.status == "booked"


async def test_absence_of_part_of_a_day_is_in_the_agents_zone(admin: Client, world: World) -> None:
    form = {"first": "2027-01-04", "last": "2027-01-04", "start": "09:00", "end": "11:30"}
    await post(admin, own(world, "/absences/new"), form)
    [absence] = await Absence.all()
    assert absence.starts_at == datetime(2027, 1, 4, 8, tzinfo=UTC)
    assert absence.ends_at == datetime(2027, 1, 4, 10, 30, tzinfo=UTC)
    assert "lundi 4 janvier 2027" in await page(admin, own(world))
    await post(admin, own(world, "/absences/new"), form | {"end": "08:00"}, 422)
    assert await Absence.all().count() == 1


async def test_assignment_to_another_service_for_a_while(admin: Client, world: World) -> None:
    other = await Service.create(organisation=await Organisation.first(), slug="impots", name="Impôts")
    form = {"service_id": other.id, "valid_from": "2026-12-01", "valid_until": "2030-01-31"}
    await post(admin, own(world, "/assignments/new"), form)
    [made] = await Assignment.filter(agent_id=world.agent.id)
    assert "jeudi 31 janvier 2030" in await page(admin, own(world))
    await post(admin, own(world, "/assignments/new"), form | {"valid_until": "2026-11-30"}, 422)
    await post(admin, own(world, f"/assignments/{made.id}/delete"), {})
    assert not await Assignment.exists()


async def test_what_belongs_to_another_agent_is_not_there(admin: Client, world: World) -> None:
    other = await Agent.exclude(id=world.agent.id).first()
    assert other
    absence = await Absence.create(agent=other, starts_at=world.now, ends_at=world.now + timedelta(days=1))
    hours = await AgentHours.filter(agent=other).order_by("id").first()
    assert hours
    for rest in (f"/absences/{absence.id}/delete", f"/hours/{hours.id}/delete", f"/rules/{NOBODY}/delete"):
        assert (await admin.post(own(world, rest))).status == 404
    await page(admin, own(world, f"/hours/{hours.id}"), 404)
    await page(admin, f"/admin/agents/{NOBODY}", 404)
    assert await Absence.exists(id=absence.id)


async def test_retired_service_stays_with_its_agents(admin: Client, world: World) -> None:
    await Service.filter(id=world.service.id).update(retired_at=world.now)
    organisation = await Organisation.first()
    assert organisation
    form = {
        "name": "Claire Fontaine", "email": "claire@example.org", "organisation_id": organisation.id,
        "timezone": "Europe/Paris", "language": "fr", "active": "yes",
    }  # fmt: skip
    await post(admin, own(world, "/edit"), form)
    assert [service.id for service in await world.agent.services] == [world.service.id]


async def test_hours_for_a_house_that_closed_do_not_become_hours_for_all(admin: Client, world: World) -> None:
    await AgentHours.filter(agent_id=world.agent.id).delete()
    await post(admin, own(world, "/hours/new"), {"day0": "9h-12h", "site_ids": [world.site.id]})
    await Site.filter(id=world.site.id).update(active=False)
    [row] = await AgentHours.filter(agent_id=world.agent.id)
    assert f'value="{world.site.id}" checked' in await page(admin, own(world, f"/hours/{row.id}"))
