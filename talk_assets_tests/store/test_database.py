"""The database has one door, and one process behind it at a time."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest

from talk_assets.errors import StoreError, StoreIncompatible, StoreLocked
from talk_assets.store.copies import copy
from talk_assets.store.database import Store
from talk_assets.store.schema import FORMAT
from talk_assets.store.tables import TEXT
from talk_assets.store.transaction import Transaction

HOLD = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


def holding(path: Path, seconds: float) -> subprocess.Popen[str]:
    """Another process that has the database open."""
    command = [sys.executable, "-c", HOLD, str(path), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- our own words
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_what_a_transaction_stored_is_there_for_the_next(tmp_path: Path) -> None:
    store = Store(tmp_path / "talk.duckdb")
    with store.transaction() as transaction:
        first = transaction.next_version()
    with Store(tmp_path / "talk.duckdb").transaction() as transaction:
        assert transaction.next_version() == first + 1


def test_threads_take_turns(tmp_path: Path) -> None:
    """Each reads a number and stores the next one: two at once would be a conflict, or a number given twice."""
    store = Store(tmp_path / "talk.duckdb")

    def number(_: int) -> int:
        with store.transaction() as transaction:
            seen = transaction.version()
            time.sleep(0.002)
            assert transaction.next_version() == seen + 1
            return seen

    with store.kept_open(), ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(number, range(40))) == list(range(40))


def test_an_exception_rolls_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "talk.duckdb")
    with pytest.raises(duckdb.CatalogException), store.transaction() as transaction:
        transaction.run("CREATE TABLE sync.lost AS SELECT 1; SELECT * FROM sync.nowhere")
    with store.transaction() as transaction:
        assert "sync.lost" not in transaction.columns()


def test_a_second_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "talk.duckdb"
    process = holding(path, 0.5)
    with Store(path, patience=20).transaction() as transaction:
        assert transaction.next_version() == 1
    process.wait()
    assert process.stdout
    process.stdout.close()


COUNT = """
import sys
from pathlib import Path
from talk_assets.store.database import Store
print("trying", flush=True)
with Store(Path(sys.argv[1]), patience=20).transaction() as transaction:
    print(transaction.version())
"""


def counting(path: Path) -> subprocess.Popen[str]:
    """Another process, about to open the database, that says which version it found."""
    process = subprocess.Popen([sys.executable, "-c", COUNT, str(path)], stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    assert process.stdout.readline() == "trying\n"
    return process


def test_a_database_that_is_kept_open_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    connect = duckdb.connect

    def counted(path: str, **how: Any) -> duckdb.DuckDBPyConnection:  # noqa: ANN401 -- whatever it takes
        opened.append(path)
        return connect(path, **how)

    monkeypatch.setattr(duckdb, "connect", counted)
    store = Store(tmp_path / "talk.duckdb")
    with store.kept_open():
        for number in range(1, 4):
            with store.transaction() as transaction:
                assert transaction.next_version() == number
    assert len(opened) == 1
    with Store(tmp_path / "talk.duckdb").transaction() as transaction:
        assert transaction.version() == 3
    assert len(opened) == 2


def test_another_process_gets_its_turn_while_the_database_is_kept_open_and_busy(tmp_path: Path) -> None:
    store = Store(tmp_path / "talk.duckdb")
    with store.kept_open(), store.transaction() as transaction:
        other = counting(tmp_path / "talk.duckdb")
        transaction.next_version()
    with store.kept_open():
        while other.poll() is None:
            with store.transaction() as transaction:
                transaction.next_version()
    assert other.communicate()[0].strip().isdecimal()


def test_a_small_database_is_worked_on_in_one_thread_and_one_that_grew_in_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talk_assets.store.settings.SMALL", 1_000_000)

    def threads(transaction: Transaction) -> int:
        return transaction.count("SELECT current_setting('threads')")

    everyone = duckdb.connect().execute("SELECT current_setting('threads')").fetchall()[0][0]
    store = Store(tmp_path / "talk.duckdb")
    with store.kept_open():
        with store.transaction() as transaction:
            assert threads(transaction) == 1
            transaction.run("CREATE TABLE t AS SELECT hash(i) AS a, hash(i, 1) AS b FROM range(100_000) r (i)")
        with store.transaction() as transaction:
            assert threads(transaction) == everyone
    with store.reading() as transaction:
        assert threads(transaction) == everyone


def test_what_duckdb_looks_for_in_vain_is_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that fails is tried anew each time; it took a tenth of a run's time."""
    store, tried = Store(tmp_path / "talk.duckdb"), []

    class Finder:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            tried.append(name)

    with store.transaction() as transaction:
        transaction.frame("SELECT 1")  # what is found is imported once
        monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
        assert transaction.count("SELECT ?::INTEGER", 7) == 7
        assert transaction.frame("SELECT ? AS name", "Kari").item() == "Kari"
    assert tried == []


