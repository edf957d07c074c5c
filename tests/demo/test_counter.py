"""Somebody can be received without an appointment at any hour, and nothing else comes of it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from booking.engine.search import slots
from booking.line import NowState, now_at
from booking.models import Agent, AgentRule, Kiosk, Service, Site, SiteOpening
from teleconsult.database import connect
from teleconsult.demo.counter import keep_open
from teleconsult.demo.houses import DEMO_HOUSE
from teleconsult.demo.load import load_demo
from teleconsult.demo.people import WALK_IN_EMAIL
from teleconsult.demo.ready import ready_kiosk

PARIS = ZoneInfo("Europe/Paris")
MOMENTS = [
    datetime(2026, 11, 22, 3, 0, tzinfo=PARIS),
    datetime(2026, 11, 23, 10, 2, tzinfo=PARIS),
    datetime(2026, 11, 23, 16, 50, tzinfo=PARIS),
    datetime(2026, 11, 24, 23, 40, tzinfo=PARIS),
    datetime(2026, 11, 25, 0, 5, tzinfo=PARIS),
]


async def test_now_is_offered_at_any_hour_and_no_slot_more(sqlite_url: str) -> None:
    database = await connect(sqlite_url)
    try:
        await load_demo(MOMENTS[0])
        await _look_at_all_hours()
    finally:
        await database.close()


async def _look_at_all_hours() -> None:
    service = await Service.get(walk_in=True)
    site = await Site.get(external_id=DEMO_HOUSE)
    openings = SiteOpening.filter(site=site)
    before = await openings.count()
    for moment in MOMENTS:
        for later in range(0, 20, 4):
            now = moment + timedelta(minutes=later)
            await keep_open(now)
            kiosk = await Kiosk.get(id=str(await ready_kiosk()), site=site)
            offered = await now_at(now=now, service_id=service.id, kiosk_id=kiosk.id)
            assert offered is not None, now
            assert offered.state is NowState.OPEN, now
    assert await openings.count() == before  # one or two rows that move along
    night = MOMENTS[0]
    await keep_open(night)
    assert await slots(now=night, service_id=service.id, site_id=site.id, first_day=night.date(), days=1) == []
    await Agent.filter(email=WALK_IN_EMAIL).update(email="partie@demo.example")
    rule = (await AgentRule.get()).end_minute
    await keep_open(night + timedelta(hours=3))
    assert (await AgentRule.get()).end_minute == rule
