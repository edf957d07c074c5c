"""A database that has rows already is brought to the newest version."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from booking.models import Agent, Kiosk, Notice, Service, Site
from kiosks.models import Terminal
from signaling.models import CallParticipation, CallRecord
from teleconsult.clock import utcnow
from teleconsult.database import connect, migrate, tortoise_config
from tests.support.postgres import PostgresServer

# The schema that was first installed anywhere.
FIRST = {
    "accounts": "0001_initial",
    "booking": "0004_notices_of_offers",
    "signaling": "0002_call_seen",
    "kiosks": "0001_initial",
    "feedback": "0001_initial",
}
ROWS = (
    "INSERT INTO organisation (id, slug, name, name_en, departments, offices, requires_room)"
    " VALUES ('o', 'ddt', 'DDT', '', '[]', '[]', {false})",
    "INSERT INTO service (id, slug, organisation_id, name, name_en, summary, summary_en, duration_minutes,"
    " step_minutes, buffer_before_minutes, buffer_after_minutes, notice_minutes, horizon_days,"
    " reminder_minutes, documents, keywords,"
    " audiences, modes, languages, meets_needs, future_limit, walk_in, waiting_list, offer_minutes)"
    " VALUES ('s', 'aide', 'o', 'Aide', '', '', '', 30, 30, 0, 5, 30, 60, 2880, '[]', '[]', '[]', '[]', '[]',"
    " '[]', 3,"
    " {false}, {true}, 30)",
    "INSERT INTO agent (id, organisation_id, name, email, timezone, language, active, department, works_on_holidays)"
    " VALUES ('a', 'o', 'A', 'a@example.fr', 'Europe/Paris', 'fr', {true}, '', {false})",
    "INSERT INTO site (id, name, commune, department, address, postcode, latitude, longitude, timezone, phone, email,"
    " comment, active, open_on_holidays)"
    " VALUES ('h', 'Maison', 'Gien', '45', '', '', 47.7, 2.6, 'Europe/Paris', '', '', '', {true}, {false})",
    "INSERT INTO kiosk (id, site_id, name, in_service, equipment) VALUES ('k', 'h', 'Borne 1', {true}, '[]')",
    "INSERT INTO terminal (id, kiosk_id, token_hash, enrolled_at, last_seen_at, online)"
    " VALUES ('t', 'k', 'x', '{now}', '{now}', {true})",
    "INSERT INTO appointment (id, reference, service_id, site_id, kiosk_id, agent_id, status, starts_at, ends_at,"
    " sequence, channel, given_name, family_name, email, phone, language, needs, booked_at, outcome,"
    " outcome_note, cancel_reason,"
    " mode, person_hash, booked_by, companions, series_id, late_minutes,"
    " displaced) VALUES ('r', 'ABCDEF', 's', 'h', 'k', 'a', 'booked', '{now}', '{now}', 0, 'kiosk', 'Jeanne',"
    " 'Martin', '', '',"
    " 'fr', '[]', '{now}', '', '', '', 'kiosk', '', '', 0, '', 0, '')",
    "INSERT INTO notice (id, appointment_id, kind, recipient, sequence, starts_at, ends_at, state, due_at,"
    " deadline_at, attempts, params, last_error)"
    " VALUES ('n', 'r', 'reminder', 'citizen', 0, '{now}', '{now}', 'pending', '{now}', '{now}', 0, '{{}}', '')",
    "INSERT INTO call_record (id, room, opened_at, end_reason) VALUES ('c', 'r', '{now}', 'hung_up')",
    "INSERT INTO call_participation (id, call_id, role, joined_at, reconnections)"
    " VALUES ('p', 'c', 'citizen', '{now}', 1)",
)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path / 'old.sqlite3'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


async def install_first_version(url: str) -> None:
    """Make the database as the first version left it, with a row in what has changed since."""
    config = tortoise_config(url)
    async with TortoiseContext():
        await Tortoise.init(config=config)
        connection = get_connection("default")
        executor = MigrationExecutor(connection, config["apps"])
        await executor.migrate([MigrationTarget(app, name) for app, name in FIRST.items()])
        values = {"false": "false", "true": "true", "now": utcnow().isoformat(sep=" ")}
        for row in ROWS:
            await connection.execute_query(row.format(**values))
        await Tortoise.close_connections()


async def test_rows_outlive_an_upgrade(empty_url: str) -> None:
    await install_first_version(empty_url)
    await migrate(empty_url)
    database = await connect(empty_url)
    try:
        assert (await Agent.get(id="a")).daily_agenda
        service = await Service.get(id="s")
        assert (service.sms_reminder_minutes, service.interpreter_email) == (120, "")
        assert not (await Site.get(id="h")).invites_desk
        assert (await Kiosk.get(id="k")).name == "Borne 1"
        terminal = await Terminal.get(id="t")
        assert (terminal.check_light, terminal.check_report) == ("", {})
        assert (await Notice.get(id="n")).channel == "email"
        assert (await CallRecord.get(id="c")).failure == ""
        presence = await CallParticipation.get(id="p")
        assert (presence.failure, presence.quality, presence.quality_median) == ("", {}, None)
    finally:
        await database.close()


def test_migrations_fill_the_columns_that_they_add() -> None:
    root = Path(__file__).parents[2]
    bare = [
        str(path.relative_to(root))
        for path in root.glob("*/**/migrations/0*.py")
        if "/." not in str(path) and "ops.AddField(" in path.read_text(encoding="utf-8")
    ]
    assert not bare, "use teleconsult.database.AddColumn instead of ops.AddField"
