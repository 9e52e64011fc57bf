"""A database as it is at one moment, to read only.

The file is attached to a database in memory, which has an empty table for each that the file lacks: so what was never
synced reads as empty, and reading never creates anything.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from talk_assets.store.schema import FORMAT, SYNC_TABLES
from talk_assets.store.transaction import columns_of, quoted

FILE = "talk"
"""What the attached file is called, and `memory` what stands in for what it lacks."""


def connect(
    path: Path | None, wanted: Mapping[str, Mapping[str, str]], settings: Mapping[str, Any]
) -> duckdb.DuckDBPyConnection:
    """Return a connection to the database in a file, or to an empty one where there is no file.

    `wanted` are the tables that must be there, with their columns (name → SQL type). Raise duckdb.Error where the file
    cannot be attached.
    """
    connection = duckdb.connect(":memory:", config=dict(settings))
    try:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        if path is None:
            connection.execute(SYNC_TABLES)
            connection.execute(f"INSERT INTO sync.format VALUES ({FORMAT}); INSERT INTO sync.clock VALUES (0)")
            _add(connection, wanted, {})
            return connection
        connection.execute(f"ATTACH {quoted(path)} AS {FILE} (READ_ONLY)")
        _add(connection, wanted, columns_of(connection, FILE))
        found = connection.execute(
            "SELECT DISTINCT database_name, schema_name FROM duckdb_tables() UNION"
            " SELECT DISTINCT database_name, schema_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        # The name of a table is looked for in memory first, where it is only if the file lacks something of it.
        places = sorted((catalog, schema) for catalog, schema in found if catalog in {FILE, "memory"})
        listed = ",".join(f'"{catalog}"."{schema}"' for catalog, schema in [(FILE, "main"), *places])
        connection.execute(f"SET search_path = '{listed}'")
    except BaseException:
        connection.close()
        raise
    return connection


def _add(
    connection: duckdb.DuckDBPyConnection,
    wanted: Mapping[str, Mapping[str, str]],
    there: Mapping[str, set[str]],
) -> None:
    """Create in memory the tables that the file lacks, and views of those that lack columns."""
    for table, columns in wanted.items():
        present = there.get(table.replace('"', ""))
        lacking = columns.keys() - (present or set())
        if not lacking:
            continue
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.split('.', 1)[0]}")
        if present is None:
            declared = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
            connection.execute(f"CREATE TABLE {table} ({declared})")
        else:
            types = {name: columns[name].partition(" USING ")[0] for name in sorted(lacking)}
            added = ", ".join(f'NULL::{type_} AS "{name}"' for name, type_ in types.items())
            connection.execute(f"CREATE VIEW {table} AS SELECT *, {added} FROM {FILE}.{table}")
