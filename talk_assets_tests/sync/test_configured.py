"""What is due depends on the configuration as well: when it changes, what it concerns is planned again."""

from dataclasses import replace

import pytest

from talk_assets.model.dataflows import OnDelete
from talk_assets_tests.sync.chain import CRM, ERP, FIRST, SECOND, SHOP, Chain


def emails(chain: Chain, key: str) -> list[str]:
    return sorted(str(email) for (email,) in chain.shown(key, "email"))


def test_a_pair_that_is_switched_on_later_creates_what_it_demands() -> None:
    """Starting with one pair and enabling the next is the normal way in."""
    chain = Chain(pairs=(FIRST,))
    for name in ("kari", "ola"):
        chain.create(CRM, email=f"{name}@acme.no")
    chain.sync()
    chain.sync()
    chain.pairs = (FIRST, SECOND)
    notes = chain.sync().notes
    assert emails(chain, SHOP) == ["kari@acme.no", "ola@acme.no"]
    assert notes == [
        "person: every change was planned again, because the pair erp/people → shop/people was switched on"
    ]
    assert chain.sync().notes == []


def test_a_pair_that_is_switched_off_demands_nothing_any_more() -> None:
    chain = Chain()
    chain.create(CRM, email="kari@acme.no")
    chain.sync(left_out=[FIRST, SECOND])
    assert [change["action"] for change in chain.changes()] == ["create", "create"]
    chain.pairs = (FIRST,)
    chain.reconcile()
    assert [change["collection"] for change in chain.changes()] == [ERP]


def test_a_pair_that_is_switched_off_and_on_again_creates_what_came_meanwhile() -> None:
    chain = Chain()
    chain.create(CRM, email="kari@acme.no")
    chain.sync()
    chain.pairs = (FIRST,)
    chain.create(CRM, email="ola@acme.no")
    chain.sync()
    chain.pairs = (FIRST, SECOND)
    chain.sync()
    assert emails(chain, SHOP) == ["kari@acme.no", "ola@acme.no"]


@pytest.mark.parametrize("on_delete", [OnDelete.DELETE])
def test_on_delete_that_changes_counts_for_what_was_deleted_before(on_delete: OnDelete) -> None:
    chain = Chain(pairs=(FIRST,))
    chain.create(CRM, email="kari@acme.no")
    chain.sync()
    chain.memories[CRM].delete("crm1")
    chain.sync(full=True)
    assert emails(chain, ERP) == ["kari@acme.no"]
    chain.pairs = (replace(FIRST, on_delete=on_delete),)
    notes = chain.sync().notes
    assert emails(chain, ERP) == []
    assert "on_delete of the pair crm/people → erp/people is delete now, and was keep" in notes[0]


def test_a_collection_that_may_be_created_in_later_gets_its_records() -> None:
    chain = Chain(pairs=(FIRST,))
    chain.declare(ERP, creatable=False)
    chain.create(CRM, email="kari@acme.no")
    chain.sync()
    assert emails(chain, ERP) == []
    chain.declare(ERP, creatable=True)
    chain.sync()
    assert emails(chain, ERP) == ["kari@acme.no"]


def test_a_database_of_which_it_is_not_known_what_was_configured_is_planned_again() -> None:
    """One that was written before this was noted may have missed what a pair demanded."""
    chain = Chain()
    chain.create(CRM, email="kari@acme.no")
    chain.sync()
    with chain.transaction() as transaction:
        transaction.run("DELETE FROM sync.configured")
    assert len(chain.sync().notes) == 1
    assert chain.sync().notes == []
