"""Answering the question: one answer an appointment, which may be changed."""

from dataclasses import dataclass
from datetime import datetime

from booking.models import Appointment
from teleconsult.database import new_id
from teleconsult.feedback.errors import NothingToRate
from teleconsult.feedback.models import Answer
from teleconsult.feedback.scores import Score, Surface

# Who came may say how it went, also when nobody took the call.
RATED = ("checked_in", "in_call", "completed")


@dataclass(frozen=True)
class Question:
    """What the page needs: whether there is something to rate, and what was answered so far."""

    open: bool
    given: Score | None


async def question(appointment_id: str) -> Question:
    """Return whether the consultation can be rated and the answer it has."""
    known = await Appointment.filter(id=appointment_id, status__in=RATED).exists()
    given = await Answer.get_or_none(appointment_id=appointment_id)
    return Question(open=known, given=Score(given.score) if given else None)


async def answer(*, now: datetime, appointment_id: str, score: Score, surface: Surface) -> None:
    """Store the answer about an appointment, in place of an earlier one.

    One statement (insert, or update on the unique appointment), so that two taps at once leave one answer.
    Raises NothingToRate.
    """
    row = (
        await Appointment.filter(id=appointment_id, status__in=RATED)
        .first()
        .values("service_id", "site_id", "agent_id")
    )
    if row is None:
        raise NothingToRate
    given = Answer(
        id=new_id(),
        appointment_id=appointment_id,
        service_id=row["service_id"],
        site_id=row["site_id"],
        agent_id=row["agent_id"],
        score=int(score),
        surface=str(surface),
        answered_at=now,
    )
    await Answer.bulk_create([given], on_conflict=["appointment_id"], update_fields=["score", "surface", "answered_at"])
