"""Checking in at a kiosk: who is let in, and each refusal by its own name; on both databases."""

from datetime import timedelta

import pytest

from booking.change import cancel
from booking.errors import AlreadyCheckedIn, AppointmentWasCancelled, TooEarly, TooLate, WrongKiosk, WrongSite
from booking.events import AppointmentCheckedIn
from booking.lifecycle import Actor, ActorKind, Status
from booking.models import Appointment, SiteStaff
from booking.passes import issue_pass, shown_reference
from kiosks.arrival import arrive, is_over, seat
from kiosks.errors import KioskBusy, ReferenceUnknown
from kiosks.events import CitizenSeated
from kiosks.models import Visit
from kiosks.terminals import TerminalView
from kiosks.visits import Owner, begin, keep
from teleconsult.clock import utcnow
from teleconsult.errors import DomainError
from teleconsult.web.tokens import Signer, TokenExpired
from tests.kiosks.conftest import terminal_of
from tests.kiosks.house import World, appointment_at

SIGNER = Signer("k" * 32)
SOON = timedelta(minutes=10)


async def arrive_with(terminal: TerminalView, code: str) -> str:
    return (await arrive(now=utcnow(), terminal=terminal, code=code, signer=SIGNER)).appointment_id


@pytest.mark.parametrize("typed", ["{0}-{1}", "{0}{1}", " {0} {1} "])
async def test_a_reference_lets_in_however_it_is_typed(world: World, typed: str) -> None:
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.kiosk)
    terminal = await terminal_of(world.kiosk.id)
    code = typed.format(appointment.reference[:3], appointment.reference[3:]).lower()
    arrived = await arrive(now=utcnow(), terminal=terminal, code=code, signer=SIGNER)
    assert arrived.appointment_id == appointment.id
    assert isinstance(arrived.events[0], AppointmentCheckedIn)
    stored = await Appointment.get(id=appointment.id)
    assert (stored.status, stored.kiosk_id) == (Status.CHECKED_IN, world.kiosk.id)
    visit = await Visit.get(terminal_id=terminal.id)
    assert (visit.stage, visit.appointment_id) == ("arrived", appointment.id)


async def test_a_pass_lets_in_once_and_again_only_at_the_same_screen(world: World) -> None:
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.kiosk)
    code = issue_pass(SIGNER, appointment_id=appointment.id, ends_at=appointment.ends_at)
    terminal = await terminal_of(world.kiosk.id)
    assert await arrive_with(terminal, code) == appointment.id
    assert await arrive_with(terminal, code) == appointment.id
    with pytest.raises(AlreadyCheckedIn):
        await arrive_with(await terminal_of(world.kiosk.id), code)
    assert await Visit.all().count() == 1


async def test_another_free_kiosk_of_the_house_will_do(world: World) -> None:
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.kiosk)
    await arrive_with(await terminal_of(world.second_kiosk.id), appointment.reference)
    assert (await Appointment.get(id=appointment.id)).kiosk_id == world.second_kiosk.id


async def refusal_of(world: World, appointment: Appointment, kiosk_id: str) -> DomainError:
    with pytest.raises(DomainError) as refused:
        await arrive_with(await terminal_of(kiosk_id), appointment.reference)
    assert await Visit.all().count() == 0
    return refused.value


async def test_too_early_says_when_to_come_back(world: World) -> None:
    start = utcnow() + timedelta(hours=2)
    refused = await refusal_of(world, await appointment_at(world, start, kiosk=world.kiosk), world.kiosk.id)
    assert isinstance(refused, TooEarly)
    assert refused.params["opens_at"] == start - timedelta(minutes=30)


async def test_too_late(world: World) -> None:
    start = utcnow() - timedelta(minutes=16)
    refused = await refusal_of(world, await appointment_at(world, start, kiosk=world.kiosk), world.kiosk.id)
    assert isinstance(refused, TooLate)


