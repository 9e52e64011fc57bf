"""The only door to DuckDB: opening the database. What is in it is in `schema` and `tables`.

Everything else says SQL through a `Transaction`, which has a module of its own. The database is opened late and closed
early, because one process at a time may write to it: ask the systems first, then open, store and close. Only SQL that
DuckLake also takes belongs here: no primary keys, unique constraints, sequences or indexes. The one exception is how
columns are compressed, see `tables.TEXT` and `KEY`.
"""

import atexit
import glob
import itertools
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import duckdb

from talk_assets.errors import StoreError, StoreIncompatible, StoreLocked
from talk_assets.store import migrations, snapshot
from talk_assets.store.copies import check_format, checkpoint, copy_into, first_line, format_of
from talk_assets.store.schema import FORMAT, SYNC_TABLES
from talk_assets.store.settings import fitting, is_small
from talk_assets.store.transaction import PARTS, Transaction

IDLE = 1.0
"""Seconds after which a database that is kept open is closed if nothing is done with it."""

MEMORY = 600_000_000
"""Bytes that DuckDB may use, or as many as the file has, before it puts what it works on into files beside it."""

RETRY = 0.05
"""Seconds after which a process that found the database locked tries again."""

PAUSE = 1.2 * RETRY


class Store:
    """The database in `path`, or one in memory that lives as long as the object."""

    def __init__(self, path: Path | None, *, patience: float = 30.0, copied_from: Path | None = None) -> None:
        """Wait up to `patience` seconds for another process that holds the database.

        An upgrade keeps a copy of the file beside it, unless it was just `copied_from` another one, which stays.
        """
        _remember_what_is_missing()
        self.path = path
        self._copied_from = copied_from
        self._patience = patience
        self._memory = duckdb.connect(":memory:") if path is None else None
        if self._memory:
            self._memory.execute("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL threads = 1")  # it is small
        self._prepared = False
        self._keeping = False
        self._kept: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()
        self._turn = threading.RLock()
        self._closer: threading.Thread | None = None
        self._used = 0.0
        self._using = 0
        self._unusable = False
        self._waiting = path.with_name(f"{path.name}.awaited") if path else None

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Do not close after each transaction, nor at once at the end, but when nothing is stored for `IDLE` seconds.

        Other processes may come first: one that finds the database locked leaves a file, `awaited`, beside it.
        """
        self._keeping = True
        try:
            yield
        finally:
            self._keeping = False

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open, commit at the end, roll back on any exception, close. Threads take turns.

        Raise StoreLocked where another process keeps the database, StoreIncompatible where a newer version wrote it,
        StoreError where it cannot be written.
        """
        with self._turn:
            yield from self._transaction()

    @contextmanager
    def reading(self, wanted: Mapping[str, Mapping[str, str]] | None = None) -> Iterator[Transaction]:
        """Open to read only: nothing is created, and no file written.

        Where the database lacks one of the tables `wanted` (with their columns, name → SQL type), or does not exist
        yet, an empty one is read. Raise StoreLocked where another process keeps the database, StoreIncompatible where
        another version wrote it.
        """
        if self._memory:  # it is nobody else's
            with self.transaction() as transaction:
                transaction.ensure(wanted or {})
                yield transaction
            return
        connection, kept = self._reading(wanted or {})
        try:
            connection.execute("SET enable_progress_bar = false; BEGIN TRANSACTION READ ONLY")
            transaction = Transaction(connection, self.path)
            try:
                yield transaction
            finally:
                transaction.end()
                with suppress(duckdb.Error):
                    connection.execute("ROLLBACK")
        finally:
            connection.close()
            if kept:
                self._leave()

    def _reading(self, wanted: Mapping[str, Mapping[str, str]]) -> tuple[duckdb.DuckDBPyConnection, bool]:
        if self._keeping:
            return self._connection()
        path = self.path if self.path and self.path.exists() else None
        connection = self._patiently(lambda: snapshot.connect(path, wanted, fitting(path)))
        if path:
            found = connection.execute("SELECT coalesce(max(format), 0) FROM sync.format").fetchall()[0][0]
            check_format(path, found)
            if found < FORMAT:
                connection.close()
                message = (
                    f"{path}: was written by an earlier version of talk-assets. The next sync upgrades it, and keeps a"
                    " copy beside it: talk sync"
                )
                raise StoreIncompatible(message)
        return connection, False

    def _transaction(self) -> Iterator[Transaction]:
        connection, kept = self._connection()
        try:
            if not self._prepared:
                self._migrate(connection)
            self._widen(connection)
            connection.execute("SET enable_progress_bar = false; BEGIN")  # progress is ours to tell
            transaction = Transaction(connection, self.path)
            try:
                self._prepare(transaction)
                yield transaction
            except BaseException:
                with suppress(duckdb.Error):  # a database that cannot be written any more has rolled back by itself
                    connection.execute("ROLLBACK")
                raise
            finally:
                transaction.end()
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
            checkpoint(connection, self.path)
            yield self.path
        finally:
            connection.close()

    def copy_to(self, target: Path) -> None:
        """Copy what is committed into a new database, while other processes wait. Raise StoreError where it fails."""
        connection = self._open()
        try:
            copy_into(connection, connection.execute("SELECT current_database()").fetchall()[0][0], target)
        finally:
            connection.close()

    def _unopened(self, error: duckdb.Error) -> StoreError:
        line = first_line(error)
        if _LOG in line:
            return self._damaged_log(line)
        if "version number" in line:
            return StoreIncompatible(f"{self.path}: was written by a newer DuckDB ({line}). Upgrade talk-assets.")
        if any(sign in line for sign in _DAMAGE):
            return self._damaged(line)
        return StoreError(f"{self.path}: cannot be opened ({line}). The folder must exist and be writable.")

    def _damaged_log(self, line: str) -> StoreError:
        """DuckDB reads all of the log into the file, or opens nothing."""
        return StoreError(
            f"{self.path}.wal: the log of the database is damaged ({line.partition(_LOG)[2].strip()})."
            " Put back a backup of the database: talk restore. Or move this one file aside: the database is then as it"
            " was when the log began. What was stored since is lost, the latest writes in the journal with it; the next"
            " sync reads and links those records again."
        )

    def _damaged(self, line: str) -> StoreError:
        right = "Put back a copy of it, or move it away: the next sync then begins anew"
        return StoreError(f"{self.path}: is damaged, or no database ({line}). {right}.")

    def _unwritten(self, error: duckdb.Error) -> StoreError:
        if any(sign in str(error) for sign in _DAMAGE):
            return self._damaged(first_line(error))
        return StoreError(
            f"{self.path}: could not be written ({first_line(error)})."
            " Nothing of this step was stored; free some space and run again."
        )

    def _open(self) -> duckdb.DuckDBPyConnection:
        new = self.path is not None and not self.path.exists()
        try:
            return self._patiently(self._connected)
        except StoreError:
            if new:
                self._unmake()
            raise

    def _connected(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(str(self.path), config=fitting(self.path))
        size = self.path.stat().st_size if self.path else 0
        connection.execute(f"SET GLOBAL TimeZone = 'UTC'; SET GLOBAL memory_limit = '{max(MEMORY, size)}B'")
        return connection

    def _widen(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let DuckDB use every core once a database that was opened small no longer is."""
        if self.path and not is_small(self.path):
            connection.execute("RESET GLOBAL threads")

    def _patiently(self, connect: Callable[[], duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
        """Connect once no other process holds the database, or raise StoreLocked."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                connection = connect()
                self._announce(waiting=False)
                return connection  # noqa: TRY300 -- nothing follows but the errors of opening
            except (duckdb.IOException, duckdb.BinderException) as error:
                if not any(sign in str(error) for sign in _LOCKED):
                    raise self._unopened(error) from error
                if time.monotonic() > deadline:
                    message = (
                        f"{self.path}: another process has held the database for {self._patience:.0f} seconds"
                        f"{_holder(error)}. Wait for it or stop it, then run again."
                    )
                    raise StoreLocked(message) from error
                self._announce(waiting=True)
            except duckdb.Error as error:
                if _LOG in str(error):
                    raise self._unopened(error) from error
                message = f"{self.path}: is not a database this version can read ({first_line(error)})."
                raise StoreIncompatible(message) from error
            time.sleep(RETRY)

    def _unmake(self) -> None:
        """Remove the file that could not be made whole, as on a full disk: it holds nothing, and is no database."""
        if self.path and self.path.is_file() and self.path.stat().st_size == 0:
            self.path.unlink(missing_ok=True)

    def _announce(self, *, waiting: bool) -> None:
        """Tell the process that keeps the database open whether one waits for it; any other says so again."""
        if self._waiting:
            with suppress(OSError):
                self._waiting.touch() if waiting else self._waiting.unlink(missing_ok=True)

    def _prepare(self, transaction: Transaction) -> None:
        if self._prepared:
            return
        if self.path:
            left_by_killed_processes = self.path.parent.glob(f"{glob.escape(self.path.name)}.*{PARTS}")
            for left in left_by_killed_processes:
                shutil.rmtree(left, ignore_errors=True)
        transaction.run(SYNC_TABLES)
        if not transaction.count("SELECT count(*) FROM sync.format"):
            transaction.run(f"INSERT INTO sync.format VALUES ({FORMAT})")
            transaction.run("INSERT INTO sync.clock VALUES (0)")
        self._prepared = True

    @staticmethod
    def _copy_aside(connection: duckdb.DuckDBPyConnection, path: Path, found: int) -> Path:
        """Copy a database of an earlier format into a new file beside it, which replaces none; return that file."""
        names = (
            f"{path.stem}-format-{found}{n}{path.suffix}"
            for n in itertools.chain([""], (f"-{n}" for n in itertools.count(2)))
        )
        kept = next(file for name in names if not (file := path.with_name(name)).exists())
        partial = kept.with_name(f".{kept.name}.partial")
        partial.unlink(missing_ok=True)
        copy_into(connection, connection.execute("SELECT current_database()").fetchall()[0][0], partial)
        partial.replace(kept)
        return kept

    def _migrate(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Bring a database of an earlier version to this one's format, with a copy of the file beside it first."""
        found = format_of(connection)
        check_format(self.path, found)
        if not self.path or not 0 < found < FORMAT:
            return
        kept = self._copied_from or self._copy_aside(connection, self.path, found)
        connection.execute("BEGIN")
        transaction = Transaction(connection, self.path)
        try:
            migrations.run(transaction, found, kept.name)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        finally:
            transaction.end()
        connection.execute("COMMIT")


def _remember_what_is_missing() -> None:
    """DuckDB looks for pandas at every parameter, and an import that failed is tried anew: a tenth of a run's time."""
    if find_spec("pandas") is None:
        sys.modules["pandas"] = None  # type: ignore[assignment]  # this is how Python says that there is none


_LOCKED = ("Could not set lock on file", "Unique file handle conflict")
"""What DuckDB says where another process, or another part of this one, has the database open."""

_DAMAGE = ("Corrupt database", "Could not read enough bytes", "not a valid DuckDB")

_LOG = "Failure while replaying WAL file"
"""What DuckDB says first where the log beside the file cannot be read."""

_UNWRITABLE = (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException, duckdb.OutOfMemoryException)
"""What DuckDB raises where the disk or the memory is full, or the file is damaged: in a statement or at its end."""


def _holder(error: duckdb.Error) -> str:
    _, found, rest = str(error).partition("PID ")
    return f" (process {rest.split(')')[0].split()[0]})" if found else ""
