"""Where the sandbox keeps its records: JSON text ready to send, in SQLite, with the few columns that are searched by.

What a record means is its system's concern; nothing here parses JSON. A committed write survives the kill of the
process (not a power failure: it is a sandbox). An in-memory store has the same behaviour for tests.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Value = str | int | float
Term = tuple[str, str, Value]
"""A condition: column, one of `OPERATORS`, value."""

OPERATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
CLOSING = ord("}")


@dataclass(frozen=True, slots=True)
class Stored:
    """One record. `seq` and `stamp` order the changes; `gone` marks a tombstone; `keys` are the searched values.

    A key is compared without regard to case; null is not searched for.
    """

    id: Value
    body: bytes
    stamp: int = 0
    seq: int = 0
    gone: bool = False
    keys: tuple[Value | None, ...] = ()


class SandboxStore:
    """One SQLite database; `path` null keeps it in memory. Use it from one thread at a time.

    `fresh` is for a file that is thrown away if filling it fails: nothing is written twice, nothing can be undone.
    """

    def __init__(self, path: Path | None = None, *, fresh: bool = False) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute(f"PRAGMA journal_mode = {'OFF' if fresh else 'WAL'}")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA cache_size = -65536")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")

    def close(self) -> None:
        """Give the file back; nothing is waiting to be written."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; what was committed outlives the process."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def next(self, counter: str) -> int:
        """The next number of a series, from 1, never given twice."""
        statement = "INSERT INTO counters VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n"
        return int(self._db.execute(statement, (counter,)).fetchone()[0])

    def note(self, name: str) -> str | None:
        """What was noted under `name`."""
        row = self._db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_note(self, name: str, value: str) -> None:
        """Keep one text by name."""
        self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run one statement; for the shelves."""
        return self._db.execute(statement, values)

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for many rows; for the shelves."""
        self._db.executemany(statement, rows)


