"""Three months of appointments that could have been, drawn from a fixed seed, so that there is something to count."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from booking.engine.offer import agent_resource, kiosk_resource
from booking.lifecycle import ActorKind, Outcome, Status
from booking.models import Appointment, Occupancy, Transition
from booking.passes import ALPHABET, REFERENCE_LENGTH
from signaling.models import CallParticipation, CallRecord
from teleconsult.database import new_id
from teleconsult.demo.offer import BUFFER_AFTER_MINUTES, STEP_MINUTES
from teleconsult.demo.past_lines import draw_lines
from teleconsult.demo.places import Booth, Desk, Place, offered_places, working_desks
from teleconsult.feedback.models import Answer
from teleconsult.feedback.scores import Score, Surface

T = TypeVar("T")

SEED = 45_28
DAYS = 92
FIXED_HOLIDAYS = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
# The part of an agent's slots that is booked, on the first day and on the last: the service finds its public.
LOAD = (0.08, 0.18)
BATCH = 500

GIVEN_NAMES = (
    "Marie", "Jean", "Nathalie", "Ahmed", "Sylvie", "Thierry", "Fatou", "Patrick", "Isabelle", "Luis", "Monique",
    "Karim", "Chantal", "Olivier", "Aïcha", "Bruno", "Valérie", "Piotr", "Odile", "Julien",
)  # fmt: skip
FAMILY_NAMES = (
    "Durand", "Lambert", "Nguyen", "Robin", "Benali", "Marchand", "Pereira", "Gauthier", "Diallo", "Renard", "Colin",
    "Barbier", "Haddad", "Leroux", "Kowalski", "Poulain", "Brunet", "Meunier", "Traoré", "Vasseur",
)  # fmt: skip
FATES: tuple[tuple[tuple[Status, str], int], ...] = (
    ((Status.CANCELLED, ""), 9),
    ((Status.NO_SHOW, Outcome.NO_SHOW), 7),
    ((Status.COMPLETED, Outcome.TECHNICAL_FAILURE), 3),
    ((Status.COMPLETED, Outcome.SOLVED), 51),
    ((Status.COMPLETED, Outcome.FOLLOW_UP), 20),
    ((Status.COMPLETED, Outcome.REDIRECTED), 10),
)
SCORES: tuple[tuple[Score, int], ...] = ((Score.GOOD, 72), (Score.AVERAGE, 20), (Score.BAD, 8))
ANSWERED = 0.65
CHANNELS: tuple[tuple[str, int], ...] = (("kiosk", 45), ("staff", 35), ("web", 20))


@dataclass
class Rows:
    """What is written, table by table."""

    appointments: list[Appointment] = field(default_factory=list)
    occupancies: list[Occupancy] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    calls: list[CallRecord] = field(default_factory=list)
    participations: list[CallParticipation] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


async def write_past(now: datetime) -> None:
    """Write the appointments of the three months before the day of `now`. Call in a transaction."""
    places = await offered_places()
    rows = draw_past(now, await working_desks(), places, Random(SEED))  # noqa: S311 - not a secret
    draw_lines(rows.appointments, rows.calls, rows.participations, places, Random(SEED))  # noqa: S311 - not a secret
    await Appointment.bulk_create(rows.appointments, batch_size=BATCH)
    await Occupancy.bulk_create(rows.occupancies, batch_size=BATCH)
    await Transition.bulk_create(rows.transitions, batch_size=BATCH)
    await CallRecord.bulk_create(rows.calls, batch_size=BATCH)
    await CallParticipation.bulk_create(rows.participations, batch_size=BATCH)
    await Answer.bulk_create(rows.answers, batch_size=BATCH)


def draw_past(now: datetime, desks: list[Desk], places: list[Place], chance: Random) -> Rows:
    """Return the rows of a past that the rules allow: working hours, opening hours, one at a time."""
    rows = Rows()
    references: set[str] = set()
    for age in range(DAYS, 0, -1):
        day = now.date() - timedelta(days=age)
        if (day.month, day.day) in FIXED_HOLIDAYS:
            continue
        load = LOAD[1] - (LOAD[1] - LOAD[0]) * age / DAYS
        taken: set[tuple[str, int]] = set()
        for desk in desks:
            for minute in desk.slots_on(day, STEP_MINUTES):
                booths = [booth for place in places if place.is_open(day, minute) for booth in place.booths]
                free = [booth for booth in booths if (booth.kiosk_id, minute) not in taken]
                if free and chance.random() < load:
                    booth = chance.choice(free)
                    taken.add((booth.kiosk_id, minute))
                    _draw(rows, desk, booth, _instant(day, minute, desk.timezone), references, chance)
    return rows


def _instant(day: date, minute: int, timezone: str) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(timezone)).astimezone(ZoneInfo("UTC"))


def _pick(options: tuple[tuple[T, int], ...], chance: Random) -> T:
    return chance.choices([option for option, _ in options], [weight for _, weight in options])[0]


def new_reference(references: set[str], chance: Random) -> str:
    """Return a reference that is not in `references`, and add it."""
    while (drawn := "".join(chance.choices(ALPHABET, k=REFERENCE_LENGTH))) in references:
        continue
    references.add(drawn)
    return drawn


def _draw(rows: Rows, desk: Desk, booth: Booth, starts_at: datetime, references: set[str], chance: Random) -> None:
    service = chance.choice(desk.services)
    status, outcome = _pick(FATES, chance)
    booked_at = starts_at - timedelta(days=min(21.0, chance.expovariate(1 / 5.0) + 0.5))
    # Some take a later slot than the first that was free.
    first_slot_at = starts_at - timedelta(days=chance.choice((0, 0, 0, 1, 1, 2, 4)))
    appointment = Appointment(
        id=new_id(),
        reference=new_reference(references, chance),
        service_id=service.id,
        site_id=booth.site_id,
        kiosk_id=booth.kiosk_id,
        agent_id=desk.agent_id,
        status=status,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=service.minutes),
        channel=_pick(CHANNELS, chance),
        given_name=chance.choice(GIVEN_NAMES),
        family_name=chance.choice(FAMILY_NAMES),
        language="fr" if chance.random() < 0.95 else "en",
        booked_at=booked_at,
        first_slot_at=max(first_slot_at, booked_at + timedelta(hours=1)),
        outcome=outcome,
    )
    rows.appointments.append(appointment)
    _step(rows, appointment, "", Status.BOOKED, booked_at, ActorKind.CITIZEN)
    if status is Status.CANCELLED:
        _cancel(rows, appointment, chance)
        return
    _occupy(rows, appointment)
    if status is Status.NO_SHOW:
        appointment.closed_at = starts_at + timedelta(minutes=16)
        _step(rows, appointment, Status.BOOKED, Status.NO_SHOW, appointment.closed_at, ActorKind.AGENT, desk.agent_id)
        return
    _attend(rows, appointment, desk, chance)


def _step(
    rows: Rows, appointment: Appointment, before: str, after: Status, at: datetime, kind: ActorKind, actor: str = ""
) -> None:
    rows.transitions.append(
        Transition(
            id=new_id(),
            appointment_id=appointment.id,
            from_status=before,
            to_status=after,
            at=at,
            actor_kind=kind,
            actor_id=actor,
        )
    )


def _occupy(rows: Rows, appointment: Appointment) -> None:
    for resource in (agent_resource(appointment.agent_id), kiosk_resource(str(appointment.kiosk_id))):
        ends_at = appointment.ends_at + timedelta(minutes=BUFFER_AFTER_MINUTES)
        rows.occupancies.append(
            Occupancy(
                id=new_id(),
                resource=resource,
                starts_at=appointment.starts_at,
                ends_at=ends_at,
                appointment_id=appointment.id,
            )
        )


def _cancel(rows: Rows, appointment: Appointment, chance: Random) -> None:
    at = appointment.booked_at + (appointment.starts_at - appointment.booked_at) * chance.uniform(0.1, 0.95)
    appointment.closed_at = at
    appointment.sequence = 1
    _step(rows, appointment, Status.BOOKED, Status.CANCELLED, at, ActorKind.CITIZEN)


def _attend(rows: Rows, appointment: Appointment, desk: Desk, chance: Random) -> None:
    arrived = appointment.starts_at - timedelta(seconds=chance.randint(30, 900))
    appointment.checked_in_at = arrived
    _step(rows, appointment, Status.BOOKED, Status.CHECKED_IN, arrived, ActorKind.CITIZEN)
    before = Status.CHECKED_IN
    begun = appointment.starts_at + timedelta(seconds=chance.randint(5, 240))
    minutes = chance.uniform(0.35, 0.95) * (appointment.ends_at - appointment.starts_at).total_seconds() / 60
    ended = begun + timedelta(minutes=minutes)
    if appointment.outcome != Outcome.TECHNICAL_FAILURE:
        appointment.call_started_at = begun
        before = Status.IN_CALL
        _step(rows, appointment, Status.CHECKED_IN, Status.IN_CALL, begun, ActorKind.AGENT, desk.agent_id)
        _call(rows, appointment, begun, ended)
    appointment.closed_at = ended + timedelta(seconds=chance.randint(20, 180))
    _step(rows, appointment, before, Status.COMPLETED, appointment.closed_at, ActorKind.AGENT, desk.agent_id)
    if appointment.outcome != Outcome.TECHNICAL_FAILURE and chance.random() < ANSWERED:
        _answer(rows, appointment, ended, chance)


def _call(rows: Rows, appointment: Appointment, begun: datetime, ended: datetime) -> None:
    call = CallRecord(
        id=new_id(),
        room=appointment.id,
        opened_at=appointment.checked_in_at,
        started_at=begun,
        ended_at=ended,
        end_reason="hung_up",
    )
    rows.calls.append(call)
    for role in ("citizen", "agent"):
        rows.participations.append(
            CallParticipation(id=new_id(), call_id=call.id, role=role, joined_at=begun, left_at=ended)
        )


def _answer(rows: Rows, appointment: Appointment, ended: datetime, chance: Random) -> None:
    score = _pick(SCORES, chance)
    rows.answers.append(
        Answer(
            id=new_id(),
            appointment_id=appointment.id,
            service_id=appointment.service_id,
            site_id=appointment.site_id,
            agent_id=appointment.agent_id,
            score=int(score),
            surface=Surface.KIOSK,
            answered_at=ended + timedelta(seconds=chance.randint(4, 40)),
        )
    )
