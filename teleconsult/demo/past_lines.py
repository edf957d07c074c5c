"""How good the lines of the demonstration's past calls were: most good; every sixteenth house has a closed network."""

from collections.abc import Sequence
from random import Random
from statistics import median_low
from typing import Any

from booking.models import Appointment
from signaling.models import CallParticipation, CallRecord
from signaling.relay.quality import GOOD, POOR
from teleconsult.demo.places import Place

CLOSED_EVERY = 16
TYPICAL = 95
EVERY = 40
# scores and round trips (milliseconds) of lines, and by which ways they go
GOOD_LINE = ((88, 99), (20, 60), ("udp", "udp", "udp", "udp", "turn-udp"))
CLOSED_LINE = ((15, 75), (80, 300), ("turn-tls", "turn-tls", "turn-tcp"))


def draw_lines(
    appointments: Sequence[Appointment],
    calls: Sequence[CallRecord],
    participations: Sequence[CallParticipation],
    places: Sequence[Place],
    chance: Random,
) -> None:
    """Fill in how good the line of each participation was, and why it ended."""
    closed = {booth.kiosk_id for place in places[1::CLOSED_EVERY] for booth in place.booths}
    kiosks = {appointment.id: appointment.kiosk_id for appointment in appointments}
    by_call = {call.id: kiosks[call.room] or "" for call in calls}
    for participation in participations:
        at_kiosk = participation.role == "citizen"
        bad = at_kiosk and by_call[participation.call_id] in closed  # type: ignore[attr-defined]
        seconds = int((participation.left_at - participation.joined_at).total_seconds())  # type: ignore[operator]
        participation.update_from_dict(_line(CLOSED_LINE if bad else GOOD_LINE, seconds, chance))
        participation.leave_reason = "left" if at_kiosk else "ended"
        participation.reconnections = int(bad and chance.random() < 0.5)


def _line(kind: Any, seconds: int, chance: Random) -> dict[str, Any]:
    (worst, best), (quickest, slowest), ways = kind
    scores = chance.choices(range(worst, best + 1), k=max(1, seconds // EVERY))
    trip = chance.randint(quickest, slowest)
    losses = [max(0, TYPICAL - score) for score in scores]
    return {
        "path": chance.choice(ways),
        "media_seconds": seconds,
        "poor_seconds": EVERY * sum(score < GOOD for score in scores),
        "paused_seconds": EVERY * sum(score < POOR for score in scores),
        "quality_median": median_low(scores),
        "loss_median": median_low(losses),
        "loss_high": max(losses),
        "round_trip_min": trip,
        "round_trip_median": trip + 5,
        "quality": {"every": EVERY, "up": scores, "down": scores},
    }
