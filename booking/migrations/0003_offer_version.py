"""One number that changes with every change of the offer, so that what a process keeps of it can be known to hold.

Triggers and not the verbs raise it: nobody can forget to. On PostgreSQL at the end of the transaction that changed the
offer, and once in it: the row is locked last and shortly, and no reader sees the number before the change. On SQLite
there is one writer at a time.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = (
    "organisation", "service", "workplace", "room", "agent", "agent_service", "agent_hours", "agent_rule", "absence",
    "assignment", "busy_time", "site", "site_opening", "site_closure", "kiosk", "kiosk_outage",
)

POSTGRES = """
CREATE TABLE offer_version (version BIGINT NOT NULL, changed_by BIGINT NOT NULL);
INSERT INTO offer_version VALUES (1, 0);
CREATE FUNCTION raise_offer_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE offer_version SET version = version + 1, changed_by = txid_current() WHERE changed_by <> txid_current();
    RETURN NULL;
END $$;
"""
POSTGRES_TRIGGER = """
CREATE CONSTRAINT TRIGGER {table}_is_offer AFTER INSERT OR UPDATE OR DELETE ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_offer_version();
"""
SQLITE = """
CREATE TABLE offer_version (version BIGINT NOT NULL);
INSERT INTO offer_version VALUES (1);
"""
SQLITE_TRIGGER = """
CREATE TRIGGER {table}_is_offer_{event} AFTER {event} ON {table}
BEGIN
    UPDATE offer_version SET version = version + 1;
END;
"""


async def watch(_apps, schema_editor):
    client = schema_editor.client
    if client.capabilities.dialect == "postgres":
        triggers = (POSTGRES_TRIGGER.format(table=table) for table in TABLES)
        await client.execute_script(POSTGRES + "".join(triggers))
    else:
        for statement in SQLITE.strip().split("\n"):
            await client.execute_query(statement)
        for table in TABLES:
            for event in ("INSERT", "UPDATE", "DELETE"):
                await client.execute_query(SQLITE_TRIGGER.format(table=table, event=event))


async def unwatch(_apps, schema_editor):
    client = schema_editor.client
    if client.capabilities.dialect == "postgres":
        await client.execute_script("DROP FUNCTION raise_offer_version() CASCADE; DROP TABLE offer_version;")
    else:
        for table in TABLES:
            for event in ("INSERT", "UPDATE", "DELETE"):
                await client.execute_query(f"DROP TRIGGER {table}_is_offer_{event}")
        await client.execute_query("DROP TABLE offer_version")


class Migration(migrations.Migration):
    dependencies = [("booking", "0002_no_double_booking")]

    operations = [ops.RunPython(watch, unwatch)]
