"""What is written is due to a pair in mode write that the run is about; the rest waits, and says for which dataflow."""

import asyncio
from dataclasses import replace

import pytest

from talk_assets.model.dataflows import OnDelete, Pair
from talk_assets.sync.plan import permits as judge
from talk_assets.sync.plan.permits import Permits
from talk_assets_tests.simulator.fate import Written
from talk_assets_tests.simulator.script import Fault, Kind, Point
from talk_assets_tests.simulator.world import Crash
from talk_assets_tests.sync.chain import CRM, ERP, FIRST, SECOND, SHOP, Chain
from talk_assets_tests.sync.prepared import chain_of

KARI = {"email": "kari@acme.no", "first_name": "Kari"}


@pytest.fixture
def chain() -> Chain:
    return Chain()


def kari() -> Chain:
    """Kari is in all three systems."""
    chain = Chain()
    chain.create(CRM, **KARI)
    chain.sync()
    chain.sync()
    assert chain.shown(SHOP, "first_name") == [("Kari",)]
    return chain


@pytest.fixture
def linked() -> Chain:
    return chain_of(kari)


@pytest.mark.parametrize("how", ["planned", pytest.param("left_out", marks=pytest.mark.thorough)])
def test_a_create_needs_a_record_on_the_left_of_a_pair_that_writes(chain: Chain, how: str) -> None:
    """The erp is written to, from the shop's side; the crm's dataflow only plans."""
    chain.create(CRM, **KARI)
    chain.create(ERP, email="ola@acme.no", first_name="Ola")
    for _ in range(2):
        chain.sync(**{how: [FIRST]})  # type: ignore[arg-type]
    assert chain.shown(ERP, "first_name") == [("Ola",)]
    assert chain.shown(SHOP, "first_name") == [("Ola",)]
    chain.sync()
    chain.sync()
    assert sorted(chain.shown(SHOP, "first_name")) == [("Kari",), ("Ola",)]


@pytest.mark.parametrize("how", ["planned", pytest.param("left_out", marks=pytest.mark.thorough)])
def test_an_edit_in_a_planned_dataflow_waits_everywhere(linked: Chain, how: str) -> None:
    linked.edit(CRM, "crm1", first_name="Karin")
    linked.sync(**{how: [FIRST]})  # type: ignore[arg-type]
    assert linked.shown(ERP, "first_name") == linked.shown(SHOP, "first_name") == [("Kari",)]
    assert [change["collection"] for change in linked.changes()] == [ERP, SHOP]
    linked.sync()
    assert linked.shown(ERP, "first_name") == linked.shown(SHOP, "first_name") == [("Karin",)]
    assert linked.changes() == []


def test_an_edit_in_a_dataflow_that_writes_goes_out_beside_one_that_waits(linked: Chain) -> None:
    """One change, two fields: what the erp set goes to the shop, what the crm set does not; the crm gets neither."""
    linked.edit(CRM, "crm1", first_name="Karin")
    linked.edit(ERP, "erp1", job_title="Chief")
    linked.sync(planned=[FIRST])
    assert linked.shown(SHOP, "first_name", "job_title") == [("Kari", "Chief")]
    assert linked.shown(CRM, "first_name", "job_title") == [("Karin", None)]
    assert linked.shown(ERP, "first_name", "job_title") == [("Kari", "Chief")]
    linked.sync()
    for key in (CRM, ERP, SHOP):
        assert linked.shown(key, "first_name", "job_title") == [("Karin", "Chief")]


def test_an_edit_that_a_record_in_a_writing_dataflow_shows_as_well_goes_out(linked: Chain) -> None:
    """Whoever set it first: the shop is to show what the erp shows."""
    linked.edit(ERP, "erp1", first_name="Karin")
    linked.edit(CRM, "crm1", first_name="Karin")
    linked.sync(planned=[FIRST])
    assert linked.shown(SHOP, "first_name") == [("Karin",)]


def test_a_create_carries_what_its_left_record_shows(chain: Chain) -> None:
    """The crm's newer name is only planned: the shop gets the erp's, and the crm's once that dataflow writes."""
    chain.create(ERP, **KARI)
    chain.create(CRM, email="kari@acme.no", first_name="Karin")
    for _ in range(2):
        chain.sync(planned=[FIRST])
    assert chain.shown(ERP, "first_name") == chain.shown(SHOP, "first_name") == [("Kari",)]
    chain.sync()
    assert chain.shown(ERP, "first_name") == chain.shown(SHOP, "first_name") == [("Karin",)]


