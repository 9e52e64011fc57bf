"""A backup is a state that a sync could go on from; going back to one loses neither it nor the present one."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from talk_assets.errors import ConfigurationError, StoreError, StoreIncompatible
from talk_assets.operate.backups import back_up, restore
from talk_assets.store.database import Store
from talk_assets.store.schema import FORMAT

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

WRITE = """
import sys
from pathlib import Path
from talk_assets.store.database import Store
store = Store(Path(sys.argv[1]))
for n in range(100_000):
    with store.transaction() as transaction:
        version = transaction.next_version()
        transaction.run("INSERT INTO sync.full_reads VALUES (?, '')", str(version))
        if n == 0:
            print("writing", flush=True)
"""
"""A sync that never ends: with each version goes one row."""

DIE = """
import os, sys
from pathlib import Path
from talk_assets.operate.backups import restore
from talk_assets.store.database import Store
from talk_assets_tests.test_backup import NOW
folder, left = Path(sys.argv[1]), int(sys.argv[2])

def die(event, arguments):
    global left
    if event in {"open", "os.link", "os.rename", "os.remove"} and str(folder) in str(arguments):
        left -= 1
        if left < 0:
            os._exit(9)

sys.addaudithook(die)
restore(Store(folder / "talk.duckdb"), folder / "backup.duckdb", NOW)
"""
"""A restore that dies at the n-th thing it does with a file."""


def versions(path: Path, count: int) -> Store:
    """A database in which so much has happened."""
    store = Store(path)
    for _ in range(count):
        with store.transaction() as transaction:
            transaction.next_version()
    return store


def version(path: Path) -> int:
    with Store(path).transaction() as transaction:
        return transaction.count("SELECT version FROM sync.clock")


def test_a_backup_made_while_another_process_writes_is_of_a_moment_between_two_transactions(tmp_path: Path) -> None:
    path = tmp_path / "talk.duckdb"
    with subprocess.Popen([sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own words
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        files = [tmp_path / f"{n}.duckdb" for n in range(3)]
        for file in files:
            back_up(Store(path), file)
        process.kill()
    for file in files:
        with Store(file).transaction() as transaction:
            rows = transaction.count("SELECT count(*) FROM sync.full_reads")
            assert transaction.count("SELECT version FROM sync.clock") == rows > 0


def test_a_backup_overwrites_nothing(tmp_path: Path) -> None:
    store, file = versions(tmp_path / "talk.duckdb", 1), tmp_path / "taken"
    file.write_text("mine")
    with pytest.raises(ConfigurationError, match="taken: exists already"):
        back_up(store, file)
    assert file.read_text() == "mine"


def test_without_a_database_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no database yet"):
        back_up(Store(tmp_path / "talk.duckdb"), tmp_path / "backup.duckdb")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_into_a_folder_that_is_not_there_ends_in_one_line(tmp_path: Path) -> None:
    store = versions(tmp_path / "talk.duckdb", 1)
    with pytest.raises(StoreError, match=r"could not be written"):
        back_up(store, tmp_path / "nowhere" / "backup.duckdb")


def test_restoring_keeps_the_present_database_and_the_backup(tmp_path: Path) -> None:
    path, file = tmp_path / "talk.duckdb", tmp_path / "backup.duckdb"
    back_up(versions(path, 3), file)
    kept = restore(versions(path, 2), file, NOW)
    assert kept == tmp_path / "talk-until-20260102T030405.duckdb"
    assert (version(path), version(kept), version(file)) == (3, 5, 3)
    assert {one.name for one in tmp_path.iterdir()} == {path.name, file.name, kept.name}


def test_after_restoring_every_collection_is_read_in_full(tmp_path: Path) -> None:
    path, file = tmp_path / "talk.duckdb", tmp_path / "backup.duckdb"
    store = Store(path)
    with store.transaction() as transaction:
        transaction.run("INSERT INTO sync.cursors (collection, cursor, full_at) VALUES ('crm/people', '7', now())")
        transaction.run("INSERT INTO sync.full_reads VALUES ('crm/people', '1')")
    back_up(store, file)
    restore(store, file, NOW)
    with store.transaction() as transaction:
        assert transaction.frame("SELECT cursor, position, full_at FROM sync.cursors").row(0) == (None, None, None)
        assert transaction.count("SELECT count(*) FROM sync.full_reads") == 0


def test_a_lost_database_is_replaced(tmp_path: Path) -> None:
    path, file = tmp_path / "talk.duckdb", tmp_path / "backup.duckdb"
    back_up(versions(path, 3), file)
    path.unlink()
    assert restore(Store(path), file, NOW) is None
    assert version(path) == 3


def test_a_broken_database_is_replaced_and_kept_with_what_belongs_to_it(tmp_path: Path) -> None:
    path, file, log = tmp_path / "talk.duckdb", tmp_path / "backup.duckdb", tmp_path / "talk.duckdb.wal"
    back_up(versions(path, 3), file)
    path.write_text("no database")
    log.write_text("nor this")
    kept = restore(Store(path), file, NOW)
    assert version(path) == 3
    assert kept is not None
    assert (kept.read_text(), kept.with_name(kept.name + ".wal").read_text()) == ("no database", "nor this")


def test_what_is_no_backup_is_not_restored(tmp_path: Path) -> None:
    path, file = tmp_path / "talk.duckdb", tmp_path / "other.duckdb"
    store = versions(path, 3)
    with pytest.raises(ConfigurationError, match="there is no such file"):
        restore(store, file, NOW)
    duckdb.connect(str(file)).close()
    with pytest.raises(StoreIncompatible, match=r"other.duckdb: is no database of ours"):
        restore(store, file, NOW)
    file.unlink()
    back_up(store, file)
    with duckdb.connect(str(file)) as connection:
        connection.execute("UPDATE sync.format SET format = ?", [FORMAT + 1])
    with pytest.raises(StoreIncompatible, match="newer version"):
        restore(store, file, NOW)
    assert version(path) == 3
    assert {one.name for one in tmp_path.iterdir()} == {path.name, file.name}


def test_a_restore_that_is_killed_leaves_the_present_database_or_the_restored_one(tmp_path: Path) -> None:
    found = set()
    for step in range(0, 50, 2):
        folder = tmp_path / str(step)
        folder.mkdir()
        path, file = folder / "talk.duckdb", folder / "backup.duckdb"
        back_up(versions(path, 3), file)
        versions(path, 2)
        killed = subprocess.run([sys.executable, "-c", DIE, str(folder), str(step)], check=False)  # noqa: S603 -- our own words
        assert killed.returncode in {0, 9}
        found.add(version(path))
        assert version(path) in {3, 5}
        assert version(file) == 3
        if version(path) == 3:
            assert version(folder / "talk-until-20260102T030405.duckdb") == 5
        assert restore(Store(path), file, NOW.replace(year=2027)) is not None
        assert version(path) == 3
        if not killed.returncode:
            break
    assert not killed.returncode
    assert found == {3, 5}
    assert step > 3
