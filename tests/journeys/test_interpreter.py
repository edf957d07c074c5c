"""An interpreter invited by mail finds their own way into the call, for as long as they are asked for."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from booking.change import cancel
from booking.interpreters import COOKIE, issue_interpreter
from booking.lifecycle import Actor, ActorKind
from booking.models import Appointment, Notice, Service
from booking.notifications.delivery import make_composer
from booking.notifications.due import read_due
from booking.notifications.kinds import Recipient
from booking.pages.interpreter import door
from teleconsult.web.tokens import SIGNER
from tests.booking.agenda_world import World, make_world, page

Client = TestClient[web.Request, web.Application]
AGENCY = "interpretes@agence.example"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def asked_for(client: Client, start: str = "near_start") -> tuple[World, Appointment, str]:
    """Return an appointment with an interpreter, and the path that their mail names."""
    world = await make_world(client.server.app, datetime.now(UTC))  # type: ignore[union-attr, attr-defined]
    await Service.filter(id=world.service.id).update(interpreter_email=AGENCY, meets_needs=["interpreter"])
    appointment = await world.book(getattr(world, start), needs=["interpreter:ar"])
    notice = await Notice.get(appointment_id=appointment.id, recipient=Recipient.INTERPRETER)
    message = await mailed(world, notice)
    (found,) = set(re.findall(r"/interpret/[\w.~:-]+", message))
    return world, appointment, found


async def mailed(world: World, notice: Notice) -> str:
    due = (await read_due([notice]))[notice.id]
    meeting = due.subject
    composer = make_composer(world.app)
    message = composer.compose(
        meeting,
        kind=notice.kind,
        recipient=Recipient.INTERPRETER,
        notice_id=notice.id,
        now=world.now,  # type: ignore[arg-type]
    )
    return str(message.get_body(("plain",)).get_content())  # type: ignore[union-attr]


async def test_the_mails_link_leads_into_the_call_as_interpreter(client: Client) -> None:
    _, appointment, own = await asked_for(client)
    html = await page(client, own)
    assert "arabe" in html
    assert "Jeanne" not in html
    assert "Rejoindre l’appel" in html
    answer = await client.post(own, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"/call/{appointment.id}?as=interpreter")
    assert answer.cookies[COOKIE]["httponly"]
    assert answer.cookies[COOKIE]["path"] == "/call"
    html = await page(client, f"/call/{appointment.id}?as=interpreter")
    assert '"role": "interpreter"' in html or '"role":"interpreter"' in html
    assert "Jeanne" not in html


async def test_it_opens_no_other_call_and_nothing_without_the_button(client: Client) -> None:
    world, appointment, own = await asked_for(client)
    assert (await client.get(f"/call/{appointment.id}?as=interpreter")).status == 403
    await client.post(own, allow_redirects=False)
    other = await world.book(world.near_start + timedelta(minutes=30))
    assert (await client.get(f"/call/{other.id}?as=interpreter")).status == 403


@pytest.mark.parametrize("change", [{"interpreter_email": "autre@agence.example"}, {"interpreter_email": ""}])
async def test_who_is_replaced_finds_the_door_shut(client: Client, change: dict[str, str]) -> None:
    world, appointment, own = await asked_for(client)
    await client.post(own, allow_redirects=False)
    await Service.filter(id=world.service.id).update(**change)
    assert (await client.get(own)).status == 404
    assert (await client.get(f"/call/{appointment.id}?as=interpreter")).status == 403


async def test_who_needs_no_interpreter_any_more_lets_none_in(client: Client) -> None:
    _, appointment, own = await asked_for(client)
    await Appointment.filter(id=appointment.id).update(needs=["wheelchair"])
    assert (await client.get(own)).status == 404


async def test_a_cancelled_appointment_says_so(client: Client) -> None:
    world, appointment, own = await asked_for(client, "next_start")
    await cancel(now=world.now, appointment_id=appointment.id, actor=Actor(ActorKind.CITIZEN), reason="")
    html = await page(client, own)
    assert "Ce rendez-vous est annulé" in html
    assert "Rejoindre" not in html
    answer = await client.post(own, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, own)
    assert COOKIE not in answer.cookies


async def test_a_forged_link_opens_nothing(client: Client) -> None:
    world, appointment, own = await asked_for(client)
    stranger = issue_interpreter(
        world.app[SIGNER], appointment_id=appointment.id, email="x@example.org", ends_at=appointment.ends_at
    )
    assert (await client.get(f"/interpret/{stranger}")).status == 404
    assert (await client.get(f"{own}x")).status == 403


@pytest.mark.parametrize(
    ("status", "minutes", "found"),
    [
        ("booked", 24 * 60, "later"),
        ("booked", 1, "open"),
        ("booked", -10, "open"),
        ("in_call", -10, "open"),
        ("cancelled", 60, "cancelled"),
        ("no_show", -60, "over"),
        ("completed", -60, "over"),
    ],
)
def test_when_the_door_is_open(status: str, minutes: int, found: str) -> None:
    assert door(status, NOW + timedelta(minutes=minutes), NOW) == found
