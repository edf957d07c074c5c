"""How good lines were: the figures, whose line is often bad, and what to have done about it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.models import Appointment, Kiosk, Room, Workplace
from signaling.models import CallParticipation, CallRecord
from signaling.report import Presence
from teleconsult.database import Database
from teleconsult.reports.columns import number_writer
from teleconsult.reports.filters import Filters
from teleconsult.reports.line_gather import gather_lines, sides_of
from teleconsult.reports.line_tables import ADVICE, LINE_COLUMNS, build_line_table, troubles
from teleconsult.reports.lines import BAD_SHARE, ENOUGH, LineFigures, Side, advice, line_figures
from teleconsult.reports.sheets import LineGrouping
from tests.booking.offers import Offer, make_offer
from tests.reports.test_gather import ALL_2026, at, put

WAYS = ["", "udp", "turn-udp", "turn-tcp", "turn-tls", "turn"]


def same(text: str, **params: object) -> str:
    return text.format(**params) if params else text


def side(room: str = "r", **changes: object) -> Side:
    values = {
        "room": room, "place": "k", "path": "udp", "quality": 92, "loss": 0, "media_seconds": 600, "poor_seconds": 0,
        "paused_seconds": 0, "reconnections": 0, "failed": False,
    }  # fmt: skip
    return Side(**(values | changes))  # type: ignore[arg-type]


def sides(count: int, **changes: object) -> list[Side]:
    return [side(f"r{number}", **changes) for number in range(count)]


def test_a_call_is_bad_from_a_tenth_on_or_when_it_failed() -> None:
    tenth = int(600 * BAD_SHARE)
    assert not side(poor_seconds=tenth - 1).bad
    assert side(poor_seconds=tenth).bad
    assert side(paused_seconds=tenth).bad
    assert side(failed=True).bad
    assert not side(media_seconds=0).bad


@given(
    st.lists(
        st.builds(
            side,
            room=st.sampled_from(["a", "b", "c", "d"]),
            path=st.sampled_from(WAYS),
            quality=st.none() | st.integers(0, 100),
            loss=st.none() | st.integers(0, 1000),
            poor_seconds=st.integers(0, 600),
            failed=st.booleans(),
        ),
        max_size=12,
    )
)
def test_figures_agree_with_each_other(found: list[Side]) -> None:
    figures = line_figures(found)
    assert figures.failed <= figures.bad <= figures.calls <= len(found)
    shares = [getattr(figures, way) for way in ("udp", "turn_udp", "turn_tcp", "turn_tls", "turn")]
    known = [share for share in shares if share is not None]
    assert not known or sum(known) == pytest.approx(1.0)
    assert bool(known) == any(one.path for one in found)
    assert figures.quality_median is None or 0 <= figures.quality_median <= 100
    assert advice(figures) in (None, *ADVICE)
    write = number_writer("fr")
    assert all(write(column, figures) for column in LINE_COLUMNS)


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (sides(20), None),
        (sides(ENOUGH - 1, failed=True), None),
        (sides(ENOUGH, failed=True), "failing"),
        (sides(ENOUGH, failed=True, path="turn-tls"), "closed"),
        (sides(ENOUGH, poor_seconds=300, path="turn-tcp"), "closed"),
        (sides(ENOUGH, poor_seconds=300, loss=30), "lossy"),
        (sides(ENOUGH, paused_seconds=300), "slow"),
        (sides(30, path="turn-tls"), None),
        ([*sides(30), *[side(f"x{n}", failed=True) for n in range(5)]], None),
    ],
)
def test_what_to_do_about_a_line(found: list[Side], what: str | None) -> None:
    assert advice(line_figures(found)) == what


def presence(role: str = "citizen", minute: int = 0, **changes: object) -> Presence:
    values = {
        "room": "r", "role": role, "joined_at": datetime(2026, 9, 1, 9, minute, tzinfo=UTC), "failure": "",
        "path": "udp", "media_seconds": 60, "poor_seconds": 5, "paused_seconds": 1, "reconnections": 1,
        "quality_median": 90, "loss_median": 1,
    }  # fmt: skip
    return Presence(**(values | changes))  # type: ignore[arg-type]


def test_a_call_that_went_on_elsewhere_is_one_and_has_not_failed() -> None:
    cut = presence(failure="restart", media_seconds=30, quality_median=10, path="turn")
    went_on = presence(minute=2)
    (one,) = sides_of("citizen", [cut, went_on, presence("agent", failure="lost")], {"r": "k"})
    assert (one.place, one.failed, one.path, one.quality) == ("k", False, "udp", 90)
    assert (one.media_seconds, one.poor_seconds, one.reconnections) == (90, 10, 2)
    (lost,) = sides_of("citizen", [went_on, presence(minute=5, failure="lost")], {"r": "k"})
    assert lost.failed


async def call(appointment: Appointment, citizen: dict[str, object], agent: dict[str, object]) -> None:
    record = await CallRecord.create(room=appointment.id, opened_at=at(9, 1), ended_at=at(9, 1, 10))
    for role, values in (("citizen", citizen), ("agent", agent)):
        line = {"leave_reason": "left", "media_seconds": 600, "quality_median": 90, "path": "udp"} | values
        await CallParticipation.create(
            call=record, role=role, joined_at=at(9, 1), left_at=at(9, 1) + timedelta(minutes=10), **line
        )


@pytest.fixture
async def offer(database: Database) -> Offer:
    return await make_offer(kiosks=2)


async def test_tables_by_kiosk_and_by_office(offer: Offer) -> None:
    workplace = await Workplace.create(organisation_id=offer.agents[0].organisation_id, name="Annexe")  # type: ignore[attr-defined]
    room = await Room.create(workplace=workplace, name="Salle 1")
    for hour in range(9, 9 + ENOUGH):
        appointment = await put(offer, at(9, 1, hour), "completed", room=room if hour == 9 else None)
        await call(appointment, {"poor_seconds": 500, "path": "turn-tls", "quality_median": 20}, {})
    good = await put(offer, at(9, 2), "completed", kiosk=offer.kiosks[1])
    await call(good, {}, {"failure": "lost"})
    home = await put(offer, at(9, 3), "completed", kiosk=None, mode="home")
    await call(home, {"failure": "lost"}, {})
    before = await put(offer, at(9, 4), "completed", kiosk=offer.kiosks[1])
    await call(before, {"leave_reason": ""}, {"leave_reason": ""})

    lines = await gather_lines(ALL_2026)
    kiosks, offices = (build_line_table(grouping, lines, same) for grouping in LineGrouping)
    assert [label.split(",")[0] for label, _ in kiosks.rows][-1] == "Chez l’usager"
    by_name: dict[str, LineFigures] = dict(kiosks.rows)
    (first,) = [figures for label, figures in kiosks.rows if label.startswith(f"{offer.kiosks[0].name},")]
    assert (first.calls, first.bad, first.turn_tls, first.quality_median) == (ENOUGH, ENOUGH, 1.0, 20)
    (second,) = [figures for label, figures in kiosks.rows if label.startswith(f"{offer.kiosks[1].name},")]
    assert (second.calls, second.failed, second.udp) == (1, 0, 1.0), "what nobody measured is not counted"
    assert by_name["Chez l’usager"].failed == 1
    assert (kiosks.total.calls, kiosks.total.failed) == (ENOUGH + 2, 1)
    assert [figures.calls for _, figures in offices.rows] == [ENOUGH + 1, 1]
    assert [label.endswith("– Annexe") for label, _ in offices.rows] == [False, True]
    ((what, to_do),) = troubles([kiosks, offices], same, "40000-40999")
    assert what.startswith(f"{offer.kiosks[0].name}, ")
    assert f"{ENOUGH} appels sur {ENOUGH}" in what
    assert "UDP 40000-40999" in to_do
    assert (await gather_lines(Filters(ALL_2026.first, ALL_2026.last, department="99"))).kiosks == ()
    assert await Kiosk.all().count() == 2
