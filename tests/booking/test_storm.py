"""Reminders in a storm: workers killed again and again, a mail server that refuses a third and goes away."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from teleconsult.database import connect
from tests.support.storm import make_reminders, storm

COUNT, KILLS, WORKERS = 600, 3, 3
# Seconds where the deployed program has minutes, so that leases end and retries come while the test looks on.
PACE = ("--lease", 6, "--send", 2, "--first-retry", 0.2, "--longest-retry", 2)


async def test_each_reminder_goes_out_once_but_for_one_repeat_a_kill(postgres_url: str, tmp_path: Path) -> None:
    database = await connect(postgres_url)
    now = datetime.now(UTC)
    deadlines = [now + timedelta(days=1)] * 9 + [now + timedelta(seconds=12)]
    await make_reminders(COUNT, due=[now], deadlines=deadlines)
    seen = await storm(postgres_url, tmp_path, kills=KILLS, away=5, workers=WORKERS, pace=PACE)
    await database.close()
    assert seen.kills == KILLS
    assert set(seen.states) <= {"sent", "dropped"}
    assert seen.states["sent"] >= COUNT * 9 // 10, "those with time left are all sent"
    assert sum(seen.states.values()) == COUNT
    assert (seen.never, seen.strange, seen.late) == (0, 0, 0)
    assert seen.repeated <= KILLS, "one message of a process is past the point of no return at a time"
    assert seen.attempts > COUNT, "a third was refused"