async def test_wrong_house_says_which(world: World) -> None:
    appointment = await appointment_at(world, utcnow() + SOON, site=world.there)
    refused = await refusal_of(world, appointment, world.kiosk.id)
    assert isinstance(refused, WrongSite)
    assert refused.params["site"] == world.there.name


async def test_wrong_kiosk_says_which(world: World) -> None:
    start = utcnow() + SOON
    appointment = await appointment_at(world, start, kiosk=world.kiosk)
    await appointment_at(world, start, kiosk=world.second_kiosk)
    refused = await refusal_of(world, appointment, world.second_kiosk.id)
    assert isinstance(refused, WrongKiosk)
    assert refused.params["kiosk"] == world.kiosk.name


async def test_cancelled(world: World) -> None:
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.kiosk)
    await cancel(now=utcnow(), appointment_id=appointment.id, actor=Actor(ActorKind.CITIZEN))
    assert isinstance(await refusal_of(world, appointment, world.kiosk.id), AppointmentWasCancelled)
    assert await is_over(appointment.id)


@pytest.mark.parametrize("code", ["ACD-347", "0", "x" * 400, "TC1:", "TC1:forged", "tc1:forged.token"])
async def test_what_is_no_reference_is_unknown(world: World, code: str) -> None:
    with pytest.raises(ReferenceUnknown):
        await arrive_with(await terminal_of(world.kiosk.id), code)


async def test_a_pass_dies_the_day_after(world: World) -> None:
    appointment = await appointment_at(world, utcnow() - timedelta(days=2), kiosk=world.kiosk)
    code = issue_pass(SIGNER, appointment_id=appointment.id, ends_at=appointment.ends_at)
    with pytest.raises(TokenExpired):
        await arrive_with(await terminal_of(world.kiosk.id), code)


async def test_a_pass_signed_with_another_key_opens_nothing(world: World) -> None:
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.kiosk)
    forged = issue_pass(Signer("other" * 10), appointment_id=appointment.id, ends_at=appointment.ends_at)
    with pytest.raises(ReferenceUnknown):
        await arrive_with(await terminal_of(world.kiosk.id), forged)
    assert (await Appointment.get(id=appointment.id)).status == Status.BOOKED


async def test_an_adviser_seats_someone_at_a_screen(world: World) -> None:
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.kiosk)
    terminal = await terminal_of(world.kiosk.id)
    arrived = await seat(
        now=utcnow(), appointment_id=appointment.id, kiosk_id=world.kiosk.id, account_id=world.adviser.id
    )
    seated = [event for event in arrived.events if isinstance(event, CitizenSeated)]
    assert [event.terminal_id for event in seated] == [terminal.id]
    assert (await Visit.get(terminal_id=terminal.id)).appointment_id == appointment.id


async def test_an_adviser_seats_nobody_on_someone_else(world: World) -> None:
    appointment = await appointment_at(world, utcnow() + SOON, kiosk=world.kiosk)
    terminal = await terminal_of(world.kiosk.id)
    owner = Owner(site_id=terminal.site_id, terminal_id=terminal.id, kiosk_id=terminal.kiosk_id)
    draft = await begin(now=utcnow(), owner=owner)
    await keep(now=utcnow(), owner=owner, visit_id=draft.id, details={"given_name": "Luc"})
    with pytest.raises(KioskBusy):
        await seat(now=utcnow(), appointment_id=appointment.id, kiosk_id=world.kiosk.id, account_id=world.adviser.id)
    assert (await Appointment.get(id=appointment.id)).status == Status.BOOKED
    assert (await Visit.get(terminal_id=terminal.id)).details == {"given_name": "Luc"}


async def test_an_adviser_may_check_in_somebody_late(world: World) -> None:
    await SiteStaff.create(site=world.there, account=world.stranger)
    appointment = await appointment_at(world, utcnow() - timedelta(minutes=20), site=world.there)
    await seat(now=utcnow(), appointment_id=appointment.id, kiosk_id=world.other_kiosk.id, account_id=world.stranger.id)
    assert (await Appointment.get(id=appointment.id)).status == Status.CHECKED_IN
    assert shown_reference(appointment.reference)[3] == "-"
