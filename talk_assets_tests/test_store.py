"""The database has one door, and one process behind it at a time."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from talk_assets.errors import StoreError, StoreIncompatible, StoreLocked
from talk_assets.store import FORMAT, Store

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


def test_an_exception_rolls_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "talk.duckdb")
    with pytest.raises(duckdb.CatalogException), store.transaction() as transaction:
        transaction.run("CREATE TABLE sync.lost AS SELECT 1; SELECT * FROM sync.nowhere")
    with store.transaction() as transaction:
        assert transaction.columns("sync.lost") == ()


def test_a_second_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "talk.duckdb"
    process = holding(path, 0.5)
    with Store(path, patience=20).transaction() as transaction:
        assert transaction.next_version() == 1
    process.wait()
    assert process.stdout
    process.stdout.close()


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


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="must exist"), Store(tmp_path / "nowhere" / "talk.duckdb").transaction():
        pass


def test_a_column_declared_later_is_added(tmp_path: Path) -> None:
    store = Store(tmp_path / "talk.duckdb")
    with store.transaction() as transaction:
        transaction.ensure('"webcrm"."persons"', {"_id": "VARCHAR"})
        transaction.run('INSERT INTO "webcrm"."persons" VALUES (\'1\')')
    with store.transaction() as transaction:
        transaction.ensure('"webcrm"."persons"', {"_id": "VARCHAR", "address.city": "VARCHAR"})
        assert transaction.columns('"webcrm"."persons"') == ("_id", "address.city")
        assert transaction.frame('SELECT * FROM "webcrm"."persons"').row(0) == ("1", None)


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
