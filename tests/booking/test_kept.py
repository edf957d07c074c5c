"""What a process keeps of the offer holds exactly as long as the offer does not change, whoever changes it."""

import logging
from datetime import date, timedelta

import pytest
from tortoise.connection import get_connection

from booking.engine import kept
from booking.engine.search import slots
from booking.engine.warm import warm
from booking.models import (
    Absence,
    Agent,
    AgentHours,
    AgentRule,
    Assignment,
    BusyCalendar,
    BusyTime,
    Kiosk,
    KioskOutage,
    Organisation,
    Room,
    Service,
    Site,
    SiteClosure,
    SiteOpening,
    Workplace,
)
from teleconsult.database import Database, Record, connect, new_id, transaction
from tests.booking.offers import MONDAY_8, Offer, make_offer, paris_monday

DAY = timedelta(days=1)


async def version() -> int:
    rows = await get_connection("default").execute_query_dict("SELECT version FROM offer_version")
    return int(rows[0]["version"])


async def one_of_each(offer: Offer) -> list[Record]:
    """Everything that an offer is made of, unsaved or changed."""
    agent, site, kiosk, body = offer.agents[0], offer.site, offer.kiosks[0], await Organisation.get()
    workplace = await Workplace.create(organisation=body, name="Cité administrative")
    calendar = await BusyCalendar.create(
        agent=agent, kind="ics", url="https://calendars.example/a.ics", due_at=MONDAY_8
    )
    hours = {"weekday": 5, "start_minute": 540, "end_minute": 720}
    span = {"starts_at": MONDAY_8, "ends_at": MONDAY_8 + DAY}
    today = date(2026, 11, 23)
    return [
        body, offer.service, agent, site, kiosk,
        Workplace(organisation=body, name="Annexe"),
        Room(workplace=workplace, name="Salle 1"),
        AgentHours(agent=agent, **hours),
        AgentRule(agent=agent, works=True, first_day=today, start_minute=540, end_minute=720),
        Absence(agent=agent, **span),
        Assignment(agent=agent, service=offer.service, valid_from=today, valid_until=today),
        BusyTime(calendar=calendar, agent=agent, **span),
        SiteOpening(site=site, **hours),
        SiteClosure(site=site, **span),
        KioskOutage(kiosk=kiosk, **span),
        Kiosk(site=site, name="Borne 9"),
    ]  # fmt: skip


async def test_every_change_of_the_offer_changes_its_version(database: Database) -> None:
    offer = await make_offer()
    for record in await one_of_each(offer):
        before = await version()
        await record.save()
        assert await version() != before, f"{type(record).__name__} written"
        if isinstance(record, (Organisation, Service, Agent, Site)) or record is offer.kiosks[0]:
            continue
        before = await version()
        await record.delete()
        assert await version() != before, f"{type(record).__name__} removed"
    before = await version()
    await offer.agents[0].services.clear()
    assert await version() != before


async def test_what_is_kept_is_read_once_and_anew_after_a_change(database: Database) -> None:
    offer = await make_offer()
    reads = []

    async def read() -> int:
        reads.append(1)
        return len(reads)

    assert [await (await kept.current()).read("x", read) for _ in range(3)] == [1, 1, 1]
    await Site.filter(id=offer.site.id).update(name="Ailleurs")
    assert [await (await kept.current()).read("x", read) for _ in range(3)] == [2, 2, 2]


async def test_nothing_is_kept_of_a_transaction_that_may_be_rolled_back(database: Database) -> None:
    offer = await make_offer()
    span = {"starts_at": paris_monday(1), "ends_at": paris_monday(23)}

    async def found() -> int:
        day = date(2026, 11, 23)
        service, site = offer.service.id, offer.site.id
        return len(await slots(now=MONDAY_8, service_id=service, site_id=site, first_day=day, days=1))

    free = await found()

    async def fall_ill_and_fail() -> None:
        async with transaction():
            await Absence.create(agent=offer.agents[0], **span)
            assert await found() == 0
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fall_ill_and_fail()
    assert await found() == free > 0
    await Absence.create(agent=offer.agents[0], **span)
    assert await found() == 0


async def test_another_process_is_heard_of(postgres_url: str) -> None:
    """Another program writes to the database by another connection, and commits later than somebody reads."""
    import asyncpg

    database = await connect(postgres_url)
    offer = await make_offer()
    other = await asyncpg.connect(postgres_url)

    async def found() -> int:
        day = date(2026, 11, 23)
        service, site = offer.service.id, offer.site.id
        return len(await slots(now=MONDAY_8, service_id=service, site_id=site, first_day=day, days=1))

    free = await found()
    change = other.transaction()
    await change.start()
    await other.execute(
        "INSERT INTO absence (id, agent_id, starts_at, ends_at, reason) VALUES ($1, $2, $3, $4, '')",
        new_id(), offer.agents[0].id, paris_monday(1), paris_monday(23),
    )  # fmt: skip
    await Site.filter(id=offer.site.id).update(name="Ailleurs")
    assert await found() == free > 0
    await change.commit()
    assert await found() == 0
    await other.close()
    await database.close()


async def test_what_is_read_ahead_is_not_read_again(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    offer = await make_offer(agents=2, horizon_days=60)
    assert await warm(now=MONDAY_8) == 1
    assert await warm(now=MONDAY_8) == 0
    for first in range(0, 49, 7):
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            await slots(
                now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id,
                first_day=date(2026, 11, 23) + timedelta(days=first),
            )  # fmt: skip
        assert sum("SELECT" in record.getMessage() for record in caplog.records) == 2, first
    await Absence.create(agent=offer.agents[0], starts_at=MONDAY_8, ends_at=MONDAY_8 + DAY)
    assert await warm(now=MONDAY_8) == 1
