"""A database that an earlier version wrote opens, and nothing that was known or decided is lost.

`format-2.duckdb.gz` was written by the last version that had this format, over three systems in memory whose records
are in `format-2.json`: five linked people, a conflict and one that was decided, two records held, a record that was
unlinked by hand, and runs that can be undone.
"""

import asyncio
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from talk_assets.errors import StoreIncompatible
from talk_assets.operate import backups
from talk_assets.store import migrations
from talk_assets.store.database import Store
from talk_assets.store.schema import FORMAT, SYNC_TABLES
from talk_assets.store.transaction import Transaction
from talk_assets_tests.sync.chain import CRM, Chain

HERE = Path(__file__).parent
COPY = "talk-format-2.duckdb"


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    file = tmp_path / "talk.duckdb"
    file.write_bytes(gzip.decompress((HERE / "format-2.duckdb.gz").read_bytes()))
    chain = Chain(store=Store(file))
    state = json.loads((HERE / "format-2.json").read_text("utf-8"))
    chain.world.now = state["now"]
    for key, stored in state["systems"].items():
        memory = chain.memories[key]
        memory.records, memory.history, memory.born = stored["records"], stored["history"], stored["born"]
    return chain


def counts(transaction: Transaction) -> dict[str, int]:
    tables = ("person.links", "person.golden", "sync.journal", "sync.conflicts", "sync.past_conflicts", "sync.held")
    return {table: transaction.count(f"SELECT count(*) FROM {table}") for table in (*tables, "sync.edits", "sync.runs")}


def test_everything_is_there_and_a_sync_writes_nothing(chain: Chain) -> None:
    with chain.transaction() as transaction:
        known = counts(transaction)
        done = [(number, COPY) for number in range(3, FORMAT + 1)]
        assert transaction.frame("SELECT format, copy FROM sync.migrations").rows() == done
        decided = (
            "SELECT linked_by, gone_by FROM person.links WHERE gone_by IS NOT NULL OR linked_by = 'hand' ORDER BY ALL"
        )
        assert transaction.frame(decided).rows() == [("created", "unlinked"), ("hand", None)]
    assert known == {
        "person.links": 17, "person.golden": 7, "sync.journal": 15, "sync.conflicts": 1, "sync.past_conflicts": 1,
        "sync.held": 2, "sync.edits": 5, "sync.runs": 5,
    }  # fmt: skip
    before = {key: dict(memory.records) for key, memory in chain.memories.items()}
    for full in (True, True, False):
        chain.sync(full=full)
    assert {key: memory.records for key, memory in chain.memories.items()} == before
    with chain.transaction() as transaction:
        assert counts(transaction) == known


def test_a_run_from_before_can_be_undone(chain: Chain) -> None:
    hub = chain.hub("undo")
    plan = hub.plan_undo("run-4")
    assert plan.possible.height == 2
    for name in hub.systems:
        asyncio.run(hub.undo(name, {"erp/people", "shop/people"}))
    assert chain.memories["shop/people"].records["shop4"]["first_name"] != "Undo me"


def test_the_file_from_before_is_kept_beside_it(chain: Chain) -> None:
    with chain.transaction():
        pass
    path = chain.store.path
    assert path
    with pytest.raises(StoreIncompatible, match="The next sync upgrades it"), Store(path.with_name(COPY)).reading():
        pass
    Store(path.with_name(COPY)).transaction().__enter__()


def test_nothing_of_a_migration_that_fails_stays(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(transaction: Transaction) -> None:
        transaction.run("DROP TABLE sync.journal")
        message = "the last step"
        raise RuntimeError(message)

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", {**migrations.MIGRATIONS, FORMAT + 1: fail})
        with pytest.raises(RuntimeError, match="the last step"), chain.transaction():
            pass
    chain.store = Store(chain.store.path)
    with chain.transaction() as transaction:
        assert counts(transaction)["sync.journal"] == 15


def test_a_migrated_database_has_the_tables_of_a_new_one(chain: Chain) -> None:
    new = Store(None)
    with chain.transaction() as migrated, new.transaction() as fresh:
        fresh.run(SYNC_TABLES)
        there, wanted = migrated.columns(), fresh.columns()
    assert {name: columns for name, columns in there.items() if name.startswith("sync.")} == wanted


def test_conflicts_that_waited_still_do(chain: Chain) -> None:
    with chain.transaction() as transaction:
        (row,) = transaction.frame("SELECT field, value, origin FROM sync.conflicts").rows()
    assert row == ("first_name", "Karin", f"{CRM}/crm1")


def test_a_copy_from_before_replaces_no_other(chain: Chain) -> None:
    path = chain.store.path
    assert path
    path.with_name(COPY).write_text("an earlier one")
    with chain.transaction():
        pass
    assert path.with_name(COPY).read_text() == "an earlier one"
    assert path.with_name("talk-format-2-2.duckdb").exists()


def test_a_backup_of_an_earlier_version_is_restored_and_upgraded(chain: Chain) -> None:
    path = chain.store.path
    assert path
    backup = path.rename(path.with_name("backup.duckdb"))
    backups.restore(chain.store, backup, datetime.now(UTC))
    with Store(path).reading() as transaction:
        assert set(transaction.frame("SELECT copy FROM sync.migrations")["copy"]) == {backup.name}
    assert sorted(file.name for file in path.parent.iterdir()) == ["backup.duckdb", "talk.duckdb"]
