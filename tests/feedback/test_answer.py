"""Answers on both databases: one an appointment, changeable, and only about what took place."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from teleconsult.database import Database
from teleconsult.feedback.answer import answer, question
from teleconsult.feedback.errors import NothingToRate
from teleconsult.feedback.links import LIFETIMES, Link, feedback_url, read_link
from teleconsult.feedback.models import Answer
from teleconsult.feedback.scores import Score, Surface
from teleconsult.web.tokens import Signer, TokenExpired, TokenInvalid
from tests.booking.offers import make_offer
from tests.reports.test_gather import put

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SIGNER = Signer("a secret of more than thirty-two characters")


async def test_the_last_answer_counts_and_there_is_one(database: Database) -> None:
    offer = await make_offer()
    held = await put(offer, NOW, "completed", "solved")
    assert (await question(held.id)).given is None
    await answer(now=NOW, appointment_id=held.id, score=Score.BAD, surface=Surface.KIOSK)
    await answer(now=NOW + timedelta(seconds=9), appointment_id=held.id, score=Score.GOOD, surface=Surface.KIOSK)
    given = await Answer.get(appointment_id=held.id)
    assert (given.score, given.answered_at) == (10, NOW + timedelta(seconds=9))
    assert (given.service_id, given.site_id, given.agent_id) == (offer.service.id, offer.site.id, offer.agents[0].id)
    assert (await question(held.id)).given is Score.GOOD


async def test_two_taps_at_once_leave_one_answer(database: Database) -> None:
    held = await put(await make_offer(), NOW, "in_call")
    taps = [Score.GOOD, Score.BAD] * 5
    await asyncio.gather(
        *(answer(now=NOW, appointment_id=held.id, score=score, surface=Surface.KIOSK) for score in taps)
    )
    assert await Answer.filter(appointment_id=held.id).count() == 1


@pytest.mark.parametrize("status", ["booked", "cancelled", "no_show"])
async def test_nothing_to_rate_where_nobody_came(database: Database, status: str) -> None:
    appointment = await put(await make_offer(), NOW, status)
    assert not (await question(appointment.id)).open
    with pytest.raises(NothingToRate):
        await answer(now=NOW, appointment_id=appointment.id, score=Score.GOOD, surface=Surface.KIOSK)
    assert await Answer.all().count() == 0


async def test_an_unknown_appointment_has_nothing_to_rate(database: Database) -> None:
    with pytest.raises(NothingToRate):
        await answer(now=NOW, appointment_id="0" * 32, score=Score.GOOD, surface=Surface.DESKTOP)


@pytest.mark.parametrize("surface", list(Surface))
def test_a_link_says_what_and_where_until_it_ends(surface: Surface) -> None:
    token = feedback_url(SIGNER, "a" * 32, NOW, surface).removeprefix("/feedback/")
    assert read_link(SIGNER, token, NOW) == Link("a" * 32, surface)
    last = NOW + LIFETIMES[surface]
    assert read_link(SIGNER, token, last - timedelta(seconds=1)).appointment_id == "a" * 32
    with pytest.raises(TokenExpired):
        read_link(SIGNER, token, last)


@pytest.mark.parametrize("purpose", ["pass", "manage", "calendar"])
def test_a_token_for_something_else_is_refused(purpose: str) -> None:
    token = SIGNER.issue(purpose, f"kiosk:{'a' * 32}", NOW + timedelta(hours=1))
    with pytest.raises(TokenInvalid):
        read_link(SIGNER, token, NOW)


@pytest.mark.parametrize("subject", ["", "kiosk", "kiosk:", "phone:abc", "abc"])
def test_a_subject_that_is_not_ours_is_refused(subject: str) -> None:
    with pytest.raises(TokenInvalid):
        read_link(SIGNER, SIGNER.issue("feedback", subject, NOW + timedelta(hours=1)), NOW)


def test_a_surface_that_does_not_exist_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="fridge"):
        feedback_url(SIGNER, "a" * 32, NOW, "fridge")