def test_who_gets_its_turn_leaves_nothing_behind(tmp_path: Path) -> None:
    """The mark of one that waited would have the next one close for nobody."""
    store = Store(tmp_path / "talk.duckdb")
    with store.kept_open(), store.transaction():
        other = counting(tmp_path / "talk.duckdb")
        while not (tmp_path / "talk.duckdb.awaited").exists():
            time.sleep(0.01)
    assert other.communicate()[0].strip().isdecimal()
    with store.transaction():
        pass
    assert not (tmp_path / "talk.duckdb.awaited").exists()


def test_another_process_gets_its_turn_while_a_system_is_waited_for(tmp_path: Path) -> None:
    store = Store(tmp_path / "talk.duckdb")

    async def wait() -> int | None:
        with store.kept_open():
            with store.transaction() as transaction:
                transaction.next_version()
            other = counting(tmp_path / "talk.duckdb")
            await asyncio.to_thread(other.communicate)
        return other.returncode

    assert asyncio.run(wait()) == 0


def test_a_process_that_keeps_the_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "talk.duckdb"
    process = holding(path, 60)
    with (
        pytest.raises(StoreLocked, match=rf"talk.duckdb.*{process.pid}.*then run again"),
        Store(path, patience=0.2).transaction(),
    ):
        pass
    process.kill()
    process.wait()
    assert process.stdout
    process.stdout.close()


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "talk.duckdb"
    with Store(path).transaction() as transaction:
        transaction.run("UPDATE sync.format SET format = format + 1")
    with pytest.raises(StoreIncompatible, match=f"format {FORMAT + 1}.*Upgrade"), Store(path).transaction():
        pass


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "talk.duckdb"
    path.write_text("a shopping list, and long enough to be mistaken for something else entirely" * 100)
    with pytest.raises(StoreError, match=r"talk\.duckdb"), Store(path).transaction():
        pass
    assert path.read_text().startswith("a shopping list")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database of some megabytes."""
    path = tmp_path_factory.mktemp("whole") / "talk.duckdb"
    with Store(path).transaction() as transaction:
        transaction.run("CREATE TABLE x AS SELECT i, 'text ' || hash(i) AS s FROM range(100000) r(i)")
    return path.read_bytes()


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "nothing in it": lambda whole: b"",
    "cut short in its header": lambda whole: whole[:100],
    "cut short": lambda whole: whole[: len(whole) // 2],
    "overwritten with zeros": lambda whole: bytes(len(whole)),
    "headers overwritten": lambda whole: whole[:4096] + bytes(8192) + whole[12288:],
    "a block overwritten": lambda whole: whole[: len(whole) // 2] + bytes(4096) + whole[len(whole) // 2 + 4096 :],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_database_is_told_as_such_and_left_alone(
    tmp_path: Path, database: bytes, damage: Callable[[bytes], bytes]
) -> None:
    path, damaged = tmp_path / "talk.duckdb", damage(database)
    path.write_bytes(damaged)
    with (
        pytest.raises(StoreError, match=r"talk\.duckdb: is damaged.*Put back a copy") as raised,
        Store(path, patience=0).transaction() as transaction,
    ):
        transaction.count("SELECT count(*) FROM x WHERE s > 'text 5'")
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == damaged


def test_what_a_crash_left_half_written_in_the_log_is_not_read(tmp_path: Path, database: bytes) -> None:
    path = tmp_path / "talk.duckdb"
    path.write_bytes(database)
    path.with_name("talk.duckdb.wal").write_bytes(b"half a record")
    with Store(path).transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM x") == 100_000


KILLED = """
import os, sys
import duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("SET wal_autocheckpoint = '1GB'")
for n in range(50):
    connection.execute("INSERT INTO x SELECT i, 'later ' || hash(i) FROM range(200) r(i)")
