"""The Help button; on both databases."""

import asyncio
from datetime import timedelta

from kiosks import help as help_calls
from kiosks.board import KioskState, board
from kiosks.events import HelpAnswered
from kiosks.houses import view
from kiosks.models import HelpRequest
from kiosks.visits import Owner, wipe
from teleconsult.clock import utcnow
from tests.kiosks.conftest import terminal_of
from tests.kiosks.house import World


async def test_pressing_often_calls_once(world: World) -> None:
    terminal = await terminal_of(world.kiosk.id)
    asked = await asyncio.gather(*(help_calls.ask(now=utcnow(), terminal=terminal) for _ in range(5)))
    assert sum(len(events) for events in asked) == 1
    assert await HelpRequest.filter(open_kiosk=world.kiosk.id).count() == 1
    assert await help_calls.state(now=utcnow(), kiosk_id=world.kiosk.id) == "asked"


async def test_two_advisers_one_answer(world: World) -> None:
    terminal = await terminal_of(world.kiosk.id)
    await help_calls.ask(now=utcnow(), terminal=terminal)
    answers = await asyncio.gather(
        *(
            help_calls.answer(now=utcnow(), site_id=world.here.id, kiosk_id=world.kiosk.id, account_id=account.id)
            for account in (world.adviser, world.stranger)
        )
    )
    assert [event for events in answers for event in events] == [
        HelpAnswered(site_id=world.here.id, kiosk_id=world.kiosk.id, coming=True)
    ]
    assert await help_calls.state(now=utcnow(), kiosk_id=world.kiosk.id) == "answered"
    assert await help_calls.state(now=utcnow() + timedelta(minutes=6), kiosk_id=world.kiosk.id) == ""


async def test_another_house_cannot_answer(world: World) -> None:
    await help_calls.ask(now=utcnow(), terminal=await terminal_of(world.kiosk.id))
    answered = await help_calls.answer(
        now=utcnow(), site_id=world.there.id, kiosk_id=world.kiosk.id, account_id=world.stranger.id
    )
    assert answered == []
    assert await help_calls.state(now=utcnow(), kiosk_id=world.kiosk.id) == "asked"


async def test_the_board_puts_calls_for_help_first_and_the_longest_on_top(world: World) -> None:
    now = utcnow()
    await help_calls.ask(now=now - timedelta(minutes=1), terminal=await terminal_of(world.kiosk.id))
    await help_calls.ask(now=now - timedelta(minutes=3), terminal=await terminal_of(world.second_kiosk.id))
    shown = await board(now=now, house=view(world.here))
    assert [card.id for card in shown.calls_for_help] == [world.second_kiosk.id, world.kiosk.id]
    assert {card.state for card in shown.kiosks} == {KioskState.FREE}
    assert (await board(now=now, house=view(world.there))).calls_for_help == []


async def test_taken_back_it_is_over_and_may_be_asked_again(world: World) -> None:
    terminal = await terminal_of(world.kiosk.id)
    await help_calls.ask(now=utcnow(), terminal=terminal)
    await help_calls.take_back(now=utcnow(), terminal=terminal)
    assert await help_calls.state(now=utcnow(), kiosk_id=world.kiosk.id) == ""
    assert len(await help_calls.ask(now=utcnow(), terminal=terminal)) == 1


async def test_the_next_citizen_is_not_told_of_the_last_ones_help(world: World) -> None:
    terminal = await terminal_of(world.kiosk.id)
    await help_calls.ask(now=utcnow(), terminal=terminal)
    await help_calls.answer(now=utcnow(), site_id=world.here.id, kiosk_id=world.kiosk.id, account_id=world.adviser.id)
    owner = Owner(site_id=world.here.id, terminal_id=terminal.id, kiosk_id=terminal.kiosk_id)
    await wipe(now=utcnow(), owner=owner)
    assert await help_calls.state(now=utcnow(), kiosk_id=world.kiosk.id) == ""
    assert await HelpRequest.filter(answered_by_id=world.adviser.id).count() == 1
