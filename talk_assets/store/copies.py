"""Copies of a database, and which format one has."""

from pathlib import Path

import duckdb

from talk_assets.errors import StoreError, StoreIncompatible
from talk_assets.store import migrations
from talk_assets.store.schema import FORMAT
from talk_assets.store.settings import SETTINGS
from talk_assets.store.transaction import quoted


def copy(source: Path, target: Path) -> None:
    """Copy a database that was made by `copy_to`, or is one of ours, into a new one; `source` is only read.

    Raise StoreIncompatible where it is none, or where a newer version wrote it, and StoreError where copying fails.
    """
    connection = duckdb.connect(":memory:", config=SETTINGS)
    try:
        try:
            connection.execute(f"ATTACH {quoted(source)} AS source (READ_ONLY)")
            found = connection.execute("SELECT max(format) FROM source.sync.format").fetchall()[0][0]
        except duckdb.Error as error:
            message = f"{source}: is no database of ours ({first_line(error)}). `talk backup` makes one."
            raise StoreIncompatible(message) from error
        check_format(source, found or 0)
        copy_into(connection, "source", target)
    finally:
        connection.close()


def checkpoint(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Put everything into the file. Raise StoreError where it fails."""
    try:
        connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        message = f"{path}: could not be written ({first_line(error)})."
        raise StoreError(message) from error


def copy_into(connection: duckdb.DuckDBPyConnection, source: str, target: Path) -> None:
    """Copy a database that is attached, by its name, into a new file. Raise StoreError where it fails."""
    try:
        connection.execute(f"ATTACH {quoted(target)} AS copied_to")
        connection.execute(f'COPY FROM DATABASE "{source}" TO copied_to')
        connection.execute("CHECKPOINT copied_to")
        connection.execute("DETACH copied_to")
    except duckdb.Error as error:
        message = f"{target}: could not be written ({first_line(error)}). There must be room for it in its folder."
        raise StoreError(message) from error


def format_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the format of a database, 0 for one that is empty."""
    there = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'sync' AND table_name = 'format' AND NOT internal"
    ).fetchall()[0][0]
    found = connection.execute("SELECT max(format) FROM sync.format").fetchall()[0][0] if there else 0
    return found or 0


def check_format(path: Path | None, found: int) -> None:
    """Raise StoreIncompatible for a format that this version cannot read, nor upgrade."""
    if 0 < found < migrations.OLDEST:
        message = (
            f"{path}: was written by a version that is too old (format {found}; this one reads from"
            f" {migrations.OLDEST}). Move it away: the next sync begins anew, and finds what belongs together by the"
            " external references."
        )
        raise StoreIncompatible(message)
    if found > FORMAT:
        message = (
            f"{path}: was written by a newer version (format {found}, this one reads up to {FORMAT})."
            " Upgrade talk-assets."
        )
        raise StoreIncompatible(message)


def first_line(error: duckdb.Error) -> str:
    """Return what an error says, without where."""
    return str(error).splitlines()[0]
