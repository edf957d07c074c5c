"""Screens of kiosks: enrolment, presence, revocation; on both databases."""

from datetime import timedelta

import pytest

from booking.errors import KioskUnknown
from kiosks import terminals
from kiosks.errors import EnrolmentCodeRefused
from kiosks.models import EnrolmentCode, Terminal
from teleconsult.clock import utcnow
from tests.kiosks.conftest import terminal_of
from tests.kiosks.house import World


async def test_a_code_enrols_one_device_once(world: World) -> None:
    code = await terminals.issue_code(now=utcnow(), site_id=world.here.id, kiosk_id=world.kiosk.id)
    enrolled = await terminals.redeem(now=utcnow(), code=f"{code[:4]}-{code[4:]}".lower())
    found = await terminals.find(enrolled.token)
    assert found is not None
    assert (found.kiosk_id, found.site_id) == (world.kiosk.id, world.here.id)
    with pytest.raises(EnrolmentCodeRefused):
        await terminals.redeem(now=utcnow(), code=code)


async def test_neither_code_nor_token_is_stored(world: World) -> None:
    code = await terminals.issue_code(now=utcnow(), site_id=world.here.id, kiosk_id=world.kiosk.id)
    enrolled = await terminals.redeem(now=utcnow(), code=code)
    stored = [str(row) for row in [*await EnrolmentCode.all().values(), *await Terminal.all().values()]]
    assert len(stored) == 2
    assert not any(code in row or enrolled.token in row for row in stored)


async def test_a_code_lives_a_quarter_of_an_hour(world: World) -> None:
    now = utcnow()
    code = await terminals.issue_code(now=now, site_id=world.here.id, kiosk_id=world.kiosk.id)
    with pytest.raises(EnrolmentCodeRefused):
        await terminals.redeem(now=now + timedelta(minutes=15), code=code)


async def test_a_newer_code_replaces_the_older(world: World) -> None:
    older = await terminals.issue_code(now=utcnow(), site_id=world.here.id, kiosk_id=world.kiosk.id)
    await terminals.issue_code(now=utcnow(), site_id=world.here.id, kiosk_id=world.kiosk.id)
    with pytest.raises(EnrolmentCodeRefused):
        await terminals.redeem(now=utcnow(), code=older)


async def test_no_code_for_another_house(world: World) -> None:
    with pytest.raises(KioskUnknown):
        await terminals.issue_code(now=utcnow(), site_id=world.here.id, kiosk_id=world.other_kiosk.id)


async def test_a_new_screen_takes_the_place_of_the_former(world: World) -> None:
    former = await terminals.enrol_demo(now=utcnow(), kiosk_id=world.kiosk.id)
    code = await terminals.issue_code(now=utcnow(), site_id=world.here.id, kiosk_id=world.kiosk.id)
    newer = await terminals.redeem(now=utcnow(), code=code)
    assert await terminals.find(former.token) is None
    assert await terminals.find(newer.token) is not None


async def test_a_revoked_screen_is_unknown(world: World) -> None:
    enrolled = await terminals.enrol_demo(now=utcnow(), kiosk_id=world.kiosk.id)
    with pytest.raises(KioskUnknown):
        await terminals.revoke(now=utcnow(), site_id=world.there.id, kiosk_id=world.kiosk.id)
    assert await terminals.find(enrolled.token) is not None
    await terminals.revoke(now=utcnow(), site_id=world.here.id, kiosk_id=world.kiosk.id)
    assert await terminals.find(enrolled.token) is None


async def test_silence_is_offline_and_a_sign_of_life_online_again(world: World) -> None:
    terminal = await terminal_of(world.kiosk.id)
    now = utcnow()
    assert await terminals.mark_offline(now=now + timedelta(seconds=50)) == []
    lost = await terminals.mark_offline(now=now + timedelta(seconds=70))
    assert [(event.site_id, event.kiosk_id) for event in lost] == [(world.here.id, world.kiosk.id)]
    assert await terminals.mark_offline(now=now + timedelta(seconds=80)) == []
    assert len(await terminals.seen(now=now + timedelta(seconds=90), terminal=terminal)) == 1
    assert await terminals.seen(now=now + timedelta(seconds=91), terminal=terminal) == []
    assert (await Terminal.get(id=terminal.id)).online


async def test_the_demo_begins_at_the_first_house(world: World) -> None:
    enrolled = await terminals.enrol_demo(now=utcnow(), kiosk_id=None)
    found = await terminals.find(enrolled.token)
    assert found is not None
    assert found.kiosk_id == world.kiosk.id
    with pytest.raises(KioskUnknown):
        await terminals.enrol_demo(now=utcnow(), kiosk_id="0" * 32)