def test_a_create_that_was_never_sent_is_not_sent_with_what_is_only_planned_by_now(chain: Chain) -> None:
    """The process died before it sent the crm's name to the shop."""
    chain.create(ERP, **KARI)
    chain.create(CRM, email="kari@acme.no", first_name="Karin")
    hub = chain.reconcile()
    chain.world.fate = Written((Fault(Kind.CRASH, Point(f"write {SHOP}", None, 0)),))
    with pytest.raises(Crash):
        asyncio.run(hub.write("shop"))
    chain.world.begin(Written())
    chain.sync(planned=[FIRST])
    assert chain.shown(SHOP, "first_name") == [("Kari",)]
    chain.sync()
    assert chain.shown(SHOP, "first_name") == [("Karin",)]


def test_a_field_that_is_held_waits_for_no_dataflow(chain: Chain) -> None:
    """The shop did not take the name: the rest of the create goes out, and nothing of it waits for the crm."""
    chain.create(ERP, **KARI)
    chain.create(CRM, email="kari@acme.no", first_name="Karin")
    hub = chain.reconcile()
    permits = Permits((FIRST, SECOND), planned=frozenset([FIRST]))
    with chain.transaction() as transaction:
        assert list(judge.reasons(transaction, permits, SHOP, hub.topologies["person"].collections).values()) == [
            "first_name was set in crm/people, and crm-erp is in mode plan"
        ]
        transaction.run(
            "INSERT INTO sync.refused_fields BY NAME SELECT 'person' AS entity_type, collection, entity_id,"
            " 'first_name' AS field, false AS released FROM sync.changes WHERE collection = ?",
            SHOP,
        )
        assert judge.reasons(transaction, permits, SHOP, hub.topologies["person"].collections) == {}


@pytest.mark.parametrize("on_delete", [OnDelete.DELETE, OnDelete.KEEP])
def test_a_deletion_is_due_to_the_pair_that_demands_it(on_delete: OnDelete) -> None:
    first, second = replace(FIRST, on_delete=OnDelete.DELETE), replace(SECOND, on_delete=on_delete)
    chain = Chain(pairs=(first, second))
    chain.create(CRM, **KARI)
    chain.sync()
    chain.memories[CRM].delete("crm1")
    chain.sync(planned=[first], full=True)
    assert len(chain.shown(ERP, "email")) == len(chain.shown(SHOP, "email")) == 1
    chain.sync(full=True)
    assert chain.shown(ERP, "email") == []


def test_a_collection_that_no_pair_in_mode_write_names_is_not_written_to(linked: Chain) -> None:
    linked.edit(ERP, "erp1", first_name="Karin")
    linked.sync(planned=[FIRST, SECOND])
    assert linked.shown(CRM, "first_name") == linked.shown(SHOP, "first_name") == [("Kari",)]


def test_what_waits_names_the_dataflow() -> None:
    permits = Permits((FIRST, SECOND), planned=frozenset([FIRST]))
    assert permits.why_not(CRM, SHOP) == "crm-erp is in mode plan"
    assert permits.why_not_created(ERP) == "crm-erp is in mode plan"
    assert Permits((FIRST, SECOND), left_out=frozenset([FIRST])).why_not(CRM, SHOP) == "this run is not about crm-erp"


def test_collections_that_no_pair_connects_share_what_matching_found() -> None:
    """Nobody put a dataflow between them in mode plan."""
    other = Pair("pay/people", "pension/people")
    permits = Permits((FIRST, SECOND, other))
    assert permits.counts(CRM, "pay/people")
    assert not Permits((FIRST, SECOND, other), planned=frozenset([other])).counts("pay/people", CRM)
    assert not Permits((FIRST, SECOND, other), planned=frozenset([other])).counts(CRM, "pay/people")


def test_what_a_system_set_that_is_switched_off_now_is_not_written_where_a_dataflow_only_plans(linked: Chain) -> None:
    """The shop's edit was read while its pair was on; now the crm is in a planned dataflow alone."""
    linked.edit(SHOP, "shop1", first_name="Karin")
    linked.reconcile()
    linked.pairs = (FIRST,)
    linked.sync(planned=[FIRST])
    assert linked.shown(CRM, "first_name") == linked.shown(ERP, "first_name") == [("Kari",)]
    linked.sync()
    assert linked.shown(CRM, "first_name") == linked.shown(ERP, "first_name") == [("Karin",)]
