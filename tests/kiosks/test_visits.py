"""The draft of a booking and its one appointment; on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from booking.book import book
from booking.errors import SlotTaken
from booking.lifecycle import Actor, ActorKind
from booking.models import Appointment
from booking.schemas import Citizen
from kiosks import visits
from kiosks.models import Visit
from kiosks.reservation import confirmation, reserve
from kiosks.visits import Owner
from teleconsult.clock import utcnow
from teleconsult.web.tokens import Signer
from tests.kiosks.conftest import terminal_of
from tests.kiosks.house import World, appointment_at

TYPED = {"given_name": " Zoé ", "family_name": "L’Hôte", "email": "", "phone": "06 12 34 56 78", "needs": ["companion"]}


def start_tomorrow() -> datetime:
    return (datetime.now(UTC) + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)


async def owner_at(world: World, kiosk_id: str | None = None) -> Owner:
    terminal = await terminal_of(kiosk_id or world.kiosk.id)
    return Owner(site_id=terminal.site_id, terminal_id=terminal.id, kiosk_id=terminal.kiosk_id)


async def finished_draft(world: World, owner: Owner, **more: object) -> str:
    draft = await visits.begin(now=utcnow(), owner=owner)
    chosen = {
        "service_id": world.housing.id,
        "place_id": world.here.id,
        "starts_at": start_tomorrow(),
        "details": TYPED,
    }
    assert await visits.keep(now=utcnow(), owner=owner, visit_id=draft.id, **(chosen | more))
    return draft.id


async def book_it(owner: Owner, visit_id: str) -> str | None:
    done = await reserve(
        now=utcnow(), owner=owner, visit_id=visit_id, actor=Actor(ActorKind.CITIZEN, "t"), channel="kiosk", key="k"
    )
    return done.appointment_id if done else None


async def test_a_draft_keeps_what_was_typed_as_it_was_typed(world: World) -> None:
    owner = await owner_at(world)
    draft = await visits.begin(now=utcnow(), owner=owner)
    assert draft.is_empty
    await visits.keep(now=utcnow(), owner=owner, visit_id=draft.id, details={"given_name": " Zo"})
    kept = await visits.find(owner)
    assert kept is not None
    assert kept.details == {"given_name": " Zo"}
    assert not kept.is_empty


async def test_a_page_that_comes_too_late_brings_nothing_back(world: World) -> None:
    owner = await owner_at(world)
    draft = await visits.begin(now=utcnow(), owner=owner)
    await visits.wipe(now=utcnow(), owner=owner)
    assert not await visits.keep(now=utcnow(), owner=owner, visit_id=draft.id, details=TYPED)
    newer = await visits.begin(now=utcnow(), owner=owner)
    assert not await visits.keep(now=utcnow(), owner=owner, visit_id=draft.id, details=TYPED)
    assert (await visits.find(owner)) == newer


async def test_wiping_leaves_nothing(world: World) -> None:
    owner = await owner_at(world)
    await finished_draft(world, owner)
    assert len(await visits.wipe(now=utcnow(), owner=owner)) == 1
    assert await Visit.all().count() == 0
    assert await visits.wipe(now=utcnow(), owner=owner) == []


async def test_a_draft_becomes_one_appointment_and_forgets_what_was_typed(world: World) -> None:
    owner = await owner_at(world)
    visit_id = await finished_draft(world, owner)
    appointment_id = await book_it(owner, visit_id)
    appointment = await Appointment.get(id=appointment_id)
    assert (appointment.given_name, appointment.family_name) == ("Zoé", "L’Hôte")
    assert (appointment.phone, appointment.email, appointment.needs) == ("+33612345678", "", ["companion"])
    assert (appointment.channel, appointment.starts_at) == ("kiosk", start_tomorrow())
    visit = await Visit.get(id=visit_id)
    assert (visit.stage, visit.details, visit.appointment_id) == ("booked", {}, appointment_id)


async def test_pressing_confirm_many_times_books_once(world: World) -> None:
    owner = await owner_at(world)
    visit_id = await finished_draft(world, owner)
    booked = await asyncio.gather(*(book_it(owner, visit_id) for _ in range(8)))
    assert len(set(booked)) == 1
    assert await Appointment.all().count() == 1
    assert await book_it(owner, visit_id) == booked[0]


async def test_a_taken_time_is_refused_with_others_and_nothing_typed_is_lost(world: World) -> None:
    owner = await owner_at(world)
    visit_id = await finished_draft(world, owner)
    for _ in range(2):  # the house has two kiosks
        await book(
            now=utcnow(), service_id=world.housing.id, site_id=world.here.id, start=start_tomorrow(),
            citizen=Citizen(given_name="A", family_name="B"), actor=Actor(ActorKind.CITIZEN), channel="web",
        )  # fmt: skip
    with pytest.raises(SlotTaken) as refused:
        await book_it(owner, visit_id)
    assert refused.value.params["alternatives"]
    kept = await visits.find(owner)
    assert kept is not None
    assert (kept.stage, kept.details) == ("draft", TYPED)


async def test_an_incomplete_person_is_not_booked(world: World) -> None:
    owner = await owner_at(world)
    visit_id = await finished_draft(world, owner, details={"given_name": "Zoé"})
    with pytest.raises(ValidationError):
        await book_it(owner, visit_id)
    assert await Appointment.all().count() == 0


async def test_one_screen_cannot_book_for_another(world: World) -> None:
    visit_id = await finished_draft(world, await owner_at(world))
    assert await book_it(await owner_at(world, world.second_kiosk.id), visit_id) is None
    assert await Appointment.all().count() == 0


async def test_the_server_forgets_for_a_screen_that_was_switched_off(world: World) -> None:
    owner = await owner_at(world)
    await finished_draft(world, owner)
    assert await visits.forget_stale(now=utcnow() + timedelta(minutes=14)) == []
    assert [event.kiosk_id for event in await visits.forget_stale(now=utcnow() + timedelta(minutes=16))] == [
        world.kiosk.id
    ]
    assert await Visit.all().count() == 0


async def test_a_confirmation_says_whether_one_may_go_in_at_once(world: World) -> None:
    now, signer = utcnow(), Signer("s" * 32)
    soon = await appointment_at(world, now + timedelta(minutes=20))
    later = await appointment_at(world, now + timedelta(hours=5))
    assert (await confirmation(soon.id, signer, now=now, here=world.here.id)).can_check_in
    assert not (await confirmation(soon.id, signer, now=now, here=world.there.id)).can_check_in
    assert not (await confirmation(later.id, signer, now=now, here=world.here.id)).can_check_in
