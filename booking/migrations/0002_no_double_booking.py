"""No two rows of `occupancy` overlap on one resource: the rule that keeps anybody from being booked twice.

By hand, because the ORM's constraints do not reach the database on a new table. Whoever alters `occupancy` on SQLite
has its table made anew, without triggers: run `protect` again in that migration.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

# By a 64-bit hash of the resource: an index on the texts costs more than twice as much at each insert. Two resources
# that had the same hash would only ever refuse each other.
POSTGRES = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE occupancy ADD CONSTRAINT occupancy_not_empty CHECK (starts_at < ends_at);
ALTER TABLE occupancy ADD CONSTRAINT occupancy_no_overlap
    EXCLUDE USING gist (hashtextextended(resource, 0) WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&);
"""

# Instants are texts in UTC there, so that their order is that of time; anything else would escape the comparison.
SQLITE = """
CREATE TRIGGER IF NOT EXISTS occupancy_rules_{event} BEFORE {event} ON occupancy
BEGIN
    SELECT RAISE(ABORT, 'occupancy_utc')
        WHERE NEW.starts_at NOT LIKE '%+00:00' OR NEW.ends_at NOT LIKE '%+00:00';
    SELECT RAISE(ABORT, 'occupancy_not_empty') WHERE NEW.starts_at >= NEW.ends_at;
    SELECT RAISE(ABORT, 'occupancy_no_overlap')
        WHERE EXISTS (
            SELECT 1 FROM occupancy
            WHERE resource = NEW.resource AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at AND id <> {row}.id
        );
END;
"""


async def protect(_apps, schema_editor):
    if schema_editor.client.capabilities.dialect == "postgres":
        await schema_editor.client.execute_script(POSTGRES)
    else:
        for event, row in (("INSERT", "NEW"), ("UPDATE", "OLD")):
            await schema_editor.client.execute_query(SQLITE.format(event=event, row=row))


async def unprotect(_apps, schema_editor):
    if schema_editor.client.capabilities.dialect == "postgres":
        await schema_editor.client.execute_script(
            "ALTER TABLE occupancy DROP CONSTRAINT occupancy_no_overlap, DROP CONSTRAINT occupancy_not_empty;"
        )
    else:
        for event in ("INSERT", "UPDATE"):
            await schema_editor.client.execute_query(f"DROP TRIGGER occupancy_rules_{event}")


class Migration(migrations.Migration):
    dependencies = [("booking", "0001_initial")]

    operations = [ops.RunPython(protect, unprotect)]
