"""What Dagster keeps of runs, events and schedules: its own SQLite files in the data folder, with two things changed.

Of the processes that come to a new folder at once, one prepares the files: two that did left them broken for all.
And the connections to the events stay open: a run stores some hundred events, and to open and close a database for
each, and have the disk confirm it, took half of a quiet run.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

KEPT = 4
"""Databases that are left open: the index of all runs, and those of the last few runs."""

BUSY = 60
"""Seconds that another process may take to store an event."""

PREPARING = "history.lock"
"""Who has this lock prepares the files; the others then find them prepared."""


class Storage(DagsterSqliteStorage):
    """Dagster's own storage, file for file, so that a folder can be used with and without this class."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        folder = Path(base_dir)
        with FileLock(folder / PREPARING):
            super().__init__(base_dir, inst_data)
            self._event_log_storage = EventLog(str(folder / "history" / "runs"))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "Storage":  # noqa: ANN401 -- as Dagster has it
        """Return what `dagster.yaml` describes: `base_dir` is the data folder."""
        return cls(inst_data=inst_data, **config_value)


class EventLog(SqliteEventLogStorage):
    """Dagster's own storage of events, its databases left open."""

    def __init__(self, base_dir: str) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": BUSY, "check_same_thread": False},
            )
            event.listen(engine, "connect", _relaxed)
            self._engines[shard] = engine
        self._engines.move_to_end(shard)
        if len(self._engines) > KEPT:
            self._engines.popitem(last=False)[1].dispose()
        return self._engines[shard]

    def dispose(self) -> None:
        """Close the files."""
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()


def _relaxed(connection: Any, _: object) -> None:  # noqa: ANN401 -- of whichever driver
    """Who pulls the plug may lose the last events, and never the database: with a log ahead, SQLite sees to that."""
    connection.execute("PRAGMA synchronous = NORMAL")
