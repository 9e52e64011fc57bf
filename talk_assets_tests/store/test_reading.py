"""Who only reads writes nothing, waits for nobody's run, and needs no table to be there."""

import multiprocessing
import os
from pathlib import Path

import duckdb
import pytest

from talk_assets.errors import StoreIncompatible, StoreLocked
from talk_assets.store.database import Store

WANTED = {'"crm".people': {"id": "VARCHAR", "name": "VARCHAR"}, '"crm".firms': {"id": "VARCHAR"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with one table of two columns, one of which is `WANTED` without being there."""
    path = tmp_path / "talk.duckdb"
    with Store(path).transaction() as transaction:
        transaction.ensure({'"crm".people': {"id": "VARCHAR"}})
        transaction.run("INSERT INTO crm.people VALUES ('1')")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_before_the_first_sync_everything_is_empty_and_no_file_is_made(tmp_path: Path) -> None:
    with Store(tmp_path / "talk.duckdb").reading(WANTED) as transaction:
        assert transaction.count("SELECT count(*) FROM crm.people") == 0
        assert transaction.count("SELECT count(*) FROM sync.held") == 0
        assert transaction.version() == 0
    assert contents(tmp_path) == {}


def test_tables_and_columns_that_were_never_made_are_empty_and_the_file_stays_as_it_is(file: Path) -> None:
    before = contents(file.parent)
    with Store(file).reading(WANTED) as transaction:
        assert transaction.frame("SELECT id, name FROM crm.people").rows() == [("1", None)]
        assert transaction.frame("SELECT * FROM crm.firms").rows() == []
    assert contents(file.parent) == before


def test_what_reads_cannot_write(file: Path) -> None:
    with Store(file).reading(WANTED) as transaction:
        transaction.run("CREATE TEMP TABLE own AS SELECT 1 AS n")  # of its own, it may
        with pytest.raises(duckdb.Error, match=r"read-only|not an table"):
            transaction.run("INSERT INTO crm.people (id) VALUES ('2')")


def test_a_folder_that_may_not_be_written_can_be_read(file: Path) -> None:
    file.chmod(0o444)
    file.parent.chmod(0o555)
    try:
        with Store(file).reading() as transaction:
            assert transaction.count("SELECT count(*) FROM crm.people") == 1
    finally:
        file.parent.chmod(0o755)


def test_two_processes_read_at_once(file: Path) -> None:
    with Store(file).reading(), multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(count_people, [file])


def count_people(file: Path) -> int:
    with Store(file, patience=0).reading() as transaction:
        return transaction.count("SELECT count(*) FROM crm.people")


def test_who_reads_waits_for_who_writes(file: Path) -> None:
    holder = duckdb.connect(str(file))
    try:
        with pytest.raises(StoreLocked, match="has held the database"), Store(file, patience=0).reading():
            pass
    finally:
        holder.close()
    with Store(file, patience=0).reading() as transaction:
        assert transaction.count("SELECT count(*) FROM crm.people") == 1


def test_what_a_killed_process_left_in_the_log_is_read(file: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=write_and_die, args=[file])
    child.start()
    child.join()
    assert file.with_name(f"{file.name}.wal").exists()
    with Store(file).reading() as transaction:
        assert transaction.count("SELECT count(*) FROM crm.people") == 2


def write_and_die(file: Path) -> None:
    connection = duckdb.connect(str(file))
    connection.execute("INSERT INTO crm.people VALUES ('2')")
    os._exit(1)


def test_a_database_of_an_earlier_version_is_upgraded_by_the_next_sync_and_not_by_reading(file: Path) -> None:
    with Store(file).transaction() as transaction:
        transaction.run("UPDATE sync.format SET format = 2")
    before = contents(file.parent)
    with pytest.raises(StoreIncompatible, match="The next sync upgrades it"), Store(file).reading():
        pass
    assert contents(file.parent) == before