class Shelf:
    """The records of one collection.

    `keys` names the searched values of its records. `fed`: changes are read in the order of `seq`, else by `stamp`.
    `tail` is the end that nearly every record's text has (a hundred blank properties); it is cut off when stored and
    put back when read, which makes the database a quarter of the size.
    """

    def __init__(
        self,
        store: SandboxStore,
        name: str,
        *,
        integer: bool,
        keys: Sequence[str] = (),
        fed: bool = False,
        tail: bytes = b"",
    ) -> None:
        self.name = name
        self._store, self._tail = store, tail
        self._columns = {"id", "seq", "stamp", "gone", *keys}
        self._plain = frozenset({"id", "seq", "stamp", "gone"})
        places = ", ".join("?" * (5 + len(keys)))
        self._put = f'INSERT OR REPLACE INTO "{name}" VALUES ({places})'  # noqa: S608 -- only names from our own code
        self._select = f'SELECT * FROM "{name}"'  # noqa: S608 -- as above
        self._last: dict[str, int] = {}
        self._create(integer=integer, keys=keys, fed=fed)

    def _create(self, *, integer: bool, keys: Sequence[str], fed: bool) -> None:
        kind = "INTEGER" if integer else "TEXT"
        columns = ["body BLOB NOT NULL", "stamp INTEGER NOT NULL", "seq INTEGER NOT NULL", "gone INTEGER NOT NULL"]
        columns += [f'"{key}" COLLATE NOCASE' for key in keys]
        run = self._store.execute
        run(f'CREATE TABLE IF NOT EXISTS "{self.name}" (id {kind} PRIMARY KEY, {", ".join(columns)})')
        there = {row[1] for row in run(f'PRAGMA table_info("{self.name}")')}
        for key in keys:
            if key not in there:  # the file is older than the key
                run(f'ALTER TABLE "{self.name}" ADD COLUMN "{key}" COLLATE NOCASE')
                run(f'UPDATE "{self.name}" SET "{key}" = json_extract(CAST(body AS TEXT), ?)', (f"$.{key}",))  # noqa: S608 -- as above
        indexes = {"stamp": "stamp, seq", "seq": "seq"} if fed else {"stamp": "stamp, id", "live": "gone, id"}
        for name, over in indexes.items():
            run(f'CREATE INDEX IF NOT EXISTS "{self.name}.{name}" ON "{self.name}" ({over})')
        for key in keys:
            run(f'CREATE INDEX IF NOT EXISTS "{self.name}.{key}" ON "{self.name}" ("{key}") WHERE "{key}" IS NOT NULL')

    def put(self, record: Stored) -> None:
        """Store a record in place of the one with the same id."""
        self._store.execute(self._put, self._row(record))
        if isinstance(record.id, int) and "id" in self._last:  # it may come from the series of another shelf
            self._last["id"] = max(self._last["id"], record.id)

    def load(self, records: Iterable[Stored]) -> None:
        """Store many."""
        self._store.execute_many(self._put, map(self._row, records))
        self._last.clear()

    def next(self, column: str) -> int:
        """The next `id` or `seq`, never given twice, not even when the last record was erased."""
        if column not in self._last:
            statement = f'SELECT max(coalesce(max("{column}"), 0), ?) FROM "{self.name}"'  # noqa: S608 -- as above
            floor = self._erased() if column == "id" else 0
            self._last[column] = int(self._store.execute(statement, (floor,)).fetchone()[0])
        self._last[column] += 1
        return self._last[column]

    def get(self, id_: Value) -> Stored | None:
        """The record, tombstones included."""
        row = self._store.execute(f"{self._select} WHERE id = ?", (id_,)).fetchone()
        return None if row is None else self._stored(row)

    def erase(self, id_: Value) -> bool:
        """Remove a record without a trace; false when it is not there."""
        statement = f'DELETE FROM "{self.name}" WHERE id = ?'  # noqa: S608 -- as above
        if not self._store.execute(statement, (id_,)).rowcount:
            return False
        if isinstance(id_, int):
            self._store.set_note(f"{self.name} erased", str(max(self._erased(), id_)))
        return True

    def _erased(self) -> int:
        """The highest id that was erased."""
        return int(self._store.note(f"{self.name} erased") or 0)

    def count(self, terms: Sequence[Term] = (("gone", "=", 0),)) -> int:
        """How many records meet every term; without any said, how many are not tombstones."""
        where, values = self._where(terms)
        statement = f'SELECT count(*) FROM "{self.name}"{where}'  # noqa: S608 -- as above
        return int(self._store.execute(statement, values).fetchone()[0])

    def select(
        self,
        terms: Sequence[Term] = (),
        *,
        order: str = "id",
        descending: bool = False,
        limit: int = -1,
        offset: int = 0,
    ) -> list[Stored]:
        """The records that meet every term, in the order of one column, ties by id."""
        where, values = self._where(terms)
        way = " DESC" if descending else ""
        by = f'"{order}"{way}' + ("" if order == "id" else f", id{way}")
        if order not in self._columns:
            message = f"{self.name} is not ordered by {order}"
            raise KeyError(message)
        if offset:  # skipping over an index is many times faster than skipping over whole records
            inner = f'SELECT id FROM "{self.name}"{where} ORDER BY {by} LIMIT ? OFFSET ?'  # noqa: S608 -- as above
            statement = f"{self._select} WHERE id IN ({inner}) ORDER BY {by}"
        else:
            statement = f"{self._select}{where} ORDER BY {by} LIMIT ? OFFSET ?"
        return [self._stored(row) for row in self._store.execute(statement, (*values, limit, offset))]

    def first_seq(self, stamp: int) -> int | None:
        """The lowest `seq` of the records changed at or after `stamp`."""
        statement = f'SELECT min(seq) FROM "{self.name}" WHERE stamp >= ?'  # noqa: S608 -- as above
        row = self._store.execute(statement, (stamp,)).fetchone()
        return None if row[0] is None else int(row[0])

    def _where(self, terms: Sequence[Term]) -> tuple[str, list[Value]]:
        for column, operator, _ in terms:
            if column not in self._columns or operator not in OPERATORS:
                message = f"{self.name} is not searched by {column} {operator}"
                raise KeyError(message)
        conditions = [f'"{column}" {operator} ?' for column, operator, _ in terms]
        return (" WHERE " + " AND ".join(conditions) if terms else ""), [value for _, _, value in terms]

    def searched(self, column: str) -> bool:
        """Whether `select` takes the column, other than by the name that every shelf has."""
        return column in self._columns - self._plain

    def _row(self, record: Stored) -> tuple[object, ...]:
        body = record.body
        if self._tail and body.endswith(self._tail):
            body = body[: -len(self._tail)]
        return (record.id, body, record.stamp, record.seq, int(record.gone), *record.keys)

    def _stored(self, row: Sequence[Any]) -> Stored:
        body = row[1] if row[1][-1] == CLOSING else row[1] + self._tail
        return Stored(row[0], body, row[2], row[3], bool(row[4]), tuple(row[5:]))
