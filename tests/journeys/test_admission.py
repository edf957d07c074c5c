"""What a call asks of the rest of the product: who may take over, and somebody of the house."""

from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from booking.models import Appointment, Service
from kiosks.models import HelpRequest
from signaling.keys import GATEKEEPER
from teleconsult.accounts.models import Session
from teleconsult.admission import NoHouse
from tests.booking.agenda_world import World, make_world

Client = TestClient[web.Request, web.Application]


async def in_a_call(client: Client, mode: str = "kiosk") -> tuple[World, Appointment]:
    world = await make_world(client.server.app, datetime.now(UTC))  # type: ignore[union-attr, attr-defined]
    await Service.all().update(modes=["kiosk", "home"])
    appointment = await world.book(world.near_start, mode=mode)
    await world.arrive(appointment, world.now)
    await world.call(appointment, world.now)
    return world, appointment


async def test_the_front_desk_is_rung_once_for_the_agent_of_a_call(client: Client) -> None:
    world, appointment = await in_a_call(client)
    for _ in range(2):
        await world.app[GATEKEEPER].call_adviser(appointment.id)
    (request,) = await HelpRequest.all()
    assert (request.appointment_id, request.kiosk_id) == (appointment.id, appointment.kiosk_id)  # type: ignore[attr-defined]


async def test_at_home_there_is_no_adviser_to_call(client: Client) -> None:
    world, appointment = await in_a_call(client, "home")
    with pytest.raises(NoHouse):
        await world.app[GATEKEEPER].call_adviser(appointment.id)


async def test_colleagues_are_those_who_are_signed_in(client: Client) -> None:
    world, appointment = await in_a_call(client)
    gatekeeper = world.app[GATEKEEPER]
    assert await gatekeeper.colleagues(appointment.id) == ()
    other = world.accounts["other"]
    session = await Session.create(
        token_hash="0" * 64, account=other, created_at=world.now, expires_at=world.now + timedelta(hours=1)
    )
    (colleague,) = await gatekeeper.colleagues(appointment.id)
    assert (colleague.name, colleague.busy) == (other.name, False)
    session.expires_at = world.now - timedelta(seconds=1)
    await session.save()
    assert await gatekeeper.colleagues(appointment.id) == ()
