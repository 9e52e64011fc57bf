"""SQL within one transaction; `store` begins and ends them."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NewType

import duckdb
import polars as pl

from talk_assets.errors import StoreError

PARTS = ".parts"
"""How the names of folders end in which a transaction keeps what it works on."""


Relation = NewType("Relation", str)
"""The name of a temporary table in SQL. Only `Transaction` gives one, so a function reads what it is handed."""


class Transaction:
    """SQL within one transaction. Frames given by keyword are tables of that name for the length of the statement."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path | None = None) -> None:
        self._connection = connection
        self._path = path
        self._parts: Path | None = None
        self._relations: dict[str, Relation] = {}
        self._created = 0
        self.in_steps = False
        """Whether it is too much for one transaction: then each `step` commits."""

    def step(self) -> None:
        """Say that what was done so far is right without the rest."""
        if self.in_steps:
            self.run("COMMIT; BEGIN")

    def temporary(self, stem: str, query: str, *parameters: object, **frames: pl.DataFrame) -> Relation:
        """Create a temporary table of what a query selects, and return its name, which begins with a stem.

        It ends with the transaction, or when another table of its stem takes its place.
        """
        name = self._next(stem)
        self.run(f"CREATE TEMP TABLE {name} AS {query}", *parameters, **frames)
        return name

    def empty(self, stem: str, columns: Mapping[str, str]) -> Relation:
        """Create a temporary table of columns (name → SQL type) to insert into; it ends as `temporary` says."""
        name = self._next(stem)
        self.run(f"CREATE TEMP TABLE {name} ({_declared(columns)})")
        return name

    def view(self, stem: str, query: str) -> Relation:
        """Create a temporary view of a query, and return its name, which begins with a stem."""
        name = self._name(stem)
        self.run(f"CREATE TEMP VIEW {name} AS {query}")
        return name

    def _next(self, stem: str) -> Relation:
        if before := self._relations.get(stem):
            self.run(f"DROP TABLE {before}")
        name = self._relations[stem] = self._name(stem)
        return name

    def _name(self, stem: str) -> Relation:
        self._created += 1
        return Relation(f"{stem}_{self._created}")

    def parts(self) -> Path:
        """Return a folder beside the database for what memory could not hold; it ends with the transaction.

        Raise StoreError where there can be none.
        """
        if self._parts is None:
            name, folder = (f"{self._path.name}.", self._path.parent) if self._path else ("talk.", None)
            try:
                self._parts = Path(tempfile.mkdtemp(PARTS, name, folder))
            except OSError as error:
                message = f"{folder}: no folder can be made there ({error.strerror}). It must be writable."
                raise StoreError(message) from error
        return self._parts

    def end(self) -> None:
        """Leave no files."""
        if self._parts:
            shutil.rmtree(self._parts, ignore_errors=True)

    @contextmanager
    def _executed(
        self, sql: str, parameters: Sequence[object], frames: dict[str, pl.DataFrame]
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        for name, frame in frames.items():
            self._connection.register(name, frame)
        try:
            yield self._connection.execute(sql, parameters)
        finally:
            for name in frames:
                self._connection.unregister(name)

    def run(self, sql: str, *parameters: object, **frames: pl.DataFrame) -> None:
        """Execute for its effect."""
        with self._executed(sql, parameters, frames):
            pass

    def apply(self, sql: str, *parameters: object, **frames: pl.DataFrame) -> None:
        """Execute what has an effect for the rows of frames alone: where one has none, as mostly, nothing is sent."""
        if all(frame.height for frame in frames.values()):
            self.run(sql, *parameters, **frames)

    def frame(self, sql: str, *parameters: object, **frames: pl.DataFrame) -> pl.DataFrame:
        """Return the whole result; times come as UTC instants."""
        with self._executed(sql, parameters, frames) as result:
            return result.pl()

    def count(self, sql: str, *parameters: object, **frames: pl.DataFrame) -> int:
        """Return the one number the statement gives: of rows changed, or selected."""
        with self._executed(sql, parameters, frames) as result:
            row = result.fetchone()
            return int(row[0]) if row else 0

    def columns(self) -> dict[str, set[str]]:
        """Return the names of the columns of every table, by its name as `schema.name` without quotes."""
        return columns_of(self._connection, None)

    def ensure(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        """Create the tables, or add the columns (name → SQL type) that they lack."""
        there = self.columns()
        for table, columns in tables.items():
            present = there.get(table.replace('"', ""))
            if present is None:
                self.run(f"CREATE SCHEMA IF NOT EXISTS {table.split('.', 1)[0]}")
                self.run(f"CREATE TABLE {table} ({_declared(columns)})")
                continue
            for name in columns.keys() - present:
                self.run(f'ALTER TABLE {table} ADD COLUMN "{name}" {columns[name]}')

    def next_version(self) -> int:
        """Return a number greater than every one before, for rows written in this transaction."""
        return self.count("UPDATE sync.clock SET version = version + 1 RETURNING version")

    def version(self) -> int:
        """Return the number that was given last."""
        return self.count("SELECT version FROM sync.clock")


def _declared(columns: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())


def quoted(path: Path) -> str:
    """Return a path as a literal of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def columns_of(connection: duckdb.DuckDBPyConnection, database: str | None) -> dict[str, set[str]]:
    """Return the names of the columns of every table of a database, or of the current one, by `schema.name`."""
    found = connection.execute(
        "SELECT table_schema || '.' || table_name, list(column_name) FROM information_schema.columns"
        " WHERE table_catalog = coalesce($1, current_database()) GROUP BY 1",
        [database],
    ).fetchall()
    return {name: set(columns) for name, columns in found}
