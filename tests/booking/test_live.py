"""The boards of agents and houses are told of every change, after the commit, with ids and a status only."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from booking.book import book
from booking.change import reschedule
from booking.live import setup_live
from teleconsult.database import Database
from teleconsult.web.bus import Bus
from teleconsult.web.events import EVENTS, EventBus, publish
from teleconsult.web.live import LIVE, LiveHub
from tests.booking.offers import ANYBODY, CITIZEN, MONDAY_8, make_offer, make_site, paris_monday


@pytest.fixture
async def app(database: Database) -> AsyncIterator[web.Application]:
    app = web.Application()
    app[EVENTS] = EventBus()
    app[LIVE] = LiveHub(Bus())
    setup_live(app)
    yield app
    app[LIVE].close()


async def test_old_and_new_boards_hear_of_a_move(app: web.Application) -> None:
    offer = await make_offer()
    olivet, _ = await make_site("Olivet", 1)
    topics = [f"agent:{offer.agents[0].id}", f"site:{offer.site.id}", f"site:{olivet.id}"]
    queues = [app[LIVE].listen([topic]) for topic in topics]
    done = await book(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=paris_monday(10), citizen=CITIZEN,
        actor=ANYBODY, channel="kiosk",
    )  # fmt: skip
    assert [queue.qsize() for queue in queues] == [0, 0, 0]
    await publish(app, done.events)
    moved = await reschedule(
        now=MONDAY_8, appointment_id=done.appointment.id, start=paris_monday(10), site_id=olivet.id, actor=ANYBODY
    )
    await publish(app, moved.events)
    assert [queue.qsize() for queue in queues] == [2, 2, 1]
    assert queues[2].get_nowait() == ("agenda", {"appointment": done.appointment.id, "status": "booked"})
