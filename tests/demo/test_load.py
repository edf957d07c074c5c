"""The demonstration on both databases: all there, once, and never among others' data."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from booking.models import (
    Agent,
    Appointment,
    Kiosk,
    Occupancy,
    Organisation,
    Partner,
    Service,
    Site,
    SiteOpening,
    Transition,
)
from signaling.models import CallRecord
from teleconsult.accounts.models import Account
from teleconsult.accounts.passwords import verify_password
from teleconsult.database import Database
from teleconsult.demo.load import DatabaseInUse, load_demo
from teleconsult.demo.people import ADMINISTRATOR_EMAIL, ADVISER_EMAIL, AGENT_EMAIL
from teleconsult.feedback.models import Answer
from tests.booking.offers import make_offer

TABLES = (Account, Organisation, Service, Site, SiteOpening, Kiosk, Agent, Partner, Appointment, Occupancy, Transition,
          CallRecord, Answer)  # fmt: skip
SATURDAY_EVENING = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


async def counts() -> dict[str, int]:
    return {model.__name__: await model.all().count() for model in TABLES}


async def test_the_demo_holds_what_it_promises(database: Database) -> None:
    await load_demo(SATURDAY_EVENING)
    assert Counter([site.department for site in await Site.all()]) == {"28": 3, "45": 3}
    assert await Organisation.all().count() == 4
    assert 4 <= await Service.all().count() <= 6
    assert 5 <= await Agent.all().count() <= 6
    for site in await Site.all():
        assert 1 <= await Kiosk.filter(site=site).count() <= 2
        assert await SiteOpening.filter(site=site).exists()
    for service in await Service.all():
        assert service.name_en
        assert service.summary_en
        assert service.documents
        assert all(paper["fr"] and paper["en"] for paper in service.documents)
        assert await Agent.filter(services=service).exists()
    roles = {account.email: account.roles for account in await Account.all()}
    assert roles[AGENT_EMAIL] == ["agent"]
    assert roles[ADVISER_EMAIL] == ["staff"]
    assert roles[ADMINISTRATOR_EMAIL] == ["administrator"]
    assert sum("staff" in held for held in roles.values()) == 2
    assert await verify_password((await Account.get(email=AGENT_EMAIL)).password_hash, "demo")


async def test_a_second_load_changes_nothing(database: Database) -> None:
    await load_demo(SATURDAY_EVENING)
    first = await counts()
    await load_demo(SATURDAY_EVENING)
    assert await counts() == first


async def test_a_load_that_breaks_off_leaves_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def break_off(now: datetime) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("teleconsult.demo.load.write_past", break_off)
    with pytest.raises(RuntimeError, match="power cut"):
        await load_demo(SATURDAY_EVENING)
    assert not any((await counts()).values())
    monkeypatch.undo()
    await load_demo(SATURDAY_EVENING)
    assert await Site.all().count() == 6


async def test_what_was_changed_stays_changed(database: Database) -> None:
    await load_demo(SATURDAY_EVENING)
    await Service.filter(slug="impots").update(name="Autre nom")
    await Account.filter(email=AGENT_EMAIL).update(name="Autre personne")
    await load_demo(SATURDAY_EVENING + timedelta(days=2))
    assert (await Service.get(slug="impots")).name == "Autre nom"
    assert (await Account.get(email=AGENT_EMAIL)).name == "Autre personne"


async def test_each_load_plans_the_week_that_follows(database: Database) -> None:
    await load_demo(SATURDAY_EVENING)
    agent = await Agent.get(email=AGENT_EMAIL)
    ahead = Appointment.filter(agent=agent, status="booked", channel="staff")
    before = {appointment.starts_at.date() for appointment in await ahead}
    assert len(before) == 5
    assert min(before).weekday() == 0
    later = SATURDAY_EVENING + timedelta(days=7)
    await load_demo(later)
    after = {appointment.starts_at.date() for appointment in await ahead.filter(starts_at__gt=later)}
    assert len(after) == 5


async def test_the_past_is_plausible_and_within_the_rules(database: Database) -> None:
    await load_demo(SATURDAY_EVENING)
    past = await Appointment.filter(starts_at__lt=SATURDAY_EVENING - timedelta(hours=12))
    assert 300 <= len(past) <= 1200
    statuses = Counter(appointment.status for appointment in past)
    assert set(statuses) == {"completed", "no_show", "cancelled"}
    assert statuses["completed"] > 0.7 * len(past)
    assert min(appointment.starts_at for appointment in past) > SATURDAY_EVENING - timedelta(days=93)
    calls = {call.room for call in await CallRecord.all()}
    for appointment in past:
        assert appointment.booked_at < appointment.starts_at < appointment.ends_at
        assert appointment.first_slot_at is not None
        assert appointment.booked_at < appointment.first_slot_at <= appointment.starts_at
        assert (appointment.id in calls) == (appointment.call_started_at is not None)
        assert appointment.closed_at is not None
    answered = await Answer.all().values_list("appointment_id", flat=True)
    assert set(answered) <= calls


@pytest.mark.parametrize("model", [Account, Organisation, Site])
async def test_it_is_not_loaded_among_others_data(database: Database, model: type) -> None:
    foreign = {
        Account: {"email": "someone@state.example", "name": "Someone", "password_hash": "x"},
        Organisation: {"slug": "mairie", "name": "Mairie"},
        Site: {"name": "A house", "commune": "Brou", "department": "28", "latitude": 48.2, "longitude": 1.1},
    }
    await model.create(**foreign[model])  # type: ignore[attr-defined]
    before = await counts()
    with pytest.raises(DatabaseInUse):
        await load_demo(SATURDAY_EVENING)
    assert await counts() == before


async def test_it_is_not_loaded_where_people_have_booked(database: Database) -> None:
    await make_offer()
    with pytest.raises(DatabaseInUse):
        await load_demo(SATURDAY_EVENING)
    assert not await Account.filter(email=AGENT_EMAIL).exists()
