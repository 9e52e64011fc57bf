"""Where Dagster keeps the events of runs: in its own SQLite files, with the connections to them left open.

A run stores some hundred events. Dagster opens and closes a database for each, and has the disk confirm it, which took
half of a quiet run. Only that is changed here; what is stored, and where, is Dagster's concern.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

KEPT = 4
"""Databases that are left open: the index of all runs, and those of the last few runs."""

BUSY = 60
"""Seconds that another process may take to store an event."""


class EventLog(SqliteEventLogStorage):
    """Dagster's own storage in `DAGSTER_HOME`, file for file, so that it can be used with and without this class."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(str(Path(base_dir) / "history" / "runs"), inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "EventLog":  # noqa: ANN401 -- as Dagster has it
        """Return what `dagster.yaml` describes: `base_dir` is the data folder."""
        return cls(inst_data=inst_data, **config_value)

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
