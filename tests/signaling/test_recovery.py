"""A call whose server died has an end all the same, and one that runs is left alone."""

from datetime import UTC, datetime, timedelta

from signaling.models import CallParticipation, CallRecord
from signaling.record.recovery import CUT, CUT_AFTER, close_cut_calls, note_running
from signaling.report import call_seconds
from teleconsult.database import Database
from teleconsult.web.ticks import TICKS
from tests.signaling.members import Client, client, eventually, join

__all__ = ["client"]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def call_of(room: str, *, minutes: int) -> CallRecord:
    """Make the record of a call that runs since `START` and was vouched for until `minutes` later."""
    call = await CallRecord.create(room=room, opened_at=START, started_at=START + timedelta(minutes=1))
    await CallParticipation.create(call=call, role="citizen", joined_at=START)
    await CallParticipation.create(
        call=call, role="agent", joined_at=START + timedelta(minutes=1), left_at=START + timedelta(minutes=2)
    )
    if minutes:
        await note_running([call.id], now=START + timedelta(minutes=minutes))
    return call


async def test_a_cut_call_ends_when_it_was_last_seen(database: Database) -> None:
    cut = await call_of("cut", minutes=20)
    running = await call_of("running", minutes=30)
    now = START + timedelta(minutes=30) + CUT_AFTER
    assert await close_cut_calls(now=now) == 1
    await cut.refresh_from_db()
    await running.refresh_from_db()
    assert (cut.ended_at, cut.end_reason) == (START + timedelta(minutes=20), CUT)
    assert running.ended_at is None
    left = await CallParticipation.filter(call_id=cut.id).order_by("joined_at").values_list("left_at", flat=True)
    assert left == [cut.ended_at, START + timedelta(minutes=2)], "who had left keeps their own moment"
    assert await call_seconds(["cut", "running"]) == {"cut": 19 * 60.0}
    assert await close_cut_calls(now=now) == 0


async def test_a_call_cut_before_it_was_seen_ends_with_what_is_known_of_it(database: Database) -> None:
    cut = await call_of("cut", minutes=0)
    assert await close_cut_calls(now=START + CUT_AFTER) == 0
    assert await close_cut_calls(now=START + CUT_AFTER + timedelta(seconds=1)) == 1
    await cut.refresh_from_db()
    assert cut.ended_at == START + timedelta(minutes=2)


async def test_an_ended_call_is_not_brought_back(database: Database) -> None:
    ended = await call_of("ended", minutes=0)
    await CallRecord.filter(id=ended.id).update(ended_at=START + timedelta(minutes=3), end_reason="hung_up")
    await note_running([ended.id], now=START + timedelta(minutes=9))
    assert await close_cut_calls(now=START + timedelta(days=1)) == 0
    await ended.refresh_from_db()
    assert (ended.end_reason, ended.seen_at) == ("hung_up", None)


async def test_the_server_vouches_for_its_own_calls_and_closes_those_of_a_dead_one(client: Client) -> None:
    dead = await call_of("dead", minutes=5)
    await join(client, "citizen")

    async def recorded() -> bool:
        return await CallRecord.exists(room="room1")

    await eventually(recorded)
    # as old as the dead one's, and still running
    await CallRecord.filter(room="room1").update(opened_at=START)
    tick = next(tick for tick in client.app[TICKS] if tick.name == "running_calls")
    await tick.run(client.app)
    await dead.refresh_from_db()
    assert dead.end_reason == CUT
    own = await CallRecord.get(room="room1")
    assert own.ended_at is None
    assert own.seen_at is not None
