"""What is too much for one transaction is reconciled in steps and through files, and comes to the same."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import polars as pl
import pytest

from talk_assets.model.lens.lens import Lens, Text
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.sync.prepared import prepared

FEW = 3

Prepared = Callable[[Office], None]
Opened = Callable[[Prepared], Office]


class Died(BaseException):
    """The process is no more."""


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """As many offices as are wanted, each with the same people and companies in both systems.

    The hub of each is made at once, as the next office has another store.
    """
    numbers = itertools.count()

    def of(state: Prepared) -> Office:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        office = prepared(open_office(folder, monkeypatch), monkeypatch, state)
        assert office.hub.run == office.run
        return office

    return of


def untouched(office: Office) -> None:
    """Each system knows something that the other does not, and nothing was read yet."""
    knows_more(office, "crm/companies", website=Text("web"))
    knows_more(office, "erp/contacts", job_title=Text("title"))
    for n in range(4):
        employer = office.create("crm/companies", name=f"Firm {n}", number=f"{n}" * 9, web=f"www.firm{n}.example")
        customer = office.create("erp/customers", name=f"Firm {n} Inc", number=f"{n}" * 9)
        for one in range(1 + n % 2):
            email = f"kari.{n}.{one % (n + 1)}@example.com"
            office.create("crm/people", email=email, first_name=f"Kari {n}", employer=employer)
            if n % 3:
                office.create(
                    "erp/contacts", email=email, first_name=f"Kari-{n}-{one}", employer=customer, title=f"No. {n}"
                )


def knows_more(office: Office, key: str, **more: Text) -> None:
    memory = office.memories[key]
    memory.collection = replace(memory.collection, lens=Lens(**memory.collection.lens.properties, **more))


def edited(office: Office) -> None:
    """Everything is in step; then people go on."""
    untouched(office)
    office.sync()
    for n, record in enumerate(office.records("crm/people")):
        if n % 2:
            office.memories["crm/people"].edit(record["id"], {"first_name": f"Ola {n}"})
    for n, record in enumerate(office.records("erp/contacts")):
        if n % 3:
            office.memories["erp/contacts"].edit(record["id"], {"first_name": f"Per {n}"})
    office.memories["erp/contacts"].delete(office.records("erp/contacts")[0]["id"])


@contextmanager
def in_steps(dies_after: int | None = None) -> Iterator[list[int]]:
    """A few records are many; after so many steps the process dies. Yield the number of steps, once they are done."""
    step, done = Transaction.step, [0]

    def mortal(transaction: Transaction) -> None:
        step(transaction)
        done[0] += transaction.in_steps
        if dies_after is not None and done[0] > dies_after:
            raise Died

    with mock.patch.object(tables, "CHUNK", FEW), mock.patch.object(Transaction, "step", mortal):
        yield done


def decided(office: Office) -> dict[str, list[tuple[object, ...]]]:
    """Everything that was decided, but for when."""
    with office.transaction() as transaction:
        found = {
            name: transaction.frame(f"FROM {name}")
            for kind in ("company", "person")
            for name in (tables.links(kind), tables.golden(kind))
        }
        found |= {name: transaction.frame(f"FROM {name}") for name in ("sync.changes", "sync.held", "sync.conflicts")}
    return {name: timeless(rows) for name, rows in found.items()}


def timeless(rows: pl.DataFrame) -> list[tuple[object, ...]]:
    kept = rows.select(
        sorted(name for name in rows.columns if not name.endswith("_at") and name not in {"since", "run"})
    )
    return kept.unique().sort(kept.columns, nulls_last=True).rows()


@pytest.mark.parametrize("state", [pytest.param(untouched, marks=pytest.mark.thorough), edited])
def test_in_steps_all_is_decided_as_at_once(state: Prepared, opened: Opened) -> None:
    whole, steps = opened(state), opened(state)
    whole.reconcile_only()
    with in_steps() as done:
        steps.reconcile_only()
    assert done[0] > len(whole.memories)
    assert decided(steps) == decided(whole)
    assert decided(whole)["sync.conflicts"]
    assert decided(whole)["sync.changes"]


@pytest.mark.parametrize("state", [pytest.param(untouched, marks=pytest.mark.thorough), edited])
def test_a_process_that_dies_between_two_steps_leaves_what_the_next_one_makes_whole(
    state: Prepared, opened: Opened
) -> None:
    whole = opened(state)
    whole.reconcile_only()
    expected = decided(whole)
    for after in itertools.count():
        office = opened(state)
        try:
            with in_steps(after):
                office.reconcile_only()
                break
        except Died:
            office.reconcile_only()
        assert decided(office) == expected, f"died after step {after}"
    assert after > len(whole.memories)


def test_what_is_reconciled_through_files_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "talk.duckdb.killed.parts").mkdir()
    office = open_office(tmp_path, monkeypatch, on_disk=True)
    untouched(office)
    with in_steps():
        office.reconcile_only()
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".parts"] == []