os._exit(0)
"""


@pytest.mark.parametrize("damage", [bytes(64)], ids=["overwritten with zeros"])
@pytest.mark.parametrize("how", ["transaction", "reading"])
def test_a_log_that_is_damaged_in_its_middle_is_named_with_the_ways_out(
    tmp_path: Path, database: bytes, damage: bytes, how: str
) -> None:
    path, log = tmp_path / "talk.duckdb", tmp_path / "talk.duckdb.wal"
    path.write_bytes(database)
    with Store(path).transaction():
        pass
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=True)  # noqa: S603 -- our own interpreter
    whole = log.read_bytes()
    middle = len(whole) // 2
    log.write_bytes(whole[:middle] + damage + whole[middle + len(damage) :])
    damaged = log.read_bytes()
    with pytest.raises(StoreError) as raised, getattr(Store(path, patience=0), how)():
        pass
    said = str(raised.value)
    assert "\n" not in said
    assert f"{log}: the log of the database is damaged" in said
    assert "talk restore" in said
    assert "move this one file aside" in said
    assert "is lost" in said
    assert log.read_bytes() == damaged
    log.rename(tmp_path / "aside.wal")
    with Store(path, patience=0).transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM x") == 100_000


def test_a_file_of_a_newer_duckdb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a newer DuckDB could write one; these are its words where it reads one."""

    def connect(_: str, **__: Any) -> duckdb.DuckDBPyConnection:  # noqa: ANN401 -- whatever it takes
        words = "Trying to read a database file with version number 99, but we can only read versions between 64 and 67"
        raise duckdb.IOException(words)

    monkeypatch.setattr(duckdb, "connect", connect)
    with pytest.raises(StoreIncompatible, match=r"newer DuckDB.*version number 99.*Upgrade"):
        Store(tmp_path / "talk.duckdb").transaction().__enter__()


OPEN = """
import os, resource, sys
from pathlib import Path
from talk_assets.errors import StoreError
from talk_assets.store.database import Store

if sys.argv[2] == "nobody":
    os.setuid(65534)
else:
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    with Store(Path(sys.argv[1])).transaction() as transaction:
        transaction.run("CREATE TABLE y AS SELECT hash(i) AS h FROM range(1000000) r(i)")
except StoreError as error:
    print(error)
"""


def elsewhere(path: Path, who: str) -> str:
    """What a process of its own says when it stores something more, as nobody or where no file may grow."""
    done = subprocess.run([sys.executable, "-c", OPEN, str(path), who], capture_output=True, text=True, check=True)  # noqa: S603 -- our own words
    return done.stdout


def stored(path: Path) -> int:
    with Store(path).transaction() as transaction:
        assert "main.y" not in transaction.columns()
        return transaction.next_version()


