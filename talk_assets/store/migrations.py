"""What brings a database of an earlier version to this one's format: a function for each format, in their order.

Add a function to `MIGRATIONS` under the next number, and raise `schema.FORMAT` to it. It runs once, in one transaction
with the others that are due, after the store has copied the file; it may use nothing but SQL on the tables of that time
then, so that later changes of the code don't change it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from talk_assets.store.transaction import Transaction

OLDEST = 2
"""The earliest format that can be upgraded."""


def run(transaction: Transaction, found: int, copy: str) -> None:
    """Run what is due from the format that was `found`; note when, and what the `copy` from before is called."""
    for number, migrate in sorted(MIGRATIONS.items()):
        if number > found:
            migrate(transaction)
            transaction.run("UPDATE sync.format SET format = ?", number)
            transaction.run("INSERT INTO sync.migrations VALUES (?, ?, ?)", number, datetime.now(UTC), copy)


def _recorded(transaction: Transaction) -> None:
    """What was recorded of migrations gets a table."""
    transaction.run("CREATE TABLE sync.migrations (format INTEGER, migrated_at TIMESTAMPTZ, copy VARCHAR)")


TABLES = {
    "begun": "unfinished",
    "mapped": "mapped_properties",
    "misfits": "invalid_values",
    "stops": "pending_approvals",
    "sweeps": "full_reads",
}
COLUMNS = {
    "absorbed": "reconciled_version",
    "entity": "entity_id",
    "kind": "entity_type",
    "sweep_cursor": "full_read_cursor",
}


def _plain_names(transaction: Transaction) -> None:
    """Tables and columns get the names that the documentation uses."""
    columns = transaction.frame(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE database_name = current_database()"
        " AND list_contains($1, column_name) AND (schema_name = 'sync' OR table_name IN ('links', 'golden'))",
        list(COLUMNS),
    )
    for schema, table, column in columns.iter_rows():
        transaction.run(f'ALTER TABLE "{schema}"."{table}" RENAME COLUMN {column} TO {COLUMNS[column]}')
        if table == "links":
            transaction.run(f"UPDATE \"{schema}\".links SET linked_by = 'origin' WHERE linked_by = 'founded it'")
    for old, new in TABLES.items():
        transaction.run(f"ALTER TABLE sync.{old} RENAME TO {new}")


def _fields_held(transaction: Transaction) -> None:
    """What holds a field, and not its record, is noted by field; changes say how often they failed.

    Records that were quarantined for a field are read again.
    """
    for column in ("property", "field", "found", '"right"', "suggested"):
        transaction.run(f"ALTER TABLE sync.invalid_values ADD COLUMN {column} VARCHAR")
    transaction.run(
        "UPDATE sync.cursors SET cursor = NULL WHERE collection IN (SELECT collection FROM sync.invalid_values)"
    )
    transaction.run(
        "CREATE TABLE sync.refused_fields (entity_type VARCHAR, collection VARCHAR, entity_id VARCHAR, id VARCHAR,"
        " field VARCHAR, value VARCHAR, agreed VARCHAR, reason VARCHAR, since TIMESTAMPTZ, released BOOLEAN)"
    )
    for table in ("changes", "undo"):
        transaction.run(f"ALTER TABLE sync.{table} ADD COLUMN IF NOT EXISTS failures BIGINT")
        transaction.run(f"ALTER TABLE sync.{table} ADD COLUMN IF NOT EXISTS failure VARCHAR")


def _mass_edits(transaction: Transaction) -> None:
    """Besides fields that became blank, a person is asked about other ways in which many records change at once."""
    transaction.run("ALTER TABLE sync.blanked RENAME TO mass_edits")
    transaction.run("ALTER TABLE sync.mass_edits ADD COLUMN way VARCHAR")
    transaction.run("UPDATE sync.mass_edits SET way = 'blank'")
    transaction.run(
        'CREATE TABLE sync.written_pairs (collection VARCHAR, "left" VARCHAR, "right" VARCHAR, written_at TIMESTAMPTZ)'
    )


def _evidence(transaction: Transaction) -> None:
    """Pairs of records that may describe the same get a table, and so does what a person said of them."""
    transaction.run(
        "CREATE TABLE sync.suggested (entity_type VARCHAR, collection VARCHAR, id VARCHAR, entity_id VARCHAR,"
        " other VARCHAR, probability DOUBLE, evidence VARCHAR, rule VARCHAR, best BOOLEAN)"
    )
    transaction.run("CREATE TABLE sync.weighed (entity_type VARCHAR, version BIGINT, state VARCHAR)")
    transaction.run(
        "CREATE TABLE sync.verdicts (act VARCHAR, entity_type VARCHAR, record VARCHAR, other VARCHAR, same BOOLEAN,"
        " decided_at TIMESTAMPTZ, before VARCHAR)"
    )


MIGRATIONS: Mapping[int, Callable[[Transaction], None]] = {
    3: _recorded,
    4: _plain_names,
    5: _fields_held,
    6: _mass_edits,
    7: _evidence,
}
