"""The demo's sandbox, read and linked: what its generator knows to be the same, and nothing else."""

import asyncio

import pytest

from talk_assets.config.talk_file import Matching
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.model.entities import ENTITIES
from talk_assets.sandbox.serving import EPOCH
from talk_assets.store.database import Store
from talk_assets_tests.evidence_sets.demo_truth import Truth, missed, truth, wrong_links
from talk_assets_tests.whole.firm import firm

RECORDS, SEED = 60, 1
"""The demo's."""


@pytest.fixture(scope="module")
def linked() -> Store:
    """The database after the demo's seven systems were read and their records linked; nothing was written yet."""
    with firm(records=RECORDS, pairs=[pair for dataflow in DATAFLOWS for pair in dataflow.pairs]) as opened:
        with opened.store.kept_open():
            opened.hub.evidence = Matching().evidence()
            for name in opened.hub.systems:
                asyncio.run(opened.hub.read(name))
            for entity in ENTITIES:
                opened.hub.reconcile(entity)
        return opened.store


@pytest.fixture(scope="module")
def known() -> Truth:
    return truth(records=RECORDS, seed=SEED, epoch=EPOCH)


def test_the_truth_knows_every_record_that_was_read_but_the_lines_of_orders(linked: Store, known: Truth) -> None:
    with linked.reading() as transaction:
        read = {
            (f"{schema}/{table}", id_)
            for schema, table in transaction.frame(
                "SELECT table_schema, table_name FROM information_schema.columns WHERE column_name = '_record'"
            ).iter_rows()
            for (id_,) in transaction.frame(
                f'SELECT _id FROM "{schema}"."{table}" WHERE _record IS NOT NULL'
            ).iter_rows()
        }
    assert {collection for collection, _ in read - {*known}} == {
        "webcrm/quotationline",
        "powerofficego/salesorderlines",
    }
    assert {collection for collection, _ in {*known} - read} == {"powerofficego/salesorders"}  # those that are invoiced
    assert len({*known}) > 600


def test_shared_things_are_the_same_everywhere_and_no_others(known: Truth) -> None:
    """Counted by hand: two fifths of 60 persons, and each in the five systems that have persons."""
    people = [record for record, thing in known.items() if thing == "person 0"]
    assert {collection for collection, _ in people} == {
        "webcrm/persons", "customerp/contact", "powerofficego/contactperson", "poweroffice/customer",
        "poweroffice_peer/contactperson", "crmoffice/contacts",
    }  # fmt: skip
    assert len({thing for thing in known.values() if thing.startswith("person ")}) == 24
    own = [thing for thing in known.values() if "'s " in thing]
    assert len({*own}) == len(own)


def test_no_two_different_things_are_linked(linked: Store, known: Truth) -> None:
    assert wrong_links(linked, known) == []


def test_everything_that_is_the_same_is_linked_or_suggested(linked: Store, known: Truth) -> None:
    assert missed(linked, known) == []