def test_where_nothing_more_can_be_written_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "talk.duckdb"
    assert stored(path) == 1
    line = elsewhere(path, "small")
    assert line.count("\n") == 1
    assert "talk.duckdb: could not be written" in line
    assert "free some space and run again" in line
    assert stored(path) == 2


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_cannot_be_written_to_is_named(there: bool) -> None:  # noqa: FBT001 -- a parameter
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "talk.duckdb"
        if there:
            assert stored(path) == 1
            path.chmod(0o444)
        Path(folder).chmod(0o555)
        line = elsewhere(path, "nobody")
        assert "talk.duckdb: cannot be opened" in line
        assert "must exist and be writable" in line
        assert stored(path) == 2 if there else not path.exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="must exist"), Store(tmp_path / "nowhere" / "talk.duckdb").transaction():
        pass


def test_a_column_declared_later_is_added(tmp_path: Path) -> None:
    store = Store(tmp_path / "talk.duckdb")
    with store.transaction() as transaction:
        transaction.ensure({'"webcrm"."persons"': {"_id": "VARCHAR"}})
        transaction.run('INSERT INTO "webcrm"."persons" VALUES (\'1\')')
    with store.transaction() as transaction:
        transaction.ensure({'"webcrm"."persons"': {"_id": "VARCHAR", "address.city": "VARCHAR"}})
        assert transaction.columns()["webcrm.persons"] == {"_id", "address.city"}
        assert transaction.frame('SELECT * FROM "webcrm"."persons"').row(0) == ("1", None)


def test_long_texts_are_compressed_in_the_file_and_in_its_copies(tmp_path: Path) -> None:
    store = Store(tmp_path / "talk.duckdb")
    with store.transaction() as transaction:
        transaction.ensure({'"webcrm"."persons"': {"_id": "VARCHAR", "_record": TEXT}})
        transaction.run(
            "INSERT INTO webcrm.persons SELECT i, repeat(hash(i % 100)::VARCHAR, 100) FROM range(20000) r(i)"
        )
    store.copy_to(tmp_path / "copy.duckdb")
    copy(tmp_path / "copy.duckdb", tmp_path / "restored.duckdb")
    for name in ("talk", "copy", "restored"):
        with Store(tmp_path / f"{name}.duckdb").transaction() as transaction:
            found = transaction.frame(
                "SELECT DISTINCT compression FROM pragma_storage_info('webcrm.persons')"
                " WHERE column_name = '_record' AND segment_type = 'VARCHAR'"
            )
        assert found["compression"].to_list() == ["ZSTD"]


def test_a_file_that_was_laid_out_for_an_older_duckdb_goes_on_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "talk.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE x AS SELECT 1 AS i")
    with Store(path).transaction() as transaction:
        transaction.ensure({'"webcrm"."persons"': {"_id": "VARCHAR", "_record": TEXT}})
        transaction.run("INSERT INTO webcrm.persons SELECT i, 'text' FROM range(20000) r(i)")
    with Store(path).transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM webcrm.persons JOIN x ON true") == 20_000


def test_only_what_ducklake_takes_is_in_the_database(tmp_path: Path) -> None:
    """No primary keys, unique constraints, sequences or indexes: the tables are to live in DuckLake too."""
    path = tmp_path / "talk.duckdb"
    with Store(path).transaction():
        pass
    with duckdb.connect(str(path)) as connection:
        for kind in (
            "duckdb_constraints() WHERE constraint_type <> 'NOT NULL'",
            "duckdb_indexes()",
            "duckdb_sequences()",
        ):
            assert connection.execute(f"SELECT count(*) FROM {kind}").fetchone() == (0,)


@pytest.mark.skipif(find_spec("pandas") is not None, reason="pandas is installed: nothing is noted")
def test_duckdb_searches_for_pandas_at_each_parameter_unless_told_that_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where it no longer does: remove what says so to it, and its decision record."""
    searched: list[str] = []

    class Noting:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            searched.append(name)

    def search() -> bool:
        searched.clear()
        with duckdb.connect() as connection:
            connection.execute("SELECT ?", ["a"])
        return "pandas" in searched

    monkeypatch.setattr(sys, "meta_path", [Noting, *sys.meta_path])
    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    assert search()
    with Store(None).transaction():
        assert not search()
