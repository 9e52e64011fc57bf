"""The only door to DuckDB: opening the database, and transactions. What is in it is in `schema` and `sync/tables`.

Everything else says SQL through a `Transaction`. The database is opened late and closed early, because one process at a
time may write to it: ask the systems first, then open, store and close. Only SQL that DuckLake also takes belongs here:
no primary keys, unique constraints, sequences or indexes.
"""

import atexit
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import duckdb
import polars as pl

from talk_assets.errors import StoreError, StoreIncompatible, StoreLocked
from talk_assets.schema import FORMAT, SYNC_TABLES

IDLE = 1.0
"""Seconds after which a database that is kept open is closed if nothing is done with it."""

LOG = "256MB"
"""How much may be in the log before it is put in its place while the database is open. On closing it always is."""

RETRY = 0.05
"""Seconds after which a process that found the database locked tries again."""

PAUSE = 1.2 * RETRY


class Transaction:
    """SQL within one transaction. Frames given by keyword are tables of that name for the length of the statement."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

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
        found = self.frame(
            "SELECT table_schema || '.' || table_name AS name, list(column_name) AS columns"
            " FROM information_schema.columns WHERE table_catalog = current_database() GROUP BY ALL"
        )
        return {name: set(columns) for name, columns in found.iter_rows()}

    def ensure(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        """Create the tables, or add the columns (name → SQL type) that they lack."""
        there = self.columns()
        for table, columns in tables.items():
            present = there.get(table.replace('"', ""))
            if present is None:
                declared = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
                self.run(f"CREATE SCHEMA IF NOT EXISTS {table.split('.', 1)[0]}")
                self.run(f"CREATE TABLE {table} ({declared})")
                continue
            for name in columns.keys() - present:
                self.run(f'ALTER TABLE {table} ADD COLUMN "{name}" {columns[name]}')

    def next_version(self) -> int:
        """Return a number greater than every one before, for rows written in this transaction."""
        self.run("UPDATE sync.clock SET version = version + 1")
        return self.version()

    def version(self) -> int:
        """Return the number that was given last."""
        return self.count("SELECT version FROM sync.clock")


class Store:
    """The database in `path`, or one in memory that lives as long as the object."""

    def __init__(self, path: Path | None, *, patience: float = 30.0) -> None:
        """Wait up to `patience` seconds for another process that holds the database."""
        _remember_what_is_missing()
        self.path = path
        self._patience = patience
        self._memory = duckdb.connect(":memory:") if path is None else None
        if self._memory:
            self._memory.execute("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL threads = 1")  # it is small
        self._prepared = False
        self._keeping = False
        self._kept: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()
        self._closer: threading.Thread | None = None
        self._used = 0.0
        self._using = 0
        self._unusable = False
        self._waiting = path.with_name(f"{path.name}.awaited") if path else None

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Do not close after each transaction, nor at once at the end, but when nothing is stored for `IDLE` seconds.

        Other processes get their turn: one that finds the database locked leaves a file, `awaited`, beside it.
        """
        self._keeping = True
        try:
            yield
        finally:
            self._keeping = False

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open, commit at the end, roll back on any exception, close.

        Raise StoreLocked where another process keeps the database, StoreIncompatible where a newer version wrote it,
        StoreError where it cannot be written.
        """
        connection, kept = self._connection()
        try:
            connection.execute("SET enable_progress_bar = false; BEGIN")  # progress is ours to tell
            transaction = Transaction(connection)
            try:
                self._prepare(transaction)
                yield transaction
            except BaseException:
                with suppress(duckdb.Error):  # a database that cannot be written any more has rolled back by itself
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except _UNWRITABLE as error:
            self._unusable = True  # what is kept open may be of no use any more
            raise self._unwritten(error) from error
        finally:
            connection.close()
            if kept:
                self._leave()

    def _connection(self) -> tuple[duckdb.DuckDBPyConnection, bool]:
        """A connection to close, and whether it is one to what is kept open."""
        if self._memory:
            return self._memory.cursor(), False
        with self._lock:
            if self._kept is None and self._keeping:
                self._kept = self._open()
                self._closer = threading.Thread(target=self._close_idle, args=[self._kept], daemon=True)
                self._closer.start()
                atexit.register(self._end)
            if self._kept is None:
                return self._open(), False
            self._using += 1
            return self._kept.cursor(), True

    def _leave(self) -> None:
        """What is kept open is no longer used, and closed for a moment if somebody waits for it."""
        with self._lock:
            self._used, self._using = time.monotonic(), self._using - 1
            if self._using or (not self._unusable and not self._awaited()):
                return
            self._close()
        time.sleep(PAUSE)

    def _awaited(self) -> bool:
        return self._waiting is not None and self._waiting.exists()

    def _close_idle(self, kept: duckdb.DuckDBPyConnection) -> None:
        while True:
            time.sleep(RETRY)
            with self._lock:
                if self._kept is not kept:
                    return
                if not self._using and (time.monotonic() - self._used >= IDLE or self._awaited()):
                    self._close()
                    return

    def _end(self) -> None:
        with self._lock:
            self._close()
        if self._closer:  # no thread may be at work when the interpreter ends
            self._closer.join()

    def _close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None
            self._unusable = False

    @contextmanager
    def alone(self) -> Iterator[Path]:
        """Keep every other process out, everything being in the one file; yield that file.

        Raise StoreError where it cannot be opened, ValueError for a database in memory.
        """
        if self.path is None:
            message = "a database in memory has no file"
            raise ValueError(message)
        connection = self._open()
        try:
            _checkpoint(connection, self.path)
            yield self.path
        finally:
            connection.close()

    def copy_to(self, target: Path) -> None:
        """Copy what is committed into a new database, while other processes wait. Raise StoreError where it fails."""
        connection = self._open()
        try:
            _copy(connection, connection.execute("SELECT current_database()").fetchall()[0][0], target)
        finally:
            connection.close()

    def _unopened(self, error: duckdb.Error) -> StoreError:
        line = _first_line(error)
        if "version number" in line:
            return StoreIncompatible(f"{self.path}: was written by a newer DuckDB ({line}). Upgrade talk-assets.")
        if any(sign in line for sign in _DAMAGE):
            return self._damaged(line)
        return StoreError(f"{self.path}: cannot be opened ({line}). The folder must exist and be writable.")

    def _damaged(self, line: str) -> StoreError:
        right = "Put back a copy of it, or move it away: the next sync then begins anew"
        return StoreError(f"{self.path}: is damaged, or no database ({line}). {right}.")

    def _unwritten(self, error: duckdb.Error) -> StoreError:
        if any(sign in str(error) for sign in _DAMAGE):
            return self._damaged(_first_line(error))
        return StoreError(
            f"{self.path}: could not be written ({_first_line(error)})."
            " Nothing of this step was stored; free some space and run again."
        )

    def _open(self) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                connection = duckdb.connect(str(self.path))
                connection.execute(f"SET GLOBAL TimeZone = 'UTC'; SET GLOBAL checkpoint_threshold = '{LOG}'")
                self._announce(waiting=False)
                return connection  # noqa: TRY300 -- nothing follows but the errors of opening
            except duckdb.IOException as error:
                if _LOCKED not in str(error):
                    raise self._unopened(error) from error
                if time.monotonic() > deadline:
                    message = (
                        f"{self.path}: another process has held the database for {self._patience:.0f} seconds"
                        f"{_holder(error)}. Wait for it or stop it, then run again."
                    )
                    raise StoreLocked(message) from error
                self._announce(waiting=True)
            except duckdb.Error as error:
                message = f"{self.path}: is not a database this version can read ({_first_line(error)})."
                raise StoreIncompatible(message) from error
            time.sleep(RETRY)

    def _announce(self, *, waiting: bool) -> None:
        """Tell the process that keeps the database open whether one waits for it; any other says so again."""
        if self._waiting:
            with suppress(OSError):
                self._waiting.touch() if waiting else self._waiting.unlink(missing_ok=True)

    def _prepare(self, transaction: Transaction) -> None:
        if self._prepared:
            return
        transaction.run(SYNC_TABLES)
        found = transaction.count("SELECT coalesce(max(format), 0) FROM sync.format")
        _check_format(self.path, found)
        if not found:
            transaction.run(f"INSERT INTO sync.format VALUES ({FORMAT})")
            transaction.run("INSERT INTO sync.clock VALUES (0)")
        self._prepared = True


def copy(source: Path, target: Path) -> None:
    """Copy a database that was made by `copy_to`, or is one of ours, into a new one; `source` is only read.

    Raise StoreIncompatible where it is none, or where a newer version wrote it, and StoreError where copying fails.
    """
    connection = duckdb.connect(":memory:")
    try:
        try:
            connection.execute(f"ATTACH {_quoted(source)} AS source (READ_ONLY)")
            found = connection.execute("SELECT max(format) FROM source.sync.format").fetchall()[0][0]
        except duckdb.Error as error:
            message = f"{source}: is no database of ours ({_first_line(error)}). `talk backup` makes one."
            raise StoreIncompatible(message) from error
        _check_format(source, found or 0)
        _copy(connection, "source", target)
    finally:
        connection.close()


def _checkpoint(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        message = f"{path}: could not be written ({_first_line(error)})."
        raise StoreError(message) from error


def _copy(connection: duckdb.DuckDBPyConnection, source: str, target: Path) -> None:
    try:
        connection.execute(f"ATTACH {_quoted(target)} AS copied_to")
        connection.execute(f'COPY FROM DATABASE "{source}" TO copied_to')
        connection.execute("CHECKPOINT copied_to")
        connection.execute("DETACH copied_to")
    except duckdb.Error as error:
        message = f"{target}: could not be written ({_first_line(error)}). There must be room for it in its folder."
        raise StoreError(message) from error


def _check_format(path: Path | None, found: int) -> None:
    if 0 < found < FORMAT:
        message = (
            f"{path}: was written by an older version (format {found}, this one has {FORMAT}). Move it away: the next"
            " sync begins anew, and finds what belongs together by the external references."
        )
        raise StoreIncompatible(message)
    if found > FORMAT:
        message = (
            f"{path}: was written by a newer version (format {found}, this one reads up to {FORMAT})."
            " Upgrade talk-assets."
        )
        raise StoreIncompatible(message)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _remember_what_is_missing() -> None:
    """DuckDB looks for pandas at every parameter, and an import that failed is tried anew: a tenth of a run's time."""
    if find_spec("pandas") is None:
        sys.modules["pandas"] = None  # type: ignore[assignment]  # this is how Python says that there is none


_LOCKED = "Could not set lock on file"

_DAMAGE = ("Corrupt database", "Could not read enough bytes", "not a valid DuckDB")

_UNWRITABLE = (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException, duckdb.OutOfMemoryException)
"""What DuckDB raises where the disk or the memory is full, or the file is damaged: in a statement or at its end."""


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]


def _holder(error: duckdb.Error) -> str:
    _, found, rest = str(error).partition("PID ")
    return f" (process {rest.split(')')[0].split()[0]})" if found else ""
